//! Lanes: one a destination, open, paused or stopped, so that a broken receiver holds no other up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::DestinationId;
use sre_core::notification::{DeadReason, Destination, Lane};
use sre_core::store::{Attempt, LaneFault, LaneStatus, Recorded, StoreError};
use sre_core::time::Span;

use super::delivery;
use crate::error::classify;
use crate::row::{self, Row};

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

/// Whether messages may go to the destination; one that is not configured gets none.
pub(super) async fn is_open(
    tx: &mut SqliteConnection,
    destination: DestinationId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let now = row::instant(now);
    let lane = query!(
        "select destination_id from lanes
          where destination_id = $1 and is_configured = 1 and is_stopped = 0
            and paused_until <= $2",
        destination.0,
        now
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    Ok(lane.is_some())
}

/// A message begins: a receiver that wants them spaced gets the next one later.
pub(super) async fn begin(
    tx: &mut SqliteConnection,
    destination: DestinationId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let now = row::instant(now);
    query!(
        "update lanes set paused_until = max(paused_until, $2 + 1000000 * spacing_seconds)
          where destination_id = $1 and spacing_seconds is not null",
        destination.0,
        now
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// What a try does to the lane, and what is remembered of it: of two pauses the longer holds, and a
/// stop holds until the configuration changes.
pub(super) async fn note(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<(), StoreError> {
    let destination = attempt.destination_id.0;
    match attempt.lane {
        Lane::Open => {}
        Lane::PausedUntil(until) => {
            let until = row::instant(until);
            query!(
                "update lanes set paused_until = $2
                  where destination_id = $1 and paused_until < $2",
                destination,
                until
            )
            .execute(&mut *tx)
            .await
            .map_err(classify)?;
        }
        Lane::Stopped => {
            let reason = match attempt.result {
                Recorded::Dead { reason } => Some(reason.as_str()),
                _ => None,
            };
            query!(
                "update lanes set is_stopped = 1, stopped_because = $2
                  where destination_id = $1 and is_stopped = 0",
                destination,
                reason
            )
            .execute(&mut *tx)
            .await
            .map_err(classify)?;
        }
    }
    if matches!(attempt.result, Recorded::Delivered { .. }) {
        let at = row::instant(attempt.finished_at);
        query!(
            "update lanes set last_delivered_at = max(coalesce(last_delivered_at, $2), $2)
              where destination_id = $1",
            destination,
            at
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    note_fault(tx, attempt).await
}

/// The first message that is given up breaks the destination, and one that arrives mends it; a stop
/// lasts whatever arrives.
async fn note_fault(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<(), StoreError> {
    let destination = attempt.destination_id.0;
    match attempt.result {
        Recorded::Dead { reason } if reason.is_fault() => {
            let (at, because) = (row::instant(attempt.finished_at), reason.as_str());
            query!(
                "update lanes set broken_since = $2, broken_because = $3
                  where destination_id = $1 and broken_since is null",
                destination,
                at,
                because
            )
            .execute(tx)
            .await
            .map_err(classify)?;
        }
        Recorded::Delivered { .. } => {
            query!(
                "update lanes set broken_since = null, broken_because = null
                  where destination_id = $1 and is_stopped = 0 and broken_since is not null",
                destination
            )
            .execute(tx)
            .await
            .map_err(classify)?;
        }
        _ => {}
    }
    Ok(())
}

/// How every configured lane stands.
pub(super) async fn statuses(
    tx: &mut SqliteConnection,
    since: DateTime<Utc>,
) -> Result<Vec<LaneStatus>, StoreError> {
    let since = row::instant(since);
    let lanes = query!(
        r#"select l.destination_id, l.is_stopped, l.paused_until, l.stopped_because,
                  l.broken_since, l.broken_because, l.last_delivered_at,
                  (select count(*) from intents
                    where state = 'pending' and destination_id = l.destination_id)
                  + (select count(*) from notices n
                      where n.state = 'pending' and n.destination_id = l.destination_id)
                      as "waiting!: i64",
                  (select count(*) from deliveries d
                    where d.state = 'pending' and d.destination_id = l.destination_id)
                      as "under_way!: i64",
                  (select min(d.created_at) from deliveries d
                    where d.state = 'pending' and d.destination_id = l.destination_id)
                      as "oldest_at?: i64",
                  (select count(*) from deliveries d
                    where d.state = 'dead' and d.reason <> 'degraded'
                      and d.destination_id = l.destination_id and d.created_at >= $1)
                      as "dead!: i64"
             from lanes l
            where l.is_configured = 1
            order by l.destination_id"#,
        since
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    lanes
        .iter()
        .map(|lane| {
            let row = Row::with_id("lanes", &lane.destination_id);
            let paused_until = row.instant("paused_until", lane.paused_until)?;
            let last = lane.last_delivered_at;
            let broken_since = row.optional_instant("broken_since", lane.broken_since)?;
            let because = lane.broken_because.clone();
            Ok(LaneStatus {
                destination_id: DestinationId(row.id("destination_id", &lane.destination_id)?),
                traffic: if lane.is_stopped != 0 {
                    Lane::Stopped
                } else if paused_until == row::EPOCH {
                    Lane::Open
                } else {
                    Lane::PausedUntil(paused_until)
                },
                stopped_because: lane.stopped_because.clone(),
                broken: broken_since.map(|since| LaneFault {
                    since,
                    because: because.unwrap_or_default(),
                }),
                last_delivered_at: row.optional_instant("last_delivered_at", last)?,
                waiting: row.number("waiting", lane.waiting)?,
                under_way: row.number("under_way", lane.under_way)?,
                oldest_at: row.optional_instant("created_at", lane.oldest_at)?,
                dead: row.number("dead", lane.dead)?,
            })
        })
        .collect()
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
        let spacing = destination
            .spacing
            .map(Span::as_secs_i64);
        query!(
            "insert into lanes (destination_id, channel, name, fingerprint, is_configured,
                                is_stopped, paused_until, spacing_seconds)
             values ($1, $2, $3, $4, 1, 0, $5, $6)
                 on conflict (destination_id) do update
                    set channel = excluded.channel, name = excluded.name, is_configured = 1,
                        spacing_seconds = excluded.spacing_seconds,
                        -- Another configuration deserves another try.
                        is_stopped = case when lanes.fingerprint = excluded.fingerprint
                                          then lanes.is_stopped else 0 end,
                        stopped_because = case when lanes.fingerprint = excluded.fingerprint
                                               then lanes.stopped_because end,
                        broken_since = case when lanes.fingerprint = excluded.fingerprint
                                            then lanes.broken_since end,
                        broken_because = case when lanes.fingerprint = excluded.fingerprint
                                              then lanes.broken_because end,
                        paused_until = case when lanes.fingerprint = excluded.fingerprint
                                            then lanes.paused_until else excluded.paused_until end,
                        fingerprint = excluded.fingerprint",
            destination.id.0,
            destination.channel.as_ref(),
            destination.name,
            destination.fingerprint,
            never,
            spacing
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
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    query!(
        "update notices set state = 'dead', reason = $1
          where state = 'pending'
            and destination_id not in (select destination_id from lanes where is_configured = 1)",
        GONE
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
