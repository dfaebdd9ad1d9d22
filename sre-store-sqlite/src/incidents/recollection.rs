//! What was written down of an incident and of its alerts.

use sqlx::{SqliteConnection, query};
use sre_core::incident::IncidentEvent;
use sre_core::name::{AlertId, IncidentId};
use sre_core::store::{AlertStep, Recollection, StoreError};

use crate::error::classify;
use crate::row::Row;

/// All of it, as of the transaction.
pub(super) async fn of(
    tx: &mut SqliteConnection,
    id: IncidentId,
) -> Result<Recollection, StoreError> {
    Ok(Recollection {
        events: events(tx, id).await?,
        steps: steps(tx, id).await?,
    })
}

async fn events(
    tx: &mut SqliteConnection,
    id: IncidentId,
) -> Result<Vec<IncidentEvent>, StoreError> {
    let rows = query!(
        "select occurred_at, recorded_at, kind, actor, text
           from incident_events
          where incident_id = $1
          order by version, position",
        id.0
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let row = Row::with_id("incident_events", id.0.as_bytes());
    rows.into_iter()
        .map(|stored| {
            Ok(IncidentEvent {
                occurred_at: row.instant("occurred_at", stored.occurred_at)?,
                recorded_at: row.instant("recorded_at", stored.recorded_at)?,
                kind: row.text("kind", &stored.kind)?,
                actor: stored.actor,
                text: stored.text,
            })
        })
        .collect()
}

async fn steps(tx: &mut SqliteConnection, id: IncidentId) -> Result<Vec<AlertStep>, StoreError> {
    let rows = query!(
        "select t.alert_id, t.transition, t.at, t.from_state, t.to_state, t.severity, t.actor,
                t.comment
           from alerts a
           join alert_transition t on t.alert_id = a.id
          where a.incident_id = $1
          order by t.at, t.alert_id, t.transition",
        id.0
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.into_iter()
        .map(|stored| {
            let row = Row::with_id("alert_transition", &stored.alert_id);
            Ok(AlertStep {
                alert_id: AlertId(row.id("alert_id", &stored.alert_id)?),
                transition: row.number("transition", stored.transition)?,
                at: row.instant("at", stored.at)?,
                from: stored
                    .from_state
                    .map(|from| row.text("from_state", &from))
                    .transpose()?,
                to: row.text("to_state", &stored.to_state)?,
                severity: row.text("severity", &stored.severity)?,
                actor: stored.actor,
                comment: stored.comment,
            })
        })
        .collect()
}
