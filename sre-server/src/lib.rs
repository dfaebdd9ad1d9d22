//! The SRE Monitor service: configuration, HTTP, workers.

pub mod admission;
pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod context;
pub mod defaults;
pub mod demo;
pub mod doctor;
pub mod http;
pub mod ids;
pub mod lifecycle;
pub mod logging;
pub mod metrics;
mod page;
pub mod secret;
pub mod serve;
pub mod simulation;
pub mod watch;
pub mod workers;
