//! A simulation says of the past what the evaluator said when it happened: the same alerts, opened and
//! ended by the same slots (`docs/mathematics.md` G18, `docs/laws.md` L23).

use proptest::prelude::*;
use sre_core::alert::AlertState;
use sre_core::method::{BudgetingMethod, SliceTarget};
use sre_core::policy::{BurnLevel, BurnRule, PolicyChoice};
use sre_core::simulate::{Candidate, Simulated, Simulation};
use sre_core::window::{CalendarUnit, CalendarWindow};

use super::*;

/// An alert in a few words: type, gravest severity, the slots that opened and ended it.
type Told = (String, String, DateTime<Utc>, Option<DateTime<Utc>>);

/// Minutes of so many bad of a hundred; `None` where nothing is pushed.
fn pasts() -> impl Strategy<Value = Vec<Option<u64>>> {
    let stretch = prop_oneof![
        3 => (1_usize..30, 0_u64..=2).prop_map(|(minutes, bad)| (minutes, Some(bad))),
        3 => (1_usize..15, 5_u64..=100).prop_map(|(minutes, bad)| (minutes, Some(bad))),
        1 => (1_usize..12).prop_map(|minutes| (minutes, None)),
    ];
    prop::collection::vec(stretch, 1..9).prop_map(|stretches| {
        let minutes = stretches
            .into_iter()
            .flat_map(|(minutes, bad)| std::iter::repeat_n(bad, minutes));
        // The replay begins with the first measured slice.
        std::iter::once(Some(0))
            .chain(minutes)
            .collect()
    })
}

fn policies() -> impl Strategy<Value = PolicyChoice> {
    let rule = |level, factor: &str, long, short| BurnRule {
        level,
        factor: factor.parse().expect("a factor"),
        long: Span::minutes(long),
        short: Span::minutes(short),
        min_share: None,
    };
    prop::sample::select(vec![
        PolicyChoice::Default,
        PolicyChoice::GoogleSre,
        PolicyChoice::Custom(vec![
            rule(BurnLevel::Emergency, "6", 30, 5),
            rule(BurnLevel::Critical, "3", 60, 5),
            rule(BurnLevel::Warning, "1.5", 120, 15),
        ]),
    ])
}

/// Rolling ones that end within a past, and days that begin within one: at 13:30 UTC.
fn own_windows() -> impl Strategy<Value = Window> {
    let zone = "Australia/Adelaide"
        .parse()
        .expect("a zone");
    prop_oneof![
        2 => (1_u32..=4).prop_map(|hours| Window::Rolling(Span::hours(hours))),
        1 => Just(Window::Calendar(CalendarWindow::new(CalendarUnit::Day).in_zone(zone))),
    ]
}

/// Lives through a past with the evaluator, and replays what it stored.
async fn lived_and_replayed(slo: &Slo, past: &[Option<u64>]) -> (Vec<Told>, Simulated) {
    let mut world = World::new();
    world.add(slo).await;
    let evaluator = world.evaluator("one");
    for (minute, bad) in (0..).zip(past) {
        if let Some(bad) = bad {
            world
                .push(60 * minute + 30, fixtures::counts(100 - bad, 100))
                .await;
        }
        world
            .run_until(60 * (minute + 1), &evaluator)
            .await;
    }
    let standing = world.standing(slo).await;
    let during = Interval::new(fixtures::at(0), standing.last_slice);
    let definition = &slo.definition;
    let hours = world
        .store
        .hours(slo.id, definition.generation(), definition.slice, during)
        .await
        .expect("the store answers");
    let candidates = [Candidate::new("current", definition.burn_policy.clone())];
    let simulated = Simulation::new(slo, &hours, during, &candidates, &world.settings)
        .run()
        .expect("a past");
    (told(&world.store.committed()), simulated)
}

/// What the evaluator committed, episode by episode.
fn told(committed: &[sre_core::store::Changes]) -> Vec<Told> {
    let mut ids = Vec::new();
    let mut told: Vec<Told> = Vec::new();
    for update in committed
        .iter()
        .flat_map(|changes| &changes.alerts)
    {
        let (alert, slot) = (&update.alert, update.slot.expect("decided by a slot"));
        let ends = matches!(alert.state, AlertState::Resolved { .. }).then_some(slot);
        let severity = alert.severity;
        match ids
            .iter()
            .position(|(id, _)| *id == alert.id)
        {
            None => {
                ids.push((alert.id, severity));
                let kind = alert.alert_type().to_string();
                told.push((kind, severity.to_string(), slot, ends));
            }
            Some(index) => {
                ids[index].1 = ids[index].1.max(severity);
                told[index].1 = ids[index].1.to_string();
                told[index].3 = ends;
            }
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn l23_a_replay_of_stored_slices_raises_what_the_evaluator_raised(
        past in pasts(), policy in policies(), counts_slices in any::<bool>(), window in own_windows()
    ) {
        let mut slo = pushed();
        slo.definition.target = "99".parse().expect("a target");
        slo.definition.window = window;
        slo.definition.burn_policy = policy;
        if counts_slices {
            slo.definition.method = BudgetingMethod::Timeslices(SliceTarget::ALL);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (lived, simulated) = runtime.block_on(lived_and_replayed(&slo, &past));
        let replayed: Vec<Told> = simulated.runs[0]
            .alerts
            .iter()
            .map(|alert| {
                let (kind, gravest) = (alert.kind.to_string(), alert.gravest.to_string());
                (kind, gravest, alert.starts_at, alert.ends_at)
            })
            .collect();
        prop_assert_eq!(replayed, lived);
    }
}

/// The property is not vacuous: an outage is paged and ends, and its ticket stays.
#[test]
fn an_outage_is_lived_and_replayed_alike() {
    let mut slo = pushed();
    slo.definition.target = "99".parse().expect("a target");
    slo.definition.window = Window::Rolling(Span::hours(4));
    let past: Vec<Option<u64>> = (0..120)
        .map(|minute| Some(if (40..60).contains(&minute) { 50 } else { 0 }))
        .collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (lived, simulated) = runtime.block_on(lived_and_replayed(&slo, &past));
    let kinds: Vec<&str> = lived
        .iter()
        .map(|(kind, ..)| kind.as_str())
        .collect();
    assert!(
        kinds.contains(&"burn_rate") && kinds.contains(&"slo_violation"),
        "{kinds:?}"
    );
    assert_eq!(simulated.runs[0].alerts.len(), lived.len());
    assert_eq!(simulated.events.len(), 1);
    assert_eq!(simulated.runs[0].pages.recall(), Some(1.0));
}
