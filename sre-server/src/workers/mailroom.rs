//! What requests and the dispatcher tell each other.

use std::sync::{Arc, Mutex, PoisonError};

use sre_core::store::LaneStatus;
use tokio::sync::Notify;

/// Between those who have something to say, and the dispatcher who sends it.
#[derive(Debug, Default)]
pub struct Mailroom {
    /// Wakes the dispatcher: there is something to judge, or room for what waits.
    pub due: Arc<Notify>,
    /// Wakes whoever waits for what comes of a message.
    pub sent: Notify,
    lanes: Mutex<Vec<LaneStatus>>,
}

impl Mailroom {
    /// How the lanes stood when the dispatcher last looked.
    pub fn lanes(&self) -> Vec<LaneStatus> {
        self.lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers how the lanes stand.
    pub fn note_lanes(&self, lanes: Vec<LaneStatus>) {
        *self
            .lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = lanes;
    }
}
