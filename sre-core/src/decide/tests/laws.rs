//! Whatever is measured, and whoever acts: a page is told to begin before it is told to end, and ends.

use proptest::prelude::*;

use super::RuleVerdict::{Firing, Held, Quiet};
use super::*;

/// One look, or what a person does before the next.
#[derive(Clone, Copy, Debug)]
enum Event {
    Look {
        emergency: RuleVerdict,
        critical: RuleVerdict,
        is_measured: bool,
    },
    Acknowledge,
    TakeBack,
    EndByHand,
}

fn event() -> impl Strategy<Value = Event> {
    let verdict = || prop::sample::select(vec![Firing, Quiet, Quiet, Held]);
    prop_oneof![
        12 => (verdict(), verdict(), prop::bool::weighted(0.85)).prop_map(
            |(emergency, critical, is_measured)| Event::Look { emergency, critical, is_measured }
        ),
        1 => Just(Event::Acknowledge),
        1 => Just(Event::TakeBack),
        1 => Just(Event::EndByHand),
    ]
}

fn alerting() -> impl Strategy<Value = Alerting> {
    let minutes = || prop::option::of((1_u32..5).prop_map(Span::minutes));
    (minutes(), minutes(), prop::option::of(1_u16..=1_000)).prop_map(|(pending, keep, below)| {
        Alerting::NONE
            .pending_for(pending)
            .keep_firing_for(keep)
            .resolve_below_permille(below)
    })
}

/// What was told of each episode of the page, in order.
#[derive(Default)]
struct Heard(BTreeMap<u64, Vec<String>>);

impl Heard {
    fn take(&mut self, lines: &[Line], episode: u64) {
        for line in lines
            .iter()
            .filter(|line| line.starts_with("burn_rate"))
        {
            let word = line.rsplit(' ').next().expect("a word");
            let kinds = ["fire", "update", "resolve", "flap_start", "flap_end"];
            if kinds.contains(&word) {
                let told = self.0.entry(episode).or_default();
                told.push(word.to_owned());
            }
        }
    }

    fn check(&self) {
        for (episode, told) in &self.0 {
            let count = |wanted: &str| {
                told.iter()
                    .filter(|kind| *kind == wanted)
                    .count()
            };
            assert_eq!(
                told.first().map(String::as_str),
                Some("fire"),
                "{episode}: {told:?}"
            );
            assert_eq!(count("fire"), 1, "{episode}: {told:?}");
            assert_eq!(count("resolve"), 1, "{episode}: {told:?}");
            assert_eq!(
                told.last().map(String::as_str),
                Some("resolve"),
                "{episode}: {told:?}"
            );
            // Each beginning of flapping has one end, or that of the episode.
            let flaps: Vec<&String> = told
                .iter()
                .filter(|kind| kind.starts_with("flap"))
                .collect();
            for (n, kind) in flaps.iter().enumerate() {
                let expected = if n % 2 == 0 { "flap_start" } else { "flap_end" };
                assert_eq!(*kind, expected, "{episode}: {told:?}");
            }
        }
    }
}

fn page(world: &World) -> Option<&Alert> {
    world
        .latest
        .values()
        .find(|alert| *alert.alert_type() == AlertType::BurnRate)
}

fn look(world: &mut World, heard: &mut Heard, said: Said<'_>) {
    let lines = world.after(&evaluation(said));
    let episode = page(world).map_or(0, |page| page.episode);
    heard.take(&lines, episode);
}

/// What a person does to the open page, where the lifecycle has it.
fn act(world: &mut World, heard: &mut Heard, event: Event) {
    let Some(alert) = page(world)
        .filter(|page| page.is_open())
        .cloned()
    else {
        return;
    };
    let settings = world.settings;
    let moment = Moment {
        now: world.now(),
        slot: Some(world.now()),
        routes: Audience::everyone(&ROUTES),
        settings: &settings,
    };
    let update = match event {
        Event::Acknowledge => alert.acknowledge(None, None, &moment),
        Event::TakeBack => alert.unacknowledge(None, None, &moment),
        _ => alert.over(ResolveReason::Manual, None, None, &moment),
    };
    if let Ok(update) = update {
        let episode = update.alert.episode;
        let line = world.apply(&update);
        heard.take(&[line], episode);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_page_that_was_told_ends_once_and_none_is_stuck(
        alerting in alerting(), events in prop::collection::vec(event(), 1..150)
    ) {
        let mut world = World { alerting, ..World::default() };
        let mut heard = Heard::default();
        for event in events {
            match event {
                Event::Look { emergency, critical, is_measured } => {
                    world.unmeasured = !is_measured;
                    look(&mut world, &mut heard, &[(EMERGENCY, emergency), (CRITICAL, critical)]);
                }
                act_of => act(&mut world, &mut heard, act_of),
            }
        }
        // It is measured to be over, and far below what holds it: then nothing stays open for longer
        // than flapping may hold it.
        world.unmeasured = false;
        world.alerting.resolve_below_permille = None;
        for _ in 0..260 {
            look(&mut world, &mut heard, &[(EMERGENCY, Quiet), (CRITICAL, Quiet)]);
        }
        prop_assert!(page(&world).is_none_or(|page| !page.is_open()), "{:?}", page(&world));
        prop_assert!(world.course.is_blank(), "{:?}", world.course);
        heard.check();
    }
}
