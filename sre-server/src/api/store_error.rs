//! What a failure of the store means to a caller.

use std::time::Duration;

use sre_core::store::StoreError;

use crate::http::ApiError;

/// When to come back while the store is away: it restarts or frees a lock within seconds.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Conflicts are 409, what is not there 404, a store that is away 503 with `Retry-After`, a full
/// disk 507, corrupt rows 500; causes are logged and never shown.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { what: "version" } => Self::Conflict(
                "somebody else has changed it meanwhile: read it again, then decide".to_owned(),
            ),
            StoreError::Conflict { what: "members" } => Self::Conflict(
                "a member was changed meanwhile, so that this SLO would be made of itself"
                    .to_owned(),
            ),
            StoreError::Conflict { what } => {
                Self::Conflict(format!("this {what} is taken already"))
            }
            StoreError::NotFound { what } => Self::no_such(what),
            StoreError::Full { .. } => Self::StorageFull {
                source: Box::new(error),
            },
            StoreError::Unavailable { .. } => Self::Unavailable {
                detail: "the store does not answer",
                retry_after: RETRY_AFTER,
                source: Some(Box::new(error)),
            },
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_the_store_has_its_status() {
        let source = || Box::new(std::fmt::Error);
        for (error, status) in [
            (StoreError::Conflict { what: "version" }, 409),
            (StoreError::Conflict { what: "name" }, 409),
            (StoreError::NotFound { what: "slo" }, 404),
            (StoreError::Unavailable { source: source() }, 503),
            (StoreError::Full { source: source() }, 507),
        ] {
            assert_eq!(ApiError::from(error).status().as_u16(), status);
        }
        let corrupt = StoreError::Corrupt {
            table: "slos",
            column: "definition",
            row: "1".to_owned(),
            source: source(),
        };
        let error = ApiError::from(corrupt);
        assert_eq!(error.status().as_u16(), 500);
        assert!(!error.to_string().contains("slos"), "{error}");
    }
}
