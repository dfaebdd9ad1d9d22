//! What keeps beginnings back, and never ends: silences, maintenance, what a service stands on.

use sre_core::alert::Opening;
use sre_core::correction::Recurrence;
use sre_core::maintenance::Maintenance;
use sre_core::silence::Silence;
use sre_core::store::{Maintenances, Services, Silences};
use sre_core::suppression::Holder;
use sre_store_conformance::fixtures::{
    depends_on, maintenance, moment, service, service_name, settings, silence,
};

use super::*;

/// A day, in seconds.
const DAY: i64 = 86_400;

impl Desk {
    async fn silence(&self, from: i64, to: i64) -> Silence {
        let silence = silence(1, from, to);
        self.world
            .store
            .create_silence(&silence)
            .await
            .expect("the store answers");
        silence
    }

    async fn end_silence(&self, silence: Silence, second: i64) {
        self.world
            .store
            .change_silence(&silence.expire(None, at(second)), None)
            .await
            .expect("the store answers");
    }

    async fn maintain(&self, from: i64, to: i64) -> Maintenance {
        let planned = maintenance(1, from, to);
        self.world
            .store
            .create_maintenance(&planned)
            .await
            .expect("the store answers");
        planned
    }

    /// `checkout` stands on `postgres`.
    async fn checkout_stands_on_postgres(&self) {
        let checkout = depends_on(service("checkout"), &[("postgres", "1")]);
        self.world
            .store
            .put_service(&checkout, 0)
            .await
            .expect("the store answers");
    }

    /// Why the only intent of an alert is not sent.
    async fn held(&self, alert: &Alert) -> Option<Holder> {
        let ledger = self
            .world
            .store
            .ledger(alert.id)
            .await
            .expect("the store answers");
        let [record] = &ledger[..] else {
            panic!("{ledger:?}")
        };
        assert_eq!(record.state, "pending");
        assert!(
            record.intent.due_at > self.clock_now(),
            "it is judged again"
        );
        assert_eq!(
            record.reason.as_deref(),
            record
                .held_by
                .map(|by| by.rule().as_str())
        );
        record.held_by
    }

    fn clock_now(&self) -> DateTime<Utc> {
        use sre_core::time::Clock as _;
        self.clock.now()
    }
}

/// A page of this service.
fn page_of(name: &str, severity: Severity, second: i64) -> AlertUpdate {
    let opening = Opening {
        identity: Identity {
            service_name: service_name(name),
            ..page()
        },
        episode: 1,
        severity,
        message: "the budget burns".to_owned(),
        rules: Vec::new(),
    };
    Alert::open(opening, &moment(at(second), &[sink()], &settings()))
}

#[tokio::test]
async fn what_fires_in_a_silence_is_told_when_it_ends_as_if_it_began_then() {
    let desk = Desk::new().await;
    let silence = desk.silence(0, 600).await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert!(desk.at(1).await.is_empty());
    assert_eq!(desk.held(&alert).await, Some(Holder::Silence(silence.id)));
    assert!(desk.at(599).await.is_empty());
    assert_eq!(desk.at(600).await, ["delivered"]);
    assert_eq!(desk.notifier.bodies(), ["burn_rate 1 critical first #1"]);
}

#[tokio::test]
async fn a_silence_that_recurs_holds_at_each_occurrence_and_lets_go_after_it() {
    let desk = Desk::new().await;
    let noon_to_one = Recurrence::new(
        "FREQ=DAILY",
        "2000-01-01T12:00:00",
        Span::hours(1),
        "Etc/UTC",
    );
    let mut daily = silence(1, 0, 3 * DAY);
    daily.recurrence = Some(noon_to_one.expect("a rule"));
    desk.world
        .store
        .create_silence(&daily)
        .await
        .expect("the store answers");
    let first = desk
        .apply(fires(&page(), &[sink()], at(60)))
        .await;
    assert!(desk.at(61).await.is_empty());
    assert_eq!(desk.held(&first).await, Some(Holder::Silence(daily.id)));
    assert!(desk.at(3_599).await.is_empty());
    assert_eq!(desk.at(3_600).await, ["delivered"], "between occurrences");
    let first = desk.found(&first).await;
    desk.apply(resolved(&first, at(DAY + 60)))
        .await;
    assert_eq!(desk.at(DAY + 61).await, ["delivered"], "ends are told");
    let elsewhere = Identity {
        labels: [("region".to_owned(), "eu".to_owned())].into(),
        ..page()
    };
    let second = desk
        .apply(fires(&elsewhere, &[sink()], at(DAY + 120)))
        .await;
    assert!(desk.at(DAY + 121).await.is_empty());
    assert_eq!(desk.held(&second).await, Some(Holder::Silence(daily.id)));
    assert_eq!(desk.at(DAY + 3_600).await, ["delivered"]);
}

#[tokio::test]
async fn ending_a_silence_tells_what_still_fires_at_once() {
    let desk = Desk::new().await;
    let silence = desk.silence(0, 600).await;
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert!(desk.at(1).await.is_empty());
    desk.end_silence(silence, 60).await;
    assert_eq!(desk.at(60).await, ["delivered"]);
    assert_eq!(desk.notifier.bodies(), ["burn_rate 1 critical first #1"]);
}

#[tokio::test]
async fn what_began_and_ended_in_a_silence_is_told_to_nobody() {
    let desk = Desk::new().await;
    desk.silence(0, 600).await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert!(desk.at(1).await.is_empty());
    desk.apply(resolved(&alert, at(60)))
        .await;
    assert!(desk.at(61).await.is_empty());
    assert!(desk.at(700).await.is_empty());
    let never = ("withheld".to_owned(), "never_told".to_owned());
    assert_eq!(desk.ledger(&alert).await, [never.clone(), never]);
}

#[tokio::test]
async fn who_was_told_before_a_silence_is_told_the_end_in_it_and_nothing_when_it_begins() {
    let desk = Desk::new().await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    desk.silence(10, 600).await;
    assert!(desk.at(11).await.is_empty());
    let alert = desk.found(&alert).await;
    desk.apply(resolved(&alert, at(60)))
        .await;
    assert_eq!(desk.at(61).await, ["delivered"]);
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1",
            "burn_rate 1 critical all_resolved #2 while silenced"
        ]
    );
}

#[tokio::test]
async fn a_silence_of_other_alerts_keeps_nothing_back() {
    let desk = Desk::new().await;
    let mut other = silence(1, 0, 600);
    other.matchers = "service=checkout,severity=low"
        .parse()
        .expect("matchers");
    desk.world
        .store
        .create_silence(&other)
        .await
        .expect("the store answers");
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
}

#[tokio::test]
async fn the_end_of_a_maintenance_tells_once_what_still_fires() {
    let desk = Desk::new().await;
    let planned = desk.maintain(0, 600).await;
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert!(desk.at(1).await.is_empty());
    assert_eq!(
        desk.held(&alert).await,
        Some(Holder::Maintenance(planned.id))
    );
    desk.world
        .store
        .end_maintenance(&planned.end(None, at(60)), at(60))
        .await
        .expect("the store answers");
    assert_eq!(desk.at(60).await, ["delivered"]);
    assert!(desk.at(700).await.is_empty());
    assert_eq!(desk.notifier.bodies(), ["burn_rate 1 critical first #1"]);
}

#[tokio::test]
async fn a_slower_page_below_is_told_in_the_place_of_those_above_it() {
    let desk = Desk::new().await;
    desk.checkout_stands_on_postgres().await;
    let above = desk
        .apply(page_of("checkout", Severity::Critical, 0))
        .await;
    assert!(desk.at(1).await.is_empty());
    assert_eq!(desk.held(&above).await, Some(Holder::Wait));
    let below = desk
        .apply(page_of("postgres", Severity::Critical, 20))
        .await;
    assert_eq!(desk.at(21).await, ["delivered"]);
    assert!(desk.at(31).await.is_empty());
    assert_eq!(desk.held(&above).await, Some(Holder::Alarm(below.id)));

    let below = desk.found(&below).await;
    desk.apply(resolved(&below, at(1_000)))
        .await;
    assert_eq!(desk.at(1_001).await, ["delivered"], "its end");
    assert!(desk.at(1_240).await.is_empty());
    assert_eq!(desk.held(&above).await, Some(Holder::Extension(below.id)));
    assert!(desk.at(1_299).await.is_empty());
    assert_eq!(desk.at(1_300).await, ["delivered"], "it did not recover");
    assert_eq!(
        desk.notifier.bodies(),
        [
            "burn_rate 1 critical first #1 in open incident",
            "burn_rate 1 critical all_resolved #2 in open incident",
            "burn_rate 1 critical first #1 in open incident"
        ]
    );
}

#[tokio::test]
async fn what_recovers_with_what_it_stands_on_is_never_told() {
    let desk = Desk::new().await;
    desk.checkout_stands_on_postgres().await;
    let below = desk
        .apply(page_of("postgres", Severity::Critical, 0))
        .await;
    assert_eq!(desk.at(1).await, ["delivered"]);
    let above = desk
        .apply(page_of("checkout", Severity::Emergency, 20))
        .await;
    assert!(desk.at(21).await.is_empty(), "an emergency too");
    desk.apply(resolved(&desk.found(&below).await, at(1_000)))
        .await;
    desk.apply(resolved(&above, at(1_100)))
        .await;
    assert_eq!(desk.at(1_101).await, ["delivered"]);
    let never = ("withheld".to_owned(), "never_told".to_owned());
    assert_eq!(desk.ledger(&above).await, [never.clone(), never]);
}

#[tokio::test]
async fn who_stands_on_nothing_and_an_emergency_are_told_at_once() {
    let desk = Desk::new().await;
    desk.checkout_stands_on_postgres().await;
    desk.apply(page_of("postgres", Severity::Critical, 0))
        .await;
    assert_eq!(desk.at(0).await, ["delivered"]);

    let desk = Desk::new().await;
    desk.checkout_stands_on_postgres().await;
    desk.apply(page_of("checkout", Severity::Emergency, 0))
        .await;
    assert_eq!(desk.at(0).await, ["delivered"]);
}

#[tokio::test]
async fn a_fire_that_waited_in_vain_is_told_after_the_wait() {
    let desk = Desk::new().await;
    desk.checkout_stands_on_postgres().await;
    desk.apply(page_of("checkout", Severity::Critical, 0))
        .await;
    assert!(desk.at(29).await.is_empty());
    assert_eq!(desk.at(30).await, ["delivered"]);
}
