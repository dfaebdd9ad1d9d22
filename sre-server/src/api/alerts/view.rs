//! How an alert is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::alert::{Alert, AlertState};
use sre_core::evaluation::{RuleOutcome, RuleVerdict, WindowCounts};
use sre_core::notification::Withheld;
use sre_core::suppression::{Holder, Suppressions};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::figure::Figure;

/// One episode of an alert.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Identifies the episode.
    id: Uuid,
    /// The same for all episodes of the same trouble.
    fingerprint: String,
    /// About which service.
    #[schema(example = "api-gateway")]
    service_name: String,
    /// `burn_rate`, `slow_burn`, `budget_exhaustion`, `slo_violation`, `no_data`, `health`, or any
    /// name given by a caller.
    #[schema(example = "slo_violation")]
    alert_type: String,
    /// `low`, `medium`, `high`, `critical` or `emergency`.
    #[schema(example = "high")]
    severity: &'static str,
    /// `pending` (wrong for less long than its SLO's `for`, and told to nobody), `firing`, `acknowledged`
    /// or `resolved`.
    #[schema(example = "firing")]
    state: &'static str,
    /// What is wrong and why it is this grave.
    message: String,
    /// The SLO that it is about.
    slo_id: Option<Uuid>,
    /// What else tells the trouble from others.
    labels: BTreeMap<String, String>,
    /// The value that was reported.
    value: Option<Figure>,
    /// The threshold that was reported.
    threshold: Option<Figure>,
    /// When it began.
    starts_at: DateTime<Utc>,
    /// When it ended.
    ends_at: Option<DateTime<Utc>>,
    /// Since when somebody looks, while they do.
    acknowledged_at: Option<DateTime<Utc>>,
    /// Who looks.
    acknowledged_by: Option<String>,
    /// When it was delivered last, to any destination.
    last_notified_at: Option<DateTime<Utc>>,
    /// How often it was reported.
    occurrences: u64,
    /// The incident that it belongs to.
    incident_id: Option<Uuid>,
    /// The silences that keep it from being told.
    silenced_by: Vec<Uuid>,
    /// The maintenances that do.
    in_maintenance: Vec<Uuid>,
    /// The alert that does, by a rule or by what its service stands on.
    inhibited_by: Option<InhibitedView>,
    /// Why it ended: `condition`, `manual`, `timeout`, `superseded`, `definition`
    /// or `cleared_pending`.
    resolve_reason: Option<&'static str>,
    /// Which episode of the trouble it is: 1, 2, 3…
    episode: u64,
    /// Since when it flaps: it is held open, and told again only where it becomes graver, until it is
    /// steady.
    flapping_since: Option<DateTime<Utc>>,
    /// Whether it flaps.
    is_flapping: bool,
    /// How much of its last twenty transitions were changes when it last changed, by weight: it flaps
    /// from 30 on, until it is below 20.
    flap_percentage: Option<Figure>,
    /// What the burn rules saw when it last changed.
    rules: Vec<AlertRuleView>,
}

/// Another alert keeps this one from being told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InhibitedBy)]
pub(crate) struct InhibitedView {
    /// `rule` while an alert fires that keeps it back by a rule of the configuration file. Of what its
    /// service stands on: `alarm` while a page of it fires, `extension` for five minutes after that;
    /// `wait` in the first half minute, in which such a page may come.
    #[schema(example = "alarm")]
    kind: &'static str,
    /// The alert that keeps it back; `null` for a wait.
    alert_id: Option<Uuid>,
    /// The name of the rule, where it is one.
    rule: Option<String>,
}

/// A burn rule with what it saw.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertRuleView {
    /// `warning`, `critical` or `emergency`.
    level: &'static str,
    /// The pace from which on it fires.
    factor: Option<Figure>,
    /// The share of the SLO's whole budget that has to be gone beside, where the rule asks for one.
    min_budget_share: Option<Figure>,
    /// `firing`, `quiet`, `held` (too little is measured to tell), or held back by a guard:
    /// `too_few_bad` by `min_bad`, `not_significant` by `significance_level`.
    #[schema(value_type = String)]
    verdict: RuleVerdict,
    /// How many bad events or slices of the long window the guard asks for that holds the rule back;
    /// `null` where none does, and where even all events would be too few to be significant.
    bad_needed: Option<Figure>,
    /// Whether enough is gone.
    long: AlertWindowView,
    /// Whether it still burns.
    short: AlertWindowView,
}

/// One window of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertWindowView {
    /// Its length.
    #[schema(example = "1h")]
    window: String,
    /// What was bad in it.
    bad: Figure,
    /// What happened in it.
    total: Figure,
    /// The share of it that was measured; `null` where nothing was expected.
    coverage: Option<Figure>,
}

impl AlertView {
    /// The alert with what keeps it from being told at `now`.
    pub(crate) fn new(alert: Alert, suppressions: &Suppressions, now: DateTime<Utc>) -> Self {
        let held: Vec<Holder> = if alert.is_open() {
            suppressions
                .of(&alert, now)
                .map(|held| held.by)
                .collect()
        } else {
            Vec::new()
        };
        let by = |rule| {
            held.iter()
                .filter(move |by| by.rule() == rule)
        };
        let silenced_by = by(Withheld::Silenced)
            .filter_map(|by| by.id())
            .collect();
        let in_maintenance = by(Withheld::Maintenance)
            .filter_map(|by| by.id())
            .collect();
        let inhibited_by = by(Withheld::Inhibited)
            .next()
            .map(|by| InhibitedView {
                kind: by.kind(),
                alert_id: by.id(),
                rule: suppressions
                    .rule_name(*by)
                    .map(str::to_owned),
            });
        let (severity, state) = (alert.severity.as_str(), alert.state.as_str());
        let (fingerprint, ends_at) = (alert.identity.key().to_string(), alert.ends_at());
        let (acknowledged_at, acknowledged_by, resolve_reason) = match alert.state {
            AlertState::Pending { .. } | AlertState::Firing => (None, None, None),
            AlertState::Acknowledged { at, by, .. } => (Some(at), by, None),
            AlertState::Resolved { reason, .. } => (None, None, Some(reason.as_str())),
        };
        let identity = alert.identity;
        Self {
            id: alert.id.0,
            fingerprint,
            service_name: identity.service_name.to_string(),
            alert_type: identity.alert_type.into(),
            severity,
            state,
            message: alert.message,
            slo_id: identity.slo_id.map(|id| id.0),
            labels: identity.labels,
            value: alert.value.and_then(Figure::new),
            threshold: alert.threshold.and_then(Figure::new),
            starts_at: alert.starts_at,
            ends_at,
            acknowledged_at,
            acknowledged_by,
            last_notified_at: alert.last_notified_at,
            occurrences: alert.occurrences,
            incident_id: alert.incident_id.map(|id| id.0),
            silenced_by,
            in_maintenance,
            inhibited_by,
            resolve_reason,
            episode: alert.episode,
            flapping_since: alert.flaps.since,
            is_flapping: alert.flaps.is_flapping(),
            flap_percentage: Figure::new(
                alert
                    .flaps
                    .history
                    .share()
                    .as_percentage(),
            ),
            rules: alert
                .rules
                .iter()
                .map(AlertRuleView::from)
                .collect(),
        }
    }
}

impl From<&RuleOutcome> for AlertRuleView {
    fn from(outcome: &RuleOutcome) -> Self {
        Self {
            level: outcome.rule.level.as_str(),
            factor: Figure::new(outcome.rule.factor.as_f64()),
            min_budget_share: outcome
                .rule
                .min_share
                .and_then(|share| Figure::new(share.as_f64())),
            verdict: outcome.verdict,
            bad_needed: outcome.bad_needed.map(Figure::from),
            long: AlertWindowView::from(&outcome.long),
            short: AlertWindowView::from(&outcome.short),
        }
    }
}

impl From<&WindowCounts> for AlertWindowView {
    fn from(seen: &WindowCounts) -> Self {
        Self {
            window: seen.window.to_string(),
            bad: Figure::from(seen.shown().bad()),
            total: Figure::from(seen.shown().total()),
            coverage: (seen.coverage.expected > 0)
                .then(|| Figure::new(seen.coverage.as_f64()))
                .flatten(),
        }
    }
}
