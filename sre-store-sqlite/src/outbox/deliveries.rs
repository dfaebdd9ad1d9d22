//! Messages as they stand: listed, sent again, and missed by whom they were for.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::{AlertId, DeliveryId, DestinationId};
use sre_core::notification::{Delivery, Fallback, IntentKind, SLOW, Subject, ToldState, Urgency};
use sre_core::store::{
    Commit, Deliveries, DeliveryQuery, DeliveryRecord, DeliveryStatus, Missed, Overdue,
    OverdueKind, Page, Replay, StoreError,
};
use uuid::Uuid;

use super::claims::{self, SubjectRow};
use super::{delivery, ledger};
use crate::alerts::answer;
use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};
use crate::transaction::{begin_part, end_part};

/// Selects messages as [`MessageRow`]s.
macro_rules! select_messages {
    ($tail:literal, $($argument:expr),*) => {
        query_as!(
            MessageRow,
            "select number, id, destination_id, subject, service_name, group_key, window_at,
                    notice_id, body, is_resolve, severity, class, is_degraded, state, reason, replay_of,
                    next_attempt_at, created_at, sent_at
               from deliveries "
                + $tail,
            $($argument),*
        )
    };
}

#[async_trait]
impl Deliveries for SqliteStore {
    async fn list_deliveries(
        &self,
        query: &DeliveryQuery,
        page: Page<u64>,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let query = *query;
        self.read(move |tx| Box::pin(async move { list(tx, query, page).await }))
            .await
    }

    async fn find_delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let row = select_messages!("where id = $1", id.0)
                    .fetch_optional(&mut *tx)
                    .await
                    .map_err(classify)?;
                match row {
                    Some(row) => Ok(Some(row.record(tx).await?)),
                    None => Ok(None),
                }
            })
        })
        .await
    }

    async fn replay(&self, replay: &Replay) -> Result<Commit, StoreError> {
        let replay = replay.clone();
        self.write(move |tx| {
            Box::pin(async move {
                begin_part(tx).await?;
                let is_taken = take(tx, &replay).await?;
                if is_taken {
                    delivery::again(tx, replay.of, &replay.delivery).await?;
                }
                end_part(tx, is_taken).await?;
                Ok(answer(is_taken))
            })
        })
        .await
    }

    async fn missed(
        &self,
        fallbacks: &[Fallback],
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Missed>, StoreError> {
        let fallbacks = fallbacks.to_vec();
        self.read(move |tx| {
            Box::pin(async move {
                let mut all = Vec::new();
                for fallback in &fallbacks {
                    let named = row::ids(instead_of(fallback.of, &fallbacks));
                    all.extend(missed(tx, fallback, &named, now, limit).await?);
                }
                all.sort_by_key(|(at, missed)| (*at, missed.alert_id, missed.destination_id));
                let all = all
                    .into_iter()
                    .map(|(_, missed)| missed);
                Ok(all
                    .take(usize::try_from(limit).unwrap_or(usize::MAX))
                    .collect())
            })
        })
        .await
    }

    async fn overdue(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Overdue>, StoreError> {
        self.read(move |tx| Box::pin(async move { overdue(tx, before, limit).await }))
            .await
    }
}

/// A message as it is stored.
#[derive(Debug)]
struct MessageRow {
    number: i64,
    id: Vec<u8>,
    destination_id: Vec<u8>,
    subject: String,
    service_name: Option<String>,
    group_key: Option<Vec<u8>>,
    window_at: Option<i64>,
    notice_id: Option<Vec<u8>>,
    body: Vec<u8>,
    is_resolve: i64,
    severity: String,
    class: i64,
    is_degraded: i64,
    state: String,
    reason: Option<String>,
    replay_of: Option<Vec<u8>>,
    next_attempt_at: i64,
    created_at: i64,
    sent_at: Option<i64>,
}

/// Messages, the last frozen first. The few that are dead or under way have an index of their own; of
/// the others there are so many that whoever walks back from the last finds them.
async fn list(
    tx: &mut SqliteConnection,
    asked: DeliveryQuery,
    page: Page<u64>,
) -> Result<Vec<DeliveryRecord>, StoreError> {
    let before = match page.after {
        Some(after) => row::number("number", after)?,
        None => i64::MAX,
    };
    let limit = row::limit(page.limit.min(Page::<u64>::LIMIT_MAX));
    let destination = asked
        .destination_id
        .map(|id| id.0.as_bytes().to_vec());
    let rows = match asked.state {
        Some(DeliveryStatus::Dead) => {
            select_messages!(
                "where state = 'dead' and reason is not 'degraded' and number < $1
                   and ($2 is null or destination_id = $2)
                 order by number desc
                 limit $3",
                before,
                destination,
                limit
            )
            .fetch_all(&mut *tx)
            .await
        }
        Some(DeliveryStatus::Pending) => {
            select_messages!(
                "where state = 'pending' and number < $1 and ($2 is null or destination_id = $2)
                 order by number desc
                 limit $3",
                before,
                destination,
                limit
            )
            .fetch_all(&mut *tx)
            .await
        }
        Some(DeliveryStatus::Delivered) => {
            select_messages!(
                "where number < $1 and state = 'delivered' and ($2 is null or destination_id = $2)
                 order by number desc
                 limit $3",
                before,
                destination,
                limit
            )
            .fetch_all(&mut *tx)
            .await
        }
        None => {
            select_messages!(
                "where number < $1 and ($2 is null or destination_id = $2)
                 order by number desc
                 limit $3",
                before,
                destination,
                limit
            )
            .fetch_all(&mut *tx)
            .await
        }
    }
    .map_err(classify)?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        records.push(row.record(tx).await?);
    }
    Ok(records)
}

impl MessageRow {
    async fn record(self, tx: &mut SqliteConnection) -> Result<DeliveryRecord, StoreError> {
        let parts = claims::parts(tx, &self.id).await?;
        let attempts = ledger::attempts(tx, &self.id).await?;
        let row = Row::with_id("deliveries", &self.id);
        let subject = SubjectRow {
            subject: &self.subject,
            service_name: self.service_name.as_deref(),
            group_key: self.group_key.as_deref(),
            window_at: self.window_at,
            notice_id: self.notice_id.as_deref(),
        };
        let subject = subject.read(row, parts)?;
        let status = row.one_of(
            "state",
            &self.state,
            &DeliveryStatus::ALL,
            DeliveryStatus::as_str,
        )?;
        let next = (status == DeliveryStatus::Pending).then_some(self.next_attempt_at);
        let replay_of = self.replay_of.as_deref();
        Ok(DeliveryRecord {
            number: row.number("number", self.number)?,
            status,
            is_degraded: self.is_degraded != 0,
            replay_of: replay_of
                .map(|id| row.id("replay_of", id).map(DeliveryId))
                .transpose()?,
            next_attempt_at: row.optional_instant("next_attempt_at", next)?,
            sent_at: row.optional_instant("sent_at", self.sent_at)?,
            attempts,
            delivery: Delivery {
                id: DeliveryId(row.id("id", &self.id)?),
                destination_id: DestinationId(row.id("destination_id", &self.destination_id)?),
                subject,
                urgency: Urgency {
                    is_resolve: self.is_resolve != 0,
                    severity: row.text("severity", &self.severity)?,
                    class: row.number("class", self.class)?,
                },
                created_at: row.instant("created_at", self.created_at)?,
                body: self.body,
            },
            reason: self.reason,
        })
    }
}

/// Takes everything that the dead message carried; answers whether all of it was still dead.
async fn take(tx: &mut SqliteConnection, replay: &Replay) -> Result<bool, StoreError> {
    let dead = query!(
        "select number from deliveries where id = $1 and state = 'dead'",
        replay.of.0
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    if dead.is_none() {
        return Ok(false);
    }
    if let Subject::Notice(id) = replay.delivery.subject {
        let taken = query!(
            "update notices set state = 'frozen', reason = null where id = $1 and state = 'dead'",
            id.0
        )
        .execute(tx)
        .await
        .map_err(classify)?;
        return Ok(taken.rows_affected() == 1);
    }
    for part in replay.delivery.parts() {
        if part.tells == ToldState::Firing && is_over(tx, part.alert_id).await? {
            return Ok(false);
        }
        let (reason, sequence) = (
            part.reason.as_str(),
            row::number("sequence", part.sequence)?,
        );
        let taken = query!(
            "update intents set state = 'frozen', reason = $2, sequence = $3
              where id = $1 and state = 'dead'",
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

/// Whether the episode has ended.
async fn is_over(tx: &mut SqliteConnection, alert: AlertId) -> Result<bool, StoreError> {
    let over = query!(
        "select transition from alerts where id = $1 and state = 'resolved'",
        alert.0
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    Ok(over.is_some())
}

/// The destinations in whose place this one is told.
fn instead_of(to: DestinationId, fallbacks: &[Fallback]) -> impl Iterator<Item = Uuid> {
    fallbacks
        .iter()
        .filter(move |fallback| fallback.to.contains(&to))
        .map(|fallback| fallback.of.0)
}

/// What one destination was not told of open episodes and its fallback has not heard of since, each with
/// when it was decided; the oldest first. `named` are those in whose place the destination is told.
async fn missed(
    tx: &mut SqliteConnection,
    fallback: &Fallback,
    named: &str,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<(DateTime<Utc>, Missed)>, StoreError> {
    let to = row::ids(fallback.to.iter().map(|to| to.0));
    let slow_before = row::instant(now - SLOW.as_delta());
    let useful_since = row::instant(now - TimeDelta::days(1));
    let (at, quick) = (row::instant(now), i64::from(fallback.quick_retries));
    let limit = row::limit(limit);
    let rows = query!(
        r#"with due as (
               select p.intent_id
                 from deliveries d
                 join delivery_alerts p on p.delivery_id = d.id
                where d.destination_id = $1 and d.state = 'dead' and d.reason <> 'degraded'
                  and d.created_at > $3
               union
               select p.intent_id
                 from deliveries d
                 join delivery_alerts p on p.delivery_id = d.id
                where d.destination_id = $1 and d.state = 'pending'
                  and (d.created_at <= $4
                       or (select count(*) from delivery_attempts t
                            where t.delivery_id = d.id and t.finished_at is not null) > $5)
               union
               select i.id
                 from lanes l
                 join intents i on i.destination_id = l.destination_id
                where l.destination_id = $1 and i.state = 'pending' and i.due_at <= $6
                  and (l.is_stopped = 1 or (l.paused_until > $6 and i.due_at <= $4)))
           select i.id, i.alert_id, i.destination_id, i.kind, i.created_at
             from due
             join intents i on i.id = due.intent_id
             join alerts a on a.id = i.alert_id
            where a.state <> 'resolved'
              and exists (select 1 from json_each($2) f
                           where not exists (select 1 from intents e
                                              where e.alert_id = i.alert_id
                                                and e.destination_id = unhex(f.value)
                                                and e.transition > i.transition))
              -- What came in place of another: that heard before, and not at this transition.
              and not exists (select 1 from json_each($8) n
                               where exists (select 1 from intents e
                                              where e.alert_id = i.alert_id
                                                and e.destination_id = unhex(n.value)
                                                and e.transition < i.transition)
                                 and not exists (select 1 from intents e
                                                  where e.alert_id = i.alert_id
                                                    and e.destination_id = unhex(n.value)
                                                    and e.transition = i.transition))
            order by i.created_at, i.alert_id
            limit $7"#,
        fallback.of.0,
        to,
        useful_since,
        slow_before,
        quick,
        at,
        limit,
        named
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(|stored| {
            let row = Row::with_id("intents", &stored.id);
            let missed = Missed {
                alert_id: AlertId(row.id("alert_id", &stored.alert_id)?),
                destination_id: DestinationId(row.id("destination_id", &stored.destination_id)?),
                kind: row.one_of("kind", &stored.kind, &IntentKind::ALL, IntentKind::as_str)?,
            };
            Ok((row.instant("created_at", stored.created_at)?, missed))
        })
        .collect()
}

/// What was to be done before an instant and is not, of each kind the longest overdue.
async fn overdue(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Overdue>, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let untried = query!(
        "select d.id, d.next_attempt_at
           from deliveries d
           join lanes l on l.destination_id = d.destination_id
          where d.state = 'pending' and d.next_attempt_at < $1 and d.claim_until <= $1
            and l.is_configured = 1 and l.is_stopped = 0 and l.paused_until <= $1
          order by d.next_attempt_at, d.id
          limit $2",
        before,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut all = Vec::new();
    for stored in untried {
        let row = Row::with_id("deliveries", &stored.id);
        all.push(Overdue {
            kind: OverdueKind::Delivery,
            id: row.id("id", &stored.id)?,
            since: row.instant("next_attempt_at", stored.next_attempt_at)?,
        });
    }
    let uncarried = query!(
        "select i.id, i.created_at
           from intents i indexed by intents_waiting
          where i.state in ('pending', 'frozen') and i.state = 'frozen' and i.created_at < $1
            and not exists (select 1 from delivery_alerts p
                              join deliveries d on d.id = p.delivery_id
                             where p.intent_id = i.id and d.state = 'pending')
          order by i.created_at, i.id
          limit $2",
        before,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for stored in uncarried {
        let row = Row::with_id("intents", &stored.id);
        all.push(Overdue {
            kind: OverdueKind::Intent,
            id: row.id("id", &stored.id)?,
            since: row.instant("created_at", stored.created_at)?,
        });
    }
    let unmoved = query!(
        r#"select id, next_action_at as "next_action_at!: i64"
           from alerts
          where state <> 'resolved' and next_action_at < $1 and claim_until <= $1
          order by next_action_at, id
          limit $2"#,
        before,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    for stored in unmoved {
        let row = Row::with_id("alerts", &stored.id);
        all.push(Overdue {
            kind: OverdueKind::Alert,
            id: row.id("id", &stored.id)?,
            since: row.instant("next_action_at", stored.next_action_at)?,
        });
    }
    Ok(all)
}
