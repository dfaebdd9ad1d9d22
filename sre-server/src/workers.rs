//! Background workers: what happens without being asked.
//!
//! A worker is an **idempotent function of the store and the clock**. It takes no other input, so a
//! restart, a lost wake-up and a second replica are one case. It does not retry inside: the next
//! period is the retry. Each activation is bounded, so a stop waits for it to finish and cuts none
//! in half; what is claimed and not finished falls free when its claim ends. Delivery is at least
//! once: claims avoid repeats, and correctness does not need them.
//!
//! | worker | period | does |
//! | --- | --- | --- |
//! | collector | 1 s | asks due probes and appends what they say |
//! | evaluator | ¼ s | claims due slots: folds, evaluates, decides, commits |
//! | backfill | 1 s | folds the history that a new SLO, or an outage, still lacks |
//! | alerts | 1 s | moves what only time moves |
//! | incidents | 1 s | opens, ends and reopens incidents by looking back |
//! | dispatcher | ¼ s | judges due intents, freezes and sends |
//! | recorder | 1 s | stores what the service measured of itself, at every slice edge |
//! | health | 1 min | judges every service and records what changed |
//! | brake | 1 s | tells once that most of what a source measures has no data |
//! | sentinel | 1 s | looks whether the others do, and tells who waits for it |
//! | retention | 1 h | forgets what is old |

mod alerts;
mod auditor;
mod board;
mod brake;
mod collector;
mod crew;
mod destinations;
mod dispatcher;
mod driver;
mod evaluator;
mod health;
mod incidents;
mod mailroom;
mod recorder;
mod retention;
mod sentinel;

pub use alerts::AlertsWorker;
pub use auditor::{AuditSight, AuditorWorker};
pub use board::{Board, Outcome, WorkerStatus};
pub use brake::BrakeWorker;
pub use collector::{Asked, Asker, CollectorWorker};
pub use crew::Crew;
pub use destinations::DestinationsWorker;
pub(crate) use dispatcher::DEAD_COUNTED;
pub use dispatcher::DispatcherWorker;
pub(crate) use driver::chain;
pub use driver::{Activity, Driver, Worker};
pub use evaluator::{BackfillWorker, EvaluatorWorker};
pub use health::HealthWorker;
pub use incidents::IncidentsWorker;
pub use mailroom::Mailroom;
pub use recorder::RecorderWorker;
pub use retention::{RetentionSettings, RetentionWorker};
pub use sentinel::{Pulse, SentinelParts, SentinelWorker, SourceSight};
