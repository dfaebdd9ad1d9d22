//! Alerts that begin, or become graver, come to their incident in their own transaction.

use sqlx::{SqliteConnection, query, query_scalar};
use sre_core::alert::{Alert, AlertUpdate};
use sre_core::incident::nearest;
use sre_core::name::{IncidentId, ServiceName};
use sre_core::store::StoreError;

use super::change::apply;
use super::incident::{find, live_of};
use crate::error::classify;
use crate::row::{self, Row};
use crate::transaction::{begin_part, end_part};

/// Does what the update asks of incidents; what loses a race there is not written, and keeps no
/// alert from being stored.
pub(crate) async fn follow(
    tx: &mut SqliteConnection,
    update: &AlertUpdate,
) -> Result<(), StoreError> {
    let Some(join) = &update.join else {
        return Ok(());
    };
    let alert = &update.alert;
    let change = if let Some(held) = incident_of(tx, alert).await? {
        let incident = find(tx, held).await?;
        incident.and_then(|incident| join.raised(incident, alert, update.at))
    } else {
        let service = alert.service_name();
        let neighbours = neighbours(tx, service).await?;
        let concerned: Vec<&ServiceName> = std::iter::once(service)
            .chain(&neighbours)
            .collect();
        let live = live_of(tx, &row::json("services", &concerned)?).await?;
        match nearest(service, &neighbours, &live) {
            Some(incident) => Some(join.joined(incident.clone(), alert, update.at)),
            None if join.opening.is_some() => join.opened(previous_of(tx, alert).await?),
            None => None,
        }
    };
    if let Some(change) = change {
        begin_part(tx).await?;
        let is_applied = apply(tx, &change).await?;
        end_part(tx, is_applied).await?;
    }
    Ok(())
}

/// What the service depends on, then what depends on it, each by name.
async fn neighbours(
    tx: &mut SqliteConnection,
    service: &ServiceName,
) -> Result<Vec<ServiceName>, StoreError> {
    let name = service.as_str();
    let rows = query!(
        "select 0 as place, dependency_name as name from service_dependencies
          where service_name = $1
         union all
         select 1 as place, service_name as name from service_dependencies
          where dependency_name = $1
         order by place, name",
        name
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let row = Row::with_text("service_dependencies", name);
    rows.iter()
        .map(|stored| row.text("dependency_name", &stored.name))
        .collect()
}

/// The incident that the alert belongs to.
async fn incident_of(
    tx: &mut SqliteConnection,
    alert: &Alert,
) -> Result<Option<IncidentId>, StoreError> {
    let held = query_scalar!("select incident_id from alerts where id = $1", alert.id.0)
        .fetch_optional(tx)
        .await
        .map_err(classify)?
        .flatten();
    id(alert, held.as_deref())
}

/// The incident that the episode before belonged to.
async fn previous_of(
    tx: &mut SqliteConnection,
    alert: &Alert,
) -> Result<Option<IncidentId>, StoreError> {
    let key = alert.identity.key().0;
    let before = row::number("episode", alert.episode.saturating_sub(1))?;
    let held = query_scalar!(
        "select incident_id from alerts where dedup_key = $1 and episode = $2",
        key,
        before
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?
    .flatten();
    id(alert, held.as_deref())
}

fn id(alert: &Alert, stored: Option<&[u8]>) -> Result<Option<IncidentId>, StoreError> {
    let row = Row::with_id("alerts", alert.id.0.as_bytes());
    let id = stored.map(|id| row.id("incident_id", id));
    Ok(id.transpose()?.map(IncidentId))
}
