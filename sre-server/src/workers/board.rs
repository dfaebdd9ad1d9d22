//! How each worker fares, for everybody to see.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The status of every worker of this process.
#[derive(Debug, Default)]
pub struct Board {
    workers: Mutex<BTreeMap<&'static str, WorkerStatus>>,
}

/// How one worker fares.
#[derive(Clone, Debug)]
pub struct WorkerStatus {
    /// How often it wakes by itself.
    pub period: Duration,
    /// Activations that did what they should.
    pub succeeded: u64,
    /// Activations that did not.
    pub failed: u64,
    /// When the last good one ended.
    pub last_success: Option<DateTime<Utc>>,
    /// When the last bad one ended.
    pub last_failure: Option<DateTime<Utc>>,
    /// What went wrong then; without secrets.
    pub last_error: Option<String>,
    /// How long the last one took.
    pub last_duration: Option<Duration>,
    /// How far behind its schedule the worker's work was when it last looked.
    pub lag: Option<Duration>,
    /// When it wakes next by itself.
    pub next_run: Option<DateTime<Utc>>,
}

/// How an activation ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It did what it should.
    Succeeded,
    /// It did not, for this reason.
    Failed(String),
}

impl Board {
    /// Puts a worker on the board before its first activation.
    pub fn register(&self, name: &'static str, period: Duration) {
        let status = WorkerStatus {
            period,
            succeeded: 0,
            failed: 0,
            last_success: None,
            last_failure: None,
            last_error: None,
            last_duration: None,
            lag: None,
            next_run: None,
        };
        self.lock().insert(name, status);
    }

    /// Notes an activation.
    pub fn note(
        &self,
        name: &'static str,
        outcome: &Outcome,
        took: Duration,
        lag: Option<Duration>,
        now: DateTime<Utc>,
    ) {
        let mut workers = self.lock();
        let Some(status) = workers.get_mut(name) else {
            return;
        };
        match outcome {
            Outcome::Succeeded => {
                status.succeeded += 1;
                status.last_success = Some(now);
            }
            Outcome::Failed(error) => {
                status.failed += 1;
                status.last_failure = Some(now);
                status.last_error = Some(error.clone());
            }
        }
        status.last_duration = Some(took);
        status.lag = lag;
        status.next_run = Some(now + status.period);
    }

    /// The board as it stands.
    pub fn statuses(&self) -> BTreeMap<&'static str, WorkerStatus> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, WorkerStatus>> {
        self.workers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
