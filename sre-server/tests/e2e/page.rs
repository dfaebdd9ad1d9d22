//! The page as people have it: the real binary in a real Chromium, on a desk and on a phone.

mod browser;
mod with_chromium;
