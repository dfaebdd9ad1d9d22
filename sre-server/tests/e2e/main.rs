//! The service as its users have it: the real binary, real sockets, a real Prometheus, real kills.
//!
//! Every test starts its own process on a free port, with nothing in its environment but what the
//! test says, and ends it by its own id. Figures that a run brings (times to a page, faults that
//! hit) are printed: `cargo nextest run -p sre-server --all-features -E 'binary(e2e)' --success-output immediate`.

mod bad_input;
mod beside;
mod client;
mod dashboards;
mod demo;
mod deployment;
mod discovery;
mod doctor;
mod exporter;
mod first_start;
mod full_disk;
mod graceful_stop;
mod incident;
mod indicators;
mod kill;
mod outage;
mod page;
mod process;
mod prometheus;
mod random;
mod secrets;
mod sink;
mod slack;
mod tokens;
mod waiting;
mod walk;
mod with_alertmanager;
mod with_schemathesis;
