//! After a pause every missed slot is folded and recorded; only the newest decides.

use sre_core::evaluation::SloState;
use sre_core::store::HistoryItem;
use sre_store_conformance::fixtures::{at, counts};

use super::*;

impl World {
    /// What is pushed by others while this process is away.
    async fn pushed_meanwhile(&self, minutes: std::ops::Range<i64>, bad: u64, total: u64) {
        for minute in minutes {
            self.push(60 * minute + 30, counts(total - bad, total))
                .await;
        }
    }

    /// Calculations by minutes after noon, and gaps by their ends.
    async fn recorded(&self, slo: &Slo) -> (Vec<i64>, Vec<(i64, i64)>) {
        let limit = 1_000.try_into().expect("some");
        let ever = Interval::new(at(0), self.now + TimeDelta::days(1));
        let history = self
            .store
            .history(slo.id, ever, limit)
            .await
            .expect("the store answers");
        let minutes = |at: DateTime<Utc>| (at - fixtures::at(0)).num_minutes();
        let (mut slots, mut gaps) = (Vec::new(), Vec::new());
        for item in history {
            match item {
                HistoryItem::Calculation(held) => slots.push(minutes(held.slot)),
                HistoryItem::Gap(gap) => {
                    gaps.push((minutes(gap.during.start()), minutes(gap.during.end())));
                }
            }
        }
        (slots, gaps)
    }
}

#[tokio::test]
async fn every_slot_of_the_grid_is_recorded_after_a_pause_of_three_hours() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(20, 0, 100, &evaluator).await;
    world.now = at(200 * 60 + 40);
    world
        .pushed_meanwhile(20..200, 0, 100)
        .await;
    let done = world.evaluate(&evaluator).await;
    assert_eq!(done.missed, 180, "slots 20 to 199 passed, 200 is on time");
    let (slots, gaps) = world.recorded(&slo).await;
    let buckets: Vec<i64> = slots
        .iter()
        .map(|minute| minute / 5 * 5)
        .collect();
    // The first two are a change of state within one bucket of the grid.
    assert_eq!(slots[..2], [0, 1]);
    assert_eq!(
        buckets[1..],
        (0..=200)
            .step_by(5)
            .collect::<Vec<i64>>()
    );
    assert!(
        slots[2..]
            .iter()
            .all(|minute| minute % 5 == 0),
        "{slots:?}"
    );
    assert!(gaps.is_empty());
    assert_eq!(world.folded(&slo).await.len(), 200);
    assert_eq!(world.found(&slo).await, world.afresh(&slo).await);
    assert_eq!(world.found(&slo).await.as_of, at(200 * 60));
}

#[tokio::test]
async fn an_outage_that_came_and_went_in_the_pause_pages_nobody() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(60, 0, 1_000, &evaluator)
        .await;
    world.now = at(240 * 60 + 40);
    world
        .pushed_meanwhile(60..100, 0, 1_000)
        .await;
    world
        .pushed_meanwhile(100..110, 1_000, 1_000)
        .await;
    world
        .pushed_meanwhile(110..240, 0, 1_000)
        .await;
    world.evaluate(&evaluator).await;
    let alerts = world.alerts(&slo).await;
    // The budget is gone, which is a fact of the present.
    assert_eq!(alerts.keys().collect::<Vec<_>>(), ["slo_violation"]);
    let ticket = &alerts["slo_violation"];
    assert_eq!(ticket.starts_at, world.now);
    let past = world
        .store
        .committed()
        .into_iter()
        .filter(|changes| changes.last_slice < at(240 * 60));
    assert!(
        past.into_iter()
            .all(|changes| changes.alerts.is_empty())
    );
}

#[tokio::test]
async fn the_slot_that_decides_after_a_pause_is_the_newest() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(60, 0, 1_000, &evaluator)
        .await;
    world.now = at(90 * 60 + 40);
    world
        .pushed_meanwhile(60..80, 0, 1_000)
        .await;
    world
        .pushed_meanwhile(80..90, 1_000, 1_000)
        .await;
    world.store.committed();
    world.evaluate(&evaluator).await;
    let committed = world.store.committed();
    let [changes] = committed.as_slice() else {
        panic!("one step")
    };
    let newest = at(90 * 60 + 10);
    assert!(changes.alerts.iter().all(|update| {
        update
            .slot
            .is_some_and(|slot| slot >= newest)
    }));
    assert!(!changes.alerts.is_empty());
    let recorded = changes
        .calculations
        .last()
        .expect("its state changed");
    assert!(
        recorded.slot >= newest && recorded.state == SloState::Violated,
        "{recorded:?}"
    );
    assert!(
        changes
            .calculations
            .is_sorted_by_key(|held| held.slot)
    );
    assert!(
        changes
            .budget
            .as_ref()
            .is_some_and(|budget| budget.at >= newest)
    );
}

#[tokio::test]
async fn a_pause_makes_nothing_stale() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(20, 0, 100, &evaluator).await;
    world.now = at(200 * 60 + 40);
    world.evaluate(&evaluator).await;
    assert!(world.alerts(&slo).await.is_empty());
    // From now on somebody watches: three minutes without data are silence.
    world
        .run_until(202 * 60 + 40, &evaluator)
        .await;
    assert!(world.alerts(&slo).await.is_empty());
    world
        .run_until(203 * 60 + 40, &evaluator)
        .await;
    assert_eq!(
        world
            .alerts(&slo)
            .await
            .keys()
            .collect::<Vec<_>>(),
        ["no_data"]
    );
}

/// Nothing resolves because nobody measured.
#[tokio::test]
async fn a_pause_is_no_recovery_of_what_was_silent_before() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(20, 0, 100, &evaluator).await;
    world
        .run_until(30 * 60, &evaluator)
        .await;
    assert!(world.alerts(&slo).await["no_data"].is_open());
    world.now = at(200 * 60 + 40);
    world.evaluate(&evaluator).await;
    assert!(
        world.alerts(&slo).await["no_data"].is_open(),
        "still silent"
    );
    world
        .run_until(201 * 60, &evaluator)
        .await;
    world.live(2, 0, 100, &evaluator).await;
    assert!(!world.alerts(&slo).await["no_data"].is_open());
}

#[tokio::test]
async fn what_no_window_holds_any_more_is_a_gap() {
    let (mut world, mut slo) = (World::new(), pushed());
    slo.definition.window = Window::Rolling(Span::hours(1));
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(20, 0, 100, &evaluator).await;
    let hours = 24 * 5;
    world.now = at(hours * 3_600 + 40);
    let done = world.evaluate(&evaluator).await;
    let (slots, gaps) = world.recorded(&slo).await;
    // What a ledger holds slice by slice, and a day, are folded from the start of an hour.
    assert_eq!(gaps, [(19, 60 * (hours - 27))]);
    assert!(
        slots
            .iter()
            .all(|minute| *minute <= 20 || *minute >= 60 * (hours - 27))
    );
    assert_eq!(world.found(&slo).await.as_of, at(hours * 3_600));
    assert_eq!(done.missed, u32::try_from(60 * hours - 20).expect("small"));
}

#[tokio::test]
async fn a_clock_that_went_back_folds_nothing_and_decides_nothing() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(20, 0, 100, &evaluator).await;
    let before = world.standing(&slo).await;
    world.now = at(300);
    assert_eq!(world.evaluate(&evaluator).await.applied, 0);
    assert_eq!(world.standing(&slo).await, before);
}
