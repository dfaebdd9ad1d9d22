//! The port to silences.

use std::fmt::Debug;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::name::SilenceId;
use crate::silence::{Silence, SilenceState};
use crate::store::{Page, StoreError};

/// Which silences a list holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SilenceQuery {
    /// Those in this state.
    pub state: Option<SilenceState>,
    /// The instant at which the state is asked.
    pub now: DateTime<Utc>,
    /// Those that end, or ended, after this instant: what has been over for longer is not looked at.
    pub ends_after: Option<DateTime<Utc>>,
}

/// Silences. What one keeps from being sent is due at once when it ends or changes, in the transaction
/// that does it.
#[async_trait]
pub trait Silences: Debug + Send + Sync {
    /// Stores a new silence.
    ///
    /// # Errors
    ///
    /// `Conflict { what: "id" }` when the id is taken, `Conflict { what: "silences" }` when
    /// [`SILENCES_MAX`](crate::silence::SILENCES_MAX) have not expired when it is created.
    async fn create_silence(&self, silence: &Silence) -> Result<(), StoreError>;

    /// Stores a change of a silence, and with it the one that takes its place, where there is one, if
    /// the stored version is the one before. What it kept back is due from
    /// [`updated_at`](Silence::updated_at) on.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Conflict { what: "version" }` when another version is stored, and those of
    /// [`create_silence`](Self::create_silence) for the successor. Nothing is written then.
    async fn change_silence(
        &self,
        silence: &Silence,
        successor: Option<&Silence>,
    ) -> Result<(), StoreError>;

    /// The silence of this id, expired or not.
    async fn find_silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError>;

    /// The silences that `query` asks for, in the order of their ids.
    async fn list_silences(
        &self,
        query: &SilenceQuery,
        page: Page<SilenceId>,
    ) -> Result<Vec<Silence>, StoreError>;

    /// Every silence that is active at `now`, in the order of their ids. One that cannot be read is a
    /// fault, and silences nothing.
    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError>;
}

/// What could be read, and what could not.
#[derive(Debug)]
pub struct Readable<T> {
    /// What could.
    pub items: Vec<T>,
    /// What could not.
    pub faults: Vec<StoreError>,
}

impl<T> Readable<T> {
    /// Parts the two.
    pub fn of(read: impl IntoIterator<Item = Result<T, StoreError>>) -> Self {
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for one in read {
            match one {
                Ok(item) => items.push(item),
                Err(fault) => faults.push(fault),
            }
        }
        Self { items, faults }
    }
}
