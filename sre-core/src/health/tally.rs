//! The table of deductions, taken in its order from a hundred.

use crate::alert::Severity;
use crate::budget::ErrorBudget;
use crate::count::Count;
use crate::health::deduction::{Deduction, DeductionReason, Points};
use crate::health::evidence::{Evidence, OpenAlerts, SloEvidence};
use crate::name::ServiceName;
use crate::time::Span;

/// What is left of a hundred points, and what took the others.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    left: Points,
    deductions: Vec<Deduction>,
    upstream: Option<ServiceName>,
}

impl Tally {
    /// What the service itself costs.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let mut tally = Self {
            left: Points::HUNDRED,
            deductions: Vec::new(),
            upstream: None,
        };
        tally.check(evidence);
        tally.budget(evidence);
        tally.burn(evidence);
        tally.alert(&evidence.alerts);
        tally
    }

    /// What is left.
    pub(super) const fn left(&self) -> Points {
        self.left
    }

    /// What is lost so far.
    pub(super) const fn degradation(&self) -> Points {
        Points::HUNDRED.less(self.left)
    }

    /// Takes what is missing to bring the score down to `ceiling`, for the failure at the end of
    /// `path`, whose own degradation is given.
    pub(super) fn depend(&mut self, ceiling: Points, path: &[&ServiceName], degradation: Points) {
        let missing = self.left.less(ceiling);
        let Some(end) = path
            .last()
            .filter(|_| missing > Points::ZERO)
        else {
            return;
        };
        self.upstream = Some((*end).clone());
        let own = Points::HUNDRED.less(degradation);
        let detail = format!("{} at {own}", in_words(path));
        self.take(DeductionReason::Dependency, missing, false, || detail);
    }

    /// What is most probably behind it: the failing service that it depends on, else itself.
    pub(super) fn cause(&self, itself: &ServiceName) -> Option<ServiceName> {
        let own = (!self.deductions.is_empty()).then_some(itself);
        self.upstream.as_ref().or(own).cloned()
    }

    /// The deductions.
    pub(super) fn into_deductions(self) -> Vec<Deduction> {
        self.deductions
    }

    /// Takes points, as far as there are any left.
    fn take(
        &mut self,
        reason: DeductionReason,
        points: Points,
        is_stale: bool,
        detail: impl FnOnce() -> String,
    ) {
        let points = points.min(self.left);
        if points == Points::ZERO {
            return;
        }
        self.left = self.left.less(points);
        self.deductions.push(Deduction {
            reason,
            points,
            detail: detail(),
            is_stale,
        });
    }

    /// The share of probes that are down; when all are, the ceiling holds too.
    fn check(&mut self, evidence: &Evidence) {
        let down: Vec<_> = evidence
            .checks
            .iter()
            .filter(|check| !check.is_up())
            .collect();
        let is_stale = down.iter().any(|check| check.is_stale);
        let (mut bad, mut all) = (0_u64, 0_u64);
        for check in &evidence.checks {
            bad = bad.saturating_add(check.counts.bad().millionths());
            all = all.saturating_add(check.counts.total().millionths());
        }
        let points = Points::rounded(u128::from(bad).saturating_mul(CHECK_TENTHS), all.into());
        self.take(DeductionReason::Check, points, is_stale, || {
            let names: Vec<_> = down
                .iter()
                .take(NAMES_MAX)
                .map(|check| check.name.as_str())
                .collect();
            let (bad, all) = (Count::from_millionths(bad), Count::from_millionths(all));
            format!("{bad} of {all} probes down: {}", names.join(", "))
        });
        if bad == all && all > 0 {
            let missing = self.left.less(CHECK_CEILING);
            self.take(DeductionReason::CheckCeiling, missing, is_stale, || {
                format!("every probe is down: {CHECK_CEILING} at most")
            });
        }
    }

    /// The worst budget.
    fn budget(&mut self, evidence: &Evidence) {
        let Some((points, slo)) = worst(&evidence.slos, budget_points, |slo| slo.budget) else {
            return;
        };
        self.take(DeductionReason::Budget, points, slo.is_stale, || {
            let consumed = slo
                .budget
                .and_then(ErrorBudget::consumed_percentage)
                .unwrap_or(0.0);
            format!(
                "{consumed:.1} % of the {} error budget of {} is consumed",
                slo.window, slo.name
            )
        });
    }

    /// The worst burn.
    fn burn(&mut self, evidence: &Evidence) {
        let burned = |slo: &SloEvidence| Some(slo.burn?.budget);
        let Some((points, slo)) = worst(&evidence.slos, burn_points, burned) else {
            return;
        };
        self.take(DeductionReason::BurnRate, points, slo.is_stale, || {
            let rate = burned(slo)
                .and_then(ErrorBudget::burn_rate)
                .unwrap_or(0.0);
            let window = slo
                .burn
                .map_or(slo.window, |burn| burn.window);
            format!("{} burn {rate:.1} on {}", spaced(window), slo.name)
        });
    }

    /// The alerts that others raised.
    fn alert(&mut self, alerts: &OpenAlerts) {
        let tenths = alerts
            .raised
            .iter()
            .map(|(severity, count)| u128::from(cost(*severity)).saturating_mul((*count).into()))
            .fold(0_u128, u128::saturating_add);
        let points = Points::from_tenths(tenths).min(ALERT_CAP);
        self.take(DeductionReason::Alert, points, false, || {
            let parts: Vec<_> = alerts
                .raised
                .iter()
                .rev()
                .map(|(severity, count)| format!("{count} {severity}"))
                .collect();
            format!("open alerts: {}", parts.join(", "))
        });
    }
}

/// The SLO that costs most; of equal ones the one that lies deepest, then the first by name.
fn worst(
    slos: &[SloEvidence],
    points: impl Fn(&SloEvidence) -> Points,
    budget: impl Fn(&SloEvidence) -> Option<ErrorBudget>,
) -> Option<(Points, &SloEvidence)> {
    slos.iter()
        .map(|slo| (points(slo), slo))
        .max_by(|(points, slo), (other_points, other)| {
            let depth = |slo| budget(slo).map_or(0, ErrorBudget::consumed_millionths);
            points
                .cmp(other_points)
                .then_with(|| depth(slo).cmp(&depth(other)))
                .then_with(|| (&other.name, other.slo_id).cmp(&(&slo.name, slo.slo_id)))
        })
}

/// From 50 % to 100 % of the budget consumed, 0 to 25 points.
pub(super) fn budget_points(slo: &SloEvidence) -> Points {
    let Some((consumed, allowed)) = slo.budget.and_then(ErrorBudget::parts) else {
        return Points::ZERO;
    };
    // 50 points the whole budget, less the 25 of its first half.
    let doubled = consumed.saturating_mul(2);
    let beyond_half = doubled.saturating_sub(allowed);
    Points::rounded(beyond_half.saturating_mul(BUDGET_TENTHS), allowed).min(BUDGET_CAP)
}

/// Four points for each time that the burn is sustainable, once it is more than once.
pub(super) fn burn_points(slo: &SloEvidence) -> Points {
    let burned = slo
        .burn
        .and_then(|burn| burn.budget.parts());
    match burned {
        Some((consumed, allowed)) if consumed > allowed => {
            Points::rounded(consumed.saturating_mul(BURN_TENTHS), allowed).min(BURN_CAP)
        }
        _ => Points::ZERO,
    }
}

/// Tenths of points for an open alert.
const fn cost(severity: Severity) -> u16 {
    match severity {
        Severity::Emergency => 250,
        Severity::Critical => 150,
        Severity::High => 80,
        Severity::Medium => 40,
        Severity::Low => 10,
    }
}

/// `a → b → db`; the middle of a long path is left out.
fn in_words(path: &[&ServiceName]) -> String {
    let names: Vec<&str> = path
        .iter()
        .map(|name| name.as_str())
        .collect();
    match names.as_slice() {
        [first, second, .., last] if names.len() > NAMES_MAX => {
            format!("{first} → {second} → … → {last}")
        }
        _ => names.join(" → "),
    }
}

/// `1 h`
fn spaced(window: Span) -> String {
    let text = window.to_string();
    match text.find(|c: char| !c.is_ascii_digit()) {
        Some(place) => {
            let (number, unit) = text.split_at(place);
            format!("{number} {unit}")
        }
        None => text,
    }
}

/// All probes down, in tenths.
const CHECK_TENTHS: u128 = 400;
/// With every probe down a service cannot be better than this.
const CHECK_CEILING: Points = Points::whole(30);
/// A budget that is used up, in tenths.
const BUDGET_TENTHS: u128 = 250;
/// The most that a budget costs.
const BUDGET_CAP: Points = Points::whole(25);
/// A burn of one, in tenths.
const BURN_TENTHS: u128 = 40;
/// The most that a burn costs.
const BURN_CAP: Points = Points::whole(25);
/// The most that alerts cost.
const ALERT_CAP: Points = Points::whole(30);
/// More names than these do not help a reader.
const NAMES_MAX: usize = 5;
