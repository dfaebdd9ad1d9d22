//! Every intent of an episode, with all that came of it.

use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::{AlertId, DeliveryId};
use sre_core::store::{AttemptRecord, DeliveryState, IntentRecord, StoreError};

use super::groups::IntentRow;
use crate::error::classify;
use crate::row::Row;

/// The intents by transition, then destination.
pub(super) async fn of(
    tx: &mut SqliteConnection,
    alert: AlertId,
) -> Result<Vec<IntentRecord>, StoreError> {
    let rows = query!(
        "select id, alert_id, transition, destination_id, kind, due_at, created_at, state, reason,
                held_by, sequence
           from intents
          where alert_id = $1
          order by transition, destination_id",
        alert.0
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut records = Vec::with_capacity(rows.len());
    for stored in rows {
        let deliveries = deliveries(tx, &stored.id).await?;
        let row = Row::with_id("intents", &stored.id);
        let sequence = stored.sequence;
        let sequence = sequence
            .map(|number| row.number("sequence", number))
            .transpose()?;
        let held_by = stored.held_by.as_deref();
        let held_by = held_by
            .map(|holder| row.text("held_by", holder))
            .transpose()?;
        let intent = IntentRow {
            id: stored.id,
            alert_id: stored.alert_id,
            transition: stored.transition,
            destination_id: stored.destination_id,
            kind: stored.kind,
            due_at: stored.due_at,
            created_at: stored.created_at,
        };
        records.push(IntentRecord {
            intent: intent.intent()?,
            state: stored.state,
            reason: stored.reason,
            held_by,
            sequence,
            deliveries,
        });
    }
    Ok(records)
}

/// The messages that carried the intent, in the order in which they were frozen.
async fn deliveries(
    tx: &mut SqliteConnection,
    intent: &[u8],
) -> Result<Vec<(DeliveryState, Vec<AttemptRecord>)>, StoreError> {
    let rows = query_as!(
        DeliveryRow,
        "select d.id, d.state, d.reason, d.body, d.next_attempt_at, d.created_at, d.sent_at
           from delivery_alerts c
           join deliveries d on d.id = c.delivery_id
          where c.intent_id = $1
          order by d.number",
        intent
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    with_attempts(tx, rows).await
}

/// The messages that carried the notice, in the order in which they were frozen.
pub(super) async fn of_notice(
    tx: &mut SqliteConnection,
    notice: &[u8],
) -> Result<Vec<(DeliveryState, Vec<AttemptRecord>)>, StoreError> {
    let rows = query_as!(
        DeliveryRow,
        "select id, state, reason, body, next_attempt_at, created_at, sent_at
           from deliveries
          where notice_id = $1
          order by number",
        notice
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    with_attempts(tx, rows).await
}

/// A message as the ledger shows it.
#[derive(Debug)]
struct DeliveryRow {
    id: Vec<u8>,
    state: String,
    reason: Option<String>,
    body: Vec<u8>,
    next_attempt_at: i64,
    created_at: i64,
    sent_at: Option<i64>,
}

async fn with_attempts(
    tx: &mut SqliteConnection,
    rows: Vec<DeliveryRow>,
) -> Result<Vec<(DeliveryState, Vec<AttemptRecord>)>, StoreError> {
    let mut deliveries = Vec::with_capacity(rows.len());
    for stored in rows {
        let attempts = attempts(tx, &stored.id).await?;
        let row = Row::with_id("deliveries", &stored.id);
        let is_pending = stored.state == "pending";
        let next = is_pending.then_some(stored.next_attempt_at);
        let state = DeliveryState {
            id: DeliveryId(row.id("id", &stored.id)?),
            next_attempt_at: row.optional_instant("next_attempt_at", next)?,
            created_at: row.instant("created_at", stored.created_at)?,
            sent_at: row.optional_instant("sent_at", stored.sent_at)?,
            state: stored.state,
            reason: stored.reason,
            body: stored.body,
        };
        deliveries.push((state, attempts));
    }
    Ok(deliveries)
}

pub(super) async fn attempts(
    tx: &mut SqliteConnection,
    delivery: &[u8],
) -> Result<Vec<AttemptRecord>, StoreError> {
    let rows = query!(
        "select delivery_id, started_at, finished_at, result, status, detail, is_possible_duplicate
           from delivery_attempts
          where delivery_id = $1
          order by epoch",
        delivery
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.into_iter()
        .map(|stored| {
            let row = Row::with_id("delivery_attempts", &stored.delivery_id);
            let status = stored
                .status
                .map(|status| row.number("status", status))
                .transpose()?;
            Ok(AttemptRecord {
                started_at: row.instant("started_at", stored.started_at)?,
                finished_at: row.optional_instant("finished_at", stored.finished_at)?,
                result: stored.result,
                status,
                detail: stored.detail,
                is_possible_duplicate: stored.is_possible_duplicate != 0,
            })
        })
        .collect()
}
