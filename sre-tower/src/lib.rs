//! A tower layer that counts every request of a service for its SLOs: one line more, and a service
//! made of hyper, axum or tonic knows how it keeps its promises.
//!
//! ```
//! use std::sync::Arc;
//!
//! use sre_core::recorder::SloRecorder;
//! use sre_core::slo::Slo;
//! use sre_tower::SloLayer;
//! use tower::ServiceBuilder;
//!
//! let slo = Slo::builder("checkout", "availability").target_percentage("99.9")?.build()?;
//! let availability = Arc::new(SloRecorder::new(slo));
//! let service = ServiceBuilder::new()
//!     .layer(SloLayer::new(Arc::clone(&availability)))
//!     .service_fn(async |_request: http::Request<()>| {
//!         Ok::<_, std::convert::Infallible>(http::Response::new(()))
//!     });
//! # drop(service);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is counted
//!
//! | what came of a request | availability | latency |
//! | --- | --- | --- |
//! | a response below 500 | good: what the caller did wrong is not the service's fault | until the head of the response |
//! | a response from 500 on | bad | the same |
//! | an error in place of a response | bad | bad |
//! | cancelled: its future was dropped before it was done | bad, unless [left out](SloLayer::leave_out_cancelled) | bad once it has taken too long, else not counted |
//!
//! A request is cancelled when its caller goes away, when a time-out further out gives it up, and when
//! its handler panics. It counts as bad by default: a service that hangs until every caller has given
//! up would otherwise look idle. What the status does not say, [`SloLayer::classify`] may.
//!
//! # What it does not see
//!
//! The body of a response, and trailers: of a gRPC call only a status in the head is seen
//! ([`classify::grpc`]). A request that a layer further out refuses never arrives here: put this one
//! outermost.
//!
//! Counting is what [`SloRecorder::record`](sre_core::recorder::SloRecorder::record) costs, beside two
//! looks at the monotonic clock where latency is counted. Whoever embeds it calls `tick` once a slice.

pub mod classify;
mod future;
mod layer;
mod routes;
mod sink;
mod watch;

pub use future::ResponseFuture;
pub use layer::{SloLayer, SloService};
pub use routes::{Head, OTHER, ROUTES_MAX};
pub use sink::{Latencies, Outcomes};
