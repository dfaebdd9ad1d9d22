//! The store fails once, at any call of a story: the story ends as it would have.

use std::collections::BTreeSet;

use sre_core::monitor::AlertMover;
use sre_core::policy::{BurnLevel, BurnRule, PolicyChoice};
use sre_core::store::Outbox;
use sre_core::target::Factor;
use sre_store_conformance::fixtures::{at, counts};

use super::dispatching::Desk;
use super::spy::Failing;
use super::*;

/// What is compared at the end: slices, what was found, the episodes, and what was told.
#[derive(Debug, PartialEq)]
struct End {
    folded: BTreeMap<i64, (u64, u64)>,
    found: Evaluation,
    episodes: Vec<(String, u64, &'static str)>,
    told: BTreeSet<String>,
    waiting: u64,
}

/// Minutes of health, outage and health again, with all workers every twenty seconds.
async fn story(fault: Option<(usize, Failing)>) -> (End, usize) {
    let world = World::new();
    let slo = pushed();
    world.add(&slo).await;
    let mut desk = Desk::over(world, false).await;
    if let Some((n, failing)) = fault {
        desk.world.store.fails_at(n, failing);
    }
    let evaluator = desk.world.evaluator("one");
    let alerts = Arc::<Spy>::clone(&desk.world.store);
    let mover = AlertMover::new(alerts, fixtures::settings(), vec![sink()], "one".to_owned());
    for step in 0..66 {
        let second = 20 * step;
        if step % 3 == 0 && step < 60 {
            let bad = if (18..24).contains(&step) { 1_000 } else { 0 };
            desk.world
                .push(second + 5, counts(1_000 - bad, 1_000))
                .await;
        }
        desk.world.now = at(second + 20);
        // A worker that failed is called again at its next turn.
        let now = desk.world.now;
        drop(evaluator.activate(now).await);
        drop(mover.activate(now).await);
        drop(desk.send_due(now).await);
    }
    let calls = desk.world.store.calls();
    desk.world.store.heals();
    (end(&desk, &slo).await, calls)
}

async fn end(desk: &Desk, slo: &Slo) -> End {
    let episodes = desk.world.alerts(slo).await;
    for alert in episodes.values() {
        let ledger = desk
            .world
            .store
            .ledger(alert.id)
            .await
            .expect("the store answers");
        let kind = |transition| {
            let mut records = ledger.iter();
            records
                .find(|record| record.intent.transition == transition)
                .map(|record| record.intent.kind.as_str())
        };
        assert_eq!(kind(1), Some("fire"), "no transition without its intents");
        if !alert.is_open() {
            assert_eq!(
                kind(alert.transition),
                Some("resolve"),
                "no end that nobody is to hear of"
            );
        }
    }
    let received = desk.notifier.received();
    let mut ids = BTreeSet::new();
    for one in &received {
        assert!(
            ids.insert(one.id) || one.is_possible_duplicate,
            "a repeat that may be one says so"
        );
    }
    let depth = desk
        .world
        .store
        .depth()
        .await
        .expect("the store answers");
    End {
        folded: desk.world.folded(slo).await,
        found: desk.world.afresh(slo).await,
        episodes: episodes
            .into_iter()
            .map(|(kind, alert)| (kind, alert.episode, alert.state.as_str()))
            .collect(),
        told: received
            .into_iter()
            .map(|one| one.body)
            .collect(),
        waiting: depth.intents + depth.deliveries,
    }
}

#[tokio::test]
async fn a_story_without_faults_is_one_page_its_end_and_one_ticket() {
    let (end, calls) = story(None).await;
    assert_eq!(
        end.told
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        [
            "burn_rate 1 emergency all_resolved #2 in open incident",
            "burn_rate 1 emergency first #1 in open incident",
            "slo_violation 1 high first #1",
        ]
    );
    assert_eq!((end.waiting, end.folded.len()), (0, 20));
    assert!(calls > 200, "{calls}");
}

/// Every call of the story fails once, before or after it took effect.
#[tokio::test]
async fn a_story_ends_the_same_whichever_call_of_the_store_fails() {
    let (expected, calls) = story(None).await;
    for n in 0..calls {
        for failing in [Failing::Before, Failing::After] {
            let (end, _) = story(Some((n, failing))).await;
            assert_eq!(end, expected, "call {n} fails {failing:?}");
        }
    }
}

/// What breaks is often measured more seldom as well. Of a minute in three, five minutes would hold too
/// few for a rule to stand; but the rule that pages was not measured to be quiet.
#[tokio::test]
async fn an_outage_that_is_measured_ever_more_seldom_goes_on_paging() {
    let (mut world, mut slo) = (World::new(), pushed());
    slo.definition.burn_policy = PolicyChoice::Custom(vec![BurnRule {
        level: BurnLevel::Emergency,
        factor: Factor::whole(10),
        long: Span::hours(1),
        short: Span::minutes(5),
        min_share: None,
    }]);
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(60, 0, 100, &evaluator).await;
    world
        .live(30, 100, 100, &evaluator)
        .await;
    for _ in 0..30 {
        world
            .live(1, 100, 100, &evaluator)
            .await;
        let second = (world.now - at(0)).num_seconds();
        world
            .run_until(second + 120, &evaluator)
            .await;
        let page = &world.alerts(&slo).await["burn_rate"];
        assert!(page.is_open() && page.episode == 1, "{second}: {page:?}");
    }
    // Clean minutes end it, and rules follow how it is measured now.
    for _ in 0..30 {
        world.live(1, 0, 100, &evaluator).await;
        let second = (world.now - at(0)).num_seconds();
        world
            .run_until(second + 120, &evaluator)
            .await;
    }
    assert!(!world.alerts(&slo).await["burn_rate"].is_open());
    assert!(world.found(&slo).await.rules.is_empty());
}
