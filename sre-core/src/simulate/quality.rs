//! Whether alerts were right: precision, recall, delays.
//!
//! Each event is matched with the first alert that saw it. That alert was right; one that saw only
//! events which another had seen before is a duplicate, and counts neither for nor against; one that
//! saw none was false.

use chrono::{DateTime, TimeDelta, Utc};

use super::event::SignificantEvent;
use super::quantile::Quantiles;
use super::raised::{Raised, Truth};
use super::share::SpentShare;
use crate::time::Interval;

/// How good alerts were at telling events.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Quality {
    /// Alerts that were the first to see an event.
    pub right: u32,
    /// Alerts that saw no event.
    pub wrong: u32,
    /// Alerts that saw only what others had seen before.
    pub duplicates: u32,
    /// One for each event, in order.
    pub detections: Vec<Detection>,
    /// From an event's beginning to its first alert, of those that had one.
    pub delay: Option<Quantiles<TimeDelta>>,
    /// What events had spent before their first alert, of those that had one.
    pub spent_before: Option<Quantiles<SpentShare>>,
    /// From an event's end to that of its last alert, of those that ended.
    pub reset: Option<Quantiles<TimeDelta>>,
}

/// How one event was detected.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Detection {
    /// How many alerts saw it.
    pub alerts: u32,
    /// From its beginning to its first alert; zero where that was open already, `None` where nobody
    /// was told.
    pub delay: Option<TimeDelta>,
    /// What it had spent before its first alert.
    pub spent_before: Option<SpentShare>,
    /// From its end to that of the last alert that saw it; zero where that ended before, `None` where
    /// there was none or it is still open.
    pub reset: Option<TimeDelta>,
}

impl Quality {
    /// The share of alerts that were right, duplicates aside; `None` without an alert.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let judged = self.right.checked_add(self.wrong)?;
        (judged > 0).then(|| f64::from(self.right) / f64::from(judged))
    }

    /// The share of events that were told; `None` without an event.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let all = u32::try_from(self.detections.len()).ok()?;
        (all > 0).then(|| f64::from(self.detected()) / f64::from(all))
    }

    /// How many events were told.
    #[must_use]
    pub fn detected(&self) -> u32 {
        let told = self.detections.iter();
        u32::try_from(
            told.filter(|told| told.delay.is_some())
                .count(),
        )
        .unwrap_or(u32::MAX)
    }

    /// How many alerts more than one an event had on the mean of those that were told; `None` where
    /// none was.
    #[must_use]
    pub fn duplicates_per_event(&self) -> Option<f64> {
        let detected = self.detected();
        (detected > 0).then(|| f64::from(self.duplicates) / f64::from(detected))
    }
}

/// Matches alerts, in the order of their opening, with events. Those that opened before `begin` detect
/// and are not judged: they are not of the stretch that is told about.
pub(super) fn judge(
    alerts: &[&mut Raised],
    events: &[SignificantEvent],
    during: Interval,
) -> (Quality, Vec<Option<Truth>>) {
    let mut matched = vec![Match::default(); events.len()];
    let mut truths = Vec::with_capacity(alerts.len());
    for alert in alerts {
        let (mut saw, mut was_first) = (false, false);
        let seen = alert.seen(during.end());
        for (event, held) in events.iter().zip(&mut matched) {
            if seen
                .intersection(event.during)
                .is_empty()
            {
                continue;
            }
            saw = true;
            was_first |= held.first.is_none();
            held.note(alert);
        }
        let truth = match (saw, was_first) {
            (true, true) => Truth::First,
            (true, false) => Truth::Duplicate,
            (false, _) => Truth::False,
        };
        truths.push((alert.starts_at >= during.start()).then_some(truth));
    }
    let count = |wanted| {
        let told = truths.iter().flatten();
        u32::try_from(
            told.filter(|truth| **truth == wanted)
                .count(),
        )
        .unwrap_or(u32::MAX)
    };
    let detections: Vec<Detection> = events
        .iter()
        .zip(&matched)
        .map(|(event, held)| held.detection(event))
        .collect();
    let told = || detections.iter();
    let quality = Quality {
        right: count(Truth::First),
        wrong: count(Truth::False),
        duplicates: count(Truth::Duplicate),
        delay: Quantiles::of(told().filter_map(|told| told.delay)),
        spent_before: Quantiles::of(told().filter_map(|told| told.spent_before)),
        reset: Quantiles::of(told().filter_map(|told| told.reset)),
        detections,
    };
    (quality, truths)
}

/// The alerts that saw one event.
#[derive(Clone, Copy, Debug, Default)]
struct Match {
    alerts: u32,
    /// When the first opened, and what had been bad by then.
    first: Option<(DateTime<Utc>, u128)>,
    /// When the last ended; nothing while one of them is open.
    last: Option<DateTime<Utc>>,
    is_open: bool,
}

impl Match {
    fn note(&mut self, alert: &Raised) {
        self.alerts = self.alerts.saturating_add(1);
        self.first
            .get_or_insert((alert.starts_at, alert.bad_before));
        self.last = self.last.max(alert.ends_at);
        self.is_open |= alert.ends_at.is_none();
    }

    fn detection(&self, event: &SignificantEvent) -> Detection {
        let after = |at: DateTime<Utc>, since: DateTime<Utc>| (at - since).max(TimeDelta::zero());
        Detection {
            alerts: self.alerts,
            delay: self
                .first
                .map(|(at, _)| after(at, event.during.start())),
            spent_before: self
                .first
                .map(|(_, bad)| event.spent_when(bad)),
            reset: self
                .last
                .filter(|_| !self.is_open)
                .map(|at| after(at, event.during.end())),
        }
    }
}
