//! When the page of an SLO fires and ends, beside its burn rules.

use super::Definition;
use super::builder::FieldFault;
use crate::policy::BurnRule;
use crate::time::Span;

/// How long what burn rules say has to last before it counts, and how far the burn has to fall. All of
/// it concerns the page alone: a ticket is a fact about days, which no minutes make truer.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Alerting {
    /// A page is *pending*, and told to nobody, until a paging rule has fired for so long. Time in
    /// which nothing was measured does not count.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "for", default, skip_serializing_if = "Option::is_none")
    )]
    pub pending_for: Option<Span>,
    /// A page stays open until every paging rule has been quiet for so long.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub keep_firing_for: Option<Span>,
    /// A rule that holds the open page goes on holding it while both its windows burn faster than this
    /// share of its factor, in thousandths: 1 to 1000.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub resolve_below_permille: Option<u16>,
}

/// The longest `keep_firing_for`: a page that is kept open for longer than a day hides the next one.
pub const KEEP_FIRING_MAX: Span = Span::days(1);
/// The longest `for` of any SLO: what may last for an hour unheard is a ticket.
pub const PENDING_MAX: Span = Span::hours(1);

impl Alerting {
    /// Everything as it is without it.
    pub const NONE: Self = Self {
        pending_for: None,
        keep_firing_for: None,
        resolve_below_permille: None,
    };

    /// Pages after so long a breach.
    #[must_use]
    pub const fn pending_for(self, span: Option<Span>) -> Self {
        Self {
            pending_for: span,
            ..self
        }
    }

    /// Ends pages after so long without a breach.
    #[must_use]
    pub const fn keep_firing_for(self, span: Option<Span>) -> Self {
        Self {
            keep_firing_for: span,
            ..self
        }
    }

    /// Ends pages below so many thousandths of the factor.
    #[must_use]
    pub const fn resolve_below_permille(self, permille: Option<u16>) -> Self {
        Self {
            resolve_below_permille: permille,
            ..self
        }
    }

    /// The rule as it lets go of the page that it holds: at a share of its factor.
    #[must_use]
    pub fn lets_go(&self, rule: &BurnRule) -> BurnRule {
        let factor = self
            .resolve_below_permille
            .and_then(|permille| {
                rule.factor
                    .scaled(u32::from(permille), 1_000)
            });
        BurnRule {
            factor: factor.unwrap_or(rule.factor),
            ..*rule
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// What is wrong with how an SLO asks to be alerted.
pub(super) fn faults(definition: &Definition) -> Vec<FieldFault> {
    let alerting = definition.alerting;
    let mut faults = Vec::new();
    if let Some(detail) = alerting
        .pending_for
        .and_then(|span| refusal(definition, span))
    {
        faults.push(FieldFault::new("alerting/for", detail));
    }
    if alerting
        .keep_firing_for
        .is_some_and(|span| span > KEEP_FIRING_MAX)
    {
        let detail = format!("is at most {KEEP_FIRING_MAX}: it would hide the next page");
        faults.push(FieldFault::new("alerting/keep_firing_for", detail));
    }
    if alerting
        .resolve_below_permille
        .is_some_and(|permille| !(1..=1_000).contains(&permille))
    {
        let detail = "is a share of the factor, more than 0 and at most 1";
        faults.push(FieldFault::new("alerting/resolve_below", detail));
    }
    faults
}

/// Why nobody should wait so long, with the arithmetic: a total outage would spend the whole budget
/// before anybody is told.
fn refusal(definition: &Definition, span: Span) -> Option<String> {
    if span > PENDING_MAX {
        return Some(format!(
            "is at most {PENDING_MAX}: what may last for longer unheard is a ticket"
        ));
    }
    let (target, window) = (definition.target, definition.window.span());
    let spent = u128::from(span.as_seconds()) * 1_000_000_000;
    let budget = u128::from(target.budget_ppb()) * u128::from(window.as_seconds());
    (spent >= budget).then(|| {
        // ppb × window ÷ 10⁹, below 2³² like the window itself.
        let lasts = u32::try_from(budget / 1_000_000_000).unwrap_or(u32::MAX);
        format!(
            "all of the budget would be gone before anybody is told: at {target} % over {window} a \
             total outage spends it in {lasts} s, and this is {span}"
        )
    })
}
