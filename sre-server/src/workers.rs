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
//! | dispatcher | ¼ s | judges due intents, freezes and sends |
//! | recorder | 1 s | stores what the service measured of itself, at every slice edge |
//! | retention | 1 h | forgets what is old |

mod activities;
mod board;
mod driver;

pub use activities::{
    AlertsWorker, BackfillWorker, CollectorWorker, DispatcherWorker, EvaluatorWorker,
    RecorderWorker, RetentionSettings, RetentionWorker,
};
pub use board::{Board, Outcome, WorkerStatus};
pub use driver::{Activity, Driver, Worker};
