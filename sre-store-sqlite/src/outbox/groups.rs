//! Which intents are to be judged now, and in which order.

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::alert::Alert;
use sre_core::name::{AlertId, DestinationId, IntentId};
use sre_core::notification::{Intent, IntentKind, Told, ToldState};
use sre_core::store::{DueGroup, DueGroups, StoreError};

use super::said;
use crate::alerts;
use crate::error::{classify, readable};
use crate::row::{self, Row};

/// The groups of which at least one intent is due, each with all its pending intents: what is said
/// says all of it. At most `limit` of each destination.
pub(super) async fn due(
    tx: &mut SqliteConnection,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<DueGroups, StoreError> {
    let (due_at, limit) = (row::instant(now), row::limit(limit));
    let rows = query!(
        r#"with due as materialized (
               select alert_id, destination_id from intents
                where state = 'pending' and due_at <= $1),
           groups as (
               select due.alert_id, due.destination_id,
                      -- What began, changed or ended before what merely goes on; then the graver;
                      -- then the longest due.
                      min(case when i.kind in ('repeat', 'recur') then 1 else 0 end) as goes_on,
                      case a.severity when 'emergency' then 0 when 'critical' then 1
                                      when 'high' then 2 when 'medium' then 3 else 4 end as rank,
                      min(i.due_at) as due_at
                 from due
                 join lanes l on l.destination_id = due.destination_id
                 join alerts a on a.id = due.alert_id
                 join intents i on i.alert_id = due.alert_id
                               and i.destination_id = due.destination_id and i.state = 'pending'
                where l.is_configured = 1 and l.is_stopped = 0 and l.paused_until <= $1
                  -- What is said next of an identity waits for what was said first: for a message
                  -- under way, and for what an earlier episode still has to say.
                  and not exists (
                          select 1 from alerts b
                           where b.dedup_key = a.dedup_key
                             and (exists (select 1 from delivery_alerts p
                                            join deliveries d on d.id = p.delivery_id
                                           where p.alert_id = b.id
                                             and p.destination_id = due.destination_id
                                             and d.state = 'pending')
                                  or (b.episode < a.episode
                                      and exists (select 1 from intents e
                                                   where e.state = 'pending' and e.alert_id = b.id
                                                     and e.destination_id = due.destination_id))))
                  -- A ticket waits while its SLO's page is open, and until its receiver has heard
                  -- the end of it.
                  and not (a.origin = 'generated'
                           and a.alert_type in ('slow_burn', 'budget_exhaustion', 'slo_violation')
                           and exists (
                               select 1 from alerts o
                                where o.slo_id = a.slo_id and o.alert_type = 'burn_rate'
                                  and o.origin = 'generated'
                                  and (o.state <> 'resolved'
                                       or exists (select 1 from intents e
                                                   where e.state = 'pending'
                                                     and e.alert_id = o.id
                                                     and e.destination_id = due.destination_id)
                                       or exists (select 1 from delivery_alerts p
                                                    join deliveries d on d.id = p.delivery_id
                                                   where p.alert_id = o.id
                                                     and p.destination_id = due.destination_id
                                                     and d.state = 'pending'))))
                group by due.alert_id, due.destination_id, a.severity),
           placed as (
               select alert_id, destination_id, goes_on, rank, due_at,
                      row_number() over (partition by destination_id
                                             order by goes_on, rank, due_at, alert_id) as place
                 from groups)
           select alert_id as "alert_id!: Vec<u8>", destination_id as "destination_id!: Vec<u8>"
             from placed
            where place <= $2
            order by goes_on, rank, due_at, alert_id, destination_id"#,
        due_at,
        limit
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut due = DueGroups::default();
    for group in rows {
        let loaded = load(tx, &group.alert_id, &group.destination_id).await;
        let Some(Some(group)) = readable(loaded, &mut due.faults)? else {
            continue;
        };
        if let std::collections::btree_map::Entry::Vacant(e) = due.said.entry(group.destination_id)
        {
            let said = said::lately(tx, group.destination_id, now).await?;
            e.insert(said);
        }
        due.groups.push(group);
    }
    Ok(due)
}

async fn load(
    tx: &mut SqliteConnection,
    alert_id: &[u8],
    destination_id: &[u8],
) -> Result<Option<DueGroup>, StoreError> {
    let Some(alert) = alerts::find(tx, alert_id).await? else {
        return Ok(None);
    };
    let row = Row::with_id("intents", alert_id);
    Ok(Some(DueGroup {
        destination_id: DestinationId(row.id("destination_id", destination_id)?),
        intents: pending(tx, alert_id, destination_id).await?,
        told: told(tx, &alert, destination_id).await?,
        sequence: sequence(tx, alert_id, destination_id).await?,
        alert,
    }))
}

async fn pending(
    tx: &mut SqliteConnection,
    alert_id: &[u8],
    destination_id: &[u8],
) -> Result<Vec<Intent>, StoreError> {
    let rows = sqlx::query_as!(
        IntentRow,
        "select id, alert_id, transition, destination_id, kind, due_at, created_at
           from intents
          where alert_id = $1 and destination_id = $2 and state = 'pending'
          order by transition",
        alert_id,
        destination_id
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(IntentRow::intent)
        .collect()
}

/// An intent as it is stored, without what came of it.
#[derive(Debug)]
pub(super) struct IntentRow {
    pub(super) id: Vec<u8>,
    pub(super) alert_id: Vec<u8>,
    pub(super) transition: i64,
    pub(super) destination_id: Vec<u8>,
    pub(super) kind: String,
    pub(super) due_at: i64,
    pub(super) created_at: i64,
}

impl IntentRow {
    pub(super) fn intent(&self) -> Result<Intent, StoreError> {
        let row = Row::with_id("intents", &self.id);
        Ok(Intent {
            id: IntentId(row.id("id", &self.id)?),
            alert_id: AlertId(row.id("alert_id", &self.alert_id)?),
            transition: row.number("transition", self.transition)?,
            destination_id: DestinationId(row.id("destination_id", &self.destination_id)?),
            kind: row.one_of("kind", &self.kind, &IntentKind::ALL, IntentKind::as_str)?,
            due_at: row.instant("due_at", self.due_at)?,
            created_at: row.instant("created_at", self.created_at)?,
        })
    }
}

/// What the destination was told last of the identity.
async fn told(
    tx: &mut SqliteConnection,
    alert: &Alert,
    destination_id: &[u8],
) -> Result<Option<Told>, StoreError> {
    let key = alert.identity.key().0;
    let stored = query!(
        "select dedup_key, alert_id, episode, state, severity, delivered_at
           from told
          where dedup_key = $1 and destination_id = $2",
        key,
        destination_id
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    let row = Row::with_id("told", &stored.dedup_key);
    Ok(Some(Told {
        alert_id: AlertId(row.id("alert_id", &stored.alert_id)?),
        episode: row.number("episode", stored.episode)?,
        state: row.one_of("state", &stored.state, &TOLD_STATES, told_state)?,
        severity: row.text("severity", &stored.severity)?,
        delivered_at: row.instant("delivered_at", stored.delivered_at)?,
    }))
}

/// Both things that a destination can believe.
pub(super) const TOLD_STATES: [ToldState; 2] = [ToldState::Firing, ToldState::Resolved];

/// What a destination believes, as it is stored.
pub(super) const fn told_state(state: ToldState) -> &'static str {
    match state {
        ToldState::Firing => "firing",
        ToldState::Resolved => "resolved",
    }
}

/// The number of the last message of the episode to the destination; 0 for none.
async fn sequence(
    tx: &mut SqliteConnection,
    alert_id: &[u8],
    destination_id: &[u8],
) -> Result<u64, StoreError> {
    let last = query!(
        "select delivery_id, sequence from delivery_alerts
          where alert_id = $1 and destination_id = $2
          order by sequence desc
          limit 1",
        alert_id,
        destination_id
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    last.map_or(Ok(0), |last| {
        Row::with_id("delivery_alerts", &last.delivery_id).number("sequence", last.sequence)
    })
}
