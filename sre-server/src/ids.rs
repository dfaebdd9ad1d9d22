//! Ids of what people create (version 7, so that they sort by time), and what must not be guessed.

use rustls::crypto::ring;
use sre_core::name::{CorrectionId, IncidentId, MaintenanceId, SilenceId, SloId};
use thiserror::Error;
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

/// A new id for a budget correction.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn new_correction_id() -> CorrectionId {
    CorrectionId(Uuid::now_v7())
}

/// A new id for a silence.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn new_silence_id() -> SilenceId {
    SilenceId(Uuid::now_v7())
}

/// A new id for a maintenance.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where ids are drawn"
)]
pub fn new_maintenance_id() -> MaintenanceId {
    MaintenanceId(Uuid::now_v7())
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

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// Bytes that nobody can guess, from the source that TLS takes its keys from.
///
/// # Errors
///
/// [`NoRandomness`].
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}
