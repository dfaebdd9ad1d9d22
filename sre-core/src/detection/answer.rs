//! What all rules of an SLO make of an outage: which pages first, which makes the ticket.

use super::{Guards, Outage, Seconds, Traffic};
use crate::policy::{BurnPolicy, BurnRule};
use crate::slo::{Alerting, Definition};
use crate::time::Span;

/// When one rule sees an outage, and when it is quiet again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RuleDetection {
    /// The rule.
    pub rule: BurnRule,
    /// From the beginning of the outage until the rule's long window burns; `None` for never.
    pub crosses: Option<Seconds>,
    /// Until it fires: the same, or later where a guard waits for evidence, or a page for its breach to
    /// last (`for`); `None` for never.
    pub fires: Option<Seconds>,
    /// From the end of an outage that it saw until it is quiet, and a page has been for as long as it is
    /// kept (`keep_firing_for`); `None` where it never fires, or where the baseline alone keeps it burning.
    pub clears: Option<Seconds>,
}

/// When an outage pages and makes a ticket. Rules are joined by *or*: the first that fires counts, and
/// the last that clears.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PolicyDetection {
    /// Each rule that stands.
    pub rules: Vec<RuleDetection>,
}

/// How the rules of an SLO see an outage. A calendar window counts with its nominal length (a month with
/// 30 days), by which its rules are scaled as well: what a share of the budget takes is that of a period
/// of mean length. Without `traffic` nothing is known of how long guards wait,
/// and they are left out.
///
/// ```
/// use sre_core::detection::{ErrorRatio, Outage, detect};
/// use sre_core::policy::BurnThresholds;
/// use sre_core::slo::Slo;
///
/// let slo = Slo::builder("checkout", "availability").target_percentage("99.9")?.build()?;
/// let policy = slo.definition.policy(&BurnThresholds::default(), None);
/// let pages_after = |outage| {
///     let page = detect(&slo.definition, &policy, outage, None).page()?.fires?;
///     Some(page.as_f64())
/// };
/// // Ten times the budget over an hour: 1 % of 3600 s when everything fails, a hundred times that when
/// // a hundredth does; less than five times the budget is no page at all.
/// assert_eq!(pages_after(Outage::TOTAL), Some(36.0));
/// assert_eq!(pages_after(Outage::of(ErrorRatio::from_ppb(20_000_000))), Some(1_800.0));
/// assert_eq!(pages_after(Outage::of(ErrorRatio::from_ppb(4_000_000))), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn detect(
    definition: &Definition,
    policy: &BurnPolicy,
    outage: Outage,
    traffic: Option<Traffic>,
) -> PolicyDetection {
    let window = definition.window.span();
    let rules = policy.rules.iter().map(|rule| {
        let guards = traffic.map(|traffic| Guards::of(definition, rule.long, traffic));
        rule_detection(rule, definition, window, outage, guards.as_ref())
    });
    PolicyDetection {
        rules: rules.collect(),
    }
}

fn rule_detection(
    rule: &BurnRule,
    definition: &Definition,
    window: Span,
    outage: Outage,
    guards: Option<&Guards>,
) -> RuleDetection {
    let line = rule.line(definition.target, window);
    let crosses = outage.crosses(&line, rule.long);
    let persuaded = match guards {
        Some(guards) => outage.persuades(rule, &line, guards),
        None => Some(Seconds::ZERO),
    };
    let alerting = if rule.level.pages() {
        definition.alerting
    } else {
        Alerting::NONE
    };
    let fires = crosses
        .zip(persuaded)
        .map(|(crosses, persuaded)| crosses.max(persuaded))
        .map(|fires| fires.plus(alerting.pending_for));
    let until = alerting
        .lets_go(rule)
        .line(definition.target, window);
    RuleDetection {
        rule: *rule,
        crosses,
        fires,
        clears: fires
            .and_then(|_| outage.clears(&until, rule.short))
            .map(|clears| clears.plus(alerting.keep_firing_for)),
    }
}

impl PolicyDetection {
    /// The rule that pages first, if any does.
    #[must_use]
    pub fn page(&self) -> Option<&RuleDetection> {
        self.first(true)
    }

    /// The rule that makes a ticket first, if any does.
    #[must_use]
    pub fn ticket(&self) -> Option<&RuleDetection> {
        self.first(false)
    }

    /// When the page ends after an outage that every paging rule saw that can see it; `None` where none
    /// can, and where one of them never clears.
    #[must_use]
    pub fn page_clears(&self) -> Option<Seconds> {
        self.last_clears(true)
    }

    /// When the slow burn of the ticket ends, likewise.
    #[must_use]
    pub fn ticket_clears(&self) -> Option<Seconds> {
        self.last_clears(false)
    }

    fn fired(&self, pages: bool) -> impl Iterator<Item = &RuleDetection> {
        self.rules
            .iter()
            .filter(move |held| held.rule.level.pages() == pages && held.fires.is_some())
    }

    fn first(&self, pages: bool) -> Option<&RuleDetection> {
        self.fired(pages)
            .min_by_key(|held| held.fires)
    }

    fn last_clears(&self, pages: bool) -> Option<Seconds> {
        self.fired(pages)
            .map(|held| held.clears)
            .reduce(|last, next| {
                last.zip(next)
                    .map(|(last, next)| last.max(next))
            })
            .flatten()
    }
}
