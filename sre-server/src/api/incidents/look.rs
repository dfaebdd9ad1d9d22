//! All that is known around one incident, read where it was written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::alert::Alert;
use sre_core::incident::Incident;
use sre_core::incident::timeline::{Line, timeline};
use sre_core::monitor::{Spending, spending};
use sre_core::name::{DestinationId, SloId};
use sre_core::slo::Slo;
use sre_core::store::{IntentRecord, Page, SloQuery, StoreError};
use sre_core::time::Interval;

use crate::api::slo::look::in_force;
use crate::context::Context;

/// An incident with all that is known around it.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) incident: Incident,
    /// In the order in which they began.
    pub(crate) alerts: Vec<Alert>,
    /// What became of everything that somebody was to hear of these alerts.
    pub(crate) ledger: Vec<IntentRecord>,
    pub(crate) timeline: Vec<Line>,
    pub(crate) costs: Vec<Cost>,
}

/// What the incident cost one SLO.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) slo: Slo,
    /// `None` where nobody measured while it lasted.
    pub(crate) spending: Option<Spending>,
}

/// The alerts whose deliveries are told: each costs a question to the store.
const TOLD_MAX: usize = 200;

/// The SLOs of one affected service whose costs are shown.
const SLOS_MAX: u32 = 100;

/// Everything around the incident, as of `now`.
pub(crate) async fn look(
    context: &Context,
    incident: Incident,
    now: DateTime<Utc>,
) -> Result<Look, StoreError> {
    let alerts = context
        .incidents
        .alerts_of(&[incident.id])
        .await?;
    let recollection = context
        .incidents
        .recollect(incident.id)
        .await?;
    let mut ledger = Vec::new();
    for alert in alerts.iter().take(TOLD_MAX) {
        ledger.extend(context.outbox.ledger(alert.id).await?);
    }
    let name = |id| destination(context, id);
    let timeline = timeline(&recollection, &alerts, &ledger, &name);
    let costs = costs(context, &incident, &alerts, now).await?;
    Ok(Look {
        incident,
        alerts,
        ledger,
        timeline,
        costs,
    })
}

/// What people call a destination; one that is not configured any more has no name.
fn destination(context: &Context, id: DestinationId) -> String {
    context
        .destinations
        .iter()
        .find(|known| known.id == id)
        .map_or_else(
            || "a destination that is gone".to_owned(),
            |known| known.name.clone(),
        )
}

/// What the incident cost the SLOs of its alerts, and the live ones of the services that it affects,
/// from its beginning to its end, or to now.
async fn costs(
    context: &Context,
    incident: &Incident,
    alerts: &[Alert],
    now: DateTime<Utc>,
) -> Result<Vec<Cost>, StoreError> {
    let mut slos: BTreeMap<SloId, Slo> = BTreeMap::new();
    for id in alerts.iter().filter_map(Alert::slo_id) {
        if !slos.contains_key(&id) {
            slos.extend(
                context
                    .catalog
                    .find(id)
                    .await?
                    .map(|slo| (id, slo)),
            );
        }
    }
    for service in &incident.affected_services {
        let query = SloQuery {
            service: Some(service.clone()),
            ..SloQuery::default()
        };
        let limit = std::num::NonZeroU32::new(SLOS_MAX).unwrap_or(Page::<SloId>::LIMIT_MAX);
        let found = context
            .catalog
            .list(&query, Page::first(limit))
            .await?;
        slos.extend(
            found
                .into_iter()
                .map(|slo| (slo.id, slo)),
        );
    }
    let end = incident.ended_at().unwrap_or(now);
    let during = Interval::new(incident.started_at, end);
    let mut costs = Vec::with_capacity(slos.len());
    for slo in slos.into_values() {
        let corrections = in_force(context, &slo, during.end()).await?;
        let store = context.evaluations.as_ref();
        let spending = spending(store, &slo, &corrections, during).await?;
        costs.push(Cost { slo, spending });
    }
    Ok(costs)
}
