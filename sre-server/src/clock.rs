//! The one place where the process reads the time.

use chrono::{DateTime, Utc};
use sre_core::time::{Clock, truncate};

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the process reads the time"
    )]
    fn now(&self) -> DateTime<Utc> {
        truncate(Utc::now())
    }
}
