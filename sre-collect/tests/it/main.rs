//! Sources as they are: a real Prometheus, and servers that lie.

mod backfill;
mod exporter;
mod expressions;
mod history;
mod inspection;
mod latency;
mod liar;
mod live;
mod lying;
mod probe;
mod prometheus;
mod question;
mod recipes;
mod selectors;
mod slices;
mod votes;
