//! Corrections at work: planned maintenance pages nobody, what was measured stays, and the corrected
//! ledger in memory is what can be recomputed from what is stored.

use sre_core::correction::{Cancellation, Correction, Meaning, Scope};
use sre_core::name::CorrectionId;
use sre_core::store::Corrections;
use sre_store_conformance::fixtures::{at, correction, counts, during, every, labels, sample};

use super::*;

/// A total outage of twenty minutes, in a planned maintenance of half an hour.
#[tokio::test]
async fn a_total_outage_in_planned_maintenance_pages_nobody_and_shows_in_the_raw_budget() {
    for meaning in Meaning::ALL {
        let (mut world, slo) = (World::new(), pushed());
        world.add(&slo).await;
        let planned = Correction {
            meaning,
            ..correction(1, Scope::Slo(slo.id), during(3_600, 5_400))
        };
        world.agree(&planned).await;
        let evaluator = world.evaluator("one");
        world.live(60, 0, 100, &evaluator).await;
        assert_eq!(world.found(&slo).await.raw, None, "it lies ahead");

        for _ in 0..20 {
            world
                .live(1, 100, 100, &evaluator)
                .await;
            let alerts = world.alerts(&slo).await;
            assert!(alerts.is_empty(), "{meaning}: {alerts:?}");
        }
        world.live(40, 0, 100, &evaluator).await;
        assert!(world.alerts(&slo).await.is_empty());
        let found = world.found(&slo).await;
        let bad = |counts: sre_core::count::Counts| counts.bad().whole_events();
        assert_eq!(
            found
                .budget
                .map(|budget| bad(budget.counts())),
            Some(0)
        );
        assert_eq!(found.raw.map(|raw| bad(raw.counts)), Some(2_000));
        assert_eq!(found, world.afresh(&slo).await);
        // What was measured is what is stored.
        let outage = world.folded(&slo).await;
        assert!((60..80).all(|minute| outage[&(60 * minute)] == (100, 100)));

        // The same without the correction is a page; taken back, the budget is the raw one again.
        let raw = found.raw.expect("touched").counts;
        world.take_back(planned.id).await;
        world.live(2, 0, 100, &evaluator).await;
        let found = world.found(&slo).await;
        assert_eq!(found.raw, None);
        let counts = found.budget.expect("measured").counts();
        assert_eq!(bad(counts), bad(raw));
        assert!(!world.alerts(&slo).await.is_empty());
    }
}

/// What is switched off for maintenance is missed by nobody.
#[tokio::test]
async fn silence_in_planned_maintenance_is_no_missing_data() {
    let (mut world, slo) = (World::new(), pushed());
    world.add(&slo).await;
    let planned = correction(1, Scope::Slo(slo.id), during(600, 2_400));
    world.agree(&planned).await;
    let evaluator = world.evaluator("one");
    world.live(10, 0, 100, &evaluator).await;
    world.run_until(2_400, &evaluator).await;
    assert!(world.alerts(&slo).await.is_empty());
    // It does not come back.
    world.run_until(3_000, &evaluator).await;
    assert!(!world.alerts(&slo).await.is_empty());
}

/// L23 with corrections: the books in memory are what can be recomputed from what is stored, after
/// every step of a random history of pushes, late pushes, pauses, changes of process, corrections and
/// cancellations; and when all are taken back, nothing of them is left.
#[tokio::test]
async fn the_corrected_ledger_in_memory_is_what_is_stored_after_every_step() {
    for seed in 0..9 {
        let mut random = Random(seed);
        let (mut world, mut slo) = (World::new(), pushed());
        let hours = [1, 5, 24][usize::try_from(seed % 3).expect("small")];
        slo.definition.window = Window::Rolling(Span::hours(hours));
        world.add(&slo).await;
        let (mut evaluator, mut other) = (world.evaluator("one"), world.evaluator("other"));
        let mut agreed = Vec::new();
        for step in 0..40_u64 {
            let now = (world.now - at(0)).num_seconds();
            match random.below(12) {
                0 => evaluator = world.evaluator("another"),
                1 => std::mem::swap(&mut evaluator, &mut other),
                2 => {
                    let minutes = i64::try_from(random.below(200)).expect("small");
                    world.now += TimeDelta::seconds(60 * minutes);
                }
                3 => {
                    let second = i64::try_from(random.below(now.unsigned_abs() + 1));
                    let mut late = sample(at(second.expect("small")), counts(1, 9));
                    late.labels = labels(&[("zone", &step.to_string())]);
                    world.push_sample(late).await;
                }
                4..=6 => {
                    let new = random.correction(u128::from(step) + 1, &slo, now);
                    world.agree(&new).await;
                    agreed.push(new.id);
                }
                7 => {
                    if let Some(id) = agreed.pop() {
                        world.take_back(id).await;
                    }
                }
                _ => {
                    let minutes = i64::try_from(random.below(20)).expect("small");
                    let bad = random.below(2);
                    world
                        .live(minutes, bad, 100, &evaluator)
                        .await;
                }
            }
            let now = (world.now - at(0)).num_seconds();
            world
                .run_until(now + 60, &evaluator)
                .await;
            let (found, afresh) = (world.found(&slo).await, world.afresh(&slo).await);
            assert_eq!(found, afresh, "seed {seed} at {now}");
        }
        for id in agreed {
            world.take_back(id).await;
        }
        let now = (world.now - at(0)).num_seconds();
        world
            .run_until(now + 120, &evaluator)
            .await;
        let found = world.found(&slo).await;
        assert_eq!((found.raw, &found), (None, &world.afresh(&slo).await));
    }
}

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

    /// Around `now`, before or after, of the SLO or its service, once or daily.
    fn correction(&mut self, n: u128, slo: &Slo, now: i64) -> Correction {
        let of_service = self.below(2) == 0;
        let scope = if of_service {
            Scope::Service(slo.definition.service_name.clone())
        } else {
            Scope::Slo(slo.id)
        };
        let from = now - 7_200 + i64::try_from(self.below(9_000)).expect("small");
        let seconds = 1 + i64::try_from(self.below(5_400)).expect("small");
        let once = correction(n, scope, during(from, from + seconds));
        let recurs = self.below(4) == 0;
        let meaning = Meaning::ALL[usize::try_from(self.below(3)).expect("small")];
        let period = if recurs {
            every("FREQ=DAILY")
        } else {
            once.period.clone()
        };
        Correction {
            meaning,
            period,
            ..once
        }
    }
}

impl World {
    async fn agree(&self, correction: &Correction) {
        self.store
            .create_correction(correction)
            .await
            .expect("a new correction");
    }

    async fn take_back(&self, id: CorrectionId) {
        let cancellation = Cancellation {
            at: self.now,
            by: None,
        };
        self.store
            .cancel_correction(id, &cancellation)
            .await
            .expect("a correction");
    }
}
