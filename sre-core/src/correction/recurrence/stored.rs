//! A recurrence as it is stored.

use super::{ParseRuleError, Recurrence};
use crate::time::Span;

/// Its parts, as texts.
#[derive(serde::Deserialize, serde::Serialize)]
pub(super) struct Stored {
    rule: String,
    start: String,
    duration: Span,
    zone: String,
}

impl From<Recurrence> for Stored {
    fn from(recurrence: Recurrence) -> Self {
        Self {
            rule: recurrence.rule().to_string(),
            start: recurrence.start().to_string(),
            duration: recurrence.duration(),
            zone: recurrence.zone().to_owned(),
        }
    }
}

impl TryFrom<Stored> for Recurrence {
    type Error = ParseRuleError;

    fn try_from(stored: Stored) -> Result<Self, ParseRuleError> {
        Self::new(&stored.rule, &stored.start, stored.duration, &stored.zone)
    }
}
