//! The scenarios themselves: they need a Prometheus, and an Alertmanager.

pub(crate) mod alertmanager;
mod engine;
mod listener;
mod ours;
mod prometheus;
mod recorder;
mod rules;
mod staged;
mod table;
mod with_prometheus;
