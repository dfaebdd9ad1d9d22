//! Alerts that begin, or become graver, come to their incident in their own transaction.

use sre_core::alert::{Alert, AlertType, AlertUpdate, Identity, Severity};
use sre_core::incident::{Actor, EventKind, Incident, IncidentState, IncidentStatus};
use sre_core::store::{Incidents, Store, StoreError};

use super::{alerted, changed, every, only, stored};
use crate::Verdict;
use crate::fixtures::{
    at, changes, concerning, depends_on, fires, fires_again, identity, incident, opens, raised,
    resolved, service, severity_update, slo, start_of,
};
use crate::tools::{MANY, a_minute_after, is_applied, taken_by_many};

/// A critical alert where nothing is live opens an incident, which begins with it.
pub async fn a_grave_alert_opens_an_incident(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &page(1, 5)).await?;
    let incident = only(store).await?;
    assert_eq!(alert.incident_id, Some(incident.id));
    assert_eq!(
        (incident.status(), incident.severity, incident.started_at),
        (IncidentStatus::Open, Severity::Critical, at(5))
    );
    assert_eq!(
        (incident.version, incident.touched_at, incident.previous),
        (1, None, None)
    );
    let recollection = store.recollect(incident.id).await?;
    assert_eq!(recollection.events[0].kind, EventKind::Opened);
    assert_eq!(recollection.steps.len(), 1);
    Ok(())
}

/// The second alert of a service joins what the first has opened.
pub async fn the_next_alert_of_a_service_joins(store: &dyn Store) -> Verdict {
    alerted(store, &page(1, 0)).await?;
    let second = alerted(store, &page(2, 5)).await?;
    let incident = only(store).await?;
    assert_eq!(
        (second.incident_id, incident.version),
        (Some(incident.id), 2)
    );
    let alerts = store.alerts_of(&[incident.id]).await?;
    assert_eq!(alerts.len(), 2);
    let kinds: Vec<_> = store
        .recollect(incident.id)
        .await?
        .events
        .iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, [EventKind::Opened, EventKind::Joined]);
    Ok(())
}

/// Two SLOs of a service that fire in one batch share an incident, and neither is superseded.
pub async fn slos_that_fire_in_one_batch_share_an_incident(store: &dyn Store) -> Verdict {
    for n in [1, 2] {
        let slo = slo(n).build();
        store
            .insert(&slo, &start_of(&slo))
            .await?;
    }
    let now = at(300);
    let claims = store
        .claim_slots("a", now, a_minute_after(now), MANY)
        .await?;
    let batch: Vec<_> = claims
        .iter()
        .zip([1, 2])
        .map(|(claim, n)| sre_core::store::Changes {
            alerts: vec![page(n, 300)],
            ..changes(claim)
        })
        .collect();
    assert_eq!(batch.len(), 2);
    let commits = store.commit(&batch).await?;
    assert!(commits.into_iter().all(is_applied));
    let incident = only(store).await?;
    assert_eq!(
        store
            .alerts_of(&[incident.id])
            .await?
            .len(),
        2
    );
    Ok(())
}

/// However many alerts of a service begin at the same time, they share one incident.
pub async fn alerts_at_the_same_time_share_an_incident(store: &dyn Store) -> Verdict {
    taken_by_many(8, async |taker| {
        let n = u128::try_from(taker).expect("small");
        let answer = store.apply(&page(n, 0)).await;
        // Each taker has one alert; the second time round it is superseded.
        if is_applied(answer.expect("answers")) {
            vec![()]
        } else {
            Vec::new()
        }
    });
    let incident = only(store).await?;
    assert_eq!(
        store
            .alerts_of(&[incident.id])
            .await?
            .len(),
        8
    );
    assert_eq!(incident.version, 8);
    Ok(())
}

/// A lesser alert opens nothing, and joins what is live.
pub async fn a_lesser_alert_joins_and_opens_nothing(store: &dyn Store) -> Verdict {
    let alone = alerted(store, &lesser(1, 0)).await?;
    assert_eq!((alone.incident_id, every(store).await?), (None, vec![]));
    alerted(store, &page(2, 1)).await?;
    let joined = alerted(store, &lesser(3, 2)).await?;
    let incident = only(store).await?;
    assert_eq!(joined.incident_id, Some(incident.id));
    assert_eq!(incident.severity, Severity::Critical);
    assert_eq!(
        stored(store, alone.id)
            .await?
            .incident_id,
        None
    );
    Ok(())
}

/// An alert that counts for nothing (silence, a ticket) leaves incidents alone.
pub async fn an_alert_that_does_not_count_leaves_incidents_alone(store: &dyn Store) -> Verdict {
    for (n, kind) in (1..).zip([
        AlertType::NoData,
        AlertType::SlowBurn,
        AlertType::SloViolation,
    ]) {
        let update = concerning(fires(&identity(n, kind), &[], at(0)));
        assert_eq!(
            alerted(store, &update)
                .await?
                .incident_id,
            None
        );
    }
    assert_eq!(every(store).await?, []);
    Ok(())
}

/// Where its own service has no incident, an alert joins that of what its service depends on, or of
/// what depends on it, and its service suffers from then on.
pub async fn an_alert_joins_the_incident_of_a_neighbour(store: &dyn Store) -> Verdict {
    let search = depends_on(service("search"), &[("cache", "1"), ("checkout", "1")]);
    let cart = depends_on(service("cart"), &[("search", "1")]);
    for service in [search, cart] {
        store.put_service(&service, 0).await?;
    }
    alerted(store, &page(1, 0)).await?;
    // Before search is concerned, cart is two steps away.
    let apart = alerted(store, &of_service("cart", 2, 3)).await?;
    alerted(store, &resolved(&apart, at(4))).await?;
    let joined = alerted(store, &of_service("search", 3, 5)).await?;
    let incidents = every(store).await?;
    let cart = incidents
        .iter()
        .find(|incident| Some(incident.id) == apart.incident_id);
    assert_eq!(
        joined.incident_id,
        store
            .find_alert(page(1, 0).alert.id)
            .await?
            .and_then(|alert| alert.incident_id),
        "what a service depends on is nearer than what depends on it"
    );
    assert_eq!(cart.map(|cart| cart.version), Some(1));
    let affected: Vec<_> = incidents
        .iter()
        .find(|incident| Some(incident.id) == joined.incident_id)
        .into_iter()
        .flat_map(|incident| &incident.affected_services)
        .map(sre_core::name::ServiceName::as_str)
        .collect();
    assert_eq!(affected, ["checkout", "search"]);
    Ok(())
}

/// An alert of what others depend on joins the incident that one of them has.
pub async fn an_alert_joins_the_incident_of_a_dependent(store: &dyn Store) -> Verdict {
    let declared = depends_on(service("checkout"), &[("cards", "1")]);
    store.put_service(&declared, 0).await?;
    alerted(store, &page(1, 0)).await?;
    let joined = alerted(store, &of_service("cards", 2, 5)).await?;
    assert_eq!(joined.incident_id, Some(only(store).await?.id));
    Ok(())
}

/// The incident of the alert's own service is nearer than that of a neighbour.
pub async fn the_nearest_incident_is_joined(store: &dyn Store) -> Verdict {
    let own = alerted(store, &of_service("search", 1, 0)).await?;
    alerted(store, &page(2, 5)).await?;
    let declared = depends_on(service("search"), &[("checkout", "1")]);
    store.put_service(&declared, 0).await?;
    assert_eq!(
        alerted(store, &of_service("search", 3, 9))
            .await?
            .incident_id,
        own.incident_id
    );
    Ok(())
}

/// An alert that becomes graver raises its incident; one that becomes less grave calms nothing.
pub async fn an_alert_that_becomes_graver_raises_its_incident(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &page(1, 0)).await?;
    let graver = alerted(store, &concerning(raised(&alert, &[], at(5)))).await?;
    let incident = only(store).await?;
    assert_eq!(
        (incident.severity, incident.version),
        (Severity::Emergency, 2)
    );
    let calmer = severity_update(&graver, Severity::Low, &[], at(9));
    alerted(store, &concerning(calmer)).await?;
    assert_eq!(only(store).await?, incident);
    Ok(())
}

/// An alert that was lesser and becomes grave opens an incident.
pub async fn an_alert_that_becomes_grave_opens_an_incident(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &lesser(1, 0)).await?;
    let graver = alerted(store, &concerning(raised(&alert, &[], at(5)))).await?;
    let incident = only(store).await?;
    assert_eq!(graver.incident_id, Some(incident.id));
    assert_eq!((incident.started_at, incident.detected_at), (at(0), at(5)));
    Ok(())
}

/// An alert that comes back while its incident is live joins it again, whatever people have done
/// with it.
pub async fn an_alert_that_comes_back_joins_the_live_incident(store: &dyn Store) -> Verdict {
    let mut alert = alerted(store, &page(1, 0)).await?;
    let mut incident = only(store).await?;
    for (second, to) in [
        (10, IncidentStatus::Acknowledged),
        (20, IncidentStatus::Mitigated),
    ] {
        alert = alerted(store, &resolved(&alert, at(second))).await?;
        let again = concerning(fires_again(&alert, &[], at(second + 5)));
        alert = alerted(store, &again).await?;
        incident = only(store).await?;
        assert_eq!(alert.incident_id, Some(incident.id));
        incident = moved(store, incident, to, second + 6).await?;
    }
    assert_eq!(
        store
            .alerts_of(&[incident.id])
            .await?
            .len(),
        3
    );
    Ok(())
}

/// An alert that comes back after its incident was resolved opens another, which says of which it
/// is a recurrence.
pub async fn an_alert_that_comes_back_after_the_end_opens_a_recurrence(
    store: &dyn Store,
) -> Verdict {
    let alert = alerted(store, &page(1, 0)).await?;
    let mut first = only(store).await?;
    let alert = alerted(store, &resolved(&alert, at(10))).await?;
    for (second, to) in [
        (11, IncidentStatus::Acknowledged),
        (12, IncidentStatus::Mitigated),
        (13, IncidentStatus::Resolved),
    ] {
        first = moved(store, first, to, second).await?;
    }
    let again = concerning(fires_again(&alert, &[], at(20)));
    let again = alerted(store, &again).await?;
    let [second, before] = every(store)
        .await?
        .try_into()
        .expect("two incidents");
    assert_eq!(before, first);
    assert_eq!(again.incident_id, Some(second.id));
    assert_eq!(second.previous, Some(first.id));
    Ok(())
}

/// What is resolved, merged or dismissed is joined by nobody.
pub async fn an_incident_that_is_over_is_not_joined(store: &dyn Store) -> Verdict {
    let over = Incident {
        state: IncidentState::Dismissed { at: at(0) },
        ..incident(1, at(0))
    };
    changed(store, opens(over.clone())).await?;
    let alert = alerted(store, &page(1, 5)).await?;
    assert_ne!(alert.incident_id, Some(over.id));
    assert_eq!(every(store).await?.len(), 2);
    Ok(())
}

/// An alert that would open an incident confirms the candidate that it joins, from then on; a lesser
/// one does not.
pub async fn a_candidate_is_confirmed_by_a_grave_alert(store: &dyn Store) -> Verdict {
    let candidate = Incident {
        state: IncidentState::Candidate,
        severity: Severity::High,
        ..incident(1, at(-500))
    };
    changed(store, opens(candidate.clone())).await?;
    alerted(store, &lesser(1, 0)).await?;
    let joined = only(store).await?;
    assert_eq!(joined.status(), IncidentStatus::Candidate);
    alerted(store, &page(2, 5)).await?;
    let confirmed = only(store).await?;
    assert_eq!(
        (confirmed.status(), confirmed.severity),
        (IncidentStatus::Open, Severity::Critical)
    );
    assert_eq!(
        (confirmed.started_at, confirmed.detected_at),
        (at(5), at(5))
    );
    Ok(())
}

/// An alert that is superseded opens nothing and joins nothing.
pub async fn a_superseded_alert_opens_nothing(store: &dyn Store) -> Verdict {
    let alert = alerted(store, &lesser(1, 0)).await?;
    let late = concerning(raised(&alert, &[], at(5)));
    alerted(store, &resolved(&alert, at(3))).await?;
    assert!(!is_applied(store.apply(&late).await?));
    assert_eq!(every(store).await?, []);
    Ok(())
}

/// The page of SLO number `n` of `checkout` begins.
fn page(n: u128, second: i64) -> AlertUpdate {
    concerning(fires(&identity(n, AlertType::BurnRate), &[], at(second)))
}

/// An alert of `checkout` begins that is worth a look and no more.
fn lesser(n: u128, second: i64) -> AlertUpdate {
    let update = fires(&identity(n, AlertType::Health), &[], at(second));
    concerning(AlertUpdate {
        alert: Alert {
            severity: Severity::High,
            ..update.alert
        },
        ..update
    })
}

/// A page of another service begins.
fn of_service(service: &str, n: u128, second: i64) -> AlertUpdate {
    let identity = Identity {
        service_name: service.parse().expect("a name"),
        ..identity(n, AlertType::BurnRate)
    };
    concerning(fires(&identity, &[], at(second)))
}

/// A person moves the incident one step.
async fn moved(
    store: &dyn Incidents,
    incident: Incident,
    to: IncidentStatus,
    second: i64,
) -> Result<Incident, StoreError> {
    let change = incident
        .change(Actor::Person(None), at(second))
        .step(to, None);
    changed(store, change.expect("a step").done()).await
}
