//! Stores what the service measured of itself, at every slice edge.

use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sre_core::slice::SliceWidth;
use sre_core::store::Samples;
use sre_core::time::{Clock, Span};

use crate::watch::SelfWatch;
use crate::workers::driver::{Activity, Worker};

/// Drains the recorders once a slice, into the slice that has just ended.
#[derive(Debug)]
pub struct RecorderWorker {
    samples: Arc<dyn Samples>,
    watch: Arc<SelfWatch>,
    clock: Arc<dyn Clock>,
    delay: Span,
    replica: String,
    slice: DateTime<Utc>,
    /// What could not be stored yet: nothing counted is lost while the store is away.
    held: Vec<sre_core::sample::Sample>,
}

impl RecorderWorker {
    /// The slices of the service's own SLOs.
    pub const WIDTH: SliceWidth = SliceWidth::TEN_SECONDS;

    /// A worker that stores for `replica`.
    pub fn new(
        samples: Arc<dyn Samples>,
        watch: Arc<SelfWatch>,
        clock: Arc<dyn Clock>,
        delay: Span,
        replica: String,
    ) -> Self {
        let slice = Self::WIDTH.floor(clock.now());
        Self {
            samples,
            watch,
            clock,
            delay,
            replica,
            slice,
            held: Vec::new(),
        }
    }
}

impl Worker for RecorderWorker {
    const NAME: &'static str = "recorder";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.clock.now();
        let slice = Self::WIDTH.floor(now);
        if slice > self.slice {
            self.held.extend(
                self.watch
                    .drain(&self.replica, self.slice),
            );
            self.slice = slice;
            let surplus = self.held.len().saturating_sub(HELD_MAX);
            self.held.drain(..surplus);
        }
        if !self.held.is_empty() {
            self.samples
                .append(&self.held, now - self.delay.as_delta())
                .await?;
            self.held.clear();
        }
        Ok(Activity::default())
    }
}

/// An hour of samples; what is older counts for nobody any more.
const HELD_MAX: usize = 4 * 360;
