//! What a message says of the incident of its alerts.

use sre_core::incident::{Actor, IncidentStatus};
use sre_core::name::IncidentId;
use sre_core::store::Incidents;
use sre_store_conformance::fixtures::concerning;

use super::*;

impl Desk {
    /// A person takes the incident on.
    async fn acknowledge(&self, id: IncidentId, second: i64) {
        let incident = self
            .world
            .store
            .find_incident(id)
            .await
            .expect("the store answers")
            .expect("it is stored");
        let change = incident
            .change(Actor::Person(Some("ada".to_owned())), at(second))
            .step(IncidentStatus::Acknowledged, None)
            .expect("a step of the table");
        self.world
            .store
            .change_incidents(&[change.done()])
            .await
            .expect("the store answers");
    }
}

#[tokio::test]
async fn an_alert_is_told_with_its_incident_as_that_is_then() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(concerning(fires(&page(), &[sink()], at(0))))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    let found = desk.found(&alert).await;
    let incident = found.incident_id.expect("it is grave");
    desk.acknowledge(incident, 30).await;
    desk.apply(concerning(resolved(&found, at(60))))
        .await;
    assert_eq!(desk.at(61).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1 in open incident",
            "burn_rate 1 critical all_resolved #2 in acknowledged incident"
        ]
    );
}

#[tokio::test]
async fn an_alert_of_no_incident_is_told_without_one() {
    let desk = Desk::new().await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    assert_eq!(desk.notifier.bodies(), ["burn_rate 1 critical first #1"]);
}
