//! What an evaluation changes: pages, tickets and silence, one by one and as whole stories.

mod criticality;
mod flapping;
mod forecast;
mod laws;
mod page;
mod pending;
mod silence;
mod story;
mod tickets;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::alert::{AlertState, DedupKey, LifecycleSettings};
use crate::count::{Counts, Grain};
use crate::evaluation::{Coverage, SloState, WindowCounts};
use crate::forecast::{Forecast, Nearness};
use crate::name::DestinationId;
use crate::notification::IntentKind;
use crate::policy::BurnRule;
use crate::routing::Audience;
use crate::slo::Alerting;
use crate::target::Factor;
use crate::time::{Span, at_second};

const ROUTES: [DestinationId; 2] = [
    DestinationId(Uuid::from_u128(1)),
    DestinationId(Uuid::from_u128(2)),
];

/// The paging and the ticket rules of the default policy, and the second ticket rule of `google-sre`.
const EMERGENCY: (BurnLevel, u32) = (BurnLevel::Emergency, 10);
const CRITICAL: (BurnLevel, u32) = (BurnLevel::Critical, 5);
const WARNING: (BurnLevel, u32) = (BurnLevel::Warning, 2);
const SLOW: (BurnLevel, u32) = (BurnLevel::Warning, 1);

/// What an evaluation says of its rules.
type Said<'a> = &'a [((BurnLevel, u32), RuleVerdict)];

/// An evaluation of an SLO that is met, with these rules.
fn evaluation(rules: Said<'_>) -> Evaluation {
    let window = |window| WindowCounts {
        window,
        counts: Counts::events(900, 1_000).expect("legal"),
        coverage: Coverage {
            measured: 60,
            expected: 60,
        },
        grain: Grain::Millionths,
    };
    let (long, short) = (window(Span::hours(1)), window(Span::minutes(5)));
    let outcome = |((level, factor), verdict): &((BurnLevel, u32), RuleVerdict)| {
        let rule = BurnRule {
            level: *level,
            factor: Factor::whole(*factor),
            long: long.window,
            short: short.window,
            min_share: None,
        };
        RuleOutcome {
            rule,
            long,
            short,
            verdict: *verdict,
            bad_needed: None,
        }
    };
    Evaluation {
        as_of: at_second(0),
        window_start: at_second(0) - TimeDelta::days(30),
        state: SloState::Met,
        reason: None,
        budget: None,
        coverage: Coverage {
            measured: 60,
            expected: 60,
        },
        filled_seconds: 0,
        window: Span::days(30),
        windows: Vec::new(),
        burn_level: BurnLevel::None,
        rules: rules.iter().map(outcome).collect(),
        budget_verdict: BudgetVerdict::Fine,
        forecast: Forecast::Unknown,
        nearness: Nearness::Far,
        is_stale: false,
        raw: None,
    }
}

/// An evaluation whose budget says this.
fn budget(verdict: BudgetVerdict, rules: Said<'_>) -> Evaluation {
    let state = match verdict {
        BudgetVerdict::Fine => SloState::Met,
        BudgetVerdict::AtRisk => SloState::AtRisk,
        BudgetVerdict::Missed => SloState::Violated,
    };
    Evaluation {
        state,
        budget_verdict: verdict,
        ..evaluation(rules)
    }
}

/// An evaluation that cannot be judged, stale or not, whose rules are held.
fn unjudged(state: SloState, is_stale: bool) -> Evaluation {
    let held = [EMERGENCY, CRITICAL, WARNING].map(|rule| (rule, RuleVerdict::Held));
    Evaluation {
        state,
        is_stale,
        ..evaluation(&held)
    }
}

/// The episodes of one SLO, moved by evaluations a minute apart.
#[derive(Default)]
struct World {
    latest: BTreeMap<DedupKey, Alert>,
    course: Course,
    alerting: Alerting,
    unmeasured: bool,
    minutes: i64,
    settings: LifecycleSettings,
    criticality: Criticality,
}

/// A transition in words: type, severity, state, and what is told.
type Line = String;

impl World {
    fn now(&self) -> DateTime<Utc> {
        at_second(60 * self.minutes)
    }

    fn decided(&self, evaluation: &Evaluation) -> Decided {
        let mut slo = crate::slo::tests::slo();
        slo.definition.alerting = self.alerting;
        let latest: Vec<Alert> = self.latest.values().cloned().collect();
        let settings = &self.settings;
        let slot = Some(self.now());
        let moment = Moment {
            now: self.now(),
            slot,
            routes: Audience::everyone(&ROUTES),
            settings,
        };
        decide(&Situation {
            criticality: self.criticality,
            slo: &slo,
            evaluation,
            latest: &latest,
            course: &self.course,
            measured: (!self.unmeasured).then(|| Span::minutes(1)),
            moment,
        })
    }

    /// Decides, stores what was decided under the guards of a store, and says it in words.
    fn after(&mut self, evaluation: &Evaluation) -> Vec<Line> {
        self.minutes += 1;
        let decided = self.decided(evaluation);
        assert_eq!(
            self.decided(evaluation),
            decided,
            "the same decision twice is the same rows"
        );
        self.course = decided.course;
        decided
            .alerts
            .iter()
            .map(|update| self.apply(update))
            .collect()
    }

    fn apply(&mut self, update: &AlertUpdate) -> Line {
        let alert = &update.alert;
        let key = alert.identity.key();
        match (update.expected, self.latest.get(&key)) {
            (Some(expected), Some(held)) => {
                assert_eq!((held.id, held.transition), (alert.id, expected));
                assert_eq!(alert.transition, expected + 1);
                assert_eq!(update.from, Some(held.state.status()));
                assert!(
                    held.is_open(),
                    "an episode that has ended is never moved again"
                );
            }
            (None, held) => {
                assert!(
                    held.is_none_or(|held| !held.is_open()),
                    "one open episode an identity"
                );
                assert_eq!(alert.episode, held.map_or(1, |held| held.episode + 1));
                assert_eq!((alert.transition, update.from), (1, None));
                assert_eq!(alert.id, alert.identity.episode_id(alert.episode));
            }
            (Some(_), None) => panic!("an episode that nobody opened"),
        }
        assert_eq!(update.slot, Some(self.now()));
        let told: Vec<&str> = update
            .intents
            .iter()
            .filter(|intent| intent.destination_id == ROUTES[0])
            .map(|intent| intent.kind.as_str())
            .collect();
        assert_eq!(
            update.intents.len(),
            told.len() * ROUTES.len(),
            "one intent a route"
        );
        self.latest.insert(key, alert.clone());
        self.check();
        let state = match &alert.state {
            AlertState::Resolved { reason, .. } => format!("resolved {}", reason.as_str()),
            state => state.as_str().to_owned(),
        };
        format!(
            "{} {} {state} {}",
            alert.alert_type(),
            alert.severity,
            told.join(" ")
        )
        .trim_end()
        .to_owned()
    }

    /// What a person does to the open alert of this type.
    fn by_hand(&mut self, kind: &AlertType, act: impl FnOnce(Alert, &Moment<'_>) -> AlertUpdate) {
        let alert = self.open(kind).expect("open").clone();
        let settings = self.settings;
        let (now, slot) = (self.now(), Some(self.now()));
        let update = act(
            alert,
            &Moment {
                now,
                slot,
                routes: Audience::everyone(&ROUTES),
                settings: &settings,
            },
        );
        self.apply(&update);
    }

    /// At most one page and one ticket are open.
    fn check(&self) {
        let open = |is_wanted: fn(&Alert) -> bool| {
            self.latest
                .values()
                .filter(|alert| alert.is_open() && is_wanted(alert))
                .count()
        };
        assert!(open(|alert| *alert.alert_type() == AlertType::BurnRate) <= 1);
        // While one ticket supersedes another, the first is ended before the second opens.
        assert!(open(Alert::is_ticket) <= 1);
    }

    fn open(&self, kind: &AlertType) -> Option<&Alert> {
        self.latest
            .values()
            .find(|alert| alert.is_open() && alert.alert_type() == kind)
    }
}

#[test]
fn nothing_is_decided_where_nothing_is_wrong() {
    let mut world = World::default();
    let quiet = [EMERGENCY, CRITICAL, WARNING].map(|rule| (rule, RuleVerdict::Quiet));
    assert!(
        world
            .after(&evaluation(&quiet))
            .is_empty()
    );
    assert!(world.after(&evaluation(&[])).is_empty());
}

#[test]
fn the_identities_of_an_slo_are_those_that_it_can_raise() {
    let slo = crate::slo::tests::slo();
    let identities = identities(&slo);
    let kinds: Vec<&str> = identities
        .iter()
        .map(|identity| identity.alert_type.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "burn_rate",
            "slow_burn",
            "budget_exhaustion",
            "slo_violation",
            "no_data"
        ]
    );
    assert!(
        identities
            .iter()
            .all(|identity| identity.slo_id == Some(slo.id))
    );
}

/// Those who were told are told, and what has ended is left alone.
#[test]
fn a_retired_slo_ends_everything_that_is_open() {
    let mut world = World::default();
    world.after(&budget(
        BudgetVerdict::Missed,
        &[(EMERGENCY, RuleVerdict::Firing)],
    ));
    world.after(&budget(
        BudgetVerdict::AtRisk,
        &[(EMERGENCY, RuleVerdict::Firing)],
    ));
    let latest: Vec<Alert> = world.latest.values().cloned().collect();
    assert_eq!(latest.len(), 3);
    let settings = LifecycleSettings::default();
    let moment = Moment {
        now: at_second(600),
        slot: None,
        routes: Audience::NOBODY,
        settings: &settings,
    };
    let ended = retire(&latest, &moment);
    assert_eq!(ended.len(), 2);
    for update in &ended {
        let reason = ResolveReason::Definition;
        let state = AlertState::Resolved {
            at: at_second(600),
            reason,
            by: None,
        };
        assert_eq!(update.alert.state, state);
        let told: Vec<_> = update
            .intents
            .iter()
            .map(|intent| intent.destination_id)
            .collect();
        assert_eq!(told, ROUTES);
        assert!(
            update
                .intents
                .iter()
                .all(|intent| intent.kind == IntentKind::Resolve)
        );
    }
    assert!(retire(&[], &moment).is_empty());
}
