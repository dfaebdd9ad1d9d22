//! Changes of incidents, each guarded by the version that was read.

use sqlx::{SqliteConnection, query};
use sre_core::incident::{Belonging, Incident, IncidentEvent, IncidentUpdate};
use sre_core::name::IncidentId;
use sre_core::store::StoreError;

use crate::error::classify;
use crate::outbox::notices;
use crate::row;

/// Stores all of these changes; answers whether all of them still stood. Where one did not, the
/// caller takes back what was written before it.
pub(super) async fn apply_all(
    tx: &mut SqliteConnection,
    updates: &[IncidentUpdate],
) -> Result<bool, StoreError> {
    for update in updates {
        if !apply(tx, update).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Stores one change with its lines, its alerts and what is told of it; answers whether it still stood.
pub(super) async fn apply(
    tx: &mut SqliteConnection,
    update: &IncidentUpdate,
) -> Result<bool, StoreError> {
    let incident = &update.incident;
    let is_applied = match update.expected {
        None => insert(tx, incident).await?,
        Some(expected) => replace(tx, incident, expected).await?,
    };
    if !is_applied {
        return Ok(false);
    }
    for (position, event) in (0..).zip(&update.events) {
        note(tx, incident, position, event).await?;
    }
    for belonging in &update.alerts {
        if !take(tx, incident.id, belonging).await? {
            return Ok(false);
        }
    }
    for notice in &update.notices {
        notices::add(tx, notice).await?;
    }
    Ok(true)
}

/// An incident as it is stored.
struct Stored {
    version: i64,
    affected_services: String,
    state_detail: String,
    ended_at: Option<i64>,
    touched_at: Option<i64>,
}

impl Stored {
    fn of(incident: &Incident) -> Result<Self, StoreError> {
        Ok(Self {
            version: row::number("version", incident.version)?,
            affected_services: row::json("affected_services", &incident.affected_services)?,
            state_detail: row::json("state_detail", &incident.state)?,
            ended_at: row::optional_instant(incident.ended_at()),
            touched_at: row::optional_instant(incident.touched_at),
        })
    }
}

/// Adds an incident, unless its id is taken.
async fn insert(tx: &mut SqliteConnection, incident: &Incident) -> Result<bool, StoreError> {
    let stored = Stored::of(incident)?;
    let (service, severity) = (incident.service_name.as_str(), incident.severity.as_str());
    let (status, source) = (incident.status().as_str(), incident.source.as_str());
    let root_cause = incident
        .root_cause_service
        .as_ref()
        .map(sre_core::name::ServiceName::as_str);
    let previous = incident.previous.map(|id| id.0);
    let (started, detected) = (
        row::instant(incident.started_at),
        row::instant(incident.detected_at),
    );
    let inserted = query!(
        "insert into incidents (id, version, title, description, service_name, affected_services,
                                severity, status, state_detail, source, root_cause_service,
                                previous_id, started_at, detected_at, touched_at, ended_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             on conflict do nothing",
        incident.id.0,
        stored.version,
        incident.title,
        incident.description,
        service,
        stored.affected_services,
        severity,
        status,
        stored.state_detail,
        source,
        root_cause,
        previous,
        started,
        detected,
        stored.touched_at,
        stored.ended_at
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(inserted.rows_affected() == 1)
}

/// Replaces what may change, if the version that was read still stands.
async fn replace(
    tx: &mut SqliteConnection,
    incident: &Incident,
    expected: u64,
) -> Result<bool, StoreError> {
    let stored = Stored::of(incident)?;
    let expected = row::number("version", expected)?;
    let (severity, status) = (incident.severity.as_str(), incident.status().as_str());
    let root_cause = incident
        .root_cause_service
        .as_ref()
        .map(sre_core::name::ServiceName::as_str);
    let (started, detected) = (
        row::instant(incident.started_at),
        row::instant(incident.detected_at),
    );
    let replaced = query!(
        "update incidents
            set version = $3, title = $4, description = $5, affected_services = $6, severity = $7,
                status = $8, state_detail = $9, root_cause_service = $10, started_at = $11,
                detected_at = $12, touched_at = $13, ended_at = $14
          where id = $1 and version = $2",
        incident.id.0,
        expected,
        stored.version,
        incident.title,
        incident.description,
        stored.affected_services,
        severity,
        status,
        stored.state_detail,
        root_cause,
        started,
        detected,
        stored.touched_at,
        stored.ended_at
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(replaced.rows_affected() == 1)
}

/// Writes a line of the timeline.
async fn note(
    tx: &mut SqliteConnection,
    incident: &Incident,
    position: i64,
    event: &IncidentEvent,
) -> Result<(), StoreError> {
    let version = row::number("version", incident.version)?;
    let (occurred, recorded) = (
        row::instant(event.occurred_at),
        row::instant(event.recorded_at),
    );
    let kind = event.kind.as_str();
    query!(
        "insert into incident_events (incident_id, version, position, occurred_at, recorded_at,
                                      kind, actor, text)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        incident.id.0,
        version,
        position,
        occurred,
        recorded,
        kind,
        event.actor,
        event.text
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Makes an alert belong to the incident, if it still is where it was read to be.
async fn take(
    tx: &mut SqliteConnection,
    incident: IncidentId,
    belonging: &Belonging,
) -> Result<bool, StoreError> {
    let from = belonging.from.map(|from| from.0);
    let taken = query!(
        "update alerts set incident_id = $1 where id = $2 and incident_id is $3",
        incident.0,
        belonging.alert.0,
        from
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(taken.rows_affected() == 1)
}
