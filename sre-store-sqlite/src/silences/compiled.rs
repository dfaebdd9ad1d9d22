//! Silences as they were read last: their expressions are compiled once for each version, and not for
//! each look.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sre_core::silence::Silence;
use sre_core::store::StoreError;

use crate::row::Row;

/// Which version of a silence is stored.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) id: Vec<u8>,
    pub(super) version: i64,
}

/// A silence as it is stored, with its version.
#[derive(Debug)]
pub(super) struct VersionedRow {
    pub(super) id: Vec<u8>,
    pub(super) version: i64,
    pub(super) silence: String,
}

/// What stood when it was asked last, by id, with its version. It is replaced by what stands now
/// whenever something is missing, so that there are never more than may stand at once:
/// [`SILENCES_MAX`](sre_core::silence::SILENCES_MAX).
#[derive(Debug, Default)]
pub(crate) struct Compiled(Mutex<BTreeMap<Vec<u8>, (i64, Silence)>>);

impl Compiled {
    /// These versions in the order of their ids; `None` where one was not read before.
    pub(super) fn look(&self, versions: &[Version]) -> Option<Vec<Result<Silence, StoreError>>> {
        let held = self.held();
        let mut found: BTreeMap<&[u8], &Silence> = BTreeMap::new();
        for one in versions {
            let (_, silence) = held
                .get(&one.id)
                .filter(|(version, _)| *version == one.version)?;
            found.insert(&one.id, silence);
        }
        let silences = found
            .into_values()
            .map(|silence| Ok(silence.clone()));
        Some(silences.collect())
    }

    /// Reads these, in the order of their ids, and holds what can be read in the place of what was
    /// held.
    pub(super) fn read(&self, mut rows: Vec<VersionedRow>) -> Vec<Result<Silence, StoreError>> {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        let mut held = self.held();
        let mut before = std::mem::take(&mut *held);
        let mut silences = Vec::with_capacity(rows.len());
        for row in rows {
            let known = before
                .remove(&row.id)
                .filter(|(version, _)| *version == row.version);
            let read = match known {
                Some((_, silence)) => Ok(silence),
                None => Row::with_id("silences", &row.id).json("silence", &row.silence),
            };
            if let Ok(silence) = &read {
                held.insert(row.id, (row.version, silence.clone()));
            }
            silences.push(read);
        }
        silences
    }

    /// What a reader left half done is what was read so far: it is still true.
    fn held(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, (i64, Silence)>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
