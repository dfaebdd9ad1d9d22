//! The channels against receivers that answer, refuse, break off, lie and hang.

mod answers;
mod faults;
mod fixtures;
mod heartbeat;
mod rendering;
mod secrets;
mod signature;
mod sink;
mod slack;
mod smtp;
mod smtp_faults;
mod together;
mod wicked;
mod with_smtp;
