//! Goes on pushing what a job of the demo pushes, while the demo is served.

use std::error::Error;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sre_core::store::Samples;
use sre_core::time::{Clock, Interval, Span};

use super::pushed::samples;
use super::source::DemoSource;
use crate::workers::{Activity, Worker};

/// Pushes what is due, from where the history ended or the last run did.
#[derive(Debug)]
pub struct Pusher {
    samples: Arc<dyn Samples>,
    source: DemoSource,
    clock: Arc<dyn Clock>,
    delay: Span,
    pushed_until: DateTime<Utc>,
}

impl Pusher {
    /// A pusher into `samples`, whose slices close `delay` after their end.
    pub fn new(
        samples: Arc<dyn Samples>,
        source: DemoSource,
        clock: Arc<dyn Clock>,
        delay: Span,
    ) -> Self {
        // What was pushed in an earlier run is pushed again, as a duplicate that changes nothing.
        let a_week_ago = clock.now() - Span::days(7).as_delta();
        Self {
            pushed_until: source.made_at.max(a_week_ago),
            samples,
            source,
            clock,
            delay,
        }
    }
}

impl Worker for Pusher {
    const NAME: &'static str = "demo";

    async fn activate(&mut self) -> Result<Activity, Box<dyn Error + Send + Sync>> {
        let now = self.clock.now();
        let due = samples(self.source, Interval::new(self.pushed_until, now));
        for part in due.chunks(BATCH) {
            self.samples
                .append(part, now - self.delay.as_delta())
                .await?;
        }
        self.pushed_until = now;
        Ok(Activity::default())
    }
}

/// Samples a transaction.
const BATCH: usize = 500;
