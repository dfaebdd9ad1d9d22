//! The port to what people define.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::alert::AlertUpdate;
use crate::name::{ServiceName, SloId};
use crate::slo::{Generation, Slo};
use crate::store::{Page, StoreError};
use crate::time::Interval;

/// SLOs: written by people, read by everybody.
#[async_trait]
pub trait Catalog: Debug + Send + Sync {
    /// Adds an SLO, with the place where its evaluation starts; all or nothing.
    ///
    /// # Errors
    ///
    /// `Conflict { what: "name" }` when a live SLO of the service has the name, `Conflict { what:
    /// "id" }` when the id was used before, `Conflict { what: "members" }` when a member is not
    /// stored, or has the SLO among its own members, at any depth.
    async fn insert(&self, slo: &Slo, start: &Start) -> Result<(), StoreError>;

    /// Adds all of them to a store that has never held an SLO, and nothing to any other: what a user
    /// deleted does not come back.
    async fn seed(&self, slos: &[(Slo, Start)]) -> Result<Seeded, StoreError>;

    /// Replaces an SLO whose stored version is `expected_version`, and ends the alerts that the
    /// change ends, in one transaction. An evaluation that began before is refused. Its composites fold
    /// again what [`Definition::refolds_after`](crate::slo::Definition::refolds_after) says.
    ///
    /// # Errors
    ///
    /// `Conflict { what: "version" }` when somebody else was first (of the SLO or of an alert),
    /// `Conflict { what: "name" }`, `Conflict { what: "members" }`, `NotFound`. Nothing is written
    /// then.
    async fn update(&self, change: &SloChange<'_>) -> Result<(), StoreError>;

    /// Marks a stretch of an SLO dirty: its next slots fold again what they folded of it.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    async fn refold(&self, id: SloId, during: Interval) -> Result<(), StoreError>;

    /// The SLO, deleted ones included.
    async fn find(&self, id: SloId) -> Result<Option<Slo>, StoreError>;

    /// SLOs in the order of their ids.
    async fn list(&self, query: &SloQuery, page: Page<SloId>) -> Result<Vec<Slo>, StoreError>;

    /// How many SLOs there are, without deleted ones.
    async fn count(&self) -> Result<u64, StoreError>;
}

/// Where the evaluation of an SLO, or of a new generation of it, starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Start {
    /// The generation whose slices are written.
    pub generation: Generation,
    /// The first slot.
    pub next_slot: DateTime<Utc>,
    /// Where the live edge begins: slices from here on are folded slot by slot.
    pub last_slice: DateTime<Utc>,
    /// What is folded from history beside it, newest first; `None` for nothing.
    pub backfill: Option<Interval>,
}

/// Whether a store was new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seeded {
    /// It was, and has them now.
    Planted,
    /// It was not, and is unchanged.
    WasNotNew,
}

/// A change of one SLO; a deletion is one too.
#[derive(Clone, Debug)]
pub struct SloChange<'a> {
    /// The SLO after.
    pub slo: &'a Slo,
    /// The version that was read.
    pub expected_version: u64,
    /// Where evaluation starts anew, when the generation changed or the slot grid did.
    pub restart: Option<Start>,
    /// What is folded from history beside the live edge where nothing starts anew, because the window
    /// has grown beyond what is known.
    pub backfill: Option<Interval>,
    /// The alerts that end with it.
    pub alerts: &'a [AlertUpdate],
}

/// Which SLOs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SloQuery {
    /// Of this service.
    pub service: Option<ServiceName>,
    /// With this label.
    pub label: Option<(String, String)>,
    /// Deleted ones too.
    pub with_deleted: bool,
}
