//! A destination that does not take what it is owed: an alert through the others, and its fallback.

use std::collections::BTreeSet;

use sre_core::monitor::{DestinationKeeper, DestinationPorts};
use sre_core::notification::{DESTINATION_BROKEN, Fallback};
use sre_core::store::AlertQuery;

use super::*;

fn chat() -> Destination {
    fixtures::destination("chat")
}

/// `sink` and `chat`, and what looks after them.
async fn kept(fallbacks: Vec<Fallback>) -> (Desk, DestinationKeeper) {
    let both = [fixtures::destination("sink"), chat()];
    let desk = Desk::telling(World::new(), &both, false).await;
    let keeper = keeper(&desk, &both, fallbacks.clone());
    let dispatcher = desk
        .dispatcher
        .with_fallbacks(fallbacks);
    (Desk { dispatcher, ..desk }, keeper)
}

fn keeper(
    desk: &Desk,
    destinations: &[Destination],
    fallbacks: Vec<Fallback>,
) -> DestinationKeeper {
    let ports = DestinationPorts {
        outbox: Arc::<Spy>::clone(&desk.world.store),
        deliveries: Arc::<Spy>::clone(&desk.world.store),
        alerts: Arc::<Spy>::clone(&desk.world.store),
    };
    DestinationKeeper::new(
        ports,
        fixtures::settings(),
        "sre-monitor".parse().expect("a name"),
        destinations.to_vec(),
        fallbacks,
    )
}

fn fallback(of: DestinationId, to: DestinationId) -> Fallback {
    Fallback {
        of,
        to: vec![to],
        quick_retries: 3,
    }
}

async fn look(keeper: &DestinationKeeper, second: i64) -> usize {
    keeper
        .activate(at(second))
        .await
        .expect("the store answers")
}

/// The alerts that say that a destination is broken, the newest first.
async fn broken(desk: &Desk) -> Vec<Alert> {
    let query = AlertQuery {
        alert_type: Some(
            DESTINATION_BROKEN
                .parse()
                .expect("a type"),
        ),
        ..AlertQuery::default()
    };
    let page = sre_core::store::Page::first(std::num::NonZeroU32::MAX);
    desk.world
        .store
        .list_alerts(&query, page)
        .await
        .expect("the store answers")
}

#[tokio::test]
async fn a_broken_destination_is_told_through_the_others_and_never_through_itself() {
    let (desk, keeper) = kept(vec![]).await;
    desk.notifier
        .answers([status(404, None), status(404, None)]);
    let first = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["degraded", "dead"]);
    desk.notifier.received();
    for second in 1..4 {
        look(&keeper, second).await;
        desk.at(second).await;
    }
    let [alert] = broken(&desk)
        .await
        .try_into()
        .expect("one alert");
    assert_eq!(alert.severity, Severity::High);
    assert!(
        alert
            .message
            .contains("sink refused the message"),
        "{}",
        alert.message
    );
    assert_eq!(
        desk.others[0].bodies(),
        ["destination_broken 1 high first #1"]
    );
    assert!(desk.notifier.received().is_empty());
    // Whatever asks to tell it to everybody.
    let repeat = goes_on(&alert, &[sink(), chat().id], at(20_000));
    let alert = desk.apply(repeat).await;
    desk.at(20_000).await;
    assert!(desk.notifier.received().is_empty());
    let ledger = desk.ledger(&alert).await;
    assert!(ledger.contains(&("withheld".to_owned(), "about_itself".to_owned())));
    // A message that arrives mends it.
    desk.others[0].received();
    let found = desk.found(&first).await;
    desk.apply(fires(&page_of(7), &[sink()], at(20_001)))
        .await;
    assert!(found.is_open());
    assert_eq!(desk.at(20_001).await, ["delivered"]);
    look(&keeper, 20_002).await;
    desk.at(20_002).await;
    assert_eq!(
        desk.others[0].bodies(),
        ["destination_broken 1 high all_resolved #3"]
    );
}

/// People call a destination of mail otherwise than its id does, which is made of the address.
#[tokio::test]
async fn a_broken_destination_is_known_by_its_id_and_not_by_its_name() {
    let mail = Destination {
        name: "email".to_owned(),
        ..fixtures::destination("sink")
    };
    let both = [mail, chat()];
    let desk = Desk::telling(World::new(), &both, false).await;
    let keeper = keeper(&desk, &both, vec![]);
    desk.notifier
        .answers([status(404, None), status(404, None)]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["degraded", "dead"]);
    desk.notifier.received();
    look(&keeper, 1).await;
    let [alert] = broken(&desk)
        .await
        .try_into()
        .expect("one alert");
    let repeat = goes_on(&alert, &[sink(), chat().id], at(20_000));
    desk.apply(repeat).await;
    desk.at(20_000).await;
    assert!(desk.notifier.received().is_empty());
}

/// An address may stand in two receivers with fallbacks of their own, and in its own fallback.
#[tokio::test]
async fn everybody_is_told_once_who_is_named_in_place_of_one_destination() {
    let night = fixtures::destination("night");
    let all = [fixtures::destination("sink"), chat(), night.clone()];
    let fallbacks = vec![
        fallback(sink(), chat().id),
        Fallback {
            to: vec![sink(), night.id],
            ..fallback(sink(), chat().id)
        },
    ];
    let desk = Desk::telling(World::new(), &all, false).await;
    let keeper = keeper(&desk, &all, fallbacks);
    desk.notifier
        .answers([status(401, None)]);
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["dead"]);
    let told = [look(&keeper, 1).await, look(&keeper, 2).await];
    assert_eq!(told, [1, 0]);
    desk.at(2).await;
    let heard = desk.found(&alert).await.destinations;
    assert_eq!(heard, BTreeSet::from([sink(), chat().id, night.id]));
    for other in &desk.others {
        let bodies = other.bodies();
        let of_page = bodies
            .iter()
            .filter(|body| body.starts_with("burn_rate"));
        assert_eq!(of_page.count(), 1, "{bodies:?}");
    }
    assert_eq!(look(&keeper, 3).await, 0);
}

#[tokio::test]
async fn another_configuration_ends_the_alert_and_so_does_none() {
    let (desk, keeper) = kept(vec![]).await;
    desk.notifier
        .answers([status(401, None)]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["dead"]);
    look(&keeper, 1).await;
    assert!(broken(&desk).await[0].is_open());
    let mut changed = fixtures::destination("sink");
    changed.fingerprint = "another".to_owned();
    desk.world
        .store
        .register_destinations(&[changed, chat()], at(2))
        .await
        .expect("the store answers");
    look(&keeper, 3).await;
    assert!(!broken(&desk).await[0].is_open());

    desk.notifier
        .answers([status(410, None)]);
    desk.apply(fires(&page_of(2), &[sink()], at(10)))
        .await;
    assert_eq!(desk.at(10).await, ["dead"]);
    look(&keeper, 11).await;
    assert!(broken(&desk).await[0].is_open());
    let without = self::keeper(&desk, &[chat()], vec![]);
    look(&without, 12).await;
    assert!(
        broken(&desk)
            .await
            .iter()
            .all(|alert| !alert.is_open())
    );
}

#[tokio::test]
async fn what_was_given_up_is_told_to_the_fallback_with_the_reason_and_so_is_its_end() {
    let (desk, keeper) = kept(vec![fallback(sink(), chat().id)]).await;
    desk.notifier
        .answers([status(401, None)]);
    let alert = desk
        .apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["dead"]);
    assert_eq!(look(&keeper, 1).await, 1);
    assert_eq!(look(&keeper, 1).await, 0, "once");
    desk.at(1).await;
    let bodies = desk.others[0].bodies();
    assert!(
        bodies.contains(
            &"burn_rate 1 critical first #1 (sink refused the credentials; sent by chat.)"
                .to_owned()
        ),
        "{bodies:?}"
    );
    let found = desk.found(&alert).await;
    desk.apply(resolved(&found, at(60)))
        .await;
    assert_eq!(desk.at(60).await, ["delivered"]);
    let bodies = desk.others[0].bodies();
    assert!(
        bodies[0].starts_with("burn_rate 1 critical all_resolved #2"),
        "{bodies:?}"
    );
}

#[tokio::test]
async fn what_is_slow_is_told_to_the_fallback_after_a_minute_and_goes_on() {
    let (desk, keeper) = kept(vec![fallback(sink(), chat().id)]).await;
    desk.notifier
        .answers([status(429, Some(600))]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    assert_eq!(desk.at(0).await, ["retry"]);
    assert_eq!(look(&keeper, 59).await, 0);
    assert_eq!(look(&keeper, 60).await, 1);
    assert_eq!(desk.at(60).await, ["delivered"]);
    let bodies = desk.others[0].bodies();
    assert_eq!(
        bodies,
        ["burn_rate 1 critical first #1 (sink has not taken the message; sent by chat.)"]
    );
    assert_eq!(desk.at(600).await, ["delivered"], "nothing was dropped");
}

#[tokio::test]
async fn the_quick_retries_are_counted() {
    let (desk, keeper) = kept(vec![fallback(sink(), chat().id)]).await;
    desk.notifier
        .answers([(); 5].map(|()| status(500, None)));
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let mut fell_back = 0;
    for second in 0..30 {
        desk.at(second).await;
        fell_back += look(&keeper, second).await;
        if fell_back > 0 {
            break;
        }
    }
    assert_eq!(fell_back, 1);
    assert_eq!(
        desk.notifier.received().len(),
        4,
        "one try and three retries"
    );
}

/// Each falls back to the other, and both refuse: it ends.
#[tokio::test]
async fn what_falls_back_in_a_circle_ends() {
    let circle = vec![fallback(sink(), chat().id), fallback(chat().id, sink())];
    let (desk, keeper) = kept(circle).await;
    desk.notifier
        .answers([status(401, None)]);
    desk.others[0].answers([status(401, None)]);
    desk.apply(fires(&page(), &[sink()], at(0)))
        .await;
    let mut told = 0;
    for second in 0..120 {
        desk.at(second).await;
        told += look(&keeper, second).await;
    }
    assert!(told <= 4, "{told}");
    assert_eq!(desk.notifier.received().len(), 1);
    assert_eq!(
        desk.others[0].received().len(),
        2,
        "the page, and beside it that sink is broken"
    );
    assert_eq!(look(&keeper, 200).await, 0);
}

/// K6: wherever it is killed while a message is given up and its destination is said to be broken.
#[tokio::test]
async fn a_process_killed_while_it_gives_up_leaves_one_dead_message_and_one_alert() {
    for n in 0..14 {
        for failing in [spy::Failing::Before, spy::Failing::After] {
            let (desk, keeper) = kept(vec![]).await;
            desk.notifier
                .answers([(); 6].map(|()| status(404, None)));
            desk.apply(fires(&page(), &[sink()], at(0)))
                .await;
            desk.world.store.fails_at(n, failing);
            for second in (0..200).step_by(10) {
                desk.clock.set(at(second));
                drop(desk.send_due(at(second)).await);
                drop(keeper.activate(at(second)).await);
            }
            desk.world.store.heals();
            let dead = sre_core::store::DeliveryQuery {
                state: Some(sre_core::store::DeliveryStatus::Dead),
                destination_id: None,
            };
            let page = sre_core::store::Page::first(std::num::NonZeroU32::MAX);
            let dead = sre_core::store::Deliveries::list_deliveries(
                desk.world.store.as_ref(),
                &dead,
                page,
            )
            .await
            .expect("the store answers");
            assert_eq!(dead.len(), 1, "{n} {failing:?}");
            assert_eq!(broken(&desk).await.len(), 1, "{n} {failing:?}");
        }
    }
}
