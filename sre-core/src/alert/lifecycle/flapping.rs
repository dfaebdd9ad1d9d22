//! What flapping does to an episode: it is held open, and told twice.
//!
//! What evaluations raise is looked at slot by slot, so `decide` says when it begins and ends to flap.
//! What is reported has no states between its reports: time makes it steady.

use chrono::{DateTime, Utc};

use super::{InvalidTransition, Moment, ResolveReason, intents};
use crate::alert::{
    Alert, AlertUpdate, Cleared, FlapHistory, Flaps, HOLD_MAX, Origin, Report, Severity,
};
use crate::evaluation::RuleOutcome;
use crate::name::DestinationId;
use crate::notification::IntentKind;

impl Alert {
    /// Its reporter says that it is over: it ends, unless it flaps or begins to. Then it is held open,
    /// and ends once it is steady. Said a second time in a row it is meant, and ends. What an evaluation
    /// raised ends at once.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] when it has ended, or is pending.
    pub fn over(
        self,
        reason: ResolveReason,
        by: Option<String>,
        comment: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<AlertUpdate, InvalidTransition> {
        let is_said_again = self.flaps.cleared.is_some();
        if !self.is_open() || self.is_ours() || is_said_again {
            return self.resolve(reason, by, comment, moment);
        }
        let now = moment.now;
        let mut history = self.flaps.history.clone().lapsed(now);
        history.note(false, now);
        if !self.is_flapping() && !history.has_begun_to_flap(now) {
            return self.resolve(reason, by, comment, moment);
        }
        let cleared = Some(Cleared {
            at: now,
            reason,
            by: by.clone(),
        });
        let mut update = if self.is_flapping() {
            self.noted_while_flapping(history, cleared, moment)
        } else {
            self.begun_to_flap(history, cleared, moment)
        };
        (update.actor, update.comment) = (by, comment.or(update.comment));
        Ok(update)
    }

    /// It begins to flap: everyone who was to hear of it is to hear that once.
    #[must_use]
    pub(crate) fn begun_to_flap(
        mut self,
        history: FlapHistory,
        cleared: Option<Cleared>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        let comment = format!(
            "flaps: {} of its last 20 changes, by weight",
            history.share()
        );
        self.flaps = Flaps {
            history,
            since: Some(moment.now),
            cleared,
        };
        let mut update = self.told_to_owed(expected, from, IntentKind::FlapStart, moment);
        update.comment = Some(comment);
        update
    }

    /// What was confirmed of it while it flaps: for the timeline only.
    #[must_use]
    pub(crate) fn noted_while_flapping(
        mut self,
        history: FlapHistory,
        cleared: Option<Cleared>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        let comment = match cleared {
            Some(_) => "over for now, and held open because it flaps",
            None => "wrong again, while it flaps",
        };
        (self.flaps.history, self.flaps.cleared) = (history, cleared);
        let mut update = self.advanced(Some(expected), Some(from), moment);
        update.comment = Some(comment.to_owned());
        update
    }

    /// It flaps no more, or has for as long as it is held open: everyone who was to hear of it is to
    /// hear that once. In the second case the detector starts over.
    #[must_use]
    pub(crate) fn ended_to_flap(
        mut self,
        history: FlapHistory,
        is_steady: bool,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        let comment = if is_steady {
            format!(
                "steady again: {} of its last 20 changes, by weight",
                history.share()
            )
        } else {
            format!("flaps for {HOLD_MAX} already: told as it is now")
        };
        self.flaps.history = if is_steady {
            history
        } else {
            history.started_over()
        };
        self.flaps.since = None;
        let mut update = self.told_to_owed(expected, from, IntentKind::FlapEnd, moment);
        update.comment = Some(comment);
        update
    }

    /// One more report of what flaps, or begins to: counted, and told where it is graver. `None` where
    /// it neither does.
    pub(crate) fn reported_while_flapping(
        &self,
        report: &Report,
        moment: &Moment<'_>,
    ) -> Option<AlertUpdate> {
        let now = moment.now;
        let mut history = self.flaps.history.clone().lapsed(now);
        history.note(true, now);
        let mut alert = self.clone();
        alert.occurrences = alert.occurrences.saturating_add(1);
        if !self.is_flapping() {
            let is_graver = report.severity > self.severity;
            return history.has_begun_to_flap(now).then(|| {
                if is_graver {
                    alert.raised_as_it_begins_to_flap(history, report, moment)
                } else {
                    alert.begun_to_flap(history, None, moment)
                }
            });
        }
        (alert.flaps.history, alert.flaps.cleared) = (history.clone(), None);
        Some(if report.severity > alert.severity {
            alert.changed(report.severity, report.message.clone(), Vec::new(), moment)
        } else {
            alert.noted_while_flapping(history, None, moment)
        })
    }

    /// The report by which it begins to flap says that it is graver: whoever hears of that severity
    /// hears that, and the others who were to hear of it that it flaps.
    fn raised_as_it_begins_to_flap(
        mut self,
        history: FlapHistory,
        report: &Report,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let mut others = self.destinations.clone();
        self.flaps = Flaps {
            history,
            since: Some(moment.now),
            cleared: None,
        };
        let mut update = self.changed(report.severity, report.message.clone(), Vec::new(), moment);
        for intent in &update.intents {
            others.remove(&intent.destination_id);
        }
        let others: Vec<DestinationId> = others.into_iter().collect();
        let start = intents(&update.alert, &others, IntentKind::FlapStart, moment.now);
        update.intents.extend(start);
        update.comment = Some("graver, and begins to flap".to_owned());
        update
    }

    /// Raises what flaps, and keeps how it stands.
    #[must_use]
    pub(crate) fn raised_while_flapping(
        mut self,
        history: FlapHistory,
        severity: Severity,
        message: String,
        rules: Vec<RuleOutcome>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        (self.flaps.history, self.flaps.cleared) = (history, None);
        self.changed(severity, message, rules, moment)
    }

    /// The history after a report that it is wrong.
    pub(crate) fn history_with_report(&self, now: DateTime<Utc>) -> FlapHistory {
        let mut history = self.flaps.history.clone().lapsed(now);
        history.note(true, now);
        history
    }

    /// What an ended episode hands on to the next one.
    pub(super) fn flaps_of_ended(&self, now: DateTime<Utc>) -> Flaps {
        let mut history = self.flaps.history.clone();
        if !self.is_ours() {
            history = history.lapsed(now);
            history.note(false, now);
        }
        Flaps {
            history,
            ..Flaps::default()
        }
    }

    /// When time moves what was reported and flaps, or is over since it was steady.
    pub(super) fn flapping_ends_at(&self) -> Option<DateTime<Utc>> {
        if self.is_ours() || !self.is_open() {
            return None;
        }
        let Some(since) = self.flaps.since else {
            return self
                .flaps
                .cleared
                .as_ref()
                .map(|cleared| cleared.at);
        };
        let steady = self.flaps.history.steady_from(since);
        self.flaps
            .held_until()
            .map(|until| until.min(steady))
    }

    /// Whether that is due.
    pub(super) fn is_moved_by_flapping(&self, now: DateTime<Utc>) -> bool {
        self.flapping_ends_at()
            .is_some_and(|at| at <= now)
    }

    /// What time makes of what was reported and flapped: it is steady; and, where it is over, it ends.
    pub(super) fn steadied(self, moment: &Moment<'_>) -> Option<AlertUpdate> {
        let now = moment.now;
        if self.is_flapping() {
            let history = self.flaps.history.clone().lapsed(now);
            let is_steady = history.is_steady(now);
            return Some(self.ended_to_flap(history, is_steady, moment));
        }
        let cleared = self.flaps.cleared.clone()?;
        self.resolve(cleared.reason, cleared.by, None, moment)
            .ok()
    }

    /// Whether evaluations move it, and not reports.
    const fn is_ours(&self) -> bool {
        matches!(self.identity.origin, Origin::Generated)
    }
}
