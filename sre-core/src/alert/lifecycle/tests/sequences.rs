//! Random sequences of events keep what every reader of alerts relies on.

use proptest::prelude::*;

use super::*;
use crate::routing::Audience;

#[derive(Clone, Debug)]
enum Event {
    Acknowledge,
    Change(Severity),
    Report(Severity),
    Resolve,
    Time,
    Deliver,
    Wait(i64),
    Reroute(Vec<usize>),
}

fn severity() -> impl Strategy<Value = Severity> {
    use Severity::{Critical, Emergency, High, Low, Medium};
    prop::sample::select(vec![Low, Medium, High, Critical, Emergency])
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Acknowledge),
        2 => severity().prop_map(Event::Change),
        2 => severity().prop_map(Event::Report),
        1 => Just(Event::Resolve),
        4 => Just(Event::Time),
        2 => Just(Event::Deliver),
        4 => (1_i64..20_000).prop_map(Event::Wait),
        1 => prop::collection::vec(0_usize..5, 0..3).prop_map(Event::Reroute),
    ]
}

/// The newest episode of one identity, with the routes of the moment.
struct World {
    alert: Alert,
    routes: Vec<DestinationId>,
    second: i64,
    settings: LifecycleSettings,
}

impl World {
    fn happen(&mut self, event: Event) {
        let routes = self.routes.clone();
        let settings = self.settings;
        let moment = moment(self.second, &settings, &routes);
        let alert = self.alert.clone();
        let update = match event {
            Event::Acknowledge => alert
                .acknowledge(None, None, &moment)
                .ok(),
            Event::Change(severity) if alert.is_open() => {
                Some(alert.changed(severity, String::new(), Vec::new(), &moment))
            }
            Event::Change(_) => None,
            Event::Report(severity) => {
                let report = crate::alert::Report {
                    identity: alert.identity.clone(),
                    severity,
                    message: "again".to_owned(),
                    value: None,
                    threshold: None,
                    expires_in: None,
                };
                let reported = crate::alert::report(Some(alert), report, &moment);
                match reported {
                    crate::alert::Reported::Opened(update)
                    | crate::alert::Reported::Repeated(update) => Some(*update),
                }
            }
            Event::Resolve => alert
                .resolve(ResolveReason::Manual, None, None, &moment)
                .ok(),
            Event::Time => alert.moved_by_time(&moment),
            Event::Deliver => {
                self.alert.last_notified_at = Some(moment.now);
                self.alert.next_action_at = self
                    .alert
                    .next_action(&settings, Audience::NOBODY);
                None
            }
            Event::Wait(seconds) => {
                self.second += seconds;
                None
            }
            Event::Reroute(to) => {
                let named = |n: &usize| DestinationId(Uuid::from_u128(*n as u128 + 1));
                self.routes = to.iter().map(named).collect();
                self.routes.sort_unstable();
                self.routes.dedup();
                None
            }
        };
        if let Some(update) = update {
            self.check(&update);
            self.alert = update.alert;
        }
    }

    fn check(&self, update: &AlertUpdate) {
        let (before, after) = (&self.alert, &update.alert);
        if update.expected.is_none() {
            assert!(
                !before.is_open(),
                "a new episode only after the old one ended"
            );
            assert_eq!((after.episode, after.transition), (before.episode + 1, 1));
            assert_ne!(after.id, before.id);
        } else {
            assert!(before.is_open(), "what has ended is never moved");
            assert_eq!(update.expected, Some(before.transition));
            assert_eq!(after.transition, before.transition + 1);
            assert_eq!(update.from, Some(before.state.status()));
            assert_eq!(
                (after.id, after.episode, after.starts_at),
                (before.id, before.episode, before.starts_at)
            );
            assert!(
                after
                    .destinations
                    .is_superset(&before.destinations),
                "destinations only grow"
            );
            assert!(after.occurrences >= before.occurrences);
        }
        let mut heard: Vec<DestinationId> = update
            .intents
            .iter()
            .map(|intent| intent.destination_id)
            .collect();
        assert!(
            heard
                .iter()
                .all(|to| after.destinations.contains(to)),
            "the end is owed to all"
        );
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(
            heard.len(),
            update.intents.len(),
            "one intent a destination"
        );
        assert!(update.intents.iter().all(|intent| {
            intent.alert_id == after.id && intent.transition == after.transition
        }));
        if after.is_open() {
            let is_repeat = update
                .intents
                .iter()
                .all(|intent| intent.kind != IntentKind::Resolve);
            assert!(
                is_repeat
                    && after.next_action_at == after.next_action(&self.settings, Audience::NOBODY)
            );
        } else {
            assert_eq!(
                heard.len(),
                after.destinations.len(),
                "everyone hears the end"
            );
            assert_eq!(after.next_action_at, None);
        }
    }
}

proptest! {
    #[test]
    fn any_sequence_of_events_keeps_the_laws_of_an_episode(
        events in prop::collection::vec(event(), 1..60)
    ) {
        let alert = firing(posted());
        let mut world =
            World { alert, routes: ROUTES.to_vec(), second: NOW, settings: LifecycleSettings::default() };
        for event in events {
            world.happen(event);
        }
    }

    /// What time does next is never later than when it is due: asked then, it happens.
    #[test]
    fn what_is_due_at_its_instant_happens_and_nothing_before(
        delivered in 0_i64..100_000, acknowledged in any::<bool>(), expires in prop::option::of(1_i64..100_000)
    ) {
        let settings = LifecycleSettings::default();
        let mut alert = told(firing(posted()), delivered);
        alert.expires_at = expires.map(|second| at_second(NOW + second));
        if acknowledged {
            alert = alert.acknowledge(None, None, &moment(NOW, &settings, &ROUTES)).expect("open").alert;
        }
        let due = alert.next_action(&settings, Audience::NOBODY).expect("something is due");
        let before = Moment { now: due - TimeDelta::microseconds(1), ..moment(0, &settings, &ROUTES) };
        prop_assert_eq!(alert.clone().moved_by_time(&before), None);
        let at = Moment { now: due, ..moment(0, &settings, &ROUTES) };
        let moved = alert.moved_by_time(&at).expect("due").alert;
        prop_assert!(moved.next_action_at.is_none_or(|next| next > due), "and is not due twice");
    }
}
