//! Simulations of requests: few at once, none for long, none on the threads that answer.
//!
//! A simulation is arithmetic, up to seconds of it. It runs where it holds up nobody, as many at once
//! as leave a core to the evaluator of a small machine, and stops by itself when its time is over or
//! nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sre_core::correction::Correction;
use sre_core::hour::Hour;
use sre_core::monitor::MonitorSettings;
use sre_core::service::Criticality;
use sre_core::simulate::{Candidate, Simulated, Simulation, SimulationError, SpentShare};
use sre_core::slo::Slo;
use sre_core::time::Interval;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Everything that a simulation needs, for a thread of its own.
#[derive(Clone, Debug)]
pub struct Job {
    /// The SLO as it is to be.
    pub slo: Slo,
    /// How much its service matters.
    pub criticality: Criticality,
    /// Its slices.
    pub hours: Vec<Hour>,
    /// When it was measured first, where that is known.
    pub first_measured: Option<DateTime<Utc>>,
    /// What was agreed not to count.
    pub corrections: Vec<Correction>,
    /// What is told about.
    pub during: Interval,
    /// The policies.
    pub candidates: Vec<Candidate>,
    /// From which share of the budget on trouble is an event.
    pub significant: SpentShare,
    /// The installation's settings.
    pub settings: MonitorSettings,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum JobError {
    /// It took longer than [`TIME_MAX`].
    #[error(
        "the simulation took longer than {} s: take a shorter stretch or fewer policies",
        TIME_MAX.as_secs()
    )]
    TooSlow,
    /// It cannot be simulated.
    #[error(transparent)]
    Refused(#[from] SimulationError),
    /// Its thread ended without an answer.
    #[error("the simulation broke off")]
    Broken(#[source] tokio::task::JoinError),
}

/// Where simulations run.
#[derive(Clone, Debug)]
pub struct SimulationRoom(Arc<Semaphore>);

impl Default for SimulationRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

/// A place in the room; free again when it is dropped.
#[derive(Debug)]
pub struct Place(OwnedSemaphorePermit);

impl SimulationRoom {
    /// A place, unless all are taken.
    #[must_use]
    pub fn enter(&self) -> Option<Place> {
        let room = Arc::clone(&self.0);
        room.try_acquire_owned().ok().map(Place)
    }
}

impl Place {
    /// Runs `job` on a thread of its own. The place is free when the thread is, and not when nobody
    /// waits any more.
    ///
    /// # Errors
    ///
    /// [`JobError`].
    pub async fn run(self, job: Job) -> Result<Simulated, JobError> {
        let deadline = Instant::now() + TIME_MAX;
        let abandoned = Arc::new(AtomicBool::new(false));
        let waiting = Waiting(Arc::clone(&abandoned));
        let running = tokio::task::spawn_blocking(move || {
            let _place = self.0;
            let is_over = || Instant::now() >= deadline || abandoned.load(Ordering::Relaxed);
            job.run(is_over)
        });
        let done = running
            .await
            .map_err(JobError::Broken)?;
        drop(waiting);
        done
    }
}

impl Job {
    /// Replays it hour by hour, until it is over.
    ///
    /// # Errors
    ///
    /// [`JobError::TooSlow`] when `is_over` says so first; [`JobError::Refused`].
    pub fn run(&self, mut is_over: impl FnMut() -> bool) -> Result<Simulated, JobError> {
        let simulation = Simulation {
            criticality: self.criticality,
            first_measured: self.first_measured,
            significant: self.significant,
            corrections: &self.corrections,
            ..Simulation::new(
                &self.slo,
                &self.hours,
                self.during,
                &self.candidates,
                &self.settings,
            )
        };
        let mut replay = simulation.begin()?;
        while replay.advance()? {
            if is_over() {
                return Err(JobError::TooSlow);
            }
        }
        Ok(replay.finish())
    }
}

/// Says that nobody waits any more when it is dropped.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How many simulations run at once.
const AT_ONCE_MAX: usize = 2;
/// How long a simulation may take: less than a request may, so that its end is told.
pub const TIME_MAX: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_so_many_places_and_no_more() {
        let room = SimulationRoom::default();
        let places: Vec<_> = std::iter::from_fn(|| room.enter()).collect();
        assert_eq!(places.len(), AT_ONCE_MAX);
        drop(places);
        assert!(room.enter().is_some());
    }
}
