//! Who tries which message when.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::{AlertId, DeliveryId, DestinationId, IntentId, NoticeId};
use sre_core::notification::{Delivery, Part, Reason, Subject, Urgency};
use sre_core::routing::GroupKey;
use sre_core::store::{ClaimedDeliveries, ClaimedDelivery, StoreError};

use super::delivery::{ALERTS, DIGEST, NOTICE};
use super::groups::{TOLD_STATES, told_state};
use super::{attempts, lanes};
use crate::error::{classify, readable};
use crate::row::{self, Row};

#[derive(Debug)]
struct DueRow {
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
    claim_epoch: i64,
    created_at: i64,
    attempts: i64,
    may_have_arrived: i64,
}

/// Claims messages whose try is due and that nobody has, of each destination the urgent ones first,
/// and begins the try. One that cannot be read is left alone for as long as a claim lasts.
pub(super) async fn claim(
    tx: &mut SqliteConnection,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: u32,
    busy: &str,
) -> Result<ClaimedDeliveries, StoreError> {
    let (due_at, limit) = (row::instant(now), row::limit(limit));
    let due = query_as!(
        DueRow,
        r#"with due as (
               select d.number, l.spacing_seconds,
                      row_number() over (
                          partition by d.destination_id
                              order by d.class,
                                       case d.severity when 'emergency' then 0
                                                       when 'critical' then 1 when 'high' then 2
                                                       when 'medium' then 3 else 4 end,
                                       d.next_attempt_at, d.id) as place
                 from deliveries d
                 join lanes l on l.destination_id = d.destination_id
                where d.state = 'pending' and d.next_attempt_at <= $1 and d.claim_until <= $1
                  and l.is_configured = 1 and l.is_stopped = 0 and l.paused_until <= $1
                  and d.destination_id not in (select unhex(value) from json_each($3)))
           select d.id, d.destination_id, d.subject, d.service_name, d.group_key, d.window_at,
                  d.notice_id, d.body, d.is_resolve, d.severity, d.class,
                  d.is_degraded, d.claim_epoch, d.created_at,
                  (select count(*) from delivery_attempts t
                    where t.delivery_id = d.id) as "attempts!: i64",
                  -- A try that was never closed may have arrived: its holder died.
                  (d.may_have_arrived
                      or exists (select 1 from delivery_attempts t
                                  where t.delivery_id = d.id and t.finished_at is null))
                      as "may_have_arrived!: i64"
             from due
             join deliveries d on d.number = due.number
            where due.place <= case when due.spacing_seconds is null then $2 else min($2, 1) end
            order by d.class,
                     case d.severity when 'emergency' then 0 when 'critical' then 1
                                     when 'high' then 2 when 'medium' then 3 else 4 end,
                     d.next_attempt_at, d.id"#,
        due_at,
        limit,
        busy
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut claimed = ClaimedDeliveries::default();
    for message in due {
        let parts = parts(tx, &message.id).await;
        let read = parts.and_then(|parts| message.read(parts));
        let read = readable(read, &mut claimed.faults)?;
        take(tx, &message, until).await?;
        if let Some(delivery) = read {
            let is_possible_duplicate = delivery.is_possible_duplicate;
            let epoch = message.claim_epoch.saturating_add(1);
            attempts::begin(tx, &message.id, epoch, now, is_possible_duplicate).await?;
            lanes::begin(tx, delivery.delivery.destination_id, now).await?;
            claimed.claimed.push(delivery);
        }
    }
    Ok(claimed)
}

async fn take(
    tx: &mut SqliteConnection,
    message: &DueRow,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    let until = row::instant(until);
    query!(
        "update deliveries set claim_epoch = claim_epoch + 1, claim_until = $2 where id = $1",
        message.id,
        until
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

impl DueRow {
    /// The claim of the next try.
    fn read(&self, parts: Vec<Part>) -> Result<ClaimedDelivery, StoreError> {
        let row = Row::with_id("deliveries", &self.id);
        Ok(ClaimedDelivery {
            epoch: row.number("claim_epoch", self.claim_epoch.saturating_add(1))?,
            attempts: row.number("attempts", self.attempts.saturating_add(1))?,
            is_possible_duplicate: self.may_have_arrived != 0,
            is_degraded: self.is_degraded != 0,
            delivery: Delivery {
                id: DeliveryId(row.id("id", &self.id)?),
                destination_id: DestinationId(row.id("destination_id", &self.destination_id)?),
                subject: self.subject(row, parts)?,
                urgency: Urgency {
                    is_resolve: self.is_resolve != 0,
                    severity: row.text("severity", &self.severity)?,
                    class: row.number("class", self.class)?,
                },
                created_at: row.instant("created_at", self.created_at)?,
                body: self.body.clone(),
            },
        })
    }

    fn subject(&self, row: Row<'_>, parts: Vec<Part>) -> Result<Subject, StoreError> {
        let subject = SubjectRow {
            subject: &self.subject,
            service_name: self.service_name.as_deref(),
            group_key: self.group_key.as_deref(),
            window_at: self.window_at,
            notice_id: self.notice_id.as_deref(),
        };
        subject.read(row, parts)
    }
}

/// What a message is about, as it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubjectRow<'a> {
    pub(super) subject: &'a str,
    pub(super) service_name: Option<&'a str>,
    pub(super) group_key: Option<&'a [u8]>,
    pub(super) window_at: Option<i64>,
    pub(super) notice_id: Option<&'a [u8]>,
}

impl SubjectRow<'_> {
    /// The subject with these parts.
    pub(super) fn read(self, row: Row<'_>, parts: Vec<Part>) -> Result<Subject, StoreError> {
        let window_at = row.optional_instant("window_at", self.window_at)?;
        match (self.subject, self.service_name, self.notice_id) {
            (ALERTS, Some(name), _) => {
                let service_name = row.text("service_name", name)?;
                let group = match self.group_key {
                    Some(key) => GroupKey(row.id("group_key", key)?),
                    None => GroupKey::of_service(&service_name),
                };
                Ok(Subject::Alerts {
                    service_name,
                    group,
                    window_at,
                    parts,
                })
            }
            (DIGEST, ..) => Ok(Subject::Digest { parts }),
            (NOTICE, _, Some(id)) => Ok(Subject::Notice(NoticeId(row.id("notice_id", id)?))),
            _ => Err(row.corrupt("subject", "it is none of its values")),
        }
    }
}

/// What the message says of alerts, in its order.
pub(super) async fn parts(tx: &mut SqliteConnection, id: &[u8]) -> Result<Vec<Part>, StoreError> {
    let rows = query!(
        "select delivery_id, alert_id, intent_id, sequence, cause, tells, severity
           from delivery_alerts
          where delivery_id = $1
          order by position",
        id
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(|stored| {
            let row = Row::with_id("delivery_alerts", &stored.delivery_id);
            Ok(Part {
                alert_id: AlertId(row.id("alert_id", &stored.alert_id)?),
                intent_id: IntentId(row.id("intent_id", &stored.intent_id)?),
                reason: row.one_of("cause", &stored.cause, &Reason::ALL, Reason::as_str)?,
                sequence: row.number("sequence", stored.sequence)?,
                tells: row.one_of("tells", &stored.tells, &TOLD_STATES, told_state)?,
                severity: row.text("severity", &stored.severity)?,
            })
        })
        .collect()
}
