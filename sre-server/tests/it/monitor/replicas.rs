//! Several evaluators over one store: each slot once, and nobody waits for one that died.

use std::collections::BTreeSet;

use sre_core::store::Commit;
use sre_store_conformance::fixtures::at;
use tokio::sync::Semaphore;

use super::*;

#[tokio::test]
async fn two_evaluators_commit_every_slot_once() {
    let mut world = World::new();
    let slos: Vec<Slo> = (1..=6)
        .map(|n| {
            let mut slo = fixtures::slo(n).build();
            slo.definition.window = Window::Rolling(Span::hours(1));
            slo
        })
        .collect();
    for slo in &slos {
        world.add(slo).await;
    }
    let evaluators = [world.evaluator("one"), world.evaluator("other")];
    for step in 0..120_usize {
        let second = 10 * i64::try_from(step).expect("small");
        if step % 6 == 0 {
            world
                .push(second + 5, fixtures::counts(99, 100))
                .await;
        }
        world.now = at(second);
        let (one, other) = tokio::join!(
            evaluators[step % 2].activate(world.now),
            evaluators[(step + 1) % 2].activate(world.now)
        );
        assert_eq!(
            one.expect("the store answers")
                .superseded,
            0
        );
        assert_eq!(
            other
                .expect("the store answers")
                .superseded,
            0
        );
    }
    let committed = world.store.committed();
    let decided: BTreeSet<_> = committed
        .iter()
        .map(|changes| (changes.slo_id, changes.slot))
        .collect();
    assert_eq!(decided.len(), committed.len());
    for slo in &slos {
        let mine = decided
            .iter()
            .filter(|(id, _)| *id == slo.id)
            .count();
        assert!((19..=21).contains(&mine), "{mine}");
        assert_eq!(world.found(slo).await, world.afresh(slo).await);
    }
    assert_eq!(
        world
            .store
            .standings(&ids(&slos))
            .await
            .expect("the store answers")
            .len(),
        6
    );
}

/// An evaluator whose source hangs beyond its claim.
struct Hanging {
    gate: Arc<Semaphore>,
    evaluator: Arc<Evaluator>,
}

impl Hanging {
    /// Its source says so many good of a hundred thousand, when it says anything.
    fn of(world: &World, good: u64) -> Self {
        let (gate, source) = (
            Arc::new(Semaphore::new(0)),
            Arc::new(ScriptedSource::default()),
        );
        source.counts(good, 100_000);
        source.waits_for(Arc::clone(&gate));
        Self {
            gate,
            evaluator: Arc::new(world.evaluator_asking("slow", &source)),
        }
    }

    /// Begins an activation now, and returns once its source hangs.
    async fn begin(&self, now: DateTime<Utc>) -> tokio::task::JoinHandle<Evaluated> {
        let evaluator = Arc::clone(&self.evaluator);
        let task = tokio::spawn(async move {
            evaluator
                .activate(now)
                .await
                .expect("the store answers")
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        task
    }
}

#[tokio::test]
async fn a_claim_that_ended_is_taken_and_the_late_commit_leaves_no_trace() {
    let (mut world, slo) = (World::new(), counted());
    world.add(&slo).await;
    world.source.counts(100, 100);
    let (slow, quick) = (Hanging::of(&world, 50_000), world.evaluator("quick"));
    world.now = at(100);
    let late = slow.begin(world.now).await;
    world.now = at(110);
    assert_eq!(world.evaluate(&quick).await.applied, 0, "the claim holds");
    world.now = at(120);
    assert_eq!(
        world.evaluate(&quick).await.applied,
        1,
        "and ends after twenty seconds"
    );
    slow.gate.add_permits(10);
    let done = late.await.expect("ends");
    assert_eq!((done.applied, done.superseded), (0, 1));
    assert_eq!(
        world.folded(&slo).await,
        BTreeMap::from([(-60, (0, 100)), (0, (0, 100))])
    );
    assert_eq!(world.store.committed().len(), 1);
    // The late one begins anew from what is stored.
    world.now = at(190);
    slow.evaluator
        .activate(world.now)
        .await
        .expect("the store answers");
    let expected = [
        (-60, (0, 100)),
        (0, (0, 100)),
        (60, (50_000, 100_000)),
        (120, (50_000, 100_000)),
    ];
    assert_eq!(world.folded(&slo).await, BTreeMap::from(expected));
    assert_eq!(world.found(&slo).await, world.afresh(&slo).await);
}

#[tokio::test]
async fn a_definition_that_changes_under_way_is_evaluated_at_once_as_it_is_then() {
    let (mut world, mut slo) = (World::new(), counted());
    world.add(&slo).await;
    world.source.counts(100, 100);
    let slow = Hanging::of(&world, 50_000);
    world.now = at(100);
    let late = slow.begin(world.now).await;
    world
        .change(&mut slo, false, |slo| {
            slo.definition.target = "99".parse().expect("a target");
        })
        .await;
    slow.gate.add_permits(10);
    assert_eq!(late.await.expect("ends").superseded, 1);
    let quick = world.evaluator("quick");
    world.now = at(101);
    assert_eq!(
        world.evaluate(&quick).await.applied,
        1,
        "not only when the lost claim ends"
    );
    let budget = world
        .found(&slo)
        .await
        .budget
        .expect("measured");
    assert_eq!(budget.target(), slo.definition.target);
}

#[tokio::test]
async fn a_new_generation_begins_an_empty_ledger_and_the_old_slices_stay() {
    let (mut world, mut slo) = (World::new(), pushed());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.live(30, 1, 100, &evaluator).await;
    let old = slo.clone();
    world
        .change(&mut slo, true, |slo| {
            slo.definition.method =
                sre_core::method::BudgetingMethod::Timeslices(sre_core::method::SliceTarget::ALL);
        })
        .await;
    world.live(3, 1, 100, &evaluator).await;
    let found = world.found(&slo).await;
    assert_eq!(found.coverage.measured, found.coverage.expected);
    assert!(found.coverage.measured <= 3, "{found:?}");
    assert_eq!(found, world.afresh(&slo).await);
    assert!(world.folded(&old).await.len() >= 29);
    assert!(
        world
            .folded(&slo)
            .await
            .values()
            .all(|counts| *counts == (1, 1))
    );
}

#[tokio::test]
async fn a_longer_window_reads_the_slices_that_are_there() {
    let (mut world, mut slo) = (World::new(), pushed());
    slo.definition.window = Window::Rolling(Span::hours(1));
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(300, 0, 100, &evaluator)
        .await;
    world
        .change(&mut slo, false, |slo| {
            slo.definition.window = Window::Rolling(Span::hours(4));
        })
        .await;
    world.live(2, 0, 100, &evaluator).await;
    let found = world.found(&slo).await;
    assert_eq!(
        (found.coverage.measured, found.coverage.expected),
        (240, 240)
    );
    assert_eq!(found, world.afresh(&slo).await);
}

/// A person who acknowledges while an evaluation is under way is first; the evaluation is made again.
#[tokio::test]
async fn a_person_who_was_first_costs_no_more_than_one_more_look() {
    let (mut world, slo) = (World::new(), counted());
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world.source.counts(0, 100);
    world.run_until(400, &evaluator).await;
    let page = world.alerts(&slo).await["burn_rate"].clone();
    assert!(page.is_open());
    // It is measured to be well again, so that the evaluation ends the page that Ada acknowledges.
    world.source.counts(100_000, 100_000);
    let slow = Hanging::of(&world, 100_000);
    let mut late = None;
    for _ in 0..60 {
        world.now += TimeDelta::seconds(10);
        let task = slow.begin(world.now).await;
        if !task.is_finished() {
            late = Some(task);
            break;
        }
    }
    let seen = fixtures::acknowledged(&page, world.now);
    assert!(matches!(
        world.store.apply(&seen).await,
        Ok(Commit::Applied { .. })
    ));
    slow.gate.add_permits(10);
    let done = late
        .expect("a slot was due")
        .await
        .expect("ends");
    assert_eq!((done.applied, done.superseded), (0, 1));
    let done = world.evaluate(&evaluator).await;
    assert_eq!(
        done.applied, 1,
        "at once, and not only when the lost claim ends"
    );
    assert!(!world.alerts(&slo).await["burn_rate"].is_open());
}
