//! Messages: frozen once, claimed for every try, given up at the end of their use.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::{AlertId, DeliveryId, DestinationId, IntentId};
use sre_core::notification::{Delivery, Reason, Urgency};
use sre_core::store::{ClaimedDelivery, Frozen, StoreError};

use super::{attempts, groups};
use crate::error::classify;
use crate::row::{self, Row};

/// Stores a message with the intents it carries, claims it and begins its first try.
pub(super) async fn freeze(
    tx: &mut SqliteConnection,
    frozen: &Frozen,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let delivery = &frozen.delivery;
    let sequence = row::number("sequence", frozen.sequence)?;
    let (tells, told_severity) = (groups::told_state(frozen.tells), frozen.severity.as_str());
    let (cause, severity) = (frozen.reason.as_str(), delivery.urgency.severity.as_str());
    let (created, next, until) = (
        row::instant(delivery.created_at),
        row::instant(now),
        row::instant(frozen.claimed_until),
    );
    query!(
        "insert into deliveries (id, destination_id, alert_id, sequence, cause, body, is_resolve,
                                 severity, class, is_degraded, tells, told_severity, state,
                                 may_have_arrived, next_attempt_at, claim_epoch, claim_until,
                                 created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, 'pending', 0, $12, 1, $13, $14)",
        delivery.id.0,
        delivery.destination_id.0,
        frozen.alert_id.0,
        sequence,
        cause,
        delivery.body,
        delivery.urgency.is_resolve,
        severity,
        delivery.urgency.class,
        tells,
        told_severity,
        next,
        until,
        created
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    carry(tx, delivery).await?;
    attempts::begin(tx, delivery.id.0.as_bytes(), 1, now, false).await
}

/// Stores the minimal form of a message that was refused; it is tried at once.
pub(super) async fn resend(
    tx: &mut SqliteConnection,
    refused: DeliveryId,
    minimal: &Delivery,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let severity = minimal.urgency.severity.as_str();
    let (created, next) = (row::instant(minimal.created_at), row::instant(now));
    let never = row::instant(row::EPOCH);
    query!(
        "insert into deliveries (id, destination_id, alert_id, sequence, cause, body, is_resolve,
                                 severity, class, is_degraded, tells, told_severity, state,
                                 may_have_arrived, next_attempt_at, claim_epoch, claim_until,
                                 created_at)
         select $2, $3, alert_id, sequence, cause, $4, $5, $6, $7, 1, tells, told_severity,
                'pending',
                may_have_arrived or exists (select 1 from delivery_attempts t
                                             where t.delivery_id = $1 and t.finished_at is null),
                $8, 0, $9, $10
           from deliveries where id = $1",
        refused.0,
        minimal.id.0,
        minimal.destination_id.0,
        minimal.body,
        minimal.urgency.is_resolve,
        severity,
        minimal.urgency.class,
        next,
        never,
        created
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    carry(tx, minimal).await
}

async fn carry(tx: &mut SqliteConnection, delivery: &Delivery) -> Result<(), StoreError> {
    for intent in &delivery.intents {
        query!(
            "insert into delivery_intents (delivery_id, intent_id) values ($1, $2)",
            delivery.id.0,
            intent.0
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

#[derive(Debug)]
struct DueRow {
    id: Vec<u8>,
    destination_id: Vec<u8>,
    alert_id: Vec<u8>,
    sequence: i64,
    cause: String,
    body: Vec<u8>,
    is_resolve: i64,
    severity: String,
    class: i64,
    is_degraded: i64,
    claim_epoch: i64,
    created_at: i64,
    attempts: i64,
    may_have_arrived: i64,
}

/// Every reason of a message.
const REASONS: [Reason; 7] = [
    Reason::First,
    Reason::SeverityRaised,
    Reason::SeverityFell,
    Reason::AckTimeout,
    Reason::Recurred,
    Reason::Repeat,
    Reason::AllResolved,
];

/// Claims messages whose try is due and that nobody has, urgent ones first, and begins the try.
pub(super) async fn claim(
    tx: &mut SqliteConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<ClaimedDelivery>, StoreError> {
    let (due_at, limit) = (row::instant(now), row::limit(limit));
    let due = query_as!(
        DueRow,
        r#"select d.id, d.destination_id, d.alert_id, d.sequence, d.cause, d.body, d.is_resolve,
                  d.severity, d.class, d.is_degraded, d.claim_epoch, d.created_at,
                  (select count(*) from delivery_attempts t
                    where t.delivery_id = d.id) as "attempts!: i64",
                  -- A try that was never closed may have arrived: its holder died.
                  (d.may_have_arrived
                      or exists (select 1 from delivery_attempts t
                                  where t.delivery_id = d.id and t.finished_at is null))
                      as "may_have_arrived!: i64"
             from deliveries d
             join lanes l on l.destination_id = d.destination_id
            where d.state = 'pending' and d.next_attempt_at <= $1 and d.claim_until <= $1
              and l.is_configured = 1 and l.is_stopped = 0 and l.paused_until <= $1
            order by d.class,
                     case d.severity when 'emergency' then 0 when 'critical' then 1
                                     when 'high' then 2 when 'medium' then 3 else 4 end,
                     d.next_attempt_at, d.id
            limit $2"#,
        due_at,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut claimed = Vec::with_capacity(due.len());
    for message in due {
        claimed.push(message.claim(tx, now, until).await?);
    }
    Ok(claimed)
}

impl DueRow {
    async fn claim(
        self,
        tx: &mut SqliteConnection,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClaimedDelivery, StoreError> {
        let (epoch, until) = (self.claim_epoch.saturating_add(1), row::instant(until));
        query!(
            "update deliveries set claim_epoch = $2, claim_until = $3 where id = $1",
            self.id,
            epoch,
            until
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        let is_possible_duplicate = self.may_have_arrived != 0;
        attempts::begin(tx, &self.id, epoch, now, is_possible_duplicate).await?;
        let intents = intents(tx, &self.id).await?;
        let row = Row::with_id("deliveries", &self.id);
        Ok(ClaimedDelivery {
            alert_id: AlertId(row.id("alert_id", &self.alert_id)?),
            reason: row.one_of("cause", &self.cause, &REASONS, Reason::as_str)?,
            sequence: row.number("sequence", self.sequence)?,
            epoch: row.number("claim_epoch", epoch)?,
            attempts: row.number("attempts", self.attempts.saturating_add(1))?,
            is_possible_duplicate,
            is_degraded: self.is_degraded != 0,
            delivery: Delivery {
                id: DeliveryId(row.id("id", &self.id)?),
                destination_id: DestinationId(row.id("destination_id", &self.destination_id)?),
                urgency: Urgency {
                    is_resolve: self.is_resolve != 0,
                    severity: row.text("severity", &self.severity)?,
                    class: row.number("class", self.class)?,
                },
                created_at: row.instant("created_at", self.created_at)?,
                intents,
                body: self.body,
            },
        })
    }
}

/// The intents that a message carries, in the order of their transitions.
async fn intents(tx: &mut SqliteConnection, id: &[u8]) -> Result<Vec<IntentId>, StoreError> {
    let carried = query!(
        "select i.id from delivery_intents c
           join intents i on i.id = c.intent_id
          where c.delivery_id = $1
          order by i.transition, i.id",
        id
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    carried
        .iter()
        .map(|intent| {
            Ok(IntentId(
                Row::with_id("intents", &intent.id).id("id", &intent.id)?,
            ))
        })
        .collect()
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
    query!(
        "update intents set state = 'dead', reason = $2
          where id in (select intent_id from delivery_intents where delivery_id = $1)",
        id,
        reason
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    let arrived = query!(
        "select id from deliveries d
          where d.id = $1
            and (d.may_have_arrived = 1
                 or exists (select 1 from delivery_attempts t
                             where t.delivery_id = d.id and t.finished_at is null))",
        id
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    match arrived {
        Some(_) => tell(tx, id, now).await,
        None => Ok(()),
    }
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
         select a.dedup_key, d.destination_id, a.id, a.episode, d.tells, d.told_severity, $2
           from deliveries d
           join alerts a on a.id = d.alert_id
          where d.id = $1
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
