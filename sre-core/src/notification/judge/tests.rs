use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::alert::{AlertType, Identity, Moment, Opening, Origin, ResolveReason};
use crate::name::DestinationId;
use crate::time::at_second;

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
        routes: &[DESTINATION],
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

/// What may happen between two looks of the dispatcher.
#[derive(Clone, Copy, Debug)]
enum Event {
    Fire(Severity),
    Change(Severity),
    Report,
    Acknowledge,
    Resolve,
    Wait(i64),
    Judge,
    Deliver,
}

fn any_event() -> impl Strategy<Value = Event> {
    let severity = || prop::sample::select(vec![Low, High, Critical, Emergency]);
    let seconds = vec![-60, 1, COOLDOWN - 1, COOLDOWN, 1_800, REPEAT];
    prop_oneof![
        3 => severity().prop_map(Event::Fire),
        2 => severity().prop_map(Event::Change),
        1 => Just(Event::Report),
        1 => Just(Event::Acknowledge),
        2 => Just(Event::Resolve),
        3 => prop::sample::select(seconds).prop_map(Event::Wait),
        4 => Just(Event::Judge),
        4 => Just(Event::Deliver),
    ]
}

/// One identity and one destination: intents wait in order, and while a message is under way
/// nothing else of the identity is judged.
#[derive(Default)]
struct World {
    second: i64,
    episodes: Vec<Alert>,
    intents: Vec<Intent>,
    under_way: Option<(Alert, Reason)>,
    told: Option<Told>,
    delivered: Vec<(u64, Reason)>,
}

impl World {
    fn happen(&mut self, event: Event) {
        let settings = LifecycleSettings::default();
        let moment = moment(&settings, NOW + self.second);
        let open = self
            .episodes
            .last()
            .filter(|alert| alert.is_open())
            .cloned();
        let update = match (event, open) {
            (Event::Fire(severity), None) => {
                let episode = self.episodes.len() as u64 + 1;
                Some(opened(episode, severity, &moment))
            }
            (Event::Change(severity), Some(open)) if severity != open.severity => {
                Some(open.changed(severity, String::new(), Vec::new(), &moment))
            }
            (Event::Report, Some(open)) => Some(open.reported_again(Some(Recur), &moment)),
            (Event::Acknowledge, Some(open)) => open
                .acknowledge(None, None, &moment)
                .ok(),
            (Event::Resolve, Some(open)) => open
                .resolve(ResolveReason::Condition, None, None, &moment)
                .ok(),
            (Event::Wait(seconds), open) => {
                self.second += seconds;
                let moment = self::moment(&settings, NOW + self.second);
                open.and_then(|open| open.moved_by_time(&moment))
            }
            (Event::Judge, _) => {
                self.judge(&settings);
                None
            }
            (Event::Deliver, _) => {
                self.deliver();
                None
            }
            _ => None,
        };
        if let Some(update) = update {
            if update.expected.is_some() {
                self.episodes.pop();
            }
            self.intents.extend(update.intents);
            self.episodes.push(update.alert);
        }
    }

    /// Judges what is due of the oldest episode that has something due. The end of an episode
    /// is due even when the clock went back behind it: told after the next episode began, it
    /// would meet a destination that was told of that one last, and be taken for never told.
    fn judge(&mut self, settings: &LifecycleSettings) {
        let now = at_second(NOW + self.second);
        let is_due = |intent: &Intent, alert: &Alert| {
            let is_time = intent.due_at <= now || intent.kind == Resolve;
            intent.alert_id == alert.id && is_time
        };
        let due = self.episodes.iter().find(|alert| {
            self.intents
                .iter()
                .any(|intent| is_due(intent, alert))
        });
        let (Some(alert), None) = (due.cloned(), &self.under_way) else {
            return;
        };
        let (mut due, rest): (Vec<Intent>, Vec<Intent>) = self
            .intents
            .drain(..)
            .partition(|intent| is_due(intent, &alert));
        self.intents = rest;
        match judge(&alert, &due, self.told.as_ref(), now, settings) {
            Judgement::Send { reason, .. } => self.under_way = Some((alert, reason)),
            Judgement::Withhold(_) => {}
            Judgement::Postpone { until, .. } => {
                assert!(until > now, "a postponed intent waits");
                for intent in &mut due {
                    intent.due_at = until;
                }
                self.intents.extend(due);
                self.intents
                    .sort_by_key(|intent| intent.transition);
            }
        }
    }

    fn deliver(&mut self) {
        let Some((alert, reason)) = self.under_way.take() else {
            return;
        };
        let now = at_second(NOW + self.second);
        let is_end = reason == Reason::AllResolved;
        let state = if is_end { ToldResolved } else { ToldFiring };
        self.told = Some(Told {
            alert_id: alert.id,
            episode: alert.episode,
            state,
            severity: alert.severity,
            delivered_at: now,
        });
        self.delivered
            .push((alert.episode, reason));
        let told = self
            .episodes
            .iter_mut()
            .find(|episode| episode.id == alert.id);
        told.expect("episodes stay")
            .last_notified_at = Some(now);
    }

    /// Everything that is due in the end is judged and delivered.
    fn come_to_rest(&mut self) {
        self.happen(Event::Resolve);
        self.second += 10 * COOLDOWN;
        for _ in 0..=2 * self.intents.len() {
            self.happen(Event::Deliver);
            self.happen(Event::Judge);
        }
        self.happen(Event::Deliver);
        assert!(self.intents.is_empty(), "{:?}", self.intents);
    }
}

proptest! {
    #[test]
    fn every_episode_that_was_told_ends_exactly_once_and_none_ends_before_it_began(
        events in prop::collection::vec(any_event(), 1..80)
    ) {
        let mut world = World::default();
        for event in events {
            world.happen(event);
        }
        world.come_to_rest();
        for episode in &world.episodes {
            let told: Vec<Reason> = world.delivered
                .iter()
                .filter(|(number, _)| *number == episode.episode)
                .map(|(_, reason)| *reason)
                .collect();
            let count = |wanted| told.iter().filter(|reason| **reason == wanted).count();
            if !told.is_empty() {
                prop_assert_eq!(told.first(), Some(&Reason::First));
                prop_assert_eq!(told.last(), Some(&Reason::AllResolved));
                prop_assert_eq!(count(Reason::First), 1);
                prop_assert_eq!(count(Reason::AllResolved), 1);
            }
        }
    }

    #[test]
    fn equal_or_lower_episodes_are_never_told_closer_than_the_cooldown(
        waits in prop::collection::vec(1_i64..900, 1..40)
    ) {
        let mut world = World::default();
        let mut firsts = Vec::new();
        for wait in waits {
            world.happen(Event::Fire(High));
            let known = world.delivered.len();
            world.happen(Event::Judge);
            world.happen(Event::Deliver);
            if world.delivered.get(known).is_some_and(|(_, reason)| *reason == Reason::First) {
                firsts.push(world.second);
            }
            world.happen(Event::Resolve);
            world.happen(Event::Judge);
            world.happen(Event::Deliver);
            world.happen(Event::Wait(wait));
        }
        for pair in firsts.windows(2) {
            prop_assert!(pair[1] - pair[0] >= COOLDOWN);
        }
        prop_assert!(!firsts.is_empty());
    }
}
