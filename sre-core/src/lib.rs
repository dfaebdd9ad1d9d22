//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.
//!
//! What a service does is counted once, into *slices*: good and bad events of one SLO in one aligned
//! interval, and whether anybody measured at all. Every window, budget and burn rate is a sum over
//! slices. [`evaluate`](mod@evaluate) turns sums and a definition into an
//! [`Evaluation`](evaluation::Evaluation), [`decide`](mod@decide) turns that and the open alerts into
//! transitions and messages owed. Both are functions of their arguments, `now` included, so the past
//! can be replayed and tests wait for nothing.
//!
//! ```
//! use sre_core::evaluation::SloState;
//! use sre_core::recorder::{Event, SloRecorder};
//! use sre_core::slo::Slo;
//! use sre_core::time::{Span, at_second};
//!
//! let slo = Slo::builder("checkout", "availability")
//!     .target_percentage("99.9")?
//!     .rolling(Span::days(30))
//!     .build()?;
//! let recorder = SloRecorder::new(slo); // counts on every thread, without a lock
//! for minute in 0..60 {
//!     recorder.tick(at_second(60 * minute));
//!     for request in 0..1_000 {
//!         let fails = minute >= 55 && request % 50 == 0; // 2 % in the last five minutes
//!         recorder.record(Event::good_if(!fails));
//!     }
//! }
//!
//! let status = recorder.status(at_second(3_600))?; // every window, exact to the slice
//! let budget = status.budget.ok_or("something was measured")?;
//! assert_eq!((budget.allowed(), budget.consumed(), budget.remaining()), (60.0, 100.0, -40.0));
//! assert_eq!(status.burn_rate(Span::minutes(5)), Some(20.0));
//! assert_eq!(status.state, SloState::Violated);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `docs/embedding.md` goes on from here, to a service of hyper and to the whole engine in a program.
//! The program `examples/examples/embedded.rs` takes the parts by hand.
//!
//! # The map
//!
//! | modules | what |
//! | --- | --- |
//! | [`time`], [`latency`], [`name`] | instants, spans, intervals and the [`Clock`](time::Clock) port; how long a request may take; names and ids |
//! | [`count`], [`target`] | counts in millionths of an event, targets and burn factors, exact |
//! | [`service`] | services, how much they matter, what they stand on |
//! | [`slo`] | a definition, of an [`indicator`], a [`method`](mod@method), a [`threshold`] and a [`window`] |
//! | [`evidence`], [`detection`] | what a few events prove; how long until an outage pages |
//! | [`policy`] | burn rules scaled to a window, with those that cannot stand |
//! | [`sample`], [`counter`], [`histogram`], [`recorder`] | what becomes a slice: samples, raw counters, buckets, events in process; [`SloRecorder`](recorder::SloRecorder) |
//! | [`slice`](mod@slice), [`hour`], [`ledger`] | slices, an hour of them packed, any window in a handful of loads |
//! | [`fleet`] | many SLOs side by side: which of a million burn |
//! | [`budget`], [`evaluation`], [`evaluate`](mod@evaluate) | what is allowed, consumed and left; one SLO at one instant |
//! | [`correction`] | time that was agreed not to count: an overlay on slices, which never changes them |
//! | [`alert`], [`decide`](mod@decide) | identity, episodes, transitions; what an evaluation opens and ends |
//! | [`matcher`] | which alerts something concerns: conditions on labels, as Prometheus writes them |
//! | [`silence`], [`maintenance`], [`suppression`] | what keeps news of an alert from being sent, though never its end |
//! | [`health`] | how healthy services are, and by what |
//! | [`incident`] | what people deal with: its steps, its timeline, what opens, joins and ends it |
//! | [`notification`] | intents, deliveries, who is told what, what an answer means; the [`Notifier`](notification::Notifier) port |
//! | [`routing`] | who is told of an alert, with what together, when not, and who else while nobody looks |
//! | [`source`], [`store`] | the ports to what measures and to what is remembered |
//! | [`schedule`], [`monitor`] | when an SLO is evaluated; the use cases over ports, and [`Monitor`](monitor::Monitor), all of them in one |
//! | [`simulate`](mod@simulate) | the past, through definitions and policies that might be |
//!
//! # Features
//!
//! None is on by default. `serde` gives all that a [store](store::Store) is handed to keep
//! (definitions, samples, slices, evaluations, alerts, incidents, messages) `Serialize` and
//! `Deserialize`; quantities are read through their parsing constructors. What was stored by an
//! earlier version stays readable.
//!
//! # What will grow
//!
//! Kinds, reasons and errors of which there will be more, and figures that are only read, are
//! `#[non_exhaustive]`. What must be answered whole is not, so that the compiler tells whom a new
//! one concerns: the states of SLOs, alerts and incidents, verdicts, and what a store keeps apart.
//!
//! # What it refuses to do
//!
//! - No I/O, no runtime, no threads, no clock, no environment, no randomness. Whoever calls hands in
//!   the time, and the one random number that a back-off needs.
//! - No float before a decision is made; comparisons are of integers, exactly-on-budget is met.
//! - No guess about what nobody measured: it is never good, never 0 % and never 100 %, but `None`,
//!   or a state of its own.
//! - No driver's or client's type in a signature: causes of errors are boxed.
//! - No SQL, no HTTP, no text for people beyond the message of an alert.

pub mod alert;
pub mod budget;
pub mod composite;
pub mod correction;
pub mod count;
pub mod counter;
pub mod decide;
mod decimal;
pub mod detection;
pub mod evaluate;
pub mod evaluation;
pub mod evidence;
pub mod fleet;
pub mod forecast;
pub mod health;
pub mod histogram;
pub mod hour;
pub mod incident;
pub mod indicator;
pub mod latency;
pub mod ledger;
pub mod maintenance;
pub mod matcher;
pub mod method;
pub mod monitor;
pub mod name;
pub mod notification;
pub mod policy;
pub mod recorder;
pub mod routing;
pub mod sample;
pub mod schedule;
pub mod service;
pub mod silence;
pub mod simulate;
pub mod slice;
pub mod slo;
pub mod source;
pub mod store;
pub mod suppression;
pub mod target;
#[cfg(test)]
mod texts;
pub mod threshold;
pub mod time;
pub mod window;
