//! Every state × every event, and what holds after any sequence of them.

mod flapping;
mod sequences;
mod states;
mod table;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::alert::{AlertStatus, AlertType, FlapHistory, Origin};
use crate::name::SloId;
use crate::routing::Audience;
use crate::time::at_second;

const ROUTES: [DestinationId; 2] = [
    DestinationId(Uuid::from_u128(1)),
    DestinationId(Uuid::from_u128(2)),
];
/// When everything in the tables happens.
const NOW: i64 = 1_000_000;

/// The page of an SLO, or one of its tickets.
fn generated(alert_type: AlertType) -> Identity {
    let service = "checkout".parse().expect("a name");
    Identity::generated(service, SloId(Uuid::from_u128(7)), alert_type)
}

/// What somebody posted.
fn posted() -> Identity {
    Identity {
        origin: Origin::Posted,
        slo_id: None,
        labels: BTreeMap::from([("zone".to_owned(), "a".to_owned())]),
        ..generated(AlertType::Health)
    }
}

fn moment<'a>(
    second: i64,
    settings: &'a LifecycleSettings,
    routes: &'a [DestinationId],
) -> Moment<'a> {
    Moment {
        now: at_second(second),
        slot: None,
        routes: Audience::everyone(routes),
        settings,
    }
}

/// A critical episode that began at [`NOW`] and was told nobody yet.
fn firing(identity: Identity) -> Alert {
    let settings = LifecycleSettings::default();
    opened(identity, &moment(NOW, &settings, &ROUTES)).alert
}

fn opened(identity: Identity, moment: &Moment<'_>) -> AlertUpdate {
    let opening = Opening {
        identity,
        episode: 3,
        severity: Severity::Critical,
        message: "it burns".to_owned(),
        rules: Vec::new(),
    };
    Alert::open(opening, moment)
}

/// The same episode, delivered so many seconds after it began.
fn told(alert: Alert, second: i64) -> Alert {
    Alert {
        last_notified_at: Some(at_second(NOW + second)),
        ..alert
    }
}

/// What an update tells whom.
fn said(update: &AlertUpdate) -> Vec<(&'static str, DestinationId)> {
    update
        .intents
        .iter()
        .map(|intent| (intent.kind.as_str(), intent.destination_id))
        .collect()
}

/// What an update tells everyone on the routes.
fn to_all(kind: &'static str) -> Vec<(&'static str, DestinationId)> {
    ROUTES.map(|to| (kind, to)).to_vec()
}
