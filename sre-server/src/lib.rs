//! The SRE Monitor service: configuration, HTTP, workers.

pub mod cli;
pub mod config;
pub mod http;
pub mod lifecycle;
pub mod secret;
pub mod serve;
