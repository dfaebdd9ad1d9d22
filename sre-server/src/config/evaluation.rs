//! How SLOs are evaluated, and what holds where an SLO says nothing.

use sre_core::incident::IncidentSettings;
use sre_core::policy::BurnThresholds;
use sre_core::target::Target;
use sre_core::time::Span;
use sre_core::window::Window;

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
    pub default_window: Window,
    /// The target of an SLO that names none.
    pub default_target: Target,
    /// How many thousandths of the slices must be measured.
    pub min_coverage_permille: u16,
    /// From which burn rates the levels begin.
    pub thresholds: BurnThresholds,
    /// For how long after a delivered message the same alert is not told again.
    pub cooldown: Span,
    /// When rules open, end and reopen incidents.
    pub incidents: IncidentSettings,
}

pub(super) fn read(reader: &mut Reader<'_>) -> EvaluationConfig {
    EvaluationConfig {
        validation_interval: reader.value("SLO_VALIDATION_INTERVAL", parse::span),
        delay: reader.value("SRE_MONITOR_EVALUATION_DELAY", parse::span),
        default_window: reader.value("SLO_DEFAULT_TIME_WINDOW", parse::window),
        min_coverage_permille: reader.value("SRE_MONITOR_MIN_COVERAGE", parse::permille),
        budget_interval: reader.value("ERROR_BUDGET_CALCULATION_INTERVAL", parse::span),
        default_target: reader.value("ERROR_BUDGET_DEFAULT_PERCENTAGE", parse::budget),
        thresholds: read_thresholds(reader),
        cooldown: reader.value("SLO_VIOLATION_COOLDOWN", parse::span),
        incidents: read_incidents(reader),
    }
}

fn read_incidents(reader: &mut Reader<'_>) -> IncidentSettings {
    IncidentSettings {
        alerts: reader.value("SRE_MONITOR_INCIDENT_ALERTS", parse::number),
        window: reader.value("SRE_MONITOR_INCIDENT_WINDOW", parse::span),
        quiet: reader.value("SRE_MONITOR_INCIDENT_QUIET", parse::span),
        ack_timeout: reader.value("SRE_MONITOR_INCIDENT_ACK_TIMEOUT", parse::span),
    }
}

fn read_thresholds(reader: &mut Reader<'_>) -> BurnThresholds {
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
    // `None` is a fault by now, which keeps what stands here from being used.
    BurnThresholds::new(warning, critical, emergency).unwrap_or_default()
}
