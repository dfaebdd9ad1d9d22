//! When an error budget ends, as it is answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::forecast::Exhaustion;
use utoipa::ToSchema;

/// When nothing of the error budget will be left, if the pace goes on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Exhaustion)]
pub(super) struct ExhaustionView {
    /// `none`: not at this pace; `projected`; `exhausted`: nothing is left; `unknown`: too little is
    /// known to say.
    #[schema(example = "none")]
    state: &'static str,
    /// The likely instant.
    at: Option<DateTime<Utc>>,
    /// At the fastest pace of all look-backs.
    earliest: Option<DateTime<Utc>>,
    /// At the slowest; `null` where it does not end at that.
    latest: Option<DateTime<Utc>>,
}

impl From<Exhaustion> for ExhaustionView {
    fn from(exhaustion: Exhaustion) -> Self {
        Self {
            state: exhaustion.as_str(),
            at: exhaustion.at(),
            earliest: exhaustion.earliest(),
            latest: exhaustion.latest(),
        }
    }
}
