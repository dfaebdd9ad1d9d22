//! The ledger in memory against what is stored, and what is stored against the samples.

use sre_store_conformance::fixtures::{at, counts, labels, sample};

use super::*;

/// A generator that is the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

/// A window begins in an hour that is folded again: what lies before its beginning stays out of it.
#[tokio::test]
async fn a_late_sample_in_the_hour_in_which_a_window_begins_is_exact_to_the_slice() {
    let (mut world, mut slo) = (World::new(), pushed());
    slo.definition.window = Window::Rolling(Span::hours(5));
    world.add(&slo).await;
    let evaluator = world.evaluator("one");
    world
        .live(350, 0, 100, &evaluator)
        .await;
    // The window begins at minute 50; these lie on both sides of it.
    for (minute, evaluator) in [(40, world.evaluator("another")), (55, evaluator)] {
        let mut late = sample(at(60 * minute), counts(0, 7));
        late.labels = labels(&[("zone", &minute.to_string())]);
        world.push_sample(late).await;
        let now = (world.now - at(0)).num_seconds();
        world
            .run_until(now + 60, &evaluator)
            .await;
        let found = world.found(&slo).await;
        let bad = found
            .budget
            .expect("measured")
            .counts()
            .bad();
        assert_eq!(bad.whole_events(), if minute == 40 { 0 } else { 7 });
        assert_eq!(found, world.afresh(&slo).await);
    }
}

/// L23: the incremental engine equals a computation from scratch, after every step of a random
/// history of pushes, late pushes, holes, pauses and changes of process.
#[tokio::test]
async fn the_ledger_in_memory_is_what_is_stored_after_every_step() {
    for seed in 0..12 {
        let mut random = Random(seed);
        let (mut world, mut slo) = (World::new(), pushed());
        slo.definition.window = Window::Rolling(Span::hours(
            [1, 5, 24][usize::try_from(seed % 3).expect("small")],
        ));
        world.add(&slo).await;
        let (mut evaluator, mut other) = (world.evaluator("one"), world.evaluator("other"));
        let mut zone = 0_u64;
        for _ in 0..60 {
            let now = (world.now - at(0)).num_seconds();
            match random.below(12) {
                0 => evaluator = world.evaluator("another"),
                // Each keeps the ledger of when it was last at work.
                2 => std::mem::swap(&mut evaluator, &mut other),
                1 => {
                    let minutes = i64::try_from(random.below(200)).expect("small");
                    world.now += TimeDelta::seconds(60 * minutes);
                }
                3 => {}
                4..=6 => {
                    for _ in 0..=random.below(4) {
                        zone += 1;
                        let second =
                            i64::try_from(random.below(now.unsigned_abs() + 1)).expect("small");
                        let total = random.below(50);
                        let mut late = sample(
                            at(second),
                            counts(total - random.below(total + 1).min(total), total),
                        );
                        late.labels = labels(&[("zone", &zone.to_string())]);
                        world.push_sample(late).await;
                    }
                }
                _ => {
                    let minutes = i64::try_from(random.below(20)).expect("small");
                    world
                        .live(minutes, random.below(2), 100, &evaluator)
                        .await;
                }
            }
            let now = (world.now - at(0)).num_seconds();
            world
                .run_until(now + 60, &evaluator)
                .await;
            assert_eq!(
                world.found(&slo).await,
                world.afresh(&slo).await,
                "seed {seed} at {now}"
            );
        }
        same_as_samples(&world, &slo).await;
    }
}

/// Every stored slice is the sum of its samples.
async fn same_as_samples(world: &World, slo: &Slo) {
    let definition = &slo.definition;
    let ever = Interval::new(at(0), world.standing(slo).await.last_slice);
    let series = world
        .store
        .series(
            &definition.service_name,
            &definition.metric_name,
            ever,
            1_000_000,
        )
        .await;
    let mut sums: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for sample in series.expect("the store answers") {
        let SampleValue::Counts(counts) = sample.value else {
            panic!("{sample:?}")
        };
        let start = (sample.at - at(0))
            .num_seconds()
            .div_euclid(60)
            * 60;
        let sum = sums.entry(start).or_default();
        sum.0 += counts.bad().whole_events();
        sum.1 += counts.total().whole_events();
    }
    assert_eq!(world.folded(slo).await, sums);
}
