//! The laws of [`Corrections`].

mod lists;
mod records;
mod revisions;

pub use lists::*;
pub use records::*;
pub use revisions::*;

use sre_core::correction::{Cancellation, Correction, Ended};
use sre_core::store::Corrections;

use crate::Verdict;
use crate::fixtures::at;

/// Stores all of them.
async fn create(store: &dyn Corrections, corrections: &[Correction]) -> Verdict {
    for correction in corrections {
        store
            .create_correction(correction)
            .await?;
    }
    Ok(())
}

/// Ended from this second on, as was said a second later.
fn ended(second: i64) -> Ended {
    Ended {
        from: at(second),
        at: at(second + 1),
        by: Some("eve".to_owned()),
    }
}

/// Taken back at this second.
fn cancelled(second: i64) -> Cancellation {
    Cancellation {
        at: at(second),
        by: Some("bob".to_owned()),
    }
}
