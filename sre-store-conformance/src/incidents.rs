//! The laws of [`Incidents`], and of what alerts do to incidents in their own transaction.

mod changes;
mod joins;
mod lists;

pub use changes::*;
pub use joins::*;
pub use lists::*;

use sre_core::alert::{Alert, AlertUpdate};
use sre_core::incident::{Incident, IncidentUpdate};
use sre_core::name::AlertId;
use sre_core::store::{IncidentQuery, Incidents, Store, StoreError};

use crate::tools::{all, is_applied};

/// Stores what must be stored, and answers the incident after.
async fn changed(store: &dyn Incidents, update: IncidentUpdate) -> Result<Incident, StoreError> {
    let answer = store
        .change_incidents(std::slice::from_ref(&update))
        .await?;
    assert!(is_applied(answer), "superseded: {update:#?}");
    Ok(update.incident)
}

/// Stores what must be superseded.
async fn superseded(store: &dyn Incidents, updates: &[IncidentUpdate]) -> crate::Verdict {
    assert!(!is_applied(store.change_incidents(updates).await?));
    Ok(())
}

/// Stores the transition, and answers the alert as it is stored then.
async fn alerted(store: &dyn Store, update: &AlertUpdate) -> Result<Alert, StoreError> {
    assert!(is_applied(store.apply(update).await?));
    stored(store, update.alert.id).await
}

async fn stored(store: &dyn Store, id: AlertId) -> Result<Alert, StoreError> {
    Ok(store
        .find_alert(id)
        .await?
        .expect("it is stored"))
}

async fn list(store: &dyn Incidents, query: IncidentQuery) -> Result<Vec<Incident>, StoreError> {
    store
        .list_incidents(&query, all())
        .await
}

/// Every incident, the newest first.
async fn every(store: &dyn Incidents) -> Result<Vec<Incident>, StoreError> {
    list(store, IncidentQuery::default()).await
}

/// The one incident that there is.
async fn only(store: &dyn Incidents) -> Result<Incident, StoreError> {
    let incidents = every(store).await?;
    let [incident]: [Incident; 1] = incidents
        .try_into()
        .expect("one incident");
    Ok(incident)
}
