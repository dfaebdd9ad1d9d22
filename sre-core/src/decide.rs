//! What an evaluation changes: which alerts open, change and end, and who is told.
//!
//! An SLO has at most one open **page** (`burn_rate`, as grave as the highest paging rule that
//! fires; what it takes to confirm it says `page`), one open **ticket** (the gravest of `slow_burn`, `budget_exhaustion`, `slo_violation`)
//! and one `no_data` alert. Nothing ends because nobody measured: a rule that is held keeps what it
//! said before. Pure, and without randomness: the same decision made twice is the same rows.

use chrono::{DateTime, Utc};

use crate::alert::{
    Alert, AlertType, AlertUpdate, Course, Identity, Moment, Opening, ResolveReason, Severity,
};
use crate::budget::burn_rate;
use crate::evaluation::{BudgetVerdict, Evaluation, RuleOutcome, RuleVerdict};
use crate::forecast::Nearness;
use crate::policy::BurnLevel;
use crate::service::Criticality;
use crate::slo::Slo;
use crate::time::Span;

mod page;

/// What there is to decide on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Whose evaluation it is.
    pub slo: &'a Slo,
    /// How much its service matters.
    pub criticality: Criticality,
    /// What was found.
    pub evaluation: &'a Evaluation,
    /// The newest episode of each identity of the SLO that has one: see [`identities`].
    pub latest: &'a [Alert],
    /// What is remembered of its page.
    pub course: &'a Course,
    /// How much was measured since the last decision: see
    /// [`Progress::newly_measured`](crate::evaluation::Progress::newly_measured).
    pub measured: Option<Span>,
    /// When, and who is to be told.
    pub moment: Moment<'a>,
}

/// The identities that evaluations of an SLO can raise.
#[must_use]
pub fn identities(slo: &Slo) -> [Identity; 5] {
    [
        AlertType::BurnRate,
        AlertType::SlowBurn,
        AlertType::BudgetExhaustion,
        AlertType::SloViolation,
        AlertType::NoData,
    ]
    .map(|kind| Identity::generated(slo.definition.service_name.clone(), slo.id, kind))
}

/// What was decided: stored in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The transitions of alerts.
    pub alerts: Vec<AlertUpdate>,
    /// What is to be remembered of the page.
    pub course: Course,
}

/// Decides what an evaluation changes.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decided {
    let mut course = situation.course.clone();
    let mut alerts = Vec::new();
    alerts.extend(situation.page(&mut course));
    alerts.extend(situation.tickets());
    alerts.extend(situation.no_data());
    Decided { alerts, course }
}

/// Ends everything that an SLO has open, because it is deleted, disabled, or counts something else
/// from now on: those who were told are told.
#[must_use]
pub fn retire(latest: &[Alert], moment: &Moment<'_>) -> Vec<AlertUpdate> {
    latest
        .iter()
        .filter_map(|alert| {
            alert
                .clone()
                .resolve(ResolveReason::Definition, None, None, moment)
                .ok()
        })
        .collect()
}

impl Situation<'_> {
    /// The ticket is a fact about the budget: it opens, gives way to a graver or lesser one, or
    /// ends. While too little is known it stays what it is.
    fn tickets(&self) -> Vec<AlertUpdate> {
        if !self.evaluation.state.is_judged() {
            return Vec::new();
        }
        let open = self.open(AlertType::is_ticket);
        let holding = self.holding(open, |level| level == BurnLevel::Warning);
        match (open, self.wanted_ticket(open, &holding)) {
            (None, None) => Vec::new(),
            (Some(ticket), Some((kind, _))) if *ticket.alert_type() == kind => self
                .held_by(ticket, holding)
                .into_iter()
                .collect(),
            (Some(ticket), None) => {
                let reason = match ticket.alert_type() {
                    AlertType::SlowBurn => self.end_of_rules(ticket),
                    _ => ResolveReason::Condition,
                };
                self.end(ticket, reason)
                    .into_iter()
                    .collect()
            }
            (open, Some((kind, severity))) => {
                let superseded =
                    open.and_then(|ticket| self.end(ticket, ResolveReason::Superseded));
                let message = self.ticket_message(&kind, &holding);
                let opening = self.opening(kind, severity, &message, holding);
                superseded
                    .into_iter()
                    .chain([Alert::open(opening, &self.moment)])
                    .collect()
            }
        }
    }

    /// The gravest ticket that the evaluation asks for.
    fn wanted_ticket(
        &self,
        open: Option<&Alert>,
        holding: &[RuleOutcome],
    ) -> Option<(AlertType, Severity)> {
        let exhaustion = Some((AlertType::BudgetExhaustion, Severity::Medium));
        match self.evaluation.budget_verdict {
            BudgetVerdict::Missed => Some((AlertType::SloViolation, Severity::High)),
            BudgetVerdict::AtRisk => exhaustion,
            BudgetVerdict::Fine if self.ends_soon(open) => exhaustion,
            BudgetVerdict::Fine if holding.is_empty() => None,
            BudgetVerdict::Fine => Some((AlertType::SlowBurn, Severity::Medium)),
        }
    }

    /// Whether the budget is foretold to end soon. An open ticket says so until the end is well away.
    /// A new one does not take the pace of what a page is telling, or has told, for the pace of days:
    /// the page has to have ended before the look-back began.
    fn ends_soon(&self, open: Option<&Alert>) -> bool {
        let is_open =
            open.is_some_and(|ticket| *ticket.alert_type() == AlertType::BudgetExhaustion);
        match self.evaluation.nearness {
            Nearness::Far => false,
            Nearness::Around => is_open,
            Nearness::Near { seen_since } => is_open || !self.has_paged_since(seen_since),
        }
    }

    /// Whether a page is open, opens now, or was open after `since`.
    fn has_paged_since(&self, since: DateTime<Utc>) -> bool {
        let pages = || {
            let latest = self.latest.iter();
            latest.filter(|alert| *alert.alert_type() == AlertType::BurnRate)
        };
        let open = pages().find(|page| page.is_open());
        let was_open = |page: &Alert| {
            page.has_fired()
                && page
                    .ends_at()
                    .is_none_or(|ended| ended > since)
        };
        pages().any(was_open)
            || !self
                .holding(open, BurnLevel::pages)
                .is_empty()
    }

    /// The rules of these levels that burn for all that is known: those that fire, those that nobody can
    /// judge now and that burned when the open alert was last changed, and those that hold it and still
    /// burn faster than what ends it.
    fn holding(
        &self,
        open: Option<&Alert>,
        is_wanted: impl Fn(BurnLevel) -> bool,
    ) -> Vec<RuleOutcome> {
        let outcomes = self.evaluation.rules.iter();
        outcomes
            .filter(|outcome| is_wanted(outcome.rule.level))
            .filter(|outcome| match outcome.verdict {
                RuleVerdict::Firing => true,
                RuleVerdict::Held => open.is_some_and(|alert| has_rule(alert, outcome)),
                RuleVerdict::Quiet => open
                    .is_some_and(|alert| has_rule(alert, outcome) && self.clings(alert, outcome)),
                RuleVerdict::TooFewBad | RuleVerdict::NotSignificant => false,
            })
            .copied()
            .collect()
    }

    /// Notes which rules hold an open alert, where they are others than before: what is held later
    /// depends on it.
    fn held_by(&self, alert: &Alert, holding: Vec<RuleOutcome>) -> Option<AlertUpdate> {
        let before = alert.rules.iter().map(|held| held.rule);
        let is_same = before.eq(holding.iter().map(|held| held.rule));
        (!is_same).then(|| {
            alert
                .clone()
                .held_by(holding, &self.moment)
        })
    }

    /// Why an alert ends that no rule holds any more. A rule that is asked no longer was not
    /// measured to be quiet: that must not look like a recovery.
    fn end_of_rules(&self, alert: &Alert) -> ResolveReason {
        let mut rules = alert.rules.iter();
        let asked = &self.evaluation.rules;
        if rules.all(|held| {
            asked
                .iter()
                .any(|outcome| outcome.rule == held.rule)
        }) {
            ResolveReason::Condition
        } else {
            ResolveReason::Definition
        }
    }

    /// Silence of something that spoke before is an alert of its own; it neither opens nor ends any
    /// other.
    fn no_data(&self) -> Option<AlertUpdate> {
        let open = self.open(|kind| *kind == AlertType::NoData);
        match (open, self.evaluation.is_stale) {
            (None, true) => {
                let message = format!(
                    "{} has no data: nothing was measured for three expected intervals before {}",
                    self.slo.definition.name,
                    self.evaluation
                        .as_of
                        .format("%Y-%m-%d %H:%M:%S UTC"),
                );
                let opening = self.opening(AlertType::NoData, Severity::High, &message, Vec::new());
                Some(Alert::open(opening, &self.moment))
            }
            (Some(alert), false) => self.end(alert, ResolveReason::Condition),
            _ => None,
        }
    }

    fn open(&self, is_wanted: impl Fn(&AlertType) -> bool) -> Option<&Alert> {
        self.latest
            .iter()
            .find(|alert| alert.is_open() && is_wanted(alert.alert_type()))
    }

    fn end(&self, alert: &Alert, reason: ResolveReason) -> Option<AlertUpdate> {
        alert
            .clone()
            .resolve(reason, None, None, &self.moment)
            .ok()
    }

    fn opening(
        &self,
        kind: AlertType,
        severity: Severity,
        message: &str,
        rules: Vec<RuleOutcome>,
    ) -> Opening {
        let service = self.slo.definition.service_name.clone();
        let identity = Identity::generated(service, self.slo.id, kind);
        let last = self
            .latest
            .iter()
            .find(|alert| alert.identity == identity);
        let episode = last.map_or(1, |alert| alert.episode.saturating_add(1));
        Opening {
            identity,
            episode,
            severity: self.judged(severity),
            message: self.explained(message, severity),
            rules,
        }
    }

    /// How grave it is for a service that matters as much as this one.
    const fn judged(&self, severity: Severity) -> Severity {
        self.criticality.judge(severity)
    }

    /// The message, with the reason where it is graver or less grave than what happened alone.
    fn explained(&self, message: &str, severity: Severity) -> String {
        let judged = self.judged(severity);
        if judged == severity {
            return message.to_owned();
        }
        let service = &self.slo.definition.service_name;
        let criticality = self.criticality;
        format!(
            "{message}; {judged} in place of {severity}, because the criticality of {service} is \
             {criticality}"
        )
    }

    /// What burns, how fast, and which rule says that this is as grave as it is.
    fn burn_message(&self, outcome: &RuleOutcome) -> String {
        let definition = &self.slo.definition;
        let shown = |counts| burn_rate(counts, definition.target).unwrap_or(0.0);
        let dear = outcome
            .rule
            .min_share
            .map_or_else(String::new, |share| {
                format!(" and spend {share} of the budget")
            });
        format!(
            "{} burns its {} error budget {:.1} times too fast over {} and {:.1} times over {}: \
             {}, because both exceed {}{dear}",
            definition.name,
            definition.window,
            shown(outcome.long.counts),
            outcome.rule.long,
            shown(outcome.short.counts),
            outcome.rule.short,
            outcome.rule.level,
            outcome.rule.factor,
        )
    }

    fn ticket_message(&self, kind: &AlertType, holding: &[RuleOutcome]) -> String {
        let definition = &self.slo.definition;
        let left = self
            .evaluation
            .budget
            .and_then(crate::budget::ErrorBudget::remaining_percentage)
            .unwrap_or(0.0);
        match (kind, holding.first()) {
            (AlertType::SloViolation, _) => format!(
                "{} misses its target of {} % over {}: {left:.1} % of the error budget is left",
                definition.name,
                definition.target,
                definition.window.phrase(),
            ),
            (AlertType::SlowBurn, Some(outcome)) => self.burn_message(outcome),
            _ => format!(
                "{} has {left:.1} % of its {} error budget left, {}",
                definition.name,
                definition.window,
                self.exhaustion_reason(),
            ),
        }
    }
}

impl Situation<'_> {
    /// Why what is left is too little: how little it is, and when it ends where that is foretold.
    fn exhaustion_reason(&self) -> String {
        let forecast = &self.evaluation.forecast;
        let at = forecast
            .exhaustion()
            .at()
            .map(|at| at.format("%Y-%m-%d %H:%M UTC"));
        match (self.evaluation.budget_verdict, at) {
            (BudgetVerdict::Fine, Some(at)) => {
                let look_backs = forecast.look_backs();
                format!("and none from {at} on, at the pace of the last {look_backs}")
            }
            (_, Some(at)) => {
                format!("less than a tenth, and at its present pace none from {at} on")
            }
            (_, None) => "less than a tenth".to_owned(),
        }
    }
}

/// Critical rules make critical pages, emergency rules emergencies.
fn severity(outcome: &RuleOutcome) -> Severity {
    if outcome.rule.level == BurnLevel::Emergency {
        Severity::Emergency
    } else {
        Severity::Critical
    }
}

/// Whether the alert was raised, or last changed, by this rule.
fn has_rule(alert: &Alert, outcome: &RuleOutcome) -> bool {
    alert
        .rules
        .iter()
        .any(|held| held.rule == outcome.rule)
}

#[cfg(test)]
mod tests;
