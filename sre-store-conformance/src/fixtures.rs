//! Values for tests, legal and unremarkable unless a test says otherwise.
//!
//! All of them lie around [`at`]`(0)`, the noon of one day, which is the edge of a slice of every
//! width and of an hour.

mod alerts;
mod corrections;
mod evaluations;
mod incidents;
mod messages;
mod samples;
mod services;
mod slos;
mod suppressions;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::time::{Interval, at_second};

pub use alerts::{
    acknowledged, due_at, fires, fires_again, flapped, goes_on, identity, moment, raised, resolved,
    settings, severity_update,
};
pub use corrections::{correction, every, of_service, of_slo};
pub use evaluations::{calculation, changes, detailed_evaluation, evaluation, gap, hour, refolded};
pub use incidents::{concerning, incident, opens};
pub use messages::{
    announced, as_digest, attempt, destination, first_try, frozen, frozen_together, notice, resend,
    withheld,
};
pub use samples::{counts, labels, number, sample, target};
pub use services::{depends_on, health, service, service_name};
pub use slos::{SloBuilder, grid, slo, start_of};
pub use suppressions::{maintenance, silence};

/// The instant so many seconds after noon.
#[must_use]
pub fn at(second: i64) -> DateTime<Utc> {
    at_second(NOON + second)
}

/// The instant so many seconds and microseconds after noon.
#[must_use]
pub fn at_micros(second: i64, micros: i64) -> DateTime<Utc> {
    at(second) + TimeDelta::microseconds(micros)
}

/// The stretch from one second after noon to another.
#[must_use]
pub fn during(start: i64, end: i64) -> Interval {
    Interval::new(at(start), at(end))
}

/// 2026-01-01 12:00:00 UTC.
const NOON: i64 = 1_767_268_800;
