//! The live edge: what is pushed is folded once, when its slice has closed, whoever evaluates.

use chrono::TimeDelta;
use sre_core::evaluation::SloState::{self, Met, Violated, Waiting};
use sre_core::method::{BudgetingMethod, SliceTarget};
use sre_core::store::HistoryItem;
use sre_core::store::Outcome::{self, Measured, Unmeasured};
use sre_core::threshold::{Operator, Threshold};
use sre_store_conformance::fixtures::{at, counts, labels, number, sample};

use super::*;

#[tokio::test]
async fn every_minute_is_folded_once_when_it_has_closed() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(30, 1, 100, &evaluator).await;
    // The last minute closes ten seconds after its end, at the phase of the SLO.
    assert_eq!(world.folded(&slo).await.len(), 29);
    world.run_until(1_840, &evaluator).await;
    let folded = world.folded(&slo).await;
    assert_eq!(folded.len(), 30);
    assert!(
        folded
            .values()
            .all(|counts| *counts == (1, 100))
    );
    let found = world.found(&slo).await;
    let budget = found.budget.expect("measured");
    assert_eq!((budget.consumed(), found.as_of), (30.0, at(1_800)));
    assert_eq!(found.state, Violated);

    let slots: Vec<_> = world
        .store
        .committed()
        .iter()
        .map(|changes| changes.slot)
        .collect();
    assert!(
        slots
            .windows(2)
            .all(|two| two[1] - two[0] == TimeDelta::seconds(60)),
        "{slots:?}"
    );
}

#[tokio::test]
async fn values_vote_for_their_slice() {
    let mut world = World::new();
    let mut slo = fixtures::slo(1)
        .metric("latency_p95")
        .build();
    slo.definition.threshold = Threshold::new(Operator::Lt, 500.0).ok();
    slo.definition.method = BudgetingMethod::Timeslices(SliceTarget::ALL);
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    for (second, zone, value) in [
        (10, "a", 100.0),
        (20, "b", 200.0),
        (70, "a", 100.0),
        (80, "b", 500.0),
        (130, "a", 499.9),
    ] {
        let mut latency = sample(at(second), number(value));
        latency.metric_name = "latency_p95".parse().expect("a name");
        latency.labels = labels(&[("zone", zone)]);
        world.push_sample(latency).await;
    }
    world.run_until(300, &evaluator).await;
    let folded = world.folded(&slo).await;
    assert_eq!(
        folded,
        BTreeMap::from([(0, (0, 1)), (60, (1, 1)), (120, (0, 1))])
    );
}

#[tokio::test]
async fn a_late_sample_changes_the_sums_at_the_next_slot() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(200, 0, 100, &evaluator)
        .await;
    // One of the open hour, one of an hour whose slices are in memory, and one of an older hour.
    for (second, folded_at) in [(11_700, 12_100), (6_000, 12_220), (300, 12_340)] {
        let mut late = sample(at(second), counts(0, 7));
        late.labels = labels(&[("zone", "b")]);
        assert_eq!(
            world.push_sample(late).await,
            Appended::Stored { is_late: true }
        );
        world
            .run_until(folded_at, &evaluator)
            .await;
        assert_eq!(
            world.folded(&slo).await[&(second - second % 60)],
            (7, 107),
            "{second}"
        );
        assert_eq!(world.found(&slo).await, world.afresh(&slo).await);
        world.store.committed();
        world
            .run_until(folded_at + 60, &evaluator)
            .await;
        let mut quiet = world.store.committed().into_iter();
        assert!(
            quiet.all(|changes| changes.refolded.is_none()),
            "folded again once"
        );
    }
    assert_eq!(
        world
            .found(&slo)
            .await
            .budget
            .expect("measured")
            .counts()
            .bad()
            .whole_events(),
        21
    );
}

#[tokio::test]
async fn a_duplicate_changes_nothing_and_a_replacement_is_folded_again() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(5, 0, 100, &evaluator).await;
    world.store.committed();
    assert_eq!(world.push(90, counts(100, 100)).await, Appended::Duplicate);
    world.run_until(400, &evaluator).await;
    assert!(
        world
            .store
            .committed()
            .iter()
            .all(|changes| changes.refolded.is_none())
    );
    assert_eq!(
        world.push(90, counts(40, 100)).await,
        Appended::Replaced { is_late: true }
    );
    world.run_until(500, &evaluator).await;
    assert_eq!(world.folded(&slo).await[&60], (60, 100));
}

/// A service's availability has one source.
#[tokio::test]
async fn a_probe_stands_in_until_availability_is_pushed() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    let mut probe = sample(at(10), counts(1, 1));
    probe.metric_name = "probe_success".parse().expect("a name");
    world.push_sample(probe).await;
    world.run_until(100, &evaluator).await;
    assert_eq!(world.folded(&slo).await, BTreeMap::from([(0, (0, 1))]));
}

#[tokio::test]
async fn calculations_are_recorded_on_the_grid_and_at_every_change_of_state() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.run_until(180, &evaluator).await;
    world.live(17, 0, 100, &evaluator).await;
    world
        .live(2, 100, 100, &evaluator)
        .await;
    let history = world
        .store
        .history(
            slo.id,
            fixtures::during(0, 7_200),
            100.try_into().expect("some"),
        )
        .await;
    let recorded: Vec<(i64, SloState, Outcome)> = history
        .expect("the store answers")
        .into_iter()
        .map(|item| match item {
            HistoryItem::Calculation(held) => {
                ((held.slot - at(0)).num_minutes(), held.state, held.outcome)
            }
            HistoryItem::Gap(gap) => panic!("{gap:?}"),
        })
        .collect();
    assert_eq!(
        recorded,
        [
            (0, Waiting, Unmeasured),
            (4, Met, Measured),
            (5, Met, Measured),
            (10, Met, Measured),
            (15, Met, Measured),
            (20, Met, Measured),
            (21, Violated, Measured),
        ]
    );
}

/// Slots between two slices say what the newest slice was, not that nothing was measured.
#[tokio::test]
async fn a_slot_between_two_slices_tells_of_the_newest_one() {
    let (mut world, mut slo) = (World::new(), pushed());
    slo.definition.slice = sre_core::slice::SliceWidth::new(Span::minutes(15)).expect("a width");
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(50, 0, 100, &evaluator).await;
    let history = world
        .store
        .history(
            slo.id,
            fixtures::during(1_200, 7_200),
            100.try_into().expect("some"),
        )
        .await;
    for item in history.expect("the store answers") {
        let HistoryItem::Calculation(held) = item else {
            panic!("{item:?}")
        };
        assert_eq!(held.outcome, Measured, "{}", held.slot);
    }
}

#[tokio::test]
async fn the_budget_is_recorded_every_hour_and_when_its_level_changes() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(130, 0, 100, &evaluator)
        .await;
    world
        .live(2, 100, 100, &evaluator)
        .await;
    world.live(5, 0, 100, &evaluator).await;
    let recorded: Vec<i64> = world
        .store
        .committed()
        .into_iter()
        .filter_map(|changes| changes.budget)
        .map(|budget| (budget.at - at(0)).num_minutes())
        .collect();
    // The burn reaches its level with the first bad minute, the budget is spent with the second.
    assert_eq!(recorded, [0, 60, 120, 131, 132]);
}
