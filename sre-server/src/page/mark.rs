//! How a state looks: a word, a colour and a shape, so that none has to be told by colour alone.

use maud::{Markup, html};
use sre_core::alert::Severity;
use sre_core::budget::ErrorBudget;
use sre_core::evaluation::{InsufficientReason, RuleVerdict, SloState};
use sre_core::health::HealthStatus;
use sre_core::policy::BurnLevel;

use super::number;

/// The state of an SLO, in words.
pub(super) const fn state_word(state: SloState) -> &'static str {
    match state {
        SloState::Waiting => "Waiting for data",
        SloState::NoData => "No data",
        SloState::InsufficientData => "Too little data",
        SloState::Violated => "Violated",
        SloState::AtRisk => "At risk",
        SloState::Met => "Met",
    }
}

/// The class that gives a state its colour.
pub(super) const fn state_class(state: SloState) -> &'static str {
    match state {
        SloState::Waiting => "waiting",
        SloState::NoData | SloState::InsufficientData => "unknown",
        SloState::Violated => "bad",
        SloState::AtRisk => "warn",
        SloState::Met => "good",
    }
}

/// The state of an SLO: its shape and its word.
pub(super) fn state(state: SloState) -> Markup {
    html! {
        span class={ "state " (state_class(state)) } { (shape(state)) (state_word(state)) }
    }
}

/// The health of a service, in words.
pub(super) const fn health_word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Healthy => "Healthy",
        HealthStatus::Degraded => "Degraded",
        HealthStatus::Unhealthy => "Unhealthy",
        HealthStatus::Unknown => "Unknown",
    }
}

/// The health of a service: as the state of an SLO that is as well.
pub(super) fn health(status: HealthStatus) -> Markup {
    let like = match status {
        HealthStatus::Healthy => SloState::Met,
        HealthStatus::Degraded => SloState::AtRisk,
        HealthStatus::Unhealthy => SloState::Violated,
        HealthStatus::Unknown => SloState::NoData,
    };
    html! {
        span class={ "state " (state_class(like)) } { (shape(like)) (health_word(status)) }
    }
}

/// Why too little is known.
pub(super) const fn reason_words(reason: InsufficientReason) -> &'static str {
    match reason {
        InsufficientReason::Stale => "nothing has been measured for three expected intervals",
        InsufficientReason::Coverage => "too little of the window was measured",
        InsufficientReason::Events => "fewer events than it asks for",
        InsufficientReason::NoTraffic => "measured, and there was no traffic",
        _ => reason.as_str(),
    }
}

/// How grave an alert is.
pub(super) fn severity(severity: Severity) -> Markup {
    let (class, word) = match severity {
        Severity::Low => ("quiet", "Low"),
        Severity::Medium => ("calm", "Medium"),
        Severity::High => ("warn", "High"),
        Severity::Critical => ("bad", "Critical"),
        Severity::Emergency => ("bad strong", "Emergency"),
    };
    html! { span class={ "badge " (class) } { (word) } }
}

/// The pace of burning; nothing for one that is slow enough.
pub(super) fn burn_level(level: BurnLevel) -> Markup {
    let class = match level {
        BurnLevel::None => return html! {},
        BurnLevel::Warning => "warn",
        BurnLevel::Critical => "bad",
        BurnLevel::Emergency => "bad strong",
    };
    html! { " " span class={ "badge " (class) } { (level.as_str()) } }
}

/// What a burn rule says, in words.
pub(super) const fn verdict_words(verdict: RuleVerdict) -> &'static str {
    match verdict {
        RuleVerdict::Firing => "firing",
        RuleVerdict::Quiet => "quiet",
        RuleVerdict::Held => "held: too little is measured to tell",
        RuleVerdict::TooFewBad => "held back: too few bad events",
        RuleVerdict::NotSignificant => "held back: so few events prove nothing",
    }
}

/// How much of a budget is left, as a bar. Overspent is a bar that is full of the other colour.
pub(super) fn budget_bar(budget: Option<ErrorBudget>) -> Markup {
    let Some((budget, left)) =
        budget.and_then(|budget| Some((budget, budget.remaining_percentage()?)))
    else {
        return html! { span.quiet { (number::NO_DATA) } };
    };
    let class = if !budget.is_met() {
        "bad"
    } else if budget.is_below_tenth() {
        "warn"
    } else {
        "good"
    };
    let width = if budget.is_met() {
        left.clamp(0.0, 100.0)
    } else {
        100.0
    };
    html! {
        span.budget {
            svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect.rest width="100" height="8" {}
                rect class=(class) width=(format!("{width:.1}")) height="8" {}
            }
            span.figure { (number::percent(left)) }
        }
    }
}

/// A disc, a triangle, a square on its corner, a ring: told apart without colour.
fn shape(state: SloState) -> Markup {
    html! {
        svg.shape viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" {
            @match state {
                SloState::Met => { circle cx="6" cy="6" r="4.5" {} }
                SloState::AtRisk => { path d="M6 1 11.3 10.5H.7z" {} }
                SloState::Violated => { path d="M6 .5 11.5 6 6 11.5.5 6z" {} }
                SloState::NoData | SloState::InsufficientData => { circle.hollow cx="6" cy="6" r="4.200" {} }
                SloState::Waiting => { circle.hollow.dashed cx="6" cy="6" r="4.200" {} }
            }
        }
    }
}
