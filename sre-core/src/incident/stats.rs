//! How long people and rules take: from the beginning of an incident to its notice, from there to
//! its acknowledgement, mitigation and end.
//!
//! | figure | from | to |
//! | --- | --- | --- |
//! | MTTD | `started_at` | `detected_at` |
//! | MTTA | `detected_at` | `acknowledged_at`, by a person |
//! | MTTM | `detected_at` | `mitigated_at`, by a person |
//! | MTTR | `detected_at` | `resolved_at` |
//!
//! Candidates and what was merged or dismissed count nowhere. What ended by itself before anybody
//! acknowledged it says nothing of how people work: it is reported apart. What nobody has done yet
//! has no figure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::incident::{Incident, IncidentStatus};

/// How long incidents took.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// How many incidents there were.
    pub count: u64,
    /// How many of them are open, acknowledged or mitigated.
    pub open: u64,
    /// Until they were noticed.
    pub detect: Times,
    /// From then until a person acknowledged them.
    pub acknowledge: Times,
    /// From when they were noticed until a person said that the impact was over.
    pub mitigate: Times,
    /// From when they were noticed until they were resolved.
    pub resolve: Times,
    /// The same of those that ended by themselves.
    pub resolve_by_itself: Times,
}

/// Lengths of time, shortest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Times {
    micros: Vec<i64>,
}

impl Stats {
    /// The figures of these incidents.
    #[must_use]
    pub fn of<'a>(incidents: impl IntoIterator<Item = &'a Incident>) -> Self {
        let mut stats = Self::default();
        for incident in incidents {
            stats.count_in(incident);
        }
        for times in [
            &mut stats.detect,
            &mut stats.acknowledge,
            &mut stats.mitigate,
            &mut stats.resolve,
            &mut stats.resolve_by_itself,
        ] {
            times.micros.sort_unstable();
        }
        stats
    }

    fn count_in(&mut self, incident: &Incident) {
        use IncidentStatus::{Candidate, Dismissed, Merged};
        if matches!(incident.status(), Candidate | Dismissed | Merged) {
            return;
        }
        let state = incident.state;
        let since = incident.detected_at;
        self.count = self.count.saturating_add(1);
        self.open = self
            .open
            .saturating_add(u64::from(incident.is_live()));
        self.detect
            .note(incident.started_at, Some(since));
        self.acknowledge
            .note(since, state.acknowledged_at());
        self.mitigate
            .note(since, state.mitigated_at());
        let resolve = if state.acknowledged_at().is_some() {
            &mut self.resolve
        } else {
            &mut self.resolve_by_itself
        };
        resolve.note(since, state.resolved_at());
    }
}

impl Times {
    fn note(&mut self, from: DateTime<Utc>, to: Option<DateTime<Utc>>) {
        let took = to.map(|to| (to - from).max(TimeDelta::zero()));
        // Lengths beyond 292 000 years do not fit, and do not happen.
        self.micros
            .extend(took.and_then(|took| took.num_microseconds()));
    }

    /// How many there are.
    #[must_use]
    pub fn n(&self) -> usize {
        self.micros.len()
    }

    /// The shortest that at least `percent` of a hundred of them do not exceed; `None` without any.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Option<TimeDelta> {
        let rank = self
            .n()
            .saturating_mul(percent)
            .div_ceil(100)
            .max(1);
        let micros = self
            .micros
            .get(rank.saturating_sub(1))?;
        Some(TimeDelta::microseconds(*micros))
    }

    /// Their mean, to the microsecond; `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<TimeDelta> {
        let sum: i128 = self
            .micros
            .iter()
            .map(|micros| i128::from(*micros))
            .sum();
        let mean = sum.checked_div(i128::try_from(self.n()).ok()?)?;
        Some(TimeDelta::microseconds(i64::try_from(mean).ok()?))
    }
}

#[cfg(test)]
mod tests;
