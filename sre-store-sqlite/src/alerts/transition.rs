//! Transitions of episodes, with the intents that they make known.

use sqlx::{SqliteConnection, query};
use sre_core::alert::{Alert, AlertStatus, AlertUpdate};
use sre_core::store::StoreError;

use crate::error::classify;
use crate::incidents;
use crate::outbox;
use crate::row;

/// Stores all of these transitions with their intents and what they mean to incidents; answers whether all of them still stood.
/// Where one did not, the caller takes back what was written before it.
pub(crate) async fn apply_all(
    tx: &mut SqliteConnection,
    updates: &[AlertUpdate],
) -> Result<bool, StoreError> {
    for update in updates {
        let is_applied = match update.expected {
            None => open(tx, &update.alert).await?,
            Some(expected) => advance(tx, &update.alert, expected).await?,
        };
        if !is_applied {
            return Ok(false);
        }
        if !update.is_refresh() {
            record(tx, update).await?;
        }
    }
    for intent in updates
        .iter()
        .flat_map(|update| &update.intents)
    {
        outbox::note(tx, intent).await?;
    }
    for update in updates {
        match incidents::follow(tx, update).await {
            // Somebody must look at that incident; whoever is to be paged is paged all the same.
            Err(StoreError::Corrupt { .. }) => {}
            followed => followed?,
        }
    }
    Ok(true)
}

/// What a transition changes, as it is stored.
struct Changed {
    transition: i64,
    state: &'static str,
    state_detail: String,
    severity: &'static str,
    occurrences: i64,
    ends_at: Option<i64>,
    expires_at: Option<i64>,
    last_notified_at: Option<i64>,
    next_action_at: Option<i64>,
    unattended_since: Option<i64>,
    destinations: String,
    rules: String,
    flaps: String,
}

impl Changed {
    fn of(alert: &Alert) -> Result<Self, StoreError> {
        Ok(Self {
            transition: row::number("transition", alert.transition)?,
            state: alert.state.as_str(),
            state_detail: row::json("state_detail", &alert.state)?,
            severity: alert.severity.as_str(),
            occurrences: row::number("occurrences", alert.occurrences)?,
            ends_at: row::optional_instant(alert.ends_at()),
            expires_at: row::optional_instant(alert.expires_at),
            last_notified_at: row::optional_instant(alert.last_notified_at),
            next_action_at: row::optional_instant(alert.next_action_at),
            unattended_since: row::optional_instant(alert.unattended_since),
            destinations: row::json("destinations", &alert.destinations)?,
            rules: row::json("rules", &alert.rules)?,
            flaps: row::json("flaps", &alert.flaps)?,
        })
    }
}

/// Adds an episode, if its identity has no open one and nobody has added this one.
async fn open(tx: &mut SqliteConnection, alert: &Alert) -> Result<bool, StoreError> {
    let changed = Changed::of(alert)?;
    let (key, origin) = (alert.identity.key().0, alert.identity.origin.as_str());
    let episode = row::number("episode", alert.episode)?;
    let (service, alert_type) = (alert.service_name().as_str(), alert.alert_type().as_str());
    let slo = alert.slo_id().map(|id| id.0);
    let labels = row::json("labels", alert.labels())?;
    let (starts, never) = (row::instant(alert.starts_at), row::instant(row::EPOCH));
    // Any unique key in the way says the same: somebody else was first.
    let opened = query!(
        "insert into alerts (id, dedup_key, episode, origin, service_name, alert_type, slo_id,
                             labels, transition, state, state_detail, severity, message, value,
                             threshold, occurrences, starts_at, ends_at, expires_at,
                             last_notified_at, next_action_at, destinations, rules, claim_until,
                             flaps, unattended_since)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22, $23, $24, $25, $26)
             on conflict do nothing",
        alert.id.0,
        key,
        episode,
        origin,
        service,
        alert_type,
        slo,
        labels,
        changed.transition,
        changed.state,
        changed.state_detail,
        changed.severity,
        alert.message,
        alert.value,
        alert.threshold,
        changed.occurrences,
        starts,
        changed.ends_at,
        changed.expires_at,
        changed.last_notified_at,
        changed.next_action_at,
        changed.destinations,
        changed.rules,
        never,
        changed.flaps,
        changed.unattended_since
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(opened.rows_affected() == 1)
}

/// Moves an episode to its next transition, if the one that was read still stands, and frees its
/// claim.
async fn advance(
    tx: &mut SqliteConnection,
    alert: &Alert,
    expected: u64,
) -> Result<bool, StoreError> {
    let changed = Changed::of(alert)?;
    let (expected, never) = (
        row::number("transition", expected)?,
        row::instant(row::EPOCH),
    );
    let starts = row::instant(alert.starts_at);
    let advanced = query!(
        "update alerts
            set transition = $3, state = $4, state_detail = $5, severity = $6, message = $7,
                value = $8, threshold = $9, occurrences = $10, ends_at = $11, expires_at = $12,
                destinations = $15, rules = $16, claim_until = $17, starts_at = $18,
                flaps = $19, unattended_since = $20,
                -- What was delivered after the episode was read is not undone: the later delivery
                -- stands, and of an open episode the earlier next action with it. One that comes
                -- too early is postponed; one that is lost is a repeat that nobody hears.
                next_action_at = case
                    when $11 is not null or last_notified_at is null
                         or last_notified_at <= coalesce($13, last_notified_at - 1) then $14
                    when next_action_at < $14 then next_action_at
                    else coalesce($14, next_action_at) end,
                last_notified_at = case
                    when last_notified_at > $13 then last_notified_at
                    else coalesce($13, last_notified_at) end
          where id = $1 and transition = $2",
        alert.id.0,
        expected,
        changed.transition,
        changed.state,
        changed.state_detail,
        changed.severity,
        alert.message,
        alert.value,
        alert.threshold,
        changed.occurrences,
        changed.ends_at,
        changed.expires_at,
        changed.last_notified_at,
        changed.next_action_at,
        changed.destinations,
        changed.rules,
        never,
        starts,
        changed.flaps,
        changed.unattended_since
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(advanced.rows_affected() == 1)
}

/// Writes the transition down.
async fn record(tx: &mut SqliteConnection, update: &AlertUpdate) -> Result<(), StoreError> {
    let alert = &update.alert;
    let transition = row::number("transition", alert.transition)?;
    let (at, slot) = (row::instant(update.at), row::optional_instant(update.slot));
    let (from, to) = (update.from.map(AlertStatus::as_str), alert.state.as_str());
    let severity = alert.severity.as_str();
    query!(
        "insert into alert_transition (alert_id, transition, at, slot, from_state, to_state,
                                       severity, actor, comment)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (alert_id, transition) do nothing",
        alert.id.0,
        transition,
        at,
        slot,
        from,
        to,
        severity,
        update.actor,
        update.comment
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}
