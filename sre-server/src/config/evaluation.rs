//! How SLOs are evaluated, and what holds where an SLO says nothing.

use sre_core::target::{Factor, Target};
use sre_core::time::Span;

use super::parse;
use super::reader::Reader;

/// How SLOs are evaluated, and what holds where an SLO says nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EvaluationConfig {
    /// How often a calculation is recorded.
    pub validation_interval: Span,
    /// How long after its end a slice closes.
    pub delay: Span,
    /// How often a budget is recorded.
    pub budget_interval: Span,
    /// The window of an SLO that names none.
    pub default_window: Span,
    /// The target of an SLO that names none.
    pub default_target: Target,
    /// The share of slices that must be measured.
    pub min_coverage: MinCoverage,
    /// From which burn rates the levels begin.
    pub levels: BurnLevels,
    /// For how long after a delivered message the same alert is not told again.
    pub cooldown: Span,
}

/// From which burn rates the levels begin; each is more than the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BurnLevels {
    /// `warning`: a ticket.
    pub warning: Factor,
    /// `critical`: a page.
    pub critical: Factor,
    /// `emergency`: a page.
    pub emergency: Factor,
}

/// The share of slices that must be measured, exact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct MinCoverage {
    millionths: u32,
}

impl MinCoverage {
    /// The share in millionths, at most 1 000 000.
    pub const fn millionths(self) -> u32 {
        self.millionths
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> EvaluationConfig {
    EvaluationConfig {
        validation_interval: reader.value("SLO_VALIDATION_INTERVAL", parse::span),
        delay: reader.value("SRE_MONITOR_EVALUATION_DELAY", parse::span),
        default_window: reader.value("SLO_DEFAULT_TIME_WINDOW", parse::window),
        min_coverage: MinCoverage {
            millionths: reader.value("SRE_MONITOR_MIN_COVERAGE", parse::share),
        },
        budget_interval: reader.value("ERROR_BUDGET_CALCULATION_INTERVAL", parse::span),
        default_target: reader.value("ERROR_BUDGET_DEFAULT_PERCENTAGE", parse::budget),
        levels: read_levels(reader),
        cooldown: reader.value("SLO_VIOLATION_COOLDOWN", parse::span),
    }
}

fn read_levels(reader: &mut Reader<'_>) -> BurnLevels {
    const NAMES: [&str; 3] = [
        "BURN_RATE_WARNING_THRESHOLD",
        "BURN_RATE_CRITICAL_THRESHOLD",
        "BURN_RATE_EMERGENCY_THRESHOLD",
    ];
    let [warning, critical, emergency] = NAMES.map(|name| reader.value(name, parse::factor));
    let [warning_name, critical_name, emergency_name] = NAMES;
    if reader.are_sound(&[warning_name, critical_name]) && warning >= critical {
        reader.refuse(
            critical_name,
            format!("must be more than {warning_name}, {warning}"),
        );
    }
    if reader.are_sound(&[critical_name, emergency_name]) && critical >= emergency {
        reader.refuse(
            emergency_name,
            format!("must be more than {critical_name}, {critical}"),
        );
    }
    BurnLevels {
        warning,
        critical,
        emergency,
    }
}
