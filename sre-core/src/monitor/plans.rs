//! What a configuration file plans becomes what is stored.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};

use crate::maintenance::{Maintenance, MaintenancePlan, MaintenanceState};
use crate::name::MaintenanceId;
use crate::slo::ManagedBy;
use crate::store::{Maintenances, Page, StoreError};

/// What came of the plans of a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Planned {
    /// Maintenances that were not there before.
    pub begun: u32,
    /// Those that were ended, since the file has them no more, or says something else.
    pub ended: u32,
}

/// Stores the maintenances that a file plans, and ends those that it planned before and has no more.
/// The same file again changes nothing, whoever else does the same at the same time. What a maintenance
/// that is ended kept back is due at `now`.
///
/// # Errors
///
/// Those of the store; what was done until then stands, and the next call does the rest.
pub async fn keep_maintenances(
    plans: &[MaintenancePlan],
    maintenances: &dyn Maintenances,
    now: DateTime<Utc>,
) -> Result<Planned, StoreError> {
    let mut done = Planned::default();
    let mut kept = BTreeSet::new();
    for plan in plans {
        let (id, is_new) = keep(plan, maintenances, now).await?;
        kept.extend(id);
        done.begun = done.begun.saturating_add(u32::from(is_new));
    }
    for gone in managed(maintenances, now).await? {
        if kept.contains(&gone.id) {
            continue;
        }
        let ended = gone.end(None, now);
        match maintenances
            .end_maintenance(&ended, now)
            .await
        {
            // Another replica has just done it.
            Err(StoreError::Conflict { what: "version" }) => {}
            stored => {
                stored?;
                done.ended = done.ended.saturating_add(1);
            }
        }
    }
    Ok(done)
}

/// The maintenance of a plan, and whether it was made just now; none of one that is over.
async fn keep(
    plan: &MaintenancePlan,
    maintenances: &dyn Maintenances,
    now: DateTime<Utc>,
) -> Result<(Option<MaintenanceId>, bool), StoreError> {
    for take in 0..TAKES_MAX {
        let planned = plan.maintenance(take, now);
        if planned.state(now) == MaintenanceState::Past {
            return Ok((None, false));
        }
        match maintenances
            .find_maintenance(planned.id)
            .await?
        {
            Some(found) if found.ended_at.is_none() => return Ok((Some(found.id), false)),
            Some(_) => {}
            None => {
                return match maintenances
                    .create_maintenance(&planned)
                    .await
                {
                    Err(StoreError::Conflict { what: "id" }) => Ok((Some(planned.id), false)),
                    stored => stored.map(|()| (Some(planned.id), true)),
                };
            }
        }
    }
    Err(StoreError::Conflict {
        what: "maintenances",
    })
}

/// What files planned, and is not over.
async fn managed(
    maintenances: &dyn Maintenances,
    now: DateTime<Utc>,
) -> Result<Vec<Maintenance>, StoreError> {
    let limit: NonZeroU32 = Page::<MaintenanceId>::LIMIT_MAX;
    let (mut managed, mut page) = (Vec::new(), Page::first(limit));
    loop {
        let part = maintenances
            .list_maintenances(page)
            .await?;
        let is_last = part.len() < limit.get() as usize;
        page.after = part.last().map(|planned| planned.id);
        managed.extend(part.into_iter().filter(|planned| {
            planned.managed_by == ManagedBy::Config
                && planned.state(now) != MaintenanceState::Past
        }));
        if is_last {
            return Ok(managed);
        }
    }
}

/// How often one and the same plan can be taken out of a file and put back.
const TAKES_MAX: u32 = 10_000;
