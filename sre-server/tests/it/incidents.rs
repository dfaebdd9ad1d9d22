//! The rules that look back for incidents, over the store in memory, with a clock that stands still.

use std::sync::Arc;

use sre_core::alert::{Alert, AlertType, AlertUpdate, Identity, Severity};
use sre_core::incident::{Actor, Incident, IncidentSettings, IncidentStatus};
use sre_core::monitor::IncidentKeeper;
use sre_core::store::{Alerts, Commit, IncidentQuery, Incidents, Page, Services as _};
use sre_store_conformance::fixtures;
use sre_store_memory::MemoryStore;

use fixtures::{at, concerning, depends_on, fires, identity, resolved, service};

/// A store, and two replicas that look after its incidents.
struct World {
    store: Arc<MemoryStore>,
    keepers: [IncidentKeeper; 2],
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let keeper = || {
            let incidents = Arc::<MemoryStore>::clone(&store);
            let services = Arc::<MemoryStore>::clone(&store);
            IncidentKeeper::new(incidents, services, IncidentSettings::default())
        };
        Self {
            keepers: [keeper(), keeper()],
            store,
        }
    }

    /// Both replicas look back at this second, until neither changes anything.
    async fn look(&self, second: i64) {
        loop {
            let [one, two] = &self.keepers;
            let (one, two) = tokio::join!(one.activate(at(second)), two.activate(at(second)));
            if one.expect("answers") + two.expect("answers") == 0 {
                return;
            }
        }
    }

    async fn apply(&self, update: AlertUpdate) -> Alert {
        let commit = self.store.apply(&update).await;
        assert!(matches!(commit, Ok(Commit::Applied { .. })));
        update.alert
    }

    /// An alert begins that opens nothing by itself.
    async fn lesser(&self, service: &str, n: u128, second: i64) -> Alert {
        let identity = Identity {
            service_name: service.parse().expect("a name"),
            ..identity(n, AlertType::Health)
        };
        let update = fires(&identity, &[], at(second));
        let alert = Alert {
            severity: Severity::High,
            ..update.alert
        };
        self.apply(concerning(AlertUpdate { alert, ..update }))
            .await
    }

    async fn page(&self, n: u128, second: i64) -> Alert {
        let update = fires(&identity(n, AlertType::BurnRate), &[], at(second));
        self.apply(concerning(update)).await
    }

    async fn missed(&self, n: u128, second: i64) -> Alert {
        let update = fires(&identity(n, AlertType::SloViolation), &[], at(second));
        self.apply(concerning(update)).await
    }

    async fn ends(&self, alert: &Alert, second: i64) {
        self.apply(resolved(alert, at(second)))
            .await;
    }

    async fn incidents(&self) -> Vec<Incident> {
        let page = Page::first(Page::<sre_core::store::IncidentsPage>::LIMIT_MAX);
        let all = self
            .store
            .list_incidents(&IncidentQuery::default(), page)
            .await;
        all.expect("answers")
    }

    async fn only(&self) -> Incident {
        let incidents = self.incidents().await;
        let [incident]: [Incident; 1] = incidents
            .try_into()
            .expect("one incident");
        incident
    }

    /// A person moves the only incident a step.
    async fn step(&self, to: IncidentStatus, second: i64) {
        let change = self
            .only()
            .await
            .change(Actor::Person(None), at(second))
            .step(to, None)
            .expect("a step");
        let commit = self
            .store
            .change_incidents(&[change.done()])
            .await;
        assert!(matches!(commit, Ok(Commit::Applied { .. })));
    }
}

#[tokio::test]
async fn two_replicas_make_one_incident_of_three_alerts() {
    let world = World::new();
    for n in 1..=3 {
        world.lesser("checkout", n, 10).await;
    }
    world.look(20).await;
    let incident = world.only().await;
    assert_eq!(
        (incident.status(), incident.severity),
        (IncidentStatus::Open, Severity::High)
    );
    let alerts = world
        .store
        .alerts_of(&[incident.id])
        .await;
    assert_eq!(alerts.expect("answers").len(), 3);
    world.look(30).await;
    assert_eq!(world.only().await, incident, "and nothing more");
}

#[tokio::test]
async fn two_alerts_or_three_that_lie_too_far_apart_make_none() {
    let world = World::new();
    for (n, second) in [(1, 0), (2, 300), (3, 601)] {
        world
            .lesser("checkout", n, second)
            .await;
        world.look(second).await;
    }
    assert_eq!(world.incidents().await, []);
}

#[tokio::test]
async fn alerts_of_a_service_and_its_dependencies_count_together() {
    let world = World::new();
    let declared = depends_on(service("checkout"), &[("cards", "1"), ("stock", "0.5")]);
    world
        .store
        .put_service(&declared, 0)
        .await
        .expect("answers");
    for (n, name) in [(1, "checkout"), (2, "cards"), (3, "stock")] {
        world.lesser(name, n, 0).await;
    }
    world.look(1).await;
    let incident = world.only().await;
    assert_eq!(incident.service_name.as_str(), "checkout");
    assert_eq!(incident.affected_services.len(), 3);
}

#[tokio::test]
async fn what_began_before_the_incident_joins_it() {
    let world = World::new();
    let early = world.lesser("checkout", 1, 0).await;
    world.page(2, 60).await;
    world.look(61).await;
    let incident = world.only().await;
    let alerts = world
        .store
        .alerts_of(&[incident.id])
        .await
        .expect("answers");
    assert_eq!(alerts.len(), 2);
    assert_eq!(alerts[0].id, early.id);
    assert_eq!(incident.started_at, at(0));
}

#[tokio::test]
async fn an_untouched_incident_ends_ten_minutes_after_its_last_alert() {
    let world = World::new();
    let (one, two) = (world.page(1, 0).await, world.page(2, 30).await);
    world.ends(&one, 100).await;
    world.look(900).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Open);
    world.ends(&two, 1_000).await;
    world.look(1_599).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Open);
    world.look(1_600).await;
    let ended = world.only().await;
    assert_eq!(ended.state.resolved_at(), Some(at(1_600)));
    assert_eq!(ended.touched_at, None);
}

#[tokio::test]
async fn an_alert_that_comes_back_before_that_keeps_it_open() {
    let world = World::new();
    let page = world.page(1, 0).await;
    world.ends(&page, 100).await;
    let again = concerning(fixtures::fires_again(&page, &[], at(600)));
    let again = world.apply(again).await;
    world.look(900).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Open);
    world.ends(&again, 1_000).await;
    world.look(1_600).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Resolved);
}

#[tokio::test]
async fn what_a_person_has_touched_waits_for_people() {
    let world = World::new();
    let page = world.page(1, 0).await;
    world
        .step(IncidentStatus::Acknowledged, 50)
        .await;
    world.ends(&page, 100).await;
    world.look(1_000).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Acknowledged);
    // The acknowledgement is forgotten, and the incident stays open.
    world.look(1_850).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Open);
    world.look(90_000).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Open);
}

#[tokio::test]
async fn a_gone_budget_makes_one_candidate_an_episode_and_none_beside_an_incident() {
    let world = World::new();
    let ticket = world.missed(1, -9_000).await;
    world.missed(2, -8_000).await;
    world.look(0).await;
    let candidate = world.only().await;
    assert_eq!(candidate.status(), IncidentStatus::Candidate);
    let alerts = world
        .store
        .alerts_of(&[candidate.id])
        .await;
    assert_eq!(
        alerts.expect("answers").len(),
        2,
        "both tickets, one service"
    );
    world
        .step(IncidentStatus::Dismissed, 10)
        .await;
    world.look(20).await;
    assert_eq!(world.incidents().await.len(), 1, "once an episode");
    // The budget is gone again while an outage is on: that is part of the outage.
    world.ends(&ticket, 30).await;
    world.page(3, 40).await;
    let again = fixtures::fires_again(&ticket, &[], at(50));
    world.apply(concerning(again)).await;
    world.look(60).await;
    let all = world.incidents().await;
    assert_eq!(all.len(), 2);
    let open = all
        .iter()
        .find(|incident| incident.is_live())
        .expect("the outage");
    let alerts = world.store.alerts_of(&[open.id]).await;
    assert_eq!(alerts.expect("answers").len(), 2);
    assert_eq!(open.started_at, at(40));
}

#[tokio::test]
async fn a_candidate_whose_ticket_ends_is_dismissed() {
    let world = World::new();
    let ticket = world.missed(1, 0).await;
    world.look(1).await;
    world.ends(&ticket, 100).await;
    world.look(699).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Candidate);
    world.look(700).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Dismissed);
}

#[tokio::test]
async fn an_alert_that_was_in_an_incident_opens_no_other() {
    let world = World::new();
    let page = world.page(1, 0).await;
    world
        .step(IncidentStatus::Dismissed, 10)
        .await;
    world.look(20).await;
    world
        .apply(concerning(fixtures::raised(&page, &[], at(30))))
        .await;
    world.look(40).await;
    assert_eq!(world.only().await.status(), IncidentStatus::Dismissed);
}
