//! What the service does as a whole: one binary, a module per concern.

mod config;
mod http;
mod world;
