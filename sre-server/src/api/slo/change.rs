//! Storing a change of an SLO, with the alerts that end by it.

use sre_core::alert::{AlertUpdate, Moment};
use sre_core::decide::{identities, retire};
use sre_core::monitor::{History, start_of};
use sre_core::slo::Slo;
use sre_core::store::{SloChange, Start, StoreError};
use sre_core::time::Interval;

use super::names_version;
use crate::context::Context;
use crate::http::{ApiError, Call};

/// How often a change is tried: an evaluation may move an alert between its reading and its end,
/// and seldom does so twice.
const TRIES: u32 = 3;

/// Stores `after` in the place of `before`, one version on, and answers what is stored.
pub(super) async fn store(call: &Call<Context>, before: &Slo, after: Slo) -> Result<Slo, ApiError> {
    let after = Slo {
        version: before.version.saturating_add(1),
        updated_at: call.now,
        ..after
    };
    let (restart, ends_alerts) = consequences(call, before, &after);
    let backfill = lacking(call, before, &after).await?;
    let mut tries = 1;
    loop {
        let alerts = if ends_alerts {
            ended(call, before).await?
        } else {
            Vec::new()
        };
        let change = SloChange {
            slo: &after,
            expected_version: before.version,
            restart,
            backfill,
            alerts: &alerts,
        };
        match call
            .context
            .catalog
            .update(&change)
            .await
        {
            Ok(()) => return Ok(after),
            Err(StoreError::Conflict { what: "version" }) => {
                refuse_if_changed(call, before).await?;
                if tries == TRIES {
                    return Err(StoreError::Conflict { what: "version" }.into());
                }
                tries += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Where evaluation starts anew, and whether what is open ends: when something else is counted from
/// now on, or for somebody else, or nothing any more.
fn consequences(call: &Call<Context>, before: &Slo, after: &Slo) -> (Option<Start>, bool) {
    let counts_anew = before.definition.generation() != after.definition.generation();
    let restart =
        counts_anew.then(|| start_of(after, History::Window, &call.context.settings, call.now));
    let is_of_another = before.definition.service_name != after.definition.service_name;
    let stops = before.is_live() && !after.is_live();
    (restart, counts_anew || is_of_another || stops)
}

/// The history that a window needs which reaches further back and the one before did not, up to the first data: what is
/// known already is not folded again, since what it was folded from may be gone.
async fn lacking(
    call: &Call<Context>,
    before: &Slo,
    after: &Slo,
) -> Result<Option<Interval>, ApiError> {
    let closed = call
        .context
        .settings
        .grid(after)
        .closed_at(call.now);
    let [old, new] = [before, after].map(|slo| {
        slo.definition
            .window
            .history(closed)
            .start()
    });
    if new >= old || before.definition.generation() != after.definition.generation() {
        return Ok(None);
    }
    let context = &call.context;
    let standings = context
        .evaluations
        .standings(&[before.id])
        .await?;
    let known = standings
        .first()
        .and_then(|standing| standing.progress.first_measured);
    let end = known.unwrap_or(old);
    Ok((new < end).then(|| Interval::new(new, end)))
}

/// The ends of the alerts that are open.
async fn ended(call: &Call<Context>, before: &Slo) -> Result<Vec<AlertUpdate>, ApiError> {
    let context = &call.context;
    let keys = identities(before).map(|identity| identity.key());
    let latest = context
        .alerts
        .latest_episodes(&keys)
        .await?;
    let service = &before.definition.service_name;
    let owner = context.router.owner(service).await?;
    let moment = Moment {
        now: call.now,
        slot: None,
        routes: context
            .router
            .audience(owner.as_deref()),
        settings: &context.settings.lifecycle,
    };
    Ok(retire(&latest, &moment))
}

/// Tells a change of the SLO by somebody else from one of its alerts.
async fn refuse_if_changed(call: &Call<Context>, before: &Slo) -> Result<(), ApiError> {
    let stored = call
        .context
        .catalog
        .find(before.id)
        .await?;
    let current = stored.map_or(0, |slo| slo.version);
    if current == before.version {
        Ok(())
    } else if names_version(call) {
        Err(ApiError::Stale { current })
    } else {
        Err(StoreError::Conflict { what: "version" }.into())
    }
}
