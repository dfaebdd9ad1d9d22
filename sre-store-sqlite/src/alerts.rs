//! Alerts, one row an episode.

mod episode;
mod transition;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::alert::{Alert, AlertStatus, AlertUpdate, DedupKey};
use sre_core::name::AlertId;
use sre_core::store::{AlertQuery, Alerts, AlertsPage, Commit, Page, StoreError};
use uuid::Uuid;

pub(crate) use episode::{AlertRow, find, select_alerts};
pub(crate) use transition::apply_all;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row;
use crate::transaction::{begin_part, end_part};

#[async_trait]
impl Alerts for SqliteStore {
    async fn find_alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        let row = select_alerts!("where a.id = $1", id.0)
            .fetch_optional(&self.readers)
            .await;
        row.map_err(classify)?
            .map(AlertRow::alert)
            .transpose()
    }

    async fn latest_episodes(&self, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
        let keys = row::ids(keys.iter().map(|key| key.0));
        let rows = select_alerts!(
            "where a.dedup_key in (select unhex(value) from json_each($1))
               and a.episode = (select max(b.episode) from alerts b where b.dedup_key = a.dedup_key)
             order by a.dedup_key",
            keys
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn list_alerts(
        &self,
        query: &AlertQuery,
        page: Page<AlertsPage>,
    ) -> Result<Vec<Alert>, StoreError> {
        let service = query
            .service
            .as_ref()
            .map(ToString::to_string);
        let severity = query
            .severity
            .map(sre_core::alert::Severity::as_str);
        let alert_type = query
            .alert_type
            .as_ref()
            .map(ToString::to_string);
        let state = query.state.map(AlertStatus::as_str);
        let (from, to) = query
            .during
            .map(|during| (row::instant(during.start()), row::instant(during.end())))
            .unzip();
        // The first part comes after what no episode can be.
        let last = AlertsPage {
            starts_at: DateTime::<Utc>::MAX_UTC,
            id: AlertId(Uuid::max()),
        };
        let after = page.after.unwrap_or(last);
        let starts_at = row::instant(after.starts_at);
        let limit = row::limit(
            page.limit
                .min(Page::<AlertsPage>::LIMIT_MAX),
        );
        // What is open of a type has an index of its own.
        let is_open = query
            .state
            .is_some_and(|state| AlertStatus::OPEN.contains(&state));
        if is_open && query.alert_type.is_some() {
            let rows = select_alerts!(
                "where a.alert_type = $1 and a.state = $2 and a.state <> 'resolved'
                   and ($3 is null or a.service_name = $3)
                   and ($4 is null or a.severity = $4)
                   and ($5 is null or (a.starts_at >= $5 and a.starts_at < $6))
                   and (a.starts_at, a.id) < ($7, $8)
                 order by a.starts_at desc, a.id desc
                 limit $9",
                alert_type,
                state,
                service,
                severity,
                from,
                to,
                starts_at,
                after.id.0,
                limit
            )
            .fetch_all(&self.readers)
            .await
            .map_err(classify)?;
            return rows
                .into_iter()
                .map(AlertRow::alert)
                .collect();
        }
        let rows = select_alerts!(
            "where ($1 is null or a.service_name = $1)
               and ($2 is null or a.state = $2)
               and ($3 is null or a.severity = $3)
               and ($4 is null or a.alert_type = $4)
               and ($5 is null or (a.starts_at >= $5 and a.starts_at < $6))
               and (a.starts_at, a.id) < ($7, $8)
             order by a.starts_at desc, a.id desc
             limit $9",
            service,
            state,
            severity,
            alert_type,
            from,
            to,
            starts_at,
            after.id.0,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn pages_since(&self, since: DateTime<Utc>) -> Result<Vec<Alert>, StoreError> {
        let since = row::instant(since);
        let rows = select_alerts!(
            "where a.id in (
                 select id from alerts
                  where state <> 'resolved' and state <> 'pending'
                    and severity in ('critical', 'emergency')
                 union all
                 select id from alerts
                  where state = 'resolved' and ends_at > $1
                    and severity in ('critical', 'emergency')
                    and json_extract(state_detail, '$.resolved.reason') <> 'cleared_pending')
               and not (a.origin = 'generated'
                        and a.alert_type in ('slow_burn', 'budget_exhaustion', 'slo_violation'))
             order by a.id",
            since
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn claim_due_alerts(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let holder = holder.to_owned();
        let rows = self
            .write(move |tx| Box::pin(async move { claim(tx, &holder, now, until, limit).await }))
            .await?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn apply(&self, update: &AlertUpdate) -> Result<Commit, StoreError> {
        let update = update.clone();
        self.write(move |tx| {
            Box::pin(async move {
                begin_part(tx).await?;
                let is_applied = apply_all(tx, std::slice::from_ref(&update)).await?;
                end_part(tx, is_applied).await?;
                Ok(answer(is_applied))
            })
        })
        .await
    }

    async fn postpone(
        &self,
        id: AlertId,
        transition: u64,
        next_action_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let transition = row::number("transition", transition)?;
        let (next, never) = (
            row::optional_instant(next_action_at),
            row::instant(row::EPOCH),
        );
        self.write(move |tx| {
            Box::pin(async move {
                query!(
                    "update alerts set next_action_at = $3, claim_until = $4
                      where id = $1 and transition = $2",
                    id.0,
                    transition,
                    next,
                    never
                )
                .execute(tx)
                .await
                .map_err(classify)?;
                Ok(())
            })
        })
        .await
    }
}

/// The outcome of a guarded write beside slices: their revision is not touched.
pub(crate) const fn answer(is_applied: bool) -> Commit {
    if is_applied {
        Commit::Applied { revision: 0 }
    } else {
        Commit::Superseded
    }
}

/// Claims open episodes that time moves, the longest due first.
async fn claim(
    tx: &mut SqliteConnection,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<AlertRow>, StoreError> {
    let (now, until, limit) = (row::instant(now), row::instant(until), row::limit(limit));
    let rows = select_alerts!(
        "where a.state <> 'resolved' and a.next_action_at <= $1 and a.claim_until <= $1
         order by a.next_action_at, a.id
         limit $2",
        now,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for row in &rows {
        query!(
            "update alerts set claim_holder = $2, claim_until = $3 where id = $1",
            row.id,
            holder,
            until
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(rows)
}
