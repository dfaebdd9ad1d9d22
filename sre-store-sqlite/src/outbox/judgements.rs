//! What the dispatcher decided of a group.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::IntentId;
use sre_core::notification::{Delivery, Subject};
use sre_core::store::{Frozen, Judged, StoreError};
use sre_core::suppression::Holder;

use super::released::still_holds;
use super::{delivery, lanes, notices};
use crate::error::classify;
use crate::row;

/// Stores a judgement; answers whether all its intents were still pending. Where one was not, the
/// caller takes back what was written before it.
pub(super) async fn settle(
    tx: &mut SqliteConnection,
    judged: &Judged,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    match judged {
        Judged::Send(frozen) => send(tx, frozen, now).await,
        Judged::Withhold { intents, rule } => {
            end(tx, intents, "withheld", Some(rule.as_str())).await
        }
        Judged::Postpone {
            intents,
            until,
            rule,
            by,
        } => Ok(still_holds(tx, *by, *until).await?
            && postpone(tx, intents, *until, rule.as_str(), *by).await?),
        Judged::WithholdNotice { notice, rule } => {
            notices::judge(tx, *notice, "withheld", Some(rule.as_str())).await
        }
    }
}

/// Freezes the message, claims it and begins its first try.
async fn send(
    tx: &mut SqliteConnection,
    frozen: &Frozen,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let delivery = &frozen.delivery;
    let is_free = lanes::is_open(tx, delivery.destination_id, now).await?
        && take(tx, delivery).await?
        && end(tx, &frozen.superseded, "superseded", None).await?;
    if is_free {
        delivery::freeze(tx, frozen, now).await?;
        lanes::begin(tx, delivery.destination_id, now).await?;
    }
    Ok(is_free)
}

/// Takes what the message carries; answers whether all of it was still pending.
async fn take(tx: &mut SqliteConnection, delivery: &Delivery) -> Result<bool, StoreError> {
    if let Subject::Notice(id) = delivery.subject {
        return notices::judge(tx, id, "frozen", None).await;
    }
    for part in delivery.parts() {
        let (reason, sequence) = (
            part.reason.as_str(),
            row::number("sequence", part.sequence)?,
        );
        let taken = query!(
            "update intents set state = 'frozen', reason = $2, sequence = $3, held_by = null
              where id = $1 and state = 'pending'",
            part.intent_id.0,
            reason,
            sequence
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        if taken.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Ends pending intents that nothing is sent for.
async fn end(
    tx: &mut SqliteConnection,
    intents: &[IntentId],
    state: &'static str,
    reason: Option<&'static str>,
) -> Result<bool, StoreError> {
    for intent in intents {
        let ended = query!(
            "update intents set state = $2, reason = $3, held_by = null
              where id = $1 and state = 'pending'",
            intent.0,
            state,
            reason
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets pending intents be judged again later.
async fn postpone(
    tx: &mut SqliteConnection,
    intents: &[IntentId],
    until: DateTime<Utc>,
    reason: &'static str,
    by: Option<Holder>,
) -> Result<bool, StoreError> {
    let (until, by) = (row::instant(until), by.map(|by| by.to_string()));
    for intent in intents {
        let postponed = query!(
            "update intents set due_at = $2, reason = $3, held_by = $4
              where id = $1 and state = 'pending'",
            intent.0,
            until,
            reason,
            by
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        if postponed.rows_affected() == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
