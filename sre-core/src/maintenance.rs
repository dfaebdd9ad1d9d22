//! Maintenance: times, once or again and again, in which nobody is told of some services.
//!
//! Evaluation goes on, health and budgets count what happens (who agreed that it does not count says
//! so in a budget correction), and what ends is told to whoever heard of it. When maintenance ends,
//! what still fires is told once.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::correction::Period;
use crate::matcher::{Labelled, Matchers};
use crate::name::{MaintenanceId, ServiceName};
use crate::time::Interval;

/// The most maintenances that are not over: each is expanded whenever something is to be sent.
pub const MAINTENANCES_MAX: u32 = 1_000;
/// The most services that one maintenance names: who maintains more says it by matchers.
pub const SERVICES_MAX: usize = 200;

/// A time in which nobody is told of what it concerns.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Maintenance {
    /// Which maintenance.
    pub id: MaintenanceId,
    /// Rises with every change.
    pub version: u64,
    /// The services that are maintained; none where matchers alone say it.
    pub services: BTreeSet<ServiceName>,
    /// Which of their alerts, all of them where there is none.
    pub matchers: Matchers,
    /// When, once or again and again.
    pub period: Period,
    /// What is done.
    pub comment: String,
    /// Who planned it.
    pub created_by: String,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// From when on it holds no more, where it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who ended it.
    pub ended_by: Option<String>,
}

/// Where a maintenance stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MaintenanceState {
    /// It comes, or comes again.
    Ahead,
    /// It goes on.
    Active,
    /// It is over for good.
    Past,
}

impl MaintenanceState {
    /// The state in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Active => "active",
            Self::Past => "past",
        }
    }
}

impl Maintenance {
    /// Whether it concerns an alert of this service with these labels.
    #[must_use]
    pub fn concerns(&self, service: &ServiceName, labels: &(impl Labelled + ?Sized)) -> bool {
        (self.services.is_empty() || self.services.contains(service))
            && self.matchers.matches(labels)
    }

    /// The occurrence that goes on at `now`.
    #[must_use]
    pub fn occurrence(&self, now: DateTime<Utc>) -> Option<Interval> {
        if self
            .ended_at
            .is_some_and(|ended_at| ended_at <= now)
        {
            return None;
        }
        let moment = Interval::new(now, now.checked_add_signed(TimeDelta::microseconds(1))?);
        // Of several that overlap the last to end.
        self.period
            .during(moment)
            .into_iter()
            .max_by_key(|one| one.end())
    }

    /// What goes on or comes next, within `reach` of `now`.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>, reach: TimeDelta) -> Option<Interval> {
        let until = now.checked_add_signed(reach)?;
        self.occurrence(now).or_else(|| {
            self.ended_at
                .is_none()
                .then(|| {
                    self.period
                        .during(Interval::new(now, until))
                })?
                .first()
                .copied()
        })
    }

    /// From when on it holds no more; `None` where it recurs without an end.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        match (self.period.ends_at(), self.ended_at) {
            (Some(period), Some(ended)) => Some(period.min(ended)),
            (period, ended) => period.or(ended),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> MaintenanceState {
        if self
            .ends_at()
            .is_some_and(|ends_at| ends_at <= now)
        {
            MaintenanceState::Past
        } else if self.occurrence(now).is_some() {
            MaintenanceState::Active
        } else {
            MaintenanceState::Ahead
        }
    }

    /// The maintenance, ended for good now; one that is over stays as it is.
    #[must_use]
    pub fn end(mut self, by: Option<String>, now: DateTime<Utc>) -> Self {
        if self.state(now) != MaintenanceState::Past {
            self.ended_at = Some(now);
            self.ended_by = by;
            self.version = self.version.saturating_add(1);
        }
        self
    }
}

#[cfg(test)]
mod tests;
