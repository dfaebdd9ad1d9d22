use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::alert::{AlertType, Identity, Moment, Opening, Origin, ResolveReason};
use crate::name::DestinationId;
use crate::routing::Audience;
use crate::time::at_second;

mod flapping;
mod laws;

const DESTINATION: DestinationId = DestinationId(Uuid::from_u128(7));
const COOLDOWN: i64 = 600;
const REPEAT: i64 = 14_400;
/// When everything in the tables is judged.
const NOW: i64 = 1_000_000;

fn identity() -> Identity {
    Identity {
        origin: Origin::Posted,
        service_name: "checkout".parse().expect("a name"),
        alert_type: AlertType::Health,
        slo_id: None,
        labels: BTreeMap::new(),
    }
}

fn opened(episode: u64, severity: Severity, moment: &Moment<'_>) -> crate::alert::AlertUpdate {
    let message = String::new();
    let identity = identity();
    Alert::open(
        Opening {
            identity,
            episode,
            severity,
            message,
            rules: Vec::new(),
        },
        moment,
    )
}

fn moment(settings: &LifecycleSettings, second: i64) -> Moment<'_> {
    Moment {
        now: at_second(second),
        slot: None,
        routes: Audience::everyone(&[DESTINATION]),
        settings,
    }
}

#[derive(Clone, Copy, Debug)]
enum Now {
    Firing,
    Acknowledged,
    Resolved,
}

/// What was told last, of which episode (the judged one is the second), how grave, how long ago.
type Heard = Option<(u64, ToldState, Severity, i64)>;

/// The judgement in words.
fn judged(now: Now, severity: Severity, kinds: &[IntentKind], heard: Heard) -> String {
    let settings = LifecycleSettings::default();
    let moment = moment(&settings, NOW);
    let mut alert = opened(2, severity, &moment).alert;
    alert.state = match now {
        Firing => AlertState::Firing,
        Acknowledged => AlertState::Acknowledged {
            at: moment.now,
            by: None,
            until: moment.now,
        },
        Resolved => {
            let reason = ResolveReason::Condition;
            AlertState::Resolved {
                at: moment.now,
                reason,
                by: None,
            }
        }
    };
    let intents: Vec<Intent> = (1..)
        .zip(kinds)
        .map(|(n, kind)| Intent::new(alert.id, n, DESTINATION, *kind, moment.now))
        .collect();
    let told = heard.map(|(episode, state, severity, age)| Told {
        alert_id: identity().episode_id(episode),
        episode,
        state,
        severity,
        delivered_at: at_second(NOW - age),
    });
    match judge(&alert, &intents, told.as_ref(), moment.now, &settings) {
        Judgement::Send {
            carried,
            superseded,
            reason,
        } => {
            let (newest, older) = intents
                .split_last()
                .expect("something was judged");
            assert_eq!(carried, newest.id);
            assert!(
                superseded
                    .iter()
                    .eq(older.iter().map(|intent| &intent.id))
            );
            reason.as_str().to_owned()
        }
        Judgement::Withhold(rule) => format!("not: {}", rule.as_str()),
        Judgement::Postpone { until, rule } => {
            format!(
                "in {}: {}",
                (until - moment.now).num_seconds(),
                rule.as_str()
            )
        }
    }
}

fn check(rows: &[(Now, Severity, &[IntentKind], Heard, &str)]) {
    for (now, severity, kinds, heard, expected) in rows {
        let is = judged(*now, *severity, kinds, *heard);
        assert_eq!(is, *expected, "{now:?} {severity:?} {kinds:?} {heard:?}");
    }
}

use IntentKind::{AckTimeout, Fire, Recur, Repeat, Resolve, Update};
use Now::{Acknowledged, Firing, Resolved};
use Severity::{Critical, Emergency, High, Low};
use ToldState::{Firing as ToldFiring, Resolved as ToldResolved};

#[test]
fn a_group_of_one_is_told_by_the_truth_table() {
    let firing = |age| Some((2, ToldFiring, High, age));
    check(&[
        (Firing, High, &[Fire], None, "first"),
        (Firing, High, &[Fire, Update], None, "first"),
        (Resolved, High, &[Fire, Resolve], None, "not: never_told"),
        (
            Firing,
            High,
            &[Fire],
            Some((1, ToldResolved, High, COOLDOWN)),
            "first",
        ),
        (
            Firing,
            High,
            &[Fire],
            Some((1, ToldFiring, High, COOLDOWN)),
            "first",
        ),
        (Resolved, High, &[Resolve], firing(0), "all_resolved"),
        (
            Resolved,
            High,
            &[Update, Repeat, Resolve],
            firing(REPEAT),
            "all_resolved",
        ),
        (Firing, High, &[Repeat], firing(REPEAT), "repeat"),
        (Firing, High, &[Repeat], firing(REPEAT - 1), "not: cooldown"),
        (Firing, High, &[Update], firing(REPEAT), "not: nothing_new"),
        (Firing, High, &[Fire], firing(REPEAT), "not: nothing_new"),
        (
            Resolved,
            High,
            &[Resolve],
            Some((2, ToldResolved, High, REPEAT)),
            "not: nothing_new",
        ),
        (
            Resolved,
            High,
            &[Resolve],
            Some((1, ToldFiring, High, 1)),
            "not: never_told",
        ),
        (Firing, High, &[], None, "not: nothing_new"),
    ]);
}

#[test]
fn an_acknowledgement_ends_repeats_and_nothing_else() {
    let told = |severity| Some((2, ToldFiring, severity, REPEAT));
    check(&[
        (
            Acknowledged,
            High,
            &[Repeat],
            told(High),
            "not: acknowledged",
        ),
        (
            Acknowledged,
            High,
            &[Recur],
            told(High),
            "not: acknowledged",
        ),
        (
            Acknowledged,
            High,
            &[Update],
            told(High),
            "not: acknowledged",
        ),
        (
            Acknowledged,
            High,
            &[AckTimeout],
            told(High),
            "not: acknowledged",
        ),
        (Acknowledged, High, &[Update], told(Low), "severity_raised"),
        (
            Acknowledged,
            High,
            &[Update],
            told(Critical),
            "severity_fell",
        ),
        (Acknowledged, High, &[Fire], None, "first"),
    ]);
}

#[test]
fn what_people_must_know_passes_the_cooldown() {
    let told = |severity| Some((2, ToldFiring, severity, 1));
    check(&[
        (
            Firing,
            Emergency,
            &[Update],
            told(Critical),
            "severity_raised",
        ),
        (Firing, High, &[Update], told(Critical), "severity_fell"),
        (Firing, High, &[AckTimeout], told(High), "ack_timeout"),
        (
            Firing,
            High,
            &[AckTimeout, Repeat],
            told(High),
            "ack_timeout",
        ),
        (Resolved, High, &[Resolve], told(High), "all_resolved"),
        (
            Firing,
            Critical,
            &[Update, Update],
            told(Critical),
            "not: nothing_new",
        ),
    ]);
}

#[test]
fn a_new_episode_waits_for_the_cooldown_unless_it_is_graver() {
    for state in [ToldFiring, ToldResolved] {
        let told = |severity, age| Some((1, state, severity, age));
        check(&[
            (Firing, High, &[Fire], told(High, 0), "in 600: cooldown"),
            (Firing, High, &[Fire], told(High, 599), "in 1: cooldown"),
            (Firing, High, &[Fire], told(High, 600), "first"),
            (Firing, Low, &[Fire], told(High, 599), "in 1: cooldown"),
            (Firing, Critical, &[Fire], told(High, 0), "first"),
            (
                Acknowledged,
                High,
                &[Fire],
                told(High, 1),
                "in 599: cooldown",
            ),
            (
                Resolved,
                High,
                &[Fire, Resolve],
                told(High, 1),
                "not: never_told",
            ),
        ]);
    }
}

#[test]
fn a_report_after_its_cooldown_is_told_once_and_one_within_it_is_not() {
    let told = |age| Some((2, ToldFiring, High, age));
    check(&[
        (Firing, High, &[Recur], told(COOLDOWN), "recurred"),
        (Firing, High, &[Recur], told(COOLDOWN - 1), "not: cooldown"),
        (Firing, High, &[Recur, Repeat], told(REPEAT), "recurred"),
    ]);
}

#[test]
fn a_clock_that_went_back_ends_no_cooldown_and_makes_no_repeat() {
    let told = |episode| Some((episode, ToldFiring, High, -60));
    check(&[
        (Firing, High, &[Fire], told(1), "in 660: cooldown"),
        (Firing, High, &[Recur], told(2), "not: cooldown"),
        (Firing, High, &[Repeat], told(2), "not: cooldown"),
        (Firing, Critical, &[Update], told(2), "severity_raised"),
        (Resolved, High, &[Resolve], told(2), "all_resolved"),
    ]);
}
