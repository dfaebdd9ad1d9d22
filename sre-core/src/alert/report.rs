//! `POST /alerts`: a report opens an episode or adds to the open one.

use chrono::{DateTime, Utc};

use crate::alert::lifecycle::{Moment, Opening};
use crate::alert::{Alert, AlertUpdate, FlapHistory, Flaps, Identity, Severity};
use crate::notification::IntentKind;
use crate::time::Span;

/// What a caller reports.
#[derive(Clone, Debug)]
pub struct Report {
    /// Which trouble.
    pub identity: Identity,
    /// How grave.
    pub severity: Severity,
    /// What is wrong, for people.
    pub message: String,
    /// The value behind it, where there is one.
    pub value: Option<f64>,
    /// The threshold behind it, where there is one.
    pub threshold: Option<f64>,
    /// After which time without another report it ends by itself.
    pub expires_in: Option<Span>,
}

/// What became of a report.
#[derive(Clone, Debug)]
pub enum Reported {
    /// A new episode.
    Opened(Box<AlertUpdate>),
    /// One more occurrence of the open episode.
    Repeated(Box<AlertUpdate>),
}

/// Decides what a report does, given the newest episode of its identity.
///
/// While that is open the report counts as one more occurrence: a higher severity raises it and is
/// told at once; the same again is told again once the cooldown since the last delivery is over.
#[must_use]
pub fn report(latest: Option<Alert>, report: Report, moment: &Moment<'_>) -> Reported {
    let expires_at = report
        .expires_in
        .map(|span| moment.now + span.as_delta());
    match latest {
        Some(mut open) if open.is_open() => {
            open.expires_at = expires_at.or(open.expires_at);
            (open.value, open.threshold) = (
                report.value.or(open.value),
                report.threshold.or(open.threshold),
            );
            if let Some(update) = open.reported_while_flapping(&report, moment) {
                return Reported::Repeated(Box::new(update));
            }
            open.flaps = Flaps {
                history: open.history_with_report(moment.now),
                ..Flaps::default()
            };
            let update = if report.severity > open.severity {
                open.occurrences = open.occurrences.saturating_add(1);
                open.changed(report.severity, report.message, Vec::new(), moment)
            } else {
                let is_cool = cooled_down(open.last_notified_at, moment);
                open.reported_again(is_cool.then_some(IntentKind::Recur), moment)
            };
            Reported::Repeated(Box::new(update))
        }
        latest => {
            // What ends and begins again and again flaps, whatever the episode.
            let history = latest.as_ref().map_or_else(
                || {
                    let mut history = FlapHistory::default();
                    history.note(true, moment.now);
                    history
                },
                |alert| alert.history_with_report(moment.now),
            );
            let opening = Opening {
                episode: latest.map_or(1, |alert| alert.episode.saturating_add(1)),
                identity: report.identity,
                severity: report.severity,
                message: report.message,
                rules: Vec::new(),
            };
            let mut update = Alert::open(opening, moment);
            update.alert.value = report.value;
            update.alert.threshold = report.threshold;
            update.alert.expires_at = expires_at;
            update.alert.flaps.history = history;
            update.alert.next_action_at = update
                .alert
                .next_action(moment.settings, moment.routes);
            Reported::Opened(Box::new(update))
        }
    }
}

/// Whether the cooldown since the last delivery is over; before the first there is nothing to repeat.
fn cooled_down(last_notified_at: Option<DateTime<Utc>>, moment: &Moment<'_>) -> bool {
    last_notified_at.is_some_and(|told| moment.now >= told + moment.settings.cooldown.as_delta())
}

#[cfg(test)]
mod tests;
