//! The channels against receivers that answer, refuse, break off, lie and hang.

mod answers;
mod faults;
mod fixtures;
mod formats;
mod heartbeat;
mod pagerduty;
mod rendering;
mod secrets;
mod signature;
mod sink;
mod slack;
mod smtp;
mod smtp_faults;
mod templates;
mod together;
mod wicked;
mod with_alertmanager;
mod with_smtp;
mod with_standardwebhooks;
