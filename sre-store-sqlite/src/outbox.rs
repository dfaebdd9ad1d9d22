//! What is to be sent: intents, deliveries, attempts.

mod attempts;
mod claims;
mod deliveries;
mod delivery;
mod groups;
mod judgements;
mod lanes;
mod ledger;
pub(crate) mod notices;
mod released;
mod said;

pub(crate) use released::release;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::name::{AlertId, DestinationId};
use sre_core::notification::{Destination, Intent};
use sre_core::store::{
    Attempt, ClaimedDeliveries, Commit, DueGroups, IntentRecord, Judged, LaneStatus, Outbox,
    QueueDepth, StoreError,
};

use crate::alerts::answer;
use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};
use crate::transaction::{begin_part, end_part};

#[async_trait]
impl Outbox for SqliteStore {
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let destinations = destinations.to_vec();
        self.write(move |tx| Box::pin(async move { lanes::register(tx, &destinations, now).await }))
            .await
    }

    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError> {
        self.read(move |tx| Box::pin(async move { groups::due(tx, now, limit).await }))
            .await
    }

    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError> {
        let judged = judged.clone();
        self.write(move |tx| {
            Box::pin(async move {
                // An intent that somebody else took takes back the others.
                begin_part(tx).await?;
                let is_settled = judgements::settle(tx, &judged, now).await?;
                end_part(tx, is_settled).await?;
                Ok(answer(is_settled))
            })
        })
        .await
    }

    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError> {
        let busy = row::ids(busy.iter().map(|id| id.0));
        self.write(move |tx| {
            Box::pin(async move { claims::claim(tx, (now, until), limit, &busy).await })
        })
        .await
    }

    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError> {
        let attempt = attempt.clone();
        self.write(move |tx| {
            Box::pin(async move { Ok(answer(attempts::record(tx, &attempt).await?)) })
        })
        .await
    }

    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError> {
        self.read(move |tx| Box::pin(async move { ledger::of(tx, alert).await }))
            .await
    }

    async fn depth(&self) -> Result<QueueDepth, StoreError> {
        let waiting = query!(
            r#"select (select count(*) from intents
                        where state in ('pending', 'frozen')) as "intents!: i64",
                      (select count(*) from deliveries
                        where state = 'pending') as "deliveries!: i64",
                      (select min(created_at) from intents
                        where state in ('pending', 'frozen')) as "oldest_at?: i64""#
        )
        .fetch_one(&self.readers)
        .await
        .map_err(classify)?;
        let row = Row::with_text("intents", "depth");
        Ok(QueueDepth {
            intents: row.number("state", waiting.intents)?,
            deliveries: row.number("state", waiting.deliveries)?,
            oldest_at: row.optional_instant("created_at", waiting.oldest_at)?,
        })
    }

    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError> {
        self.read(move |tx| Box::pin(async move { lanes::statuses(tx, since).await }))
            .await
    }
}

/// Stores an intent, once. One for a destination that is gone ends here.
pub(crate) async fn note(tx: &mut SqliteConnection, intent: &Intent) -> Result<(), StoreError> {
    let is_gone = lanes::is_gone(tx, intent.destination_id).await?;
    let (state, reason) = if is_gone {
        ("dead", Some(lanes::GONE))
    } else {
        ("pending", None)
    };
    let transition = row::number("transition", intent.transition)?;
    let (due, created) = (row::instant(intent.due_at), row::instant(intent.created_at));
    let kind = intent.kind.as_str();
    query!(
        "insert into intents (id, alert_id, transition, destination_id, kind, due_at, created_at,
                              state, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (id) do nothing",
        intent.id.0,
        intent.alert_id.0,
        transition,
        intent.destination_id.0,
        kind,
        due,
        created,
        state,
        reason
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
