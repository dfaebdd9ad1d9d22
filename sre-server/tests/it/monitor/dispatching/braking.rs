//! Most of what a source measures falls silent together: it is told once.

use sre_core::monitor::{BrakeKeeper, SourceBook};

use super::*;

/// A desk with SLOs one to `slos`, live for twenty minutes, and what pulls its brake.
struct Source {
    desk: Desk,
    slos: Vec<Slo>,
    keeper: BrakeKeeper,
    evaluator: Evaluator,
    has_keeper: bool,
}

impl Source {
    async fn of(slos: u128) -> Self {
        let world = World::new();
        let slos: Vec<Slo> = (1..=slos)
            .map(|n| {
                let mut slo = pushed();
                slo.id = SloId(uuid::Uuid::from_u128(n));
                slo.definition.name = format!("slo {n}");
                slo
            })
            .collect();
        for slo in &slos {
            world.add(slo).await;
        }
        let book = Arc::new(SourceBook::new(
            Arc::<Spy>::clone(&world.store),
            Arc::<Spy>::clone(&world.store),
            "sre-monitor".parse().expect("a name"),
        ));
        let (alerts, settings) = (Arc::<Spy>::clone(&world.store), fixtures::settings());
        let keeper = BrakeKeeper::new(alerts, settings, Arc::clone(&book));
        let evaluator = world.evaluator("one");
        let mut desk = Desk::over(world, false).await;
        desk.dispatcher = desk.dispatcher.braked(book);
        let mut source = Self {
            desk,
            slos,
            keeper,
            evaluator,
            has_keeper: true,
        };
        assert!(
            source
                .passes(0..20, true)
                .await
                .is_empty()
        );
        source
    }

    /// Lets these minutes pass, with samples or without; what was told.
    async fn passes(&mut self, minutes: std::ops::Range<i64>, is_measured: bool) -> Vec<String> {
        for minute in minutes {
            if is_measured {
                let sample = fixtures::counts(100, 100);
                self.desk
                    .world
                    .push(minute * 60 + 30, sample)
                    .await;
            }
            for second in (minute * 60 + 1)..=(minute * 60 + 60) {
                self.desk.world.now = at(second);
                self.desk
                    .world
                    .evaluate(&self.evaluator)
                    .await;
                if self.has_keeper {
                    self.keeper
                        .activate(at(second), "it is away")
                        .await
                        .expect("the store answers");
                }
                self.desk.at(second).await;
            }
        }
        self.desk.notifier.bodies()
    }

    async fn silence(&self, place: usize) -> Alert {
        self.desk
            .world
            .alerts(&self.slos[place])
            .await
            .remove("no_data")
            .expect("it has none")
    }
}

#[tokio::test]
async fn a_source_that_falls_silent_is_told_once_and_so_is_its_end() {
    let mut source = Source::of(4).await;
    let told = source.passes(20..30, false).await;
    assert_eq!(told, ["no_data_brake 1 high first #1"]);
    for place in 0..4 {
        let silence = source.silence(place).await;
        assert!(silence.is_open());
        let ledger = source.desk.ledger(&silence).await;
        assert_eq!(ledger, lines(&[("pending", "brake")]));
    }
    let told = source.passes(30..40, true).await;
    assert_eq!(told, ["no_data_brake 1 high all_resolved #2"]);
    for place in 0..4 {
        let silence = source.silence(place).await;
        assert!(!silence.is_open());
        let ledger = source.desk.ledger(&silence).await;
        assert!(
            ledger
                .iter()
                .all(|line| *line == ("withheld".to_owned(), "never_told".to_owned())),
            "{ledger:?}"
        );
    }
}

#[tokio::test]
async fn two_that_fall_silent_are_told_one_by_one_and_at_once() {
    let mut source = Source::of(2).await;
    let told = source.passes(20..30, false).await;
    assert_eq!(
        told.join(", ")
            .matches("no_data 1 high first")
            .count(),
        2,
        "{told:?}"
    );
    assert!(!told.join(", ").contains("brake"));
}

#[tokio::test]
async fn where_nobody_pulls_the_brake_each_is_told_after_half_a_minute() {
    let mut source = Source::of(3).await;
    source.has_keeper = false;
    let told = source.passes(20..30, false).await;
    assert_eq!(
        told.join(", ")
            .matches("no_data 1 high first")
            .count(),
        3,
        "{told:?}"
    );
}

#[tokio::test]
async fn what_was_never_measured_pulls_no_brake() {
    let mut source = Source::of(3).await;
    let store = Arc::clone(&source.desk.world.store);
    for n in 4..=9 {
        let mut slo = pushed();
        slo.id = SloId(uuid::Uuid::from_u128(n));
        slo.definition.name = format!("slo {n}");
        slo.definition.service_name = "new".parse().expect("a name");
        store
            .insert(&slo, &fixtures::start_of(&slo))
            .await
            .expect("a new SLO");
    }
    // Six that wait are no part of the three: those are still all there is.
    let told = source.passes(20..30, false).await;
    assert_eq!(told, ["no_data_brake 1 high first #1"]);
}
