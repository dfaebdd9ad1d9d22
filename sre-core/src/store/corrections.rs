//! The port to budget corrections: what people agreed not to count.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::correction::{Cancellation, Correction, Ended};
use crate::name::{CorrectionId, ServiceName, SloId};
use crate::store::{Page, StoreError};
use crate::time::Interval;

/// Which corrections a list holds; those that meet all conditions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CorrectionQuery {
    /// Those of this SLO itself; not those of its service.
    pub slo: Option<SloId>,
    /// Those of this service itself; not those of its SLOs.
    pub service: Option<ServiceName>,
    /// Those whose period touches this stretch; of one that recurs, from its first occurrence to its
    /// last.
    pub during: Option<Interval>,
}

/// Corrections. They never change slices: what they do is done where slices are summed, so the
/// revision of every live SLO that one holds for rises when it comes, ends and goes, in the same
/// transaction ([`SlotClaim::corrections`](super::SlotClaim::corrections) brings them to the slot).
#[async_trait]
pub trait Corrections: Debug + Send + Sync {
    /// Stores a new correction.
    ///
    /// # Errors
    ///
    /// `Conflict { what: "id" }` when the id is taken, `Conflict { what: "corrections" }` when
    /// [`CORRECTIONS_MAX`](crate::correction::CORRECTIONS_MAX) are in force of the same scope.
    async fn create_correction(&self, correction: &Correction) -> Result<(), StoreError>;

    /// Takes a correction back; it stays stored. One that was taken back before stays as it is.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    async fn cancel_correction(
        &self,
        id: CorrectionId,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError>;

    /// Ends a correction: from [`Ended::from`] on, which lies after its beginning, it applies no more,
    /// and what lies before stays corrected. One that was ended or taken back before stays as it is.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    async fn end_correction(&self, id: CorrectionId, ended: &Ended) -> Result<(), StoreError>;

    /// The correction of this id, in force or not.
    async fn find_correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError>;

    /// The corrections that `query` asks for, in force or not, in the order of their ids.
    async fn list_corrections(
        &self,
        query: &CorrectionQuery,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>, StoreError>;

    /// What is in force of an SLO of this service, its own and its service's, as far as it touches
    /// `during`, in the order of their ids.
    async fn corrections_of(
        &self,
        slo: SloId,
        service: &ServiceName,
        during: Interval,
    ) -> Result<Vec<Correction>, StoreError>;
}
