//! The laws of [`HealthRecords`](sre_core::store::HealthRecords).

mod evidence;
mod snapshots;

pub use evidence::*;
pub use snapshots::*;
