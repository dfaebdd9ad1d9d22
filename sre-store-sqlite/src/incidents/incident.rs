//! An incident as it is stored.

use sqlx::SqliteConnection;
use sre_core::incident::{Incident, IncidentSource, IncidentState};
use sre_core::name::IncidentId;
use sre_core::store::StoreError;

use crate::error::classify;
use crate::row::Row;

/// Every column of an incident but those that others are derived from.
#[derive(Debug)]
pub(super) struct IncidentRow {
    pub(super) id: Vec<u8>,
    pub(super) version: i64,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) service_name: String,
    pub(super) affected_services: String,
    pub(super) severity: String,
    pub(super) state_detail: String,
    pub(super) source: String,
    pub(super) root_cause_service: Option<String>,
    pub(super) previous_id: Option<Vec<u8>>,
    pub(super) started_at: i64,
    pub(super) detected_at: i64,
    pub(super) touched_at: Option<i64>,
}

/// Selects incidents: what follows `from incidents i`, and its arguments.
macro_rules! select_incidents {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::incidents::incident::IncidentRow,
            "select i.id, i.version, i.title, i.description, i.service_name, i.affected_services,
                    i.severity, i.state_detail, i.source, i.root_cause_service, i.previous_id,
                    i.started_at, i.detected_at, i.touched_at
               from incidents i "
                + $rest,
            $($argument),+
        )
    };
}
pub(super) use select_incidents;

/// The incident.
pub(super) async fn find(
    tx: &mut SqliteConnection,
    id: IncidentId,
) -> Result<Option<Incident>, StoreError> {
    let row = select_incidents!("where i.id = $1", id.0)
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
    row.map(IncidentRow::incident)
        .transpose()
}

/// The live incidents that concern any of these services, a JSON list; the newest, where there are
/// many.
pub(super) async fn live_of(
    tx: &mut SqliteConnection,
    services: &str,
) -> Result<Vec<Incident>, StoreError> {
    let rows = select_incidents!(
        "indexed by incidents_live
          where i.status in ('candidate', 'open', 'acknowledged', 'mitigated')
            and exists (select 1 from json_each(i.affected_services) s
                         where s.value in (select value from json_each($1)))
          order by i.started_at desc, i.id desc
          limit 100",
        services
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.into_iter()
        .map(IncidentRow::incident)
        .collect()
}

impl IncidentRow {
    pub(super) fn incident(self) -> Result<Incident, StoreError> {
        let row = Row::with_id("incidents", &self.id);
        let sources = [IncidentSource::Auto, IncidentSource::Manual];
        let state: IncidentState = row.json("state_detail", &self.state_detail)?;
        Ok(Incident {
            id: IncidentId(row.id("id", &self.id)?),
            version: row.number("version", self.version)?,
            service_name: row.text("service_name", &self.service_name)?,
            affected_services: row.json("affected_services", &self.affected_services)?,
            severity: row.text("severity", &self.severity)?,
            state,
            source: row.one_of("source", &self.source, &sources, IncidentSource::as_str)?,
            root_cause_service: self
                .root_cause_service
                .as_deref()
                .map(|name| row.text("root_cause_service", name))
                .transpose()?,
            previous: self
                .previous_id
                .as_deref()
                .map(|id| row.id("previous_id", id))
                .transpose()?
                .map(IncidentId),
            started_at: row.instant("started_at", self.started_at)?,
            detected_at: row.instant("detected_at", self.detected_at)?,
            touched_at: row.optional_instant("touched_at", self.touched_at)?,
            title: self.title,
            description: self.description,
        })
    }
}
