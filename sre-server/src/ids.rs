//! Ids of what people create: version 7, so that they sort by time.

use sre_core::name::{IncidentId, SloId};
use uuid::Uuid;

/// A new id for an SLO.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn new_slo_id() -> SloId {
    SloId(Uuid::now_v7())
}

/// A new id for an incident.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn new_incident_id() -> IncidentId {
    IncidentId(Uuid::now_v7())
}

/// A random number of thousandths, below 1 000, to spread what would otherwise happen at once.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn jitter_permille() -> u16 {
    // The last 62 bits of a version 7 id are random.
    let (_, low) = Uuid::now_v7().as_u64_pair();
    u16::try_from(low % 1_000).unwrap_or_default()
}
