//! Whatever happens between two looks of the dispatcher, what is told begins and ends.

use super::*;
use crate::alert::{AlertUpdate, Report, Reported, report};

/// What may happen between two looks of the dispatcher.
#[derive(Clone, Copy, Debug)]
enum Event {
    Fire(Severity),
    Change(Severity),
    Report,
    Say(Severity),
    Over,
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
        3 => severity().prop_map(Event::Say),
        3 => Just(Event::Over),
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
            (Event::Say(severity), _) => Some(self.said(severity, &moment)),
            (Event::Over, Some(open)) => open
                .over(ResolveReason::Manual, None, None, &moment)
                .ok(),
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

    /// A report of the trouble.
    fn said(&self, severity: Severity, moment: &Moment<'_>) -> AlertUpdate {
        let said = Report {
            identity: identity(),
            severity,
            message: String::new(),
            value: None,
            threshold: None,
            expires_in: None,
        };
        match report(self.episodes.last().cloned(), said, moment) {
            Reported::Opened(update) | Reported::Repeated(update) => *update,
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
                let begins = matches!(told.first(), Some(Reason::First | Reason::Flapping));
                prop_assert!(begins, "{:?}", told);
                prop_assert_eq!(told.last(), Some(&Reason::AllResolved));
                prop_assert!(!told.iter().skip(1).any(|reason| *reason == Reason::First), "{:?}", told);
                prop_assert_eq!(count(Reason::AllResolved), 1);
                for pair in told.windows(2) {
                    let is_said_twice = pair[0] == pair[1]
                        && matches!(pair[0], Reason::Flapping | Reason::Steady);
                    prop_assert!(!is_said_twice, "{:?}", told);
                }
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
