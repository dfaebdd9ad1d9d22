//! What SRE Monitor asks: a Prometheus query API for counters, histograms and expressions, and
//! services directly.
//!
//! [`PrometheusSource`] is the adapter of the port [`sre_core::source::MetricSource`]. It fetches the
//! *raw samples* of the counters and buckets that an SLO names and leaves the arithmetic to
//! [`sre_core::counter`]; only where an answer would pass the [`limits`], or an expression is no sum
//! of a counter's increase, does it take the backend's own estimate, and says so. A [`Recipe`] is what the common metric families say of a service that
//! nobody wrote a selector for. [`HttpProbe`] asks a service itself.
//!
//! ```no_run
//! use sre_collect::{PrometheusConfig, PrometheusSource, check_selector};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! check_selector(r#"http_requests_total{job="checkout",code=~"5.."}"#)?;
//! // The binary installs the TLS provider once, before any client is built.
//! let source = PrometheusSource::new(&PrometheusConfig::new("http://localhost:9090".parse()?))?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! The way of a question: `plan` (is it one, and what does it become?) → `prometheus` (steps of at
//! most an hour) → `exact` (raw samples, the second look, who was scraped), through `latency` where
//! a bucket is looked for, or `estimate`, or `votes` → `client` (HTTP, bounded) → `answer` (JSON,
//! believed only as far as it can be true). `inspect` asks once, when somebody writes a query.
//!
//! What this crate refuses to do: follow redirects, use a proxy from the environment, read an answer
//! larger than it must, retry (the next slot does), or call silence health.

mod answer;
mod client;
mod estimate;
mod exact;
mod expression;
mod failure;
mod inspect;
mod latency;
pub mod limits;
mod plan;
mod probe;
mod prometheus;
mod promql;
mod recipes;
mod selector;
mod votes;

pub use client::ClientError;
pub use probe::{HttpCheck, HttpProbe, ProbeOutcome};
pub use prometheus::{PrometheusConfig, PrometheusSource};
pub use recipes::{RECIPE_LABEL, Recipe, due_minutes};
pub use selector::{SelectorError, SelectorFault, check_selector};
