//! The laws of [`Alerts`].

mod episodes;
mod lists;
mod time;

pub use episodes::*;
pub use lists::*;
pub use time::*;

use sre_core::alert::{Alert, AlertUpdate};
use sre_core::store::{Alerts, StoreError};

use crate::tools::is_applied;

/// Applies what must be applied, and answers the episode after.
async fn applied(store: &dyn Alerts, update: AlertUpdate) -> Result<Alert, StoreError> {
    let answer = store.apply(&update).await?;
    assert!(
        is_applied(answer),
        "transition {} is superseded",
        update.alert.transition
    );
    Ok(update.alert)
}

/// Applies what must be superseded.
async fn superseded(store: &dyn Alerts, update: AlertUpdate) -> crate::Verdict {
    assert!(!is_applied(store.apply(&update).await?));
    Ok(())
}
