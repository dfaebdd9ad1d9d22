//! What a destination was told lately.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::alert::Severity;
use sre_core::name::DestinationId;
use sre_core::notification::{GROUP_INTERVAL_MAX, GROUP_WAIT, GroupWindow, Said};
use sre_core::routing::GroupKey;
use sre_core::store::StoreError;

use crate::error::classify;
use crate::row::{self, Row};

/// The messages about alerts within the last while, minimal forms left out.
pub(super) async fn lately(
    tx: &mut SqliteConnection,
    destination: DestinationId,
    now: DateTime<Utc>,
) -> Result<Said, StoreError> {
    let (since, lately) = (
        row::instant(now - GROUP_INTERVAL_MAX.as_delta()),
        now - GROUP_WAIT.as_delta(),
    );
    // The gravest that a message says to go on: an end holds nothing back.
    let rows = query!(
        r#"select d.id, d.service_name, d.group_key, d.window_at, d.created_at,
                  (select min(case p.severity when 'emergency' then 0 when 'critical' then 1
                                              when 'high' then 2 when 'medium' then 3 else 4 end)
                     from delivery_alerts p
                    where p.delivery_id = d.id and p.tells = 'firing') as "rank?: i64"
             from deliveries d
            where d.destination_id = $1 and d.created_at > $2
              and d.subject in ('alerts', 'digest') and d.is_degraded = 0"#,
        destination.0,
        since
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let mut said = Said::default();
    for stored in rows {
        let row = Row::with_id("deliveries", &stored.id);
        let severity = stored.rank.map(by_rank);
        let created_at = row.instant("created_at", stored.created_at)?;
        let is_recent = created_at > lately;
        let Some(service_name) = &stored.service_name else {
            let window = GroupWindow {
                began_at: created_at,
                severity: severity.unwrap_or(Severity::Low),
            };
            if !is_recent {
                continue;
            }
            said.digest = Some(
                said.digest
                    .map_or(window, |seen| later(seen, window)),
            );
            continue;
        };
        said.messages = said
            .messages
            .saturating_add(u32::from(is_recent));
        let began_at = row.optional_instant("window_at", stored.window_at)?;
        if let (Some(began_at), Some(severity)) = (began_at, severity) {
            let group = match stored.group_key.as_deref() {
                Some(key) => GroupKey(row.id("group_key", key)?),
                // One from before groups had keys was of its service's.
                None => GroupKey::of_service(&row.text("service_name", service_name)?),
            };
            let window = GroupWindow { began_at, severity };
            let seen = said
                .groups
                .entry(group)
                .or_insert(window);
            *seen = later(*seen, window);
        }
    }
    Ok(said)
}

const fn by_rank(rank: i64) -> Severity {
    match rank {
        0 => Severity::Emergency,
        1 => Severity::Critical,
        2 => Severity::High,
        3 => Severity::Medium,
        _ => Severity::Low,
    }
}

/// The window that began later; of one window, the gravest said in it.
fn later(one: GroupWindow, other: GroupWindow) -> GroupWindow {
    if (one.began_at, one.severity) >= (other.began_at, other.severity) {
        one
    } else {
        other
    }
}
