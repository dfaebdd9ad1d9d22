//! Messages: frozen once, carried on by a minimal form, given up at the end of their use.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::DeliveryId;
use sre_core::notification::{Delivery, Subject};
use sre_core::store::{Frozen, StoreError};

use super::{attempts, groups};
use crate::error::classify;
use crate::row::{self, Row};

/// Stores a message with what it carries, claims it and begins its first try.
pub(super) async fn freeze(
    tx: &mut SqliteConnection,
    frozen: &Frozen,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let claimed = Start {
        is_degraded: false,
        may_have_arrived: false,
        next_attempt_at: now,
        epoch: 1,
        claimed_until: frozen.claimed_until,
        replay_of: None,
    };
    insert(tx, &frozen.delivery, &claimed).await?;
    attempts::begin(tx, frozen.delivery.id.0.as_bytes(), 1, now, false).await
}

/// Stores the minimal form of a message that was refused; it is tried at once.
pub(super) async fn resend(
    tx: &mut SqliteConnection,
    refused: DeliveryId,
    minimal: &Delivery,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let free = Start {
        is_degraded: true,
        may_have_arrived: may_have_arrived(tx, refused.0.as_bytes()).await?,
        next_attempt_at: now,
        epoch: 0,
        claimed_until: row::EPOCH,
        replay_of: replay_of(tx, refused).await?,
    };
    insert(tx, minimal, &free).await
}

/// Stores a message that carries again what a dead one carried; it is tried from its creation on.
pub(super) async fn again(
    tx: &mut SqliteConnection,
    dead: DeliveryId,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    let free = Start {
        is_degraded: false,
        may_have_arrived: may_have_arrived(tx, dead.0.as_bytes()).await?,
        next_attempt_at: delivery.created_at,
        epoch: 0,
        claimed_until: row::EPOCH,
        replay_of: Some(dead),
    };
    insert(tx, delivery, &free).await
}

/// How a message begins.
#[derive(Debug)]
struct Start {
    is_degraded: bool,
    may_have_arrived: bool,
    next_attempt_at: DateTime<Utc>,
    epoch: i64,
    claimed_until: DateTime<Utc>,
    /// The dead message whose news it carries again.
    replay_of: Option<DeliveryId>,
}

async fn insert(
    tx: &mut SqliteConnection,
    delivery: &Delivery,
    start: &Start,
) -> Result<(), StoreError> {
    let (subject, service_name, group, window_at, notice_id) = match &delivery.subject {
        Subject::Alerts {
            service_name,
            group,
            window_at,
            ..
        } => {
            let name = Some(service_name.as_str());
            (ALERTS, name, Some(group.0), *window_at, None)
        }
        Subject::Digest { .. } => (DIGEST, None, None, None, None),
        Subject::Notice(id) => (NOTICE, None, None, None, Some(id.0)),
    };
    let (window, severity) = (
        row::optional_instant(window_at),
        delivery.urgency.severity.as_str(),
    );
    let replay_of = start.replay_of.map(|id| id.0);
    let (created, next, until) = (
        row::instant(delivery.created_at),
        row::instant(start.next_attempt_at),
        row::instant(start.claimed_until),
    );
    query!(
        "insert into deliveries (id, destination_id, subject, service_name, window_at, notice_id,
                                 body, is_resolve, severity, class, is_degraded, state,
                                 may_have_arrived, next_attempt_at, claim_epoch, claim_until,
                                 created_at, replay_of, group_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $12, $13, $14, $15, $16,
                 $17, $18)",
        delivery.id.0,
        delivery.destination_id.0,
        subject,
        service_name,
        window,
        notice_id,
        delivery.body,
        delivery.urgency.is_resolve,
        severity,
        delivery.urgency.class,
        start.is_degraded,
        start.may_have_arrived,
        next,
        start.epoch,
        until,
        created,
        replay_of,
        group
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    carry(tx, delivery).await
}

/// What a message is about, as it is stored.
pub(super) const ALERTS: &str = "alerts";
/// As [`ALERTS`].
pub(super) const DIGEST: &str = "digest";
/// As [`ALERTS`].
pub(super) const NOTICE: &str = "notice";

async fn carry(tx: &mut SqliteConnection, delivery: &Delivery) -> Result<(), StoreError> {
    for (position, part) in (0_i64..).zip(delivery.parts()) {
        let sequence = row::number("sequence", part.sequence)?;
        let (cause, severity) = (part.reason.as_str(), part.severity.as_str());
        let tells = groups::told_state(part.tells);
        query!(
            "insert into delivery_alerts (delivery_id, position, alert_id, intent_id,
                                          destination_id, sequence, cause, tells, severity)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            delivery.id.0,
            position,
            part.alert_id.0,
            part.intent_id.0,
            delivery.destination_id.0,
            sequence,
            cause,
            tells,
            severity
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

/// What the message carried ends with it. An intent keeps why it was sent, unless there is more to
/// say.
pub(super) async fn end_carried(
    tx: &mut SqliteConnection,
    id: &[u8],
    state: &'static str,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    query!(
        "update intents set state = $2, reason = coalesce($3, reason)
          where id in (select intent_id from delivery_alerts where delivery_id = $1)",
        id,
        state,
        reason
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    query!(
        "update notices set state = $2, reason = $3
          where id = (select notice_id from deliveries where id = $1)",
        id,
        state,
        reason
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// The dead message whose news this one carries again, where it does: so does its minimal form.
async fn replay_of(
    tx: &mut SqliteConnection,
    id: DeliveryId,
) -> Result<Option<DeliveryId>, StoreError> {
    let stored = query!("select id, replay_of from deliveries where id = $1", id.0)
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
    let Some((stored, replay_of)) = stored.and_then(|row| Some((row.id, row.replay_of?))) else {
        return Ok(None);
    };
    let row = Row::with_id("deliveries", &stored);
    Ok(Some(DeliveryId(row.id("replay_of", &replay_of)?)))
}

/// Whether a try of the message was closed as unknown, or never closed.
async fn may_have_arrived(tx: &mut SqliteConnection, id: &[u8]) -> Result<bool, StoreError> {
    let arrived = query!(
        "select id from deliveries d
          where d.id = $1
            and (d.may_have_arrived = 1
                 or exists (select 1 from delivery_attempts t
                             where t.delivery_id = d.id and t.finished_at is null))",
        id
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    Ok(arrived.is_some())
}

/// Gives a message up. One that may have arrived has told the destination, so that the end is owed;
/// one that was refused every time has not.
pub(super) async fn give_up(
    tx: &mut SqliteConnection,
    id: &[u8],
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    query!(
        "update deliveries set state = 'dead', reason = $2 where id = $1",
        id,
        reason
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    end_carried(tx, id, "dead", Some(reason)).await?;
    if may_have_arrived(tx, id).await? {
        tell(tx, id, now).await?;
    }
    Ok(())
}

/// The destination believes what the message says, unless it has heard of a later episode.
pub(super) async fn tell(
    tx: &mut SqliteConnection,
    id: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let at = row::instant(now);
    query!(
        "insert into told (dedup_key, destination_id, alert_id, episode, state, severity,
                           delivered_at)
         select a.dedup_key, p.destination_id, a.id, a.episode, p.tells, p.severity, $2
           from delivery_alerts p
           join alerts a on a.id = p.alert_id
          where p.delivery_id = $1
             on conflict (dedup_key, destination_id) do update
                set alert_id = excluded.alert_id, episode = excluded.episode,
                    state = excluded.state, severity = excluded.severity,
                    delivered_at = excluded.delivered_at
              where told.episode <= excluded.episode",
        id,
        at
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
