//! Incidents with their timelines.

mod change;
mod incident;
mod join;
mod recollection;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::alert::Alert;
use sre_core::incident::{Incident, IncidentUpdate};
use sre_core::name::IncidentId;
use sre_core::store::{
    Commit, IncidentQuery, Incidents, IncidentsPage, Page, Recollection, StoreError,
};
use uuid::Uuid;

use incident::{IncidentRow, select_incidents};
pub(crate) use join::follow;

use crate::alerts::{self, AlertRow, select_alerts};
use crate::error::classify;
use crate::open::SqliteStore;
use crate::row;
use crate::transaction::{begin_part, end_part};

#[async_trait]
impl Incidents for SqliteStore {
    async fn find_incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        let row = select_incidents!("where i.id = $1", id.0)
            .fetch_optional(&self.readers)
            .await;
        row.map_err(classify)?
            .map(IncidentRow::incident)
            .transpose()
    }

    async fn list_incidents(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<Incident>, StoreError> {
        let rows = if query.is_live {
            self.live(query, page).await
        } else {
            self.any(query, page).await
        };
        rows.map_err(classify)?
            .into_iter()
            .map(IncidentRow::incident)
            .collect()
    }

    async fn alerts_of(&self, incidents: &[IncidentId]) -> Result<Vec<Alert>, StoreError> {
        let ids = row::ids(incidents.iter().map(|id| id.0));
        let rows = select_alerts!(
            "where a.incident_id in (select unhex(value) from json_each($1))
             order by a.starts_at, a.id",
            ids
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn recollect(&self, id: IncidentId) -> Result<Recollection, StoreError> {
        self.read(move |tx| Box::pin(async move { recollection::of(tx, id).await }))
            .await
    }

    async fn loose_alerts(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Alert>, StoreError> {
        let (since, limit) = (row::instant(since), row::limit(limit));
        let rows = select_alerts!(
            "where a.id in (
                 select id from alerts where incident_id is null and starts_at >= $1
                 union
                 select id from alerts indexed by alerts_missed
                  where alert_type = 'slo_violation' and origin = 'generated'
                    and state <> 'resolved' and incident_id is null)
             order by a.starts_at, a.id
             limit $2",
            since,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.into_iter()
            .map(AlertRow::alert)
            .collect()
    }

    async fn change_incidents(&self, updates: &[IncidentUpdate]) -> Result<Commit, StoreError> {
        let updates = updates.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                begin_part(tx).await?;
                let is_applied = change::apply_all(tx, &updates).await?;
                end_part(tx, is_applied).await?;
                Ok(alerts::answer(is_applied))
            })
        })
        .await
    }
}

/// The filters of a list, as they are bound.
struct Asked {
    service: Option<String>,
    status: Option<&'static str>,
    severity: Option<&'static str>,
    from: Option<i64>,
    to: Option<i64>,
    started_at: i64,
    id: Uuid,
    limit: i64,
}

impl Asked {
    fn new(query: &IncidentQuery, page: Page<IncidentsPage>) -> Self {
        let (from, to) = query
            .during
            .map(|during| (row::instant(during.start()), row::instant(during.end())))
            .unzip();
        // The first part comes after what no incident can be.
        let last = IncidentsPage {
            started_at: DateTime::<Utc>::MAX_UTC,
            id: IncidentId(Uuid::max()),
        };
        let after = page.after.unwrap_or(last);
        Self {
            service: query
                .service
                .as_ref()
                .map(ToString::to_string),
            status: query
                .status
                .map(sre_core::incident::IncidentStatus::as_str),
            severity: query
                .severity
                .map(sre_core::alert::Severity::as_str),
            from,
            to,
            started_at: row::instant(after.started_at),
            id: after.id.0,
            limit: row::limit(
                page.limit
                    .min(Page::<IncidentsPage>::LIMIT_MAX),
            ),
        }
    }
}

impl SqliteStore {
    /// Incidents, however many there have been.
    async fn any(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<IncidentRow>, sqlx::Error> {
        let asked = Asked::new(query, page);
        select_incidents!(
            "where ($1 is null or exists (select 1 from json_each(i.affected_services) s
                                           where s.value = $1))
               and ($2 is null or i.status = $2)
               and ($3 is null or i.severity = $3)
               and ($4 is null or (i.started_at >= $4 and i.started_at < $5))
               and (i.started_at, i.id) < ($6, $7)
             order by i.started_at desc, i.id desc
             limit $8",
            asked.service,
            asked.status,
            asked.severity,
            asked.from,
            asked.to,
            asked.started_at,
            asked.id,
            asked.limit
        )
        .fetch_all(&self.readers)
        .await
    }

    /// Incidents that are live, by the index that holds no others.
    async fn live(
        &self,
        query: &IncidentQuery,
        page: Page<IncidentsPage>,
    ) -> Result<Vec<IncidentRow>, sqlx::Error> {
        let asked = Asked::new(query, page);
        select_incidents!(
            "indexed by incidents_live
              where i.status in ('candidate', 'open', 'acknowledged', 'mitigated')
               and ($1 is null or exists (select 1 from json_each(i.affected_services) s
                                           where s.value = $1))
               and ($2 is null or i.status = $2)
               and ($3 is null or i.severity = $3)
               and ($4 is null or (i.started_at >= $4 and i.started_at < $5))
               and (i.started_at, i.id) < ($6, $7)
             order by i.started_at desc, i.id desc
             limit $8",
            asked.service,
            asked.status,
            asked.severity,
            asked.from,
            asked.to,
            asked.started_at,
            asked.id,
            asked.limit
        )
        .fetch_all(&self.readers)
        .await
    }
}
