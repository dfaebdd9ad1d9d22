//! Where the evaluation of an SLO begins.

use crate::monitor::MonitorSettings;
use crate::slo::Slo;
use crate::store::Start;
use chrono::{DateTime, Utc};

/// What lies before the live edge of an SLO that begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum History {
    /// Nothing: the store is new.
    None,
    /// What is stored, or what the source still has, over the SLO's window and its burn windows; folded
    /// beside the live edge, newest first, so that a long history holds up nothing.
    Window,
}

/// The start of an SLO, or of a new generation of it, at `now`: it is live from the last closed
/// slice on.
#[must_use]
pub fn start_of(
    slo: &Slo,
    history: History,
    settings: &MonitorSettings,
    now: DateTime<Utc>,
) -> Start {
    let grid = settings.grid(slo);
    let last_slice = grid.closed_at(now);
    let window = slo.definition.window;
    Start {
        generation: slo.definition.generation(),
        next_slot: grid.of_slice(last_slice + slo.definition.slice.span().as_delta()),
        last_slice,
        backfill: (history == History::Window).then(|| window.history(last_slice)),
    }
}
