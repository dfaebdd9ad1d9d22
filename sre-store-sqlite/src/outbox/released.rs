//! What people wish not to hear, and what is due when the wish ends.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::store::StoreError;
use sre_core::suppression::Holder;

use crate::error::classify;
use crate::row;

/// What this keeps from being sent is due from `now` on.
pub(crate) async fn release(
    tx: &mut SqliteConnection,
    holder: Holder,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (holder, now) = (holder.to_string(), row::instant(now));
    query!(
        "update intents set due_at = min(due_at, $2)
          where state = 'pending' and held_by = $1",
        holder,
        now
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Whether what somebody wished lasts as long as the dispatcher saw.
pub(super) async fn still_holds(
    tx: &mut SqliteConnection,
    by: Option<Holder>,
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let until = row::instant(until);
    let count =
        match by {
            Some(Holder::Silence(id)) => query!(
                "select count(*) as \"count!: i64\" from silences where id = $1 and ends_at >= $2",
                id.0,
                until
            )
            .fetch_one(tx)
            .await
            .map_err(classify)?
            .count,
            Some(Holder::Maintenance(id)) => {
                query!(
                    "select count(*) as \"count!: i64\" from maintenances
                  where id = $1 and (ends_at is null or ends_at >= $2)",
                    id.0,
                    until
                )
                .fetch_one(tx)
                .await
                .map_err(classify)?
                .count
            }
            _ => return Ok(true),
        };
    Ok(count > 0)
}
