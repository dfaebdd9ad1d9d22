//! How an episode moves: pending → firing ⇄ acknowledged → resolved, and never back from there.
//!
//! Each transition consumes the episode, takes the time and returns the episode after; what it
//! makes known is an intent for every destination that has to hear it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::{Alert, AlertState, AlertStatus, AlertUpdate, Flaps, Identity, Severity};
use crate::evaluation::RuleOutcome;
use crate::incident::Join;
use crate::name::DestinationId;
use crate::notification::{Intent, IntentKind};
use crate::routing::Audience;
use crate::time::Span;

mod flapping;

/// Why an episode ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ResolveReason {
    /// What was wrong is measured to be right.
    Condition,
    /// A person or their tool said so.
    Manual,
    /// Its reporter's `expires_in` passed.
    Timeout,
    /// Another ticket of the same SLO took over.
    Superseded,
    /// Its SLO was deleted, disabled, or now counts something else.
    Definition,
    /// It was right again before it had been wrong for long enough: it was told to nobody.
    ClearedPending,
}

impl ResolveReason {
    /// The reason in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Manual => "manual",
            Self::Timeout => "timeout",
            Self::Superseded => "superseded",
            Self::Definition => "definition",
            Self::ClearedPending => "cleared_pending",
        }
    }
}

/// A transition that the lifecycle does not have.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an alert that is {from} cannot be {verb}")]
#[non_exhaustive]
pub struct InvalidTransition {
    /// The state it is in.
    pub from: AlertStatus,
    /// What was asked.
    pub verb: &'static str,
}

/// The times that move alerts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LifecycleSettings {
    /// How long an acknowledgement holds: long enough to look, short enough that a forgotten one is
    /// heard of again.
    pub ack_timeout: Span,
    /// How long after a delivery equal or lower severities of the same identity stay untold.
    pub cooldown: Span,
    /// How long after a delivery an alert that goes on firing is told again.
    pub repeat_interval: Span,
}

impl Default for LifecycleSettings {
    fn default() -> Self {
        Self {
            ack_timeout: Span::minutes(30),
            cooldown: Span::minutes(10),
            repeat_interval: Span::hours(4),
        }
    }
}

/// What a transition brings beside the new state.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// When it happens.
    pub now: DateTime<Utc>,
    /// The slot that decided it, where one did.
    pub slot: Option<DateTime<Utc>>,
    /// Who is to be told of what begins now.
    pub routes: Audience<'a>,
    /// The times that move alerts.
    pub settings: &'a LifecycleSettings,
}

/// What a new episode is about.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Which trouble.
    pub identity: Identity,
    /// The number of the episode.
    pub episode: u64,
    /// How grave.
    pub severity: Severity,
    /// What is wrong, for people.
    pub message: String,
    /// What the burn rules saw.
    pub rules: Vec<RuleOutcome>,
}

impl Alert {
    /// Opens an episode; it fires at once.
    ///
    /// ```
    /// use sre_core::alert::{
    ///     Alert, AlertStatus, AlertType, Identity, LifecycleSettings, Moment, Opening, ResolveReason,
    ///     Severity,
    /// };
    /// use sre_core::routing::Audience;
    /// use sre_core::time::{Span, at_second};
    ///
    /// let settings = LifecycleSettings::default();
    /// let moment = |second| Moment {
    ///     now: at_second(second),
    ///     slot: None,
    ///     routes: Audience::NOBODY,
    ///     settings: &settings,
    /// };
    /// let slo = "018f3c5a-0000-7000-8000-0123456789ab".parse()?;
    /// let opening = Opening {
    ///     identity: Identity::generated("checkout".parse()?, slo, AlertType::BurnRate),
    ///     episode: 1,
    ///     severity: Severity::Critical,
    ///     message: "it burns".to_owned(),
    ///     rules: vec![],
    /// };
    /// let alert = Alert::open(opening, &moment(0)).alert;
    /// assert_eq!(alert.state.status(), AlertStatus::Firing);
    ///
    /// // Somebody looks; half an hour later nobody does any more, unless they said so again.
    /// let alert = alert.acknowledge(Some("Ada".to_owned()), None, &moment(60))?.alert;
    /// assert_eq!(alert.next_action_at, Some(at_second(60) + Span::minutes(30).as_delta()));
    /// let alert = alert.moved_by_time(&moment(1_860)).ok_or("it is due")?.alert;
    /// assert_eq!(alert.state.status(), AlertStatus::Firing);
    ///
    /// // What has ended stays so.
    /// let ended = alert.resolve(ResolveReason::Condition, None, None, &moment(3_600))?.alert;
    /// assert_eq!(ended.ends_at(), Some(at_second(3_600)));
    /// assert!(ended.acknowledge(None, None, &moment(3_700)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open(opening: Opening, moment: &Moment<'_>) -> AlertUpdate {
        let alert = Self::begun(opening, AlertState::Firing, moment);
        let mut update = alert.told_to_routes(None, None, IntentKind::Fire, moment);
        update.concerns_incidents();
        update
    }

    /// Opens an episode that has not been wrong for long enough: told to nobody.
    #[must_use]
    pub(crate) fn pend(opening: Opening, moment: &Moment<'_>) -> AlertUpdate {
        let since = moment.now;
        Self::begun(opening, AlertState::Pending { since }, moment).advanced(None, None, moment)
    }

    fn begun(opening: Opening, state: AlertState, moment: &Moment<'_>) -> Self {
        Self {
            id: opening
                .identity
                .episode_id(opening.episode),
            identity: opening.identity,
            episode: opening.episode,
            transition: 1,
            state,
            severity: opening.severity,
            message: opening.message,
            starts_at: moment.now,
            value: None,
            threshold: None,
            occurrences: 1,
            last_notified_at: None,
            expires_at: None,
            next_action_at: None,
            unattended_since: Some(moment.now),
            destinations: BTreeSet::new(),
            rules: opening.rules,
            flaps: Flaps::default(),
            incident_id: None,
        }
    }

    /// The pending episode has been wrong for long enough: it fires, as one that opens does.
    #[must_use]
    pub(crate) fn fire(
        mut self,
        severity: Severity,
        message: String,
        rules: Vec<RuleOutcome>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        (self.severity, self.message, self.rules) = (severity, message, rules);
        self.left_unattended(moment);
        let mut update = self.told_to_routes(Some(expected), Some(from), IntentKind::Fire, moment);
        update.concerns_incidents();
        update
    }

    /// Somebody looks: repeats stop until the acknowledgement ends.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] unless firing or already acknowledged (which extends it): what is pending
    /// was told to nobody.
    pub fn acknowledge(
        mut self,
        by: Option<String>,
        comment: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<AlertUpdate, InvalidTransition> {
        if !self.is_open() || self.is_pending() {
            return Err(InvalidTransition {
                from: self.state.status(),
                verb: "acknowledged",
            });
        }
        let (expected, from) = (self.transition, self.state.status());
        let until = moment.now + moment.settings.ack_timeout.as_delta();
        self.state = AlertState::Acknowledged {
            at: moment.now,
            by: by.clone(),
            until,
        };
        self.unattended_since = None;
        let mut update = self.advanced(Some(expected), Some(from), moment);
        (update.actor, update.comment) = (by, comment);
        Ok(update)
    }

    /// Nobody looks after all: it fires as if it had not been acknowledged, and repeats go on. Nobody
    /// is told, since nothing is new.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] unless acknowledged.
    pub fn unacknowledge(
        mut self,
        by: Option<String>,
        comment: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<AlertUpdate, InvalidTransition> {
        let (expected, from) = (self.transition, self.state.status());
        if from != AlertStatus::Acknowledged {
            return Err(InvalidTransition {
                from,
                verb: "unacknowledged",
            });
        }
        self.left_unattended(moment);
        let mut update = self.advanced(Some(expected), Some(from), moment);
        (update.actor, update.comment) = (by, comment);
        Ok(update)
    }

    /// Ends the episode, whether it flaps or not.
    ///
    /// # Errors
    ///
    /// [`InvalidTransition`] when it has ended, and for what people would end that is pending: it ends
    /// by itself, and nobody was told of it.
    pub fn resolve(
        mut self,
        reason: ResolveReason,
        by: Option<String>,
        comment: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<AlertUpdate, InvalidTransition> {
        let is_ours = matches!(
            reason,
            ResolveReason::ClearedPending | ResolveReason::Definition
        );
        if !self.is_open() || (self.is_pending() && !is_ours) {
            return Err(InvalidTransition {
                from: self.state.status(),
                verb: "resolved",
            });
        }
        let (expected, from) = (self.transition, self.state.status());
        self.flaps = self.flaps_of_ended(moment.now);
        self.state = AlertState::Resolved {
            at: moment.now,
            reason,
            by: by.clone(),
        };
        self.unattended_since = None;
        let mut update = self.told_to_owed(expected, from, IntentKind::Resolve, moment);
        (update.actor, update.comment) = (by, comment);
        Ok(update)
    }

    /// Tells the open episode to others as well, who are owed its end from then on; `None` where it has
    /// ended.
    #[must_use]
    pub(crate) fn told_also(self, kind: IntentKind, moment: &Moment<'_>) -> Option<AlertUpdate> {
        if !self.is_open() {
            return None;
        }
        let (expected, from) = (self.transition, self.state.status());
        Some(self.told_to_routes(Some(expected), Some(from), kind, moment))
    }

    /// Changes how grave the open episode is, and says so: a higher severity ends an
    /// acknowledgement.
    #[must_use]
    pub(crate) fn changed(
        mut self,
        severity: Severity,
        message: String,
        rules: Vec<RuleOutcome>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        let is_graver = severity > self.severity;
        if is_graver {
            self.left_unattended(moment);
        }
        (self.severity, self.message, self.rules) = (severity, message, rules);
        let mut update =
            self.told_to_routes(Some(expected), Some(from), IntentKind::Update, moment);
        if is_graver {
            update.concerns_incidents();
        }
        update
    }

    /// Notes which burn rules hold the open episode now, and tells nobody.
    #[must_use]
    pub(crate) fn held_by(mut self, rules: Vec<RuleOutcome>, moment: &Moment<'_>) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        self.rules = rules;
        self.advanced(Some(expected), Some(from), moment)
    }

    /// Notes what its reporter says of the episode, and tells nobody.
    #[must_use]
    pub(super) fn noted(self, moment: &Moment<'_>) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        self.advanced(Some(expected), Some(from), moment)
    }

    /// Notes one more report of the open episode. It is told again only where `kind` says how.
    #[must_use]
    pub(crate) fn reported_again(
        mut self,
        kind: Option<IntentKind>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let (expected, from) = (self.transition, self.state.status());
        self.occurrences = self.occurrences.saturating_add(1);
        match kind {
            Some(kind) => self.told_to_routes(Some(expected), Some(from), kind, moment),
            None => self.advanced(Some(expected), Some(from), moment),
        }
    }

    /// What time does to the episode at `moment.now`: an acknowledgement ends, a reporter's
    /// `expires_in` passes, an escalation or a repeat falls due. `None` when nothing is due.
    #[must_use]
    pub fn moved_by_time(mut self, moment: &Moment<'_>) -> Option<AlertUpdate> {
        let now = moment.now;
        if !self.is_open() {
            return None;
        }
        if let Some(expired_at) = self.expires_at.filter(|at| *at <= now) {
            self.expires_at = None;
            let mut update = self
                .over(ResolveReason::Timeout, None, None, moment)
                .ok()?;
            // It ended when its time was over, not when that was seen.
            if let AlertState::Resolved { at, .. } = &mut update.alert.state {
                *at = expired_at;
            }
            return Some(update);
        }
        if self.is_moved_by_flapping(now) {
            return self.steadied(moment);
        }
        let (expected, from) = (self.transition, self.state.status());
        match self.state {
            AlertState::Acknowledged { until, .. } if until <= now && !self.is_ticket() => {
                self.left_unattended(moment);
                let kind = IntentKind::AckTimeout;
                Some(self.told_to_routes(Some(expected), Some(from), kind, moment))
            }
            AlertState::Firing
                if self
                    .escalation(moment.routes)
                    .is_some_and(|(at, _)| at <= now) =>
            {
                Some(self.escalated(expected, from, moment))
            }
            AlertState::Firing
                if self
                    .repeat_at(moment.settings, moment.routes)
                    .is_some_and(|at| at <= now) =>
            {
                // The delivery sets the next repeat; until it is made, this one is not asked twice.
                self.last_notified_at = Some(now);
                let kind = IntentKind::Repeat;
                Some(self.told_to_routes(Some(expected), Some(from), kind, moment))
            }
            _ => None,
        }
    }

    /// When time moves the episode next, given when it was delivered last.
    #[must_use]
    pub fn next_action(
        &self,
        settings: &LifecycleSettings,
        routes: Audience<'_>,
    ) -> Option<DateTime<Utc>> {
        let by_state = match self.state {
            AlertState::Resolved { .. } => return None,
            AlertState::Pending { .. } => None,
            AlertState::Acknowledged { .. } if self.is_ticket() => None,
            AlertState::Acknowledged { until, .. } => Some(until),
            AlertState::Firing => self.repeat_at(settings, routes),
        };
        let escalation = match self.state {
            AlertState::Firing => self
                .escalation(routes)
                .map(|(at, _)| at),
            _ => None,
        };
        [
            by_state,
            escalation,
            self.expires_at,
            self.flapping_ends_at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When the firing episode is told again; never for a ticket, before it was told, or while it
    /// flaps.
    fn repeat_at(
        &self,
        settings: &LifecycleSettings,
        routes: Audience<'_>,
    ) -> Option<DateTime<Utc>> {
        let told = self
            .last_notified_at
            .filter(|_| !self.is_ticket() && !self.is_flapping())?;
        let interval = routes
            .repeat_interval(self)
            .unwrap_or(settings.repeat_interval);
        Some(told + interval.as_delta())
    }

    /// When the firing episode escalates next, and to whom: the first step that leads to somebody who
    /// has heard nothing of it. A ticket never does, and nothing does while it flaps.
    fn escalation(&self, routes: Audience<'_>) -> Option<(DateTime<Utc>, Vec<DestinationId>)> {
        if self.is_ticket() || self.is_flapping() {
            return None;
        }
        let since = self
            .unattended_since
            .unwrap_or(self.starts_at);
        routes
            .escalations(self)
            .into_iter()
            .find_map(|(after, mut destinations)| {
                destinations.retain(|destination| !self.destinations.contains(destination));
                (!destinations.is_empty()).then(|| (since + after.as_delta(), destinations))
            })
    }

    /// Nobody looked for as long as the next step allows: it is told to those whom the step names.
    fn escalated(mut self, expected: u64, from: AlertStatus, moment: &Moment<'_>) -> AlertUpdate {
        let told = self
            .escalation(moment.routes)
            .map(|(_, destinations)| destinations)
            .unwrap_or_default();
        self.destinations.extend(&told);
        let mut update = self.advanced(Some(expected), Some(from), moment);
        update.intents = intents(&update.alert, &told, IntentKind::Escalate, moment.now);
        update
    }

    /// It fires, and from now on nobody looks, unless nobody did before.
    fn left_unattended(&mut self, moment: &Moment<'_>) {
        if !matches!(self.state, AlertState::Firing) {
            self.unattended_since = Some(moment.now);
        }
        self.state = AlertState::Firing;
    }

    /// Whom a transition is told to: whoever routes lead to, and whoever it has escalated to.
    fn told_now(&self, routes: Audience<'_>) -> Vec<DestinationId> {
        let mut told = routes.destinations(self);
        let escalated = routes
            .escalations(self)
            .into_iter()
            .flat_map(|(_, destinations)| destinations);
        for destination in escalated {
            if self.destinations.contains(&destination) && !told.contains(&destination) {
                told.push(destination);
            }
        }
        told
    }

    /// The transition, with an intent for everyone who is to hear of it.
    fn told_to_routes(
        mut self,
        expected: Option<u64>,
        from: Option<AlertStatus>,
        kind: IntentKind,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let told = self.told_now(moment.routes);
        self.destinations.extend(&told);
        let mut update = self.advanced(expected, from, moment);
        update.intents = intents(&update.alert, &told, kind, moment.now);
        update
    }

    /// The transition, with an intent for everyone who had one of this episode.
    fn told_to_owed(
        self,
        expected: u64,
        from: AlertStatus,
        kind: IntentKind,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        let mut update = self.advanced(Some(expected), Some(from), moment);
        let owed: Vec<DestinationId> = update
            .alert
            .destinations
            .iter()
            .copied()
            .collect();
        update.intents = intents(&update.alert, &owed, kind, moment.now);
        update
    }

    /// The transition, told to nobody.
    fn advanced(
        mut self,
        expected: Option<u64>,
        from: Option<AlertStatus>,
        moment: &Moment<'_>,
    ) -> AlertUpdate {
        if let Some(expected) = expected {
            self.transition = expected.saturating_add(1);
        }
        self.next_action_at = self.next_action(moment.settings, moment.routes);
        AlertUpdate {
            expected,
            from,
            alert: self,
            slot: moment.slot,
            at: moment.now,
            actor: None,
            comment: None,
            intents: Vec::new(),
            join: None,
        }
    }
}

impl AlertUpdate {
    /// Notes what the alert, as grave as it is now, means to incidents.
    fn concerns_incidents(&mut self) {
        self.join = Join::of(&self.alert, self.at).map(Box::new);
    }
}

/// One intent a destination, in the order of the destinations.
fn intents(
    alert: &Alert,
    destinations: &[DestinationId],
    kind: IntentKind,
    now: DateTime<Utc>,
) -> Vec<Intent> {
    destinations
        .iter()
        .map(|destination| Intent::new(alert.id, alert.transition, *destination, kind, now))
        .collect()
}

#[cfg(test)]
mod tests;
