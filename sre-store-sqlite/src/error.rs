//! What the driver's errors mean to a caller: the one place that looks at SQLite's codes.

use sqlx::error::DatabaseError;
use sre_core::store::StoreError;

/// The error by what the caller can do.
pub(crate) fn classify(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => classify_database(error),
        sqlx::Error::RowNotFound => StoreError::NotFound { what: "row" },
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. }
        | sqlx::Error::Decode(_) => corrupt_database(error),
        // Pool and worker: timed out, closed, crashed.
        other => StoreError::Unavailable {
            source: Box::new(other),
        },
    }
}

/// What could be read. A corrupt row is a fault of its own, and keeps no other from being read.
pub(crate) fn readable<T>(
    read: Result<T, StoreError>,
    faults: &mut Vec<StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error @ StoreError::Corrupt { .. }) => {
            faults.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn classify_database(error: Box<dyn DatabaseError>) -> StoreError {
    if error.is_unique_violation() {
        return StoreError::Conflict {
            what: collided(error.message()),
        };
    }
    let code: u32 = error
        .code()
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    let error = sqlx::Error::Database(error);
    match (code & 0xff, code) {
        (FULL, _) | (_, IOERR_WRITE | IOERR_SHMSIZE) => StoreError::Full {
            source: Box::new(error),
        },
        (CONSTRAINT | CORRUPT | MISMATCH | NOTADB, _) => corrupt_database(error),
        _ => StoreError::Unavailable {
            source: Box::new(error),
        },
    }
}

/// What of a row was there already: `UNIQUE constraint failed: slos.service_name, slos.name`.
fn collided(message: &str) -> &'static str {
    let (_, columns) = message
        .rsplit_once(": ")
        .unwrap_or(("", message));
    match columns {
        "slos.id" => "id",
        "slos.service_name, slos.name" => "name",
        _ if columns.starts_with("alerts.") => "alert",
        _ if columns.starts_with("intents.") => "intent",
        _ if columns.starts_with("deliveries.") => "delivery",
        _ => "key",
    }
}

/// A value that its table refuses, or a file that is none: nobody can tell the row.
fn corrupt_database(error: sqlx::Error) -> StoreError {
    let row = error.to_string();
    StoreError::Corrupt {
        table: "any table",
        column: "any column",
        row,
        source: Box::new(error),
    }
}

/// `SQLITE_CORRUPT`: pages that are none.
const CORRUPT: u32 = 11;
/// `SQLITE_FULL`: no room on the disk, or in the file's own limit.
const FULL: u32 = 13;
/// `SQLITE_CONSTRAINT`: a check, a reference or a null.
const CONSTRAINT: u32 = 19;
/// `SQLITE_MISMATCH`: a type that a strict table refuses.
const MISMATCH: u32 = 20;
/// `SQLITE_NOTADB`: another kind of file.
const NOTADB: u32 = 26;
/// `SQLITE_IOERR_WRITE`: some file systems say so when they are full.
const IOERR_WRITE: u32 = 0x030a;
/// `SQLITE_IOERR_SHMSIZE`: no room for the index of the write-ahead log.
const IOERR_SHMSIZE: u32 = 0x130a;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_have_names() {
        let of = |columns: &str| collided(&format!("UNIQUE constraint failed: {columns}"));
        assert_eq!(of("slos.id"), "id");
        assert_eq!(of("slos.service_name, slos.name"), "name");
        assert_eq!(of("alerts.dedup_key"), "alert");
        assert_eq!(of("lanes.destination_id"), "key");
    }

    #[test]
    fn a_pool_without_a_connection_is_unavailable() {
        let error = classify(sqlx::Error::PoolTimedOut);
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
}
