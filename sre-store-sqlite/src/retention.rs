//! What is forgotten, in small batches.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::hour::Hour;
use sre_core::slice::SliceWidth;
use sre_core::store::{Kept, Retention, StoreError};

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Retention for SqliteStore {
    async fn prune(
        &self,
        kept: Kept,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                match kept {
                    Kept::Samples => samples(tx, before, limit).await,
                    Kept::FineSlices => fine_slices(tx, before, limit).await,
                    Kept::Hours => hours(tx, before, limit).await,
                    Kept::History => history(tx, before, limit).await,
                    Kept::Incidents => incidents(tx, before, limit).await,
                    Kept::Alerts => alerts(tx, before, limit).await,
                    Kept::Replies => replies(tx, before, limit).await,
                    Kept::Notices => notices(tx, before, limit).await,
                    Kept::Health => health(tx, before, limit).await,
                    Kept::Corrections => corrections(tx, before, limit).await,
                    _ => Ok(0),
                }
            })
        })
        .await
    }
}

async fn samples(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let deleted = query!(
        "delete from service_metrics
          where (service_name, metric_name, at, labels) in (
                    select service_name, metric_name, at, labels from service_metrics
                     where at < $1
                     order by at
                     limit $2)",
        before,
        limit
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(deleted.rows_affected())
}

async fn health(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let deleted = query!(
        "delete from service_health_snapshots
          where (service_name, at) in (
                    select service_name, at from service_health_snapshots
                     where at < $1
                     order by at
                     limit $2)",
        before,
        limit
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(deleted.rows_affected())
}

/// Forgets corrections that were taken back, and those whose last hour is forgotten as well.
async fn corrections(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let deleted = query!(
        "delete from budget_corrections
          where id in (
                    select id from budget_corrections where ends_at < $1
                    union
                    select id from budget_corrections where cancelled_at < $1
                     limit $2)",
        before,
        limit
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(deleted.rows_affected())
}

/// Folds fine hours into their sums. Sums are the same, so the revision is too.
async fn fine_slices(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut folded = 0;
    while folded < u64::from(limit) {
        let looked_at = fold_hours(tx, before, u64::from(limit) - folded).await?;
        let Some(newly_folded) = looked_at else { break };
        folded += newly_folded;
    }
    Ok(folded)
}

/// Folds at most `limit` hours and answers how many; `None` when there are none to look at.
async fn fold_hours(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Option<u64>, StoreError> {
    let (last_start, limit) = (
        row::instant(before - row::HOUR),
        row::number("limit", limit)?,
    );
    let fine = query!(
        "select slo_id, generation, starts_at, slice_seconds, counts
           from slo_slices
          where is_fine = 1 and starts_at <= $1
          order by starts_at
          limit $2",
        last_start,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut folded = 0;
    for stored in &fine {
        let row = Row::with_id("slo_slices", &stored.slo_id);
        let span = row.span("slice_seconds", stored.slice_seconds)?;
        let width = SliceWidth::new(span).map_err(|error| row.corrupt("slice_seconds", error))?;
        let start = row.instant("starts_at", stored.starts_at)?;
        let hour = Hour::unpack(start, width, &stored.counts)
            .map_err(|error| row.corrupt("counts", error))?;
        // An hour whose sum does not fit keeps its slices, and is not looked at again.
        let summed = hour.summed();
        folded += u64::from(summed.is_some());
        let counts = summed.map_or_else(|| stored.counts.clone(), |summed| summed.pack());
        query!(
            "update slo_slices set is_fine = 0, counts = $4
              where slo_id = $1 and generation = $2 and starts_at = $3",
            stored.slo_id,
            stored.generation,
            stored.starts_at,
            counts
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok((!fine.is_empty()).then_some(folded))
}

async fn hours(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (last_start, limit) = (row::instant(before - row::HOUR), row::limit(limit));
    let deleted = query!(
        "delete from slo_slices
          where (slo_id, generation, starts_at) in (
                    select slo_id, generation, starts_at from slo_slices
                     where is_fine in (0, 1) and starts_at <= $1
                     limit $2)",
        last_start,
        limit
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(deleted.rows_affected())
}

async fn history(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let calculations = query!(
        "delete from slo_calculations
          where (slo_id, slot) in (
                    select slo_id, slot from slo_calculations
                     where slot < $1 order by slot limit $2)",
        before,
        limit
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?
    .rows_affected();
    let left = limit.saturating_sub_unsigned(calculations);
    let budgets = query!(
        "delete from error_budgets
          where (slo_id, at) in (
                    select slo_id, at from error_budgets where at < $1 order by at limit $2)",
        before,
        left
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?
    .rows_affected();
    let left = left.saturating_sub_unsigned(budgets);
    let gaps = query!(
        "delete from evaluation_gap
          where (slo_id, from_slot) in (
                    select slo_id, from_slot from evaluation_gap
                     where to_slot <= $1 order by to_slot limit $2)",
        before,
        left
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?
    .rows_affected();
    Ok(calculations + budgets + gaps)
}

/// Forgets incidents that have ended, with what was written down of them; their alerts are in none
/// from then on.
async fn incidents(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let over = query!(
        "select id from incidents where ended_at < $1 order by ended_at limit $2",
        before,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for incident in &over {
        query!(
            "update alerts set incident_id = null where incident_id = $1",
            incident.id
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        query!(
            "delete from incident_events where incident_id = $1",
            incident.id
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
        query!("delete from incidents where id = $1", incident.id)
            .execute(&mut *tx)
            .await
            .map_err(classify)?;
    }
    Ok(u64::try_from(over.len()).unwrap_or(u64::MAX))
}

/// Forgets episodes that have ended, that are in no incident, and of which everybody has heard who
/// is to.
async fn alerts(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let over = query!(
        "select id from alerts a
          where state = 'resolved' and ends_at < $1 and incident_id is null
            and not exists (select 1 from intents i
                             where i.alert_id = a.id and i.state in ('pending', 'frozen'))
          order by ends_at
          limit $2",
        before,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for alert in &over {
        forget(tx, &alert.id).await?;
    }
    Ok(u64::try_from(over.len()).unwrap_or(u64::MAX))
}

async fn replies(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let deleted = query!(
        "delete from replies
          where (scope, key) in (
                    select scope, key from replies
                     where claimed_at < $1 order by claimed_at limit $2)",
        before,
        limit
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(deleted.rows_affected())
}

/// Deletes an episode with all that was noted and told of it, leaves first. A message that speaks of
/// others as well stays, and speaks of them alone.
async fn forget(tx: &mut SqliteConnection, alert: &[u8]) -> Result<(), StoreError> {
    let messages = query!(
        r#"select distinct delivery_id as "id!: Vec<u8>" from delivery_alerts where alert_id = $1"#,
        alert
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    query!("delete from delivery_alerts where alert_id = $1", alert)
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    for message in messages {
        forget_message(tx, &message.id).await?;
    }
    query!("delete from intents where alert_id = $1", alert)
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    query!("delete from told where alert_id = $1", alert)
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    query!("delete from alert_transition where alert_id = $1", alert)
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    query!("delete from alerts where id = $1", alert)
        .execute(tx)
        .await
        .map_err(classify)?;
    Ok(())
}

/// Deletes a message that speaks of no alert any more, with its tries.
async fn forget_message(tx: &mut SqliteConnection, id: &[u8]) -> Result<(), StoreError> {
    query!(
        "delete from delivery_attempts
          where delivery_id = $1
            and not exists (select 1 from delivery_alerts p where p.delivery_id = $1)",
        id
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    query!(
        "delete from deliveries
          where id = $1
            and not exists (select 1 from delivery_alerts p where p.delivery_id = $1)",
        id
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Forgets notices that have been told, or will not be, with their messages.
async fn notices(
    tx: &mut SqliteConnection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<u64, StoreError> {
    let (before, limit) = (row::instant(before), row::limit(limit));
    let over = query!(
        "select id from notices
          where state in ('delivered', 'withheld', 'dead') and created_at < $1
          order by created_at, id
          limit $2",
        before,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for notice in &over {
        let messages = query!("select id from deliveries where notice_id = $1", notice.id)
            .fetch_all(&mut *tx)
            .await
            .map_err(classify)?;
        for message in messages {
            forget_message(tx, &message.id).await?;
        }
        query!("delete from notices where id = $1", notice.id)
            .execute(&mut *tx)
            .await
            .map_err(classify)?;
    }
    Ok(u64::try_from(over.len()).unwrap_or(u64::MAX))
}
