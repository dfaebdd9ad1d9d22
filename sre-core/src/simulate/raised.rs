//! An alert that a policy would have raised.

use chrono::{DateTime, TimeDelta, Utc};

use super::share::{Allowance, SpentShare};
use crate::alert::{Alert, AlertType, AlertUpdate, ResolveReason, Severity};
use crate::budget::ErrorBudget;
use crate::evaluation::{Evaluation, RuleOutcome};
use crate::name::AlertId;
use crate::time::Interval;

/// An alert that would have been raised, from its opening to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    /// The episode, numbered from the beginning of the replay.
    pub id: AlertId,
    /// What kind of trouble.
    pub kind: AlertType,
    /// How grave it was when it opened.
    pub severity: Severity,
    /// How grave it became.
    pub gravest: Severity,
    /// What it said when it opened.
    pub message: String,
    /// The slot at which it fired.
    pub starts_at: DateTime<Utc>,
    /// The end of the last slice that was known then.
    pub as_of: DateTime<Utc>,
    /// The slot that ended it; `None` while it is open.
    pub ends_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub reason: Option<ResolveReason>,
    /// The burn rules that opened it.
    pub rules: Vec<RuleOutcome>,
    /// The budget of the SLO's window when it opened.
    pub budget: Option<ErrorBudget>,
    /// What it saw of what was really wrong; `None` of what speaks of the budget as a whole, or of
    /// silence.
    pub truth: Option<Truth>,
    pub(super) allowance: Option<Allowance>,
    /// What had been bad since the replay began when it opened.
    pub(super) bad_before: u128,
}

/// Whether an alert was right.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Truth {
    /// It was the first to see an event.
    First,
    /// It saw only what another had seen before.
    Duplicate,
    /// It saw no significant event.
    False,
}

impl Truth {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Duplicate => "duplicate",
            Self::False => "false",
        }
    }
}

impl Raised {
    pub(super) fn new(
        alert: &Alert,
        at: DateTime<Utc>,
        found: &Evaluation,
        bad_before: u128,
    ) -> Self {
        Self {
            id: alert.id,
            kind: alert.alert_type().clone(),
            severity: alert.severity,
            gravest: alert.severity,
            message: alert.message.clone(),
            starts_at: at,
            as_of: found.as_of,
            ends_at: None,
            reason: None,
            rules: alert.rules.clone(),
            budget: found.budget,
            truth: None,
            allowance: Allowance::of(found),
            bad_before,
        }
    }

    /// Takes what became of it.
    pub(super) fn follow(&mut self, update: &AlertUpdate) {
        self.gravest = self.gravest.max(update.alert.severity);
        if let crate::alert::AlertState::Resolved { at, reason, .. } = update.alert.state {
            (self.ends_at, self.reason) = (Some(at), Some(reason));
        }
    }

    /// Whether it wakes somebody.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.kind == AlertType::BurnRate
    }

    /// Whether burn rules raised it: a page, or the ticket of a slow burn. The other tickets speak of
    /// the budget as a whole, last until a window moves, and would overlap everything.
    #[must_use]
    pub fn is_burn(&self) -> bool {
        matches!(self.kind, AlertType::BurnRate | AlertType::SlowBurn)
    }

    /// The rule that made it as grave as it opened.
    #[must_use]
    pub fn gravest_rule(&self) -> Option<&RuleOutcome> {
        self.rules
            .iter()
            .max_by_key(|outcome| (outcome.rule.level, outcome.rule.factor))
    }

    /// The share of the budget that was gone over the long window of its gravest rule when it opened:
    /// `factor × long ÷ window` under even traffic, whatever the error ratio (`b·w/P`, SRE Workbook).
    #[must_use]
    pub fn spent(&self) -> Option<SpentShare> {
        let rule = self.gravest_rule()?;
        Some(
            self.allowance?
                .share(rule.long.counts.bad()),
        )
    }

    /// What it looked at and how long it lasted: from the beginning of the short window that it opened
    /// on to its end, or to the end of the replay. An alert opens after the fact, when that window is
    /// past; so this, and not its life alone, is what may meet an event.
    pub(super) fn seen(&self, until: DateTime<Utc>) -> Interval {
        let short = self
            .gravest_rule()
            .map_or(TimeDelta::zero(), |outcome| outcome.rule.short.as_delta());
        Interval::new(self.as_of - short, self.ends_at.unwrap_or(until))
    }
}
