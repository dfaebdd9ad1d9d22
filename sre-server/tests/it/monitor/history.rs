//! A source of counters: its history, its failures, its lies.

use sre_core::evaluation::SloState;
use sre_core::source::{FailureClass, Measurement, OnAbsent};
use sre_store_conformance::fixtures::{at, during};

use super::scripted::{fails, measured};
use super::*;

#[tokio::test]
async fn a_new_slo_is_live_at_once_and_its_history_comes_newest_first() {
    let (mut world, slo) = (World::new(), counted());
    world
        .add_with_history(&slo, Some(during(-86_400, 0)))
        .await;
    world.source.counts(99, 100);
    let evaluator = world.evaluator("one");
    world.run_until(100, &evaluator).await;
    assert_eq!(
        world.source.asked(),
        [during(-60, 0), during(0, 60)],
        "the live edge first"
    );
    assert_eq!(
        world
            .found(&slo)
            .await
            .coverage
            .measured,
        2
    );
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    let asked = world.source.asked();
    assert_eq!(asked.len(), 24);
    assert_eq!(
        (asked[0], asked[23]),
        (during(-3_600, 0), during(-86_400, -82_800))
    );
    world.run_until(160, &evaluator).await;
    let found = world.found(&slo).await;
    assert_eq!(
        (found.coverage.measured, found.coverage.expected),
        (1_440, 1_440)
    );
    assert_eq!(found.filled_seconds, 86_400);
    assert_eq!(found, world.afresh(&slo).await);
    assert!(
        !evaluator
            .backfill(world.now)
            .await
            .expect("the store answers"),
        "nothing is left"
    );
}

/// History decides nothing; the next slot does, and records that the state changed.
#[tokio::test]
async fn history_decides_and_records_nothing_by_itself() {
    let (mut world, slo) = (World::new(), counted());
    world
        .add_with_history(&slo, Some(during(-43_200, 0)))
        .await;
    world.source.says(|slice| {
        if slice.start() < at(-60) {
            measured(50, 100)
        } else {
            Measurement::NoTraffic
        }
    });
    let evaluator = world.evaluator("one");
    world.run_until(100, &evaluator).await;
    assert_eq!(world.found(&slo).await.state, SloState::InsufficientData);
    world.store.committed();
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    let committed = world.store.committed();
    assert!(
        committed
            .iter()
            .all(|changes| changes.alerts.is_empty() && changes.calculations.is_empty())
    );
    assert!(world.alerts(&slo).await.is_empty());
    world.run_until(160, &evaluator).await;
    let committed = world.store.committed();
    let recorded = committed[0]
        .calculations
        .last()
        .expect("the state changed");
    assert_eq!(recorded.state, SloState::Violated);
    assert!(
        world
            .alerts(&slo)
            .await
            .contains_key("slo_violation")
    );
}

#[tokio::test]
async fn a_slot_that_is_claimed_meanwhile_wins_over_history() {
    let (mut world, slo) = (World::new(), counted());
    world
        .add_with_history(&slo, Some(during(-86_400, 0)))
        .await;
    world.source.counts(99, 100);
    let (one, other) = (world.evaluator("one"), world.evaluator("other"));
    world.run_until(100, &one).await;
    world.run_until(160, &other).await;
    world.store.committed();
    one.backfill(world.now)
        .await
        .expect("the store answers");
    assert!(world.store.committed().is_empty(), "the other has moved on");
    other
        .backfill(world.now)
        .await
        .expect("the store answers");
    assert_eq!(world.store.committed().len(), 1);
    world.run_until(220, &one).await;
    assert_eq!(world.found(&slo).await, world.afresh(&slo).await);
}

#[tokio::test]
async fn what_a_source_failed_to_say_is_asked_again_when_it_is_back() {
    let (mut world, slo) = (World::new(), counted());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.source.counts(100, 100);
    world.run_until(300, &evaluator).await;
    world
        .source
        .says(|_| fails(FailureClass::Timeout));
    world.now += TimeDelta::seconds(60);
    let done = world.evaluate(&evaluator).await;
    assert_eq!(
        done.source_failures,
        BTreeMap::from([(FailureClass::Timeout, 1)])
    );
    world.run_until(900, &evaluator).await;
    let known = world.folded(&slo).await;
    assert!(
        known.keys().all(|second| *second < 300),
        "a failure measures nothing: {known:?}"
    );
    assert!(world.alerts(&slo).await["no_data"].is_open());
    world.source.counts(90, 100);
    world.run_until(960, &evaluator).await;
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    world.run_until(1_020, &evaluator).await;
    let folded = world.folded(&slo).await;
    let expected: Vec<i64> = (-1..16)
        .map(|minute| 60 * minute)
        .collect();
    assert_eq!(
        folded
            .keys()
            .copied()
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(world.found(&slo).await, world.afresh(&slo).await);
}

/// Twenty SLOs and a source that is away: not each waits for a time-out of its own, since claims end
/// meanwhile. None of them is lost, and what was not asked is asked when the source is back.
#[tokio::test]
async fn a_source_that_is_away_is_not_asked_for_every_slo() {
    for (class, at_most) in [
        (FailureClass::Unreachable, 1),
        (FailureClass::Timeout, 8),
        (FailureClass::Refused, 20),
    ] {
        let mut world = World::new();
        let slos: Vec<Slo> = (1..=20)
            .map(|n| {
                let mut slo = counted();
                slo.id = fixtures::slo(n).build().id;
                slo.definition.name = format!("number {n}");
                slo
            })
            .collect();
        for slo in &slos {
            world.add(slo).await;
        }
        let evaluator = world.evaluator("one");
        world.source.says(move |_| fails(class));
        world.now += TimeDelta::seconds(100);
        let done = world.evaluate(&evaluator).await;
        assert_eq!((done.applied, done.failed), (20, 0));
        assert_eq!(world.source.asked().len(), at_most, "{class}");
        world.source.counts(90, 100);
        world.now += TimeDelta::seconds(60);
        world.evaluate(&evaluator).await;
        while evaluator
            .backfill(world.now)
            .await
            .expect("the store answers")
        {}
        for slo in &slos {
            assert!(world.folded(slo).await.contains_key(&0), "{class}");
        }
    }
}

/// What is partial leaves its slice unmeasured, and is asked for again.
#[tokio::test]
async fn a_partial_answer_is_no_measurement() {
    let (mut world, slo) = (World::new(), counted());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .source
        .says(|slice| match (slice.start() - at(0)).num_minutes() {
            2 => Measurement::Partial {
                counts: sre_core::count::Counts::NONE,
                warnings: vec!["a store did not answer".to_owned()],
            },
            _ => measured(100, 100),
        });
    world.run_until(300, &evaluator).await;
    assert_eq!(
        world
            .folded(&slo)
            .await
            .keys()
            .copied()
            .collect::<Vec<_>>(),
        [-60, 0, 60, 180]
    );
    world.source.counts(100, 100);
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    world.run_until(400, &evaluator).await;
    assert!(
        world
            .folded(&slo)
            .await
            .contains_key(&120)
    );
}

/// D5: `on_absent` is for series that are absent, never for what nobody said.
#[tokio::test]
async fn what_an_answer_leaves_out_is_a_failure_whatever_stands_for_absence() {
    for on_absent in [OnAbsent::Good, OnAbsent::Bad] {
        let (mut world, mut slo) = (World::new(), counted());
        slo.definition.on_absent = on_absent;
        world.add(&slo).await;
        world.source.counts(100, 100);
        world.source.leaves_out(2);
        let evaluator = world.evaluator("one");
        world.now += TimeDelta::seconds(100);
        let done = world.evaluate(&evaluator).await;
        assert_eq!(
            done.source_failures,
            BTreeMap::from([(FailureClass::Malformed, 1)])
        );
        assert!(world.folded(&slo).await.is_empty());
        // The same where no source is configured at all.
        let ports = EvaluatorPorts {
            evaluations: Arc::<Spy>::clone(&world.store),
            samples: Arc::<Spy>::clone(&world.store),
            alerts: Arc::<Spy>::clone(&world.store),
            services: Arc::<Spy>::clone(&world.store),
            source: None,
        };
        let blind = Evaluator::new(ports, world.settings, Vec::new(), "blind".to_owned());
        world.run_until(200, &blind).await;
        assert!(world.folded(&slo).await.is_empty());
    }
}

#[tokio::test]
async fn absent_series_are_what_the_slo_says_they_are() {
    for (on_absent, expected) in [
        (OnAbsent::Exclude, None),
        (OnAbsent::Good, Some((0, 1))),
        (OnAbsent::Bad, Some((1, 1))),
    ] {
        let (mut world, mut slo) = (World::new(), counted());
        slo.definition.on_absent = on_absent;
        world.add(&slo).await;
        world
            .source
            .says(|_| Measurement::Absent);
        let evaluator = world.evaluator("one");
        world.run_until(100, &evaluator).await;
        assert_eq!(
            world
                .folded(&slo)
                .await
                .get(&0)
                .copied(),
            expected,
            "{on_absent:?}"
        );
    }
}

/// One stretch that a source can never speak for does not keep it from speaking for older ones.
#[tokio::test]
async fn a_stretch_that_fails_for_good_does_not_hold_the_history_before_it() {
    let (mut world, slo) = (World::new(), counted());
    world
        .add_with_history(&slo, Some(during(-10_800, 0)))
        .await;
    world.source.says(|slice| {
        let is_bad = during(-3_600, -60).contains(slice.start());
        if is_bad {
            fails(FailureClass::Impossible)
        } else {
            measured(100, 100)
        }
    });
    let evaluator = world.evaluator("one");
    world.run_until(100, &evaluator).await;
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    let folded = world.folded(&slo).await;
    assert_eq!(
        folded
            .keys()
            .filter(|second| **second < -60)
            .count(),
        120
    );
    // A source that is away is asked once a step.
    world
        .source
        .says(|_| fails(FailureClass::Unreachable));
    let (mut world, slo) = (World::new(), counted());
    world
        .add_with_history(&slo, Some(during(-10_800, 0)))
        .await;
    world.source.says(|slice| {
        if slice.start() < at(-60) {
            fails(FailureClass::Unreachable)
        } else {
            measured(100, 100)
        }
    });
    let evaluator = world.evaluator("one");
    world.run_until(100, &evaluator).await;
    world.source.asked();
    evaluator
        .backfill(world.now)
        .await
        .expect("the store answers");
    assert_eq!(world.source.asked().len(), 1);
}
