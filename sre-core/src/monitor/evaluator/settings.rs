//! What an installation sets for the evaluator.

use crate::alert::LifecycleSettings;
use crate::evaluate::EvaluationSettings;
use crate::incident::IncidentSettings;
use crate::schedule::SlotGrid;
use crate::time::Span;

/// What an installation sets for the evaluator.
#[derive(Clone, Copy, Debug)]
pub struct MonitorSettings {
    /// Levels and coverage.
    pub evaluation: EvaluationSettings,
    /// The times that move alerts.
    pub lifecycle: LifecycleSettings,
    /// How often a calculation is recorded.
    pub validation_interval: Span,
    /// How long after its end a slice closes, so that what was scraped in it has arrived.
    pub delay: Span,
    /// How often the budget is recorded.
    pub budget_interval: Span,
    /// When rules open, end and reopen incidents.
    pub incidents: IncidentSettings,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self {
            evaluation: EvaluationSettings::default(),
            lifecycle: LifecycleSettings::default(),
            validation_interval: Span::minutes(5),
            delay: Span::seconds(10),
            budget_interval: Span::hours(1),
            incidents: IncidentSettings::default(),
        }
    }
}

impl MonitorSettings {
    /// The slots of an SLO.
    #[must_use]
    pub fn grid(&self, slo: &crate::slo::Slo) -> SlotGrid {
        SlotGrid::new(
            slo.id,
            slo.definition.slice,
            self.validation_interval,
            self.delay,
        )
    }
}
