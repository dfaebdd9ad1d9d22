//! The laws of [`Outbox`](sre_core::store::Outbox) and [`Notices`](sre_core::store::Notices).

mod announcements;
mod answers;
mod claims;
mod deliveries;
mod fairness;
mod groups;
mod judgements;
mod lanes;
mod ledgers;
mod together;
mod waiting;

pub use announcements::*;
pub use answers::*;
pub use claims::*;
pub use deliveries::*;
pub use fairness::*;
pub use groups::*;
pub use judgements::*;
pub use lanes::*;
pub use ledgers::*;
pub use together::*;
pub use waiting::*;

use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertType, AlertUpdate};
use sre_core::name::DestinationId;
use sre_core::notification::{DeadReason, Told};
use sre_core::store::{
    Attempt, ClaimedDelivery, DueGroup, Frozen, IntentRecord, Judged, NextAction, Recorded, Store,
    StoreError,
};

use crate::Verdict;
use crate::fixtures::{at, attempt, destination, fires, first_try, frozen, identity};
use crate::tools::{MANY, a_minute_after, is_applied};

/// Registers the webhook `ops`, and answers its id.
pub(crate) async fn with_ops(store: &dyn Store) -> Result<DestinationId, StoreError> {
    let ops = destination("ops");
    store
        .register_destinations(std::slice::from_ref(&ops), at(-1))
        .await?;
    Ok(ops.id)
}

/// Applies what must be applied, and answers the episode after.
async fn applied(store: &dyn Store, update: AlertUpdate) -> Result<Alert, StoreError> {
    assert!(is_applied(store.apply(&update).await?));
    Ok(update.alert)
}

/// Opens the page of this SLO at noon, for `ops` alone.
pub(crate) async fn opened(store: &dyn Store, slo: u128) -> Result<Alert, StoreError> {
    let routes = [destination("ops").id];
    applied(
        store,
        fires(&identity(slo, AlertType::BurnRate), &routes, at(0)),
    )
    .await
}

/// The webhook `ops`.
fn ops() -> DestinationId {
    destination("ops").id
}

/// Delivers what is due of this episode at noon.
async fn deliver_one_of(store: &dyn Store, alert: &Alert) -> Verdict {
    let group = groups(store, 0)
        .await?
        .into_iter()
        .find(|group| group.alert.id == alert.id)
        .expect("it is due");
    let frozen = frozen(&group, at(0));
    let judged = Judged::Send(frozen.clone());
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    record(store, &first_try(&frozen), 0, delivered()).await
}

/// All groups that are due at this second.
pub(crate) async fn groups(store: &dyn Store, second: i64) -> Result<Vec<DueGroup>, StoreError> {
    Ok(store
        .due_groups(at(second), MANY)
        .await?
        .groups)
}

/// The only group that is due at this second.
pub(crate) async fn group(store: &dyn Store, second: i64) -> Result<DueGroup, StoreError> {
    let [group] = groups(store, second)
        .await?
        .try_into()
        .expect("one group is due");
    Ok(group)
}

/// Freezes a message of the only due group; its first try is claimed for a minute.
pub(crate) async fn send(store: &dyn Store, second: i64) -> Result<Frozen, StoreError> {
    let frozen = frozen(&group(store, second).await?, at(second));
    let judged = Judged::Send(frozen.clone());
    assert!(is_applied(
        store
            .settle(&judged, at(second))
            .await?
    ));
    Ok(frozen)
}

/// Freezes a message of the only group that is due at this second, and delivers it at once.
pub(crate) async fn deliver_next(
    store: &dyn Store,
    second: i64,
    next_action_at: Option<DateTime<Utc>>,
) -> Result<Frozen, StoreError> {
    let alert = group(store, second).await?.alert;
    let frozen = send(store, second).await?;
    let next = NextAction {
        alert_id: alert.id,
        transition: alert.transition,
        at: next_action_at,
    };
    let result = Recorded::Delivered { next: vec![next] };
    record(store, &first_try(&frozen), second, result).await?;
    Ok(frozen)
}

/// Records what must be applied.
async fn record(
    store: &dyn Store,
    claimed: &ClaimedDelivery,
    second: i64,
    result: Recorded,
) -> Verdict {
    recorded(store, attempt(claimed, at(second), result)).await
}

/// Records what must be applied.
async fn recorded(store: &dyn Store, attempt: Attempt) -> Verdict {
    assert!(is_applied(store.record(&attempt).await?));
    Ok(())
}

/// Every delivery that is to be tried at this second, claimed for a minute.
async fn tries(store: &dyn Store, second: i64) -> Result<Vec<ClaimedDelivery>, StoreError> {
    Ok(store
        .claim_deliveries(at(second), a_minute_after(at(second)), MANY, &[])
        .await?
        .claimed)
}

/// The only delivery that is to be tried at this second.
async fn try_at(store: &dyn Store, second: i64) -> Result<ClaimedDelivery, StoreError> {
    let [claimed] = tries(store, second)
        .await?
        .try_into()
        .expect("one delivery is due");
    Ok(claimed)
}

/// A definite refusal, to be tried again at this second.
fn refused(second: i64) -> Recorded {
    Recorded::Retry {
        at: at(second),
        is_unknown: false,
    }
}

/// A try that may have arrived, to be repeated at this second.
fn unknown(second: i64) -> Recorded {
    Recorded::Retry {
        at: at(second),
        is_unknown: true,
    }
}

/// Given up, since it is of no use any more.
const fn expired() -> Recorded {
    Recorded::Dead {
        reason: DeadReason::Expired,
    }
}

/// Arrived; time moves nothing because of it.
const fn delivered() -> Recorded {
    Recorded::Delivered { next: Vec::new() }
}

/// The ledger's only intent of the episode.
pub(crate) async fn only_record(
    store: &dyn Store,
    alert: &Alert,
) -> Result<IntentRecord, StoreError> {
    let [record] = store
        .ledger(alert.id)
        .await?
        .try_into()
        .expect("one intent");
    Ok(record)
}

/// What `ops` was told of the identity, as the next group shows; the group needs an intent.
async fn told(store: &dyn Store, second: i64) -> Result<Option<Told>, StoreError> {
    Ok(group(store, second).await?.told)
}
