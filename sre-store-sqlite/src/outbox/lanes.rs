//! Lanes: one a destination, open, paused or stopped, so that a broken receiver holds no other up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::DestinationId;
use sre_core::notification::{DeadReason, Destination, Lane};
use sre_core::store::StoreError;

use super::delivery;
use crate::error::classify;
use crate::row;

/// Why what was meant for a destination that is gone is given up.
pub(super) const GONE: &str = DeadReason::DestinationRemoved.as_str();

/// Whether the destination was configured once, and is no more.
pub(super) async fn is_gone(
    tx: &mut SqliteConnection,
    destination: DestinationId,
) -> Result<bool, StoreError> {
    let lane = query!(
        "select destination_id from lanes where destination_id = $1 and is_configured = 0",
        destination.0
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    Ok(lane.is_some())
}

/// What a try does to the lane: of two pauses the longer holds, and a stop holds until the
/// configuration changes.
pub(super) async fn follow(
    tx: &mut SqliteConnection,
    destination: DestinationId,
    lane: Lane,
) -> Result<(), StoreError> {
    match lane {
        Lane::Open => {}
        Lane::PausedUntil(until) => {
            let until = row::instant(until);
            query!(
                "update lanes set paused_until = $2
                  where destination_id = $1 and paused_until < $2",
                destination.0,
                until
            )
            .execute(tx)
            .await
            .map_err(classify)?;
        }
        Lane::Stopped => {
            query!(
                "update lanes set is_stopped = 1 where destination_id = $1",
                destination.0
            )
            .execute(tx)
            .await
            .map_err(classify)?;
        }
    }
    Ok(())
}

/// Makes these the configured destinations, and gives up what is meant for any other.
pub(super) async fn register(
    tx: &mut SqliteConnection,
    destinations: &[Destination],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let configured: BTreeMap<DestinationId, &Destination> = destinations
        .iter()
        .map(|destination| (destination.id, destination))
        .collect();
    query!("update lanes set is_configured = 0")
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    let never = row::instant(row::EPOCH);
    for destination in configured.into_values() {
        query!(
            "insert into lanes (destination_id, channel, name, fingerprint, is_configured,
                                is_stopped, paused_until)
             values ($1, $2, $3, $4, 1, 0, $5)
                 on conflict (destination_id) do update
                    set channel = excluded.channel, name = excluded.name, is_configured = 1,
                        -- Another configuration deserves another try.
                        is_stopped = case when lanes.fingerprint = excluded.fingerprint
                                          then lanes.is_stopped else 0 end,
                        paused_until = case when lanes.fingerprint = excluded.fingerprint
                                            then lanes.paused_until else excluded.paused_until end,
                        fingerprint = excluded.fingerprint",
            destination.id.0,
            destination.channel,
            destination.name,
            destination.fingerprint,
            never
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    let lost = query!(
        "select id from deliveries
          where state = 'pending'
            and destination_id not in (select destination_id from lanes where is_configured = 1)"
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for message in lost {
        delivery::give_up(tx, &message.id, GONE, now).await?;
    }
    query!(
        "update intents set state = 'dead', reason = $1
          where state = 'pending'
            and destination_id not in (select destination_id from lanes where is_configured = 1)",
        GONE
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
