//! The page of an SLO: when it is pending, fires, flaps and ends.
//!
//! What the paging rules say passes four stages before anybody hears of it, each off by default but the
//! last: hysteresis (a rule that holds the page lets go below a share of its factor), `for` (a breach
//! must last), `keep_firing_for` (its end must last), and the detector of flapping, which sees confirmed
//! states only.

use super::{Situation, severity};
use crate::alert::{Alert, AlertType, AlertUpdate, Cleared, Course, ResolveReason};
use crate::evaluation::{RuleOutcome, RuleVerdict, WindowCounts};
use crate::policy::BurnLevel;

impl Situation<'_> {
    /// The page opens when a paging rule is confirmed to fire, follows the gravest, and ends when every
    /// rule that held it open is confirmed to be quiet.
    pub(super) fn page(&self, course: &mut Course) -> Option<AlertUpdate> {
        let open = self.open(|kind| *kind == AlertType::BurnRate);
        let holding = self.holding(open, BurnLevel::pages);
        let gravest = holding
            .iter()
            .max_by_key(|outcome| (outcome.rule.level, outcome.rule.factor))
            .copied();
        let is_confirmed = self.confirm(open, &holding, course);
        match (open, gravest) {
            (None, None) => None,
            (None, Some(rule)) => {
                let message = self.burn_message(&rule);
                let opening = self.opening(AlertType::BurnRate, severity(&rule), &message, holding);
                Some(if is_confirmed {
                    let mut update = Alert::open(opening, &self.moment);
                    update.alert.flaps.history = course.history.clone();
                    update
                } else {
                    Alert::pend(opening, &self.moment)
                })
            }
            (Some(page), gravest) if page.is_pending() => {
                self.pending(page, gravest, holding, is_confirmed, course)
            }
            (Some(page), gravest) if page.is_flapping() => {
                self.flapping(page, gravest, holding, is_confirmed, course)
            }
            (Some(page), gravest) if page.flaps.cleared.is_some() => {
                self.after_flapping(page, gravest, holding, is_confirmed)
            }
            (Some(page), _)
                if course
                    .history
                    .has_begun_to_flap(self.moment.now) =>
            {
                let cleared = (!is_confirmed).then(|| self.cleared());
                let history = course.history.clone();
                Some(
                    page.clone()
                        .begun_to_flap(history, cleared, &self.moment),
                )
            }
            (Some(page), None) => {
                let reason = self.end_of_rules(page);
                let is_over = !is_confirmed || reason != ResolveReason::Condition;
                let mut update = is_over.then(|| self.end(page, reason))??;
                update.alert.flaps.history = course.history.clone();
                Some(update)
            }
            (Some(page), Some(rule)) => self.follow(page, &rule, holding),
        }
    }

    /// Whether the page is confirmed to fire: what the rules say, once it has lasted for as long as the
    /// SLO asks for. What only held rules say is said by nobody.
    fn confirm(&self, open: Option<&Alert>, holding: &[RuleOutcome], course: &mut Course) -> bool {
        let before = open.is_some_and(|page| !page.is_pending() && page.flaps.cleared.is_none());
        let is_measured = |outcome: &RuleOutcome| outcome.verdict != RuleVerdict::Held;
        let seen = if holding.is_empty() {
            Some(false)
        } else {
            holding
                .iter()
                .any(is_measured)
                .then_some(true)
        };
        let alerting = &self.slo.definition.alerting;
        let needed = if before {
            alerting.keep_firing_for
        } else {
            alerting.pending_for
        };
        course.confirm(before, seen, self.measured, needed, self.moment.now)
    }

    /// A pending page fires once it is confirmed, and is over, for nobody to hear, when nothing holds
    /// it any more.
    fn pending(
        &self,
        page: &Alert,
        gravest: Option<RuleOutcome>,
        holding: Vec<RuleOutcome>,
        is_confirmed: bool,
        course: &Course,
    ) -> Option<AlertUpdate> {
        let Some(rule) = gravest else {
            return self.end(page, ResolveReason::ClearedPending);
        };
        if !is_confirmed {
            return self.held_by(page, holding);
        }
        let message = self.explained(&self.burn_message(&rule), severity(&rule));
        let judged = self.judged(severity(&rule));
        let mut update = page
            .clone()
            .fire(judged, message, holding, &self.moment);
        update.alert.flaps.history = course.history.clone();
        Some(update)
    }

    /// A page that flaps is held open: it tells that it is steady, or that it has flapped for long
    /// enough; that it became graver; and nothing else.
    fn flapping(
        &self,
        page: &Alert,
        gravest: Option<RuleOutcome>,
        holding: Vec<RuleOutcome>,
        is_confirmed: bool,
        course: &mut Course,
    ) -> Option<AlertUpdate> {
        let now = self.moment.now;
        let mut page = page.clone();
        let was_cleared = page.flaps.cleared.is_some();
        let history = course.history.clone();
        let is_steady = history.is_steady(now);
        let is_long = page
            .flaps
            .held_until()
            .is_some_and(|until| until <= now);
        if is_steady || is_long {
            page.flaps.cleared = match page.flaps.cleared.take() {
                _ if is_confirmed => None,
                Some(cleared) => Some(cleared),
                None => Some(self.cleared()),
            };
            if !is_steady {
                course.history = history.started_over();
            }
            return Some(page.ended_to_flap(history, is_steady, &self.moment));
        }
        if let Some(rule) =
            gravest.filter(|rule| is_confirmed && self.judged(severity(rule)) > page.severity)
        {
            let message = self.explained(&self.burn_message(&rule), severity(&rule));
            let judged = self.judged(severity(&rule));
            return Some(page.raised_while_flapping(
                history,
                judged,
                message,
                holding,
                &self.moment,
            ));
        }
        (was_cleared == is_confirmed).then(|| {
            let cleared = (!is_confirmed).then(|| self.cleared());
            if !holding.is_empty() {
                page.rules = holding;
            }
            page.noted_while_flapping(history, cleared, &self.moment)
        })
    }

    /// A page that flapped and was over when it was told so ends; or goes on, where it was confirmed
    /// again meanwhile.
    fn after_flapping(
        &self,
        page: &Alert,
        gravest: Option<RuleOutcome>,
        holding: Vec<RuleOutcome>,
        is_confirmed: bool,
    ) -> Option<AlertUpdate> {
        if !is_confirmed || gravest.is_none() {
            return self.end(page, ResolveReason::Condition);
        }
        let mut page = page.clone();
        page.flaps.cleared = None;
        Some(page.held_by(holding, &self.moment))
    }

    /// Follows the gravest rule that holds the page.
    fn follow(
        &self,
        page: &Alert,
        rule: &RuleOutcome,
        holding: Vec<RuleOutcome>,
    ) -> Option<AlertUpdate> {
        let judged = self.judged(severity(rule));
        if judged == page.severity {
            return self.held_by(page, holding);
        }
        let message = self.explained(&self.burn_message(rule), severity(rule));
        Some(
            page.clone()
                .changed(judged, message, holding, &self.moment),
        )
    }

    /// That the condition is over now.
    const fn cleared(&self) -> Cleared {
        Cleared {
            at: self.moment.now,
            reason: ResolveReason::Condition,
            by: None,
        }
    }

    /// Whether both windows of a quiet rule still burn faster than what ends the page that it holds.
    pub(super) fn clings(&self, alert: &Alert, outcome: &RuleOutcome) -> bool {
        if *alert.alert_type() != AlertType::BurnRate || alert.is_pending() {
            return false;
        }
        let definition = &self.slo.definition;
        let factor = definition
            .alerting
            .lets_go(&outcome.rule)
            .factor;
        let burns = |window: WindowCounts| factor.is_exceeded_by(window.counts, definition.target);
        factor < outcome.rule.factor && burns(outcome.long) && burns(outcome.short)
    }
}
