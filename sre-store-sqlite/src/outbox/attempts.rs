//! Tries of a message, and what comes of them.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::store::{Attempt, NextAction, Recorded, StoreError};

use super::{delivery, lanes};
use crate::error::classify;
use crate::row;

/// The result of a try of which nobody can tell whether it arrived.
const UNKNOWN: &str = "unknown";

/// Writes down that a try begins, before anything is sent.
pub(super) async fn begin(
    tx: &mut SqliteConnection,
    delivery: &[u8],
    epoch: i64,
    now: DateTime<Utc>,
    is_possible_duplicate: bool,
) -> Result<(), StoreError> {
    let started = row::instant(now);
    query!(
        "insert into delivery_attempts (delivery_id, epoch, started_at, is_possible_duplicate)
         values ($1, $2, $3, $4)",
        delivery,
        epoch,
        started,
        is_possible_duplicate
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Closes the try, if its claim still stands; answers whether it did.
pub(super) async fn record(
    tx: &mut SqliteConnection,
    attempt: &Attempt,
) -> Result<bool, StoreError> {
    if !end_claim(tx, attempt).await? {
        return Ok(false);
    }
    close(tx, attempt).await?;
    lanes::note(tx, attempt).await?;
    let (id, now) = (attempt.delivery_id, attempt.finished_at);
    match &attempt.result {
        Recorded::Delivered { next } => deliver(tx, attempt, next).await?,
        Recorded::Retry { at, .. } => retry(tx, attempt, *at).await?,
        Recorded::Degraded { resend } => {
            delivery::resend(tx, id, resend, now).await?;
            give_way(tx, attempt).await?;
        }
        Recorded::Dead { reason } => {
            delivery::give_up(tx, id.0.as_bytes(), reason.as_str(), now).await?;
        }
    }
    Ok(true)
}

/// Frees the message, if the fence lets it, and notes whether the try may have arrived.
async fn end_claim(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<bool, StoreError> {
    let epoch = row::number("claim_epoch", attempt.epoch)?;
    let is_unknown = matches!(
        attempt.result,
        Recorded::Retry {
            is_unknown: true,
            ..
        }
    ) || attempt.record.result.as_deref() == Some(UNKNOWN);
    let never = row::instant(row::EPOCH);
    let ended = query!(
        "update deliveries set claim_until = $3, may_have_arrived = may_have_arrived or $4
          where id = $1 and claim_epoch = $2 and state = 'pending'",
        attempt.delivery_id.0,
        epoch,
        never,
        is_unknown
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(ended.rows_affected() == 1)
}

/// Notes what came of the try; when it began, and what it said of itself, was noted when it did.
async fn close(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<(), StoreError> {
    let epoch = row::number("epoch", attempt.epoch)?;
    let finished = row::instant(attempt.finished_at);
    let record = &attempt.record;
    query!(
        "update delivery_attempts set finished_at = $3, result = $4, status = $5, detail = $6
          where delivery_id = $1 and epoch = $2",
        attempt.delivery_id.0,
        epoch,
        finished,
        record.result,
        record.status,
        record.detail
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// It arrived: the destination has been told, and the episodes know.
async fn deliver(
    tx: &mut SqliteConnection,
    attempt: &Attempt,
    next: &[NextAction],
) -> Result<(), StoreError> {
    let (id, finished) = (attempt.delivery_id.0, row::instant(attempt.finished_at));
    query!(
        "update deliveries set state = 'delivered', sent_at = $2 where id = $1",
        id,
        finished
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    delivery::end_carried(tx, id.as_bytes(), "delivered", None).await?;
    delivery::tell(tx, id.as_bytes(), attempt.finished_at).await?;
    query!(
        "update alerts
            set last_notified_at = case when last_notified_at > $2 then last_notified_at
                                        else $2 end
          where id in (select alert_id from delivery_alerts where delivery_id = $1)",
        id,
        finished
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    for next in next {
        move_next(tx, next).await?;
    }
    Ok(())
}

/// Sets when time moves an episode next, where it still stands.
async fn move_next(tx: &mut SqliteConnection, next: &NextAction) -> Result<(), StoreError> {
    let transition = row::number("transition", next.transition)?;
    let at = row::optional_instant(next.at);
    query!(
        "update alerts set next_action_at = $3
          where id = $1 and transition = $2 and state <> 'resolved'",
        next.alert_id.0,
        transition,
        at
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

async fn retry(
    tx: &mut SqliteConnection,
    attempt: &Attempt,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let at = row::instant(at);
    query!(
        "update deliveries set next_attempt_at = $2 where id = $1",
        attempt.delivery_id.0,
        at
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// The refused message ends; its minimal form carries the intents, which go on.
async fn give_way(tx: &mut SqliteConnection, attempt: &Attempt) -> Result<(), StoreError> {
    query!(
        "update deliveries set state = 'dead', reason = 'degraded' where id = $1",
        attempt.delivery_id.0
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
