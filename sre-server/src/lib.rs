//! The SRE Monitor service: configuration, HTTP, workers.

pub mod cli;
pub mod config;
pub mod secret;
