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
//! use sre_core::budget::{ErrorBudget, burn_rate};
//! use sre_core::ledger::Ledger;
//! use sre_core::recorder::{Event, Recorder};
//! use sre_core::slice::{Slice, SliceWidth};
//! use sre_core::time::{Interval, Span, at_second};
//!
//! let recorder = Recorder::new(); // counts on every thread, without a lock
//! let mut ledger = Ledger::new(SliceWidth::MINUTE, Span::days(30), at_second(0));
//! for minute in 0..60 {
//!     for request in 0..1_000 {
//!         let fails = minute >= 55 && request % 50 == 0; // 2 % in the last five minutes
//!         recorder.record(Event::good_if(!fails));
//!     }
//!     ledger.append(at_second(60 * minute), Slice::Measured(recorder.drain()))?;
//! }
//!
//! let target = "99.9".parse()?;
//! let last = |window| ledger.sum(Interval::ending(ledger.end(), window)).map(|sums| sums.counts);
//! let budget = ErrorBudget::new(last(Span::hours(1))?, target);
//! assert_eq!((budget.allowed(), budget.consumed(), budget.remaining()), (60.0, 100.0, -40.0));
//! assert_eq!(burn_rate(last(Span::minutes(5))?, target), Some(20.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The program `examples/examples/embedded.rs` goes on from here, to alerts.
//!
//! # The map
//!
//! | modules | what |
//! | --- | --- |
//! | [`time`], [`latency`], [`name`] | instants, spans, intervals and the [`Clock`](time::Clock) port; how long a request may take; names and ids |
//! | [`count`], [`target`] | counts in millionths of an event, targets and burn factors, exact |
//! | [`service`] | services, how much they matter, what they stand on |
//! | [`slo`] | a definition, of an [`indicator`], a [`method`](mod@method), a [`threshold`] and a [`window`] |
//! | [`policy`] | burn rules scaled to a window, with those that cannot stand |
//! | [`sample`], [`counter`], [`recorder`] | what becomes a slice: samples, raw counters, events in process |
//! | [`slice`](mod@slice), [`hour`], [`ledger`] | slices, an hour of them packed, any window in a handful of loads |
//! | [`budget`], [`evaluation`], [`evaluate`](mod@evaluate) | what is allowed, consumed and left; one SLO at one instant |
//! | [`alert`], [`decide`](mod@decide) | identity, episodes, transitions; what an evaluation opens and ends |
//! | [`health`] | how healthy services are, and by what |
//! | [`incident`] | what people deal with: its steps, its timeline, what opens, joins and ends it |
//! | [`notification`] | intents, deliveries, who is told what, what an answer means; the [`Notifier`](notification::Notifier) port |
//! | [`source`], [`store`] | the ports to what measures and to what is remembered |
//! | [`schedule`], [`monitor`] | when an SLO is evaluated; the use cases over ports |
//! | [`simulate`](mod@simulate) | the past, through definitions and policies that might be |
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
pub mod count;
pub mod counter;
pub mod decide;
mod decimal;
pub mod evaluate;
pub mod evaluation;
pub mod forecast;
pub mod health;
pub mod hour;
pub mod incident;
pub mod indicator;
pub mod latency;
pub mod ledger;
pub mod method;
pub mod monitor;
pub mod name;
pub mod notification;
pub mod policy;
pub mod recorder;
pub mod sample;
pub mod schedule;
pub mod service;
pub mod simulate;
pub mod slice;
pub mod slo;
pub mod source;
pub mod store;
pub mod target;
pub mod threshold;
pub mod time;
pub mod window;
