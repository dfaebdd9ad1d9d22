//! The suite: every scene on both sides, then the table and the goals.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use sre_core::detection::detect;
use sre_core::policy::{BurnThresholds, PolicyChoice};
use sre_core::time::at_second;
use sre_server::config::{Env, Settings as _};

use super::alertmanager::{Told, tell};
use super::ours::{Stage, slo};
use super::prometheus::Prometheus;
use super::recorder::Heard;
use super::rules::{Active, Alert, active};
use super::table;
use crate::given::configuration;
use crate::readings::{BUSY, QUIET, clean, staged};
use crate::scenario::{Goal, Kind, SCENARIOS, Scenario, Scene, Trouble};

/// What came of one scene.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) scene: Scene,
    pub(crate) ours: Vec<Heard>,
    pub(crate) theirs: Theirs,
}

/// What the rules and the Alertmanager made of it.
#[derive(Debug)]
pub(crate) struct Theirs {
    pub(crate) pages: Vec<Active>,
    pub(crate) tickets: Vec<Active>,
    pub(crate) told: Told,
}

impl Played {
    /// Seconds from the beginning of the trouble to our first page.
    pub(crate) fn our_first(&self) -> Option<f64> {
        let first = self
            .ours
            .iter()
            .find(|heard| heard.is_page())?;
        Some(self.since_begin(first.at))
    }

    /// The same of theirs.
    pub(crate) fn their_first(&self) -> Option<f64> {
        let fired = self.theirs.pages.first()?.from;
        Some(self.since_begin(fired + self.theirs.told.first_after?))
    }

    pub(crate) fn our(&self, is: impl Fn(&Heard) -> bool) -> usize {
        self.ours
            .iter()
            .filter(|heard| is(heard))
            .count()
    }

    /// Seconds from the beginning of the trouble.
    pub(crate) fn since_begin(&self, at: DateTime<Utc>) -> f64 {
        (at - at_second(self.scene.begins())).as_seconds_f64()
    }
}

/// How long the page's rule itself takes to see the trouble, in closed form.
pub(crate) fn detection(scenario: &Scenario, policy: &PolicyChoice) -> Option<f64> {
    let (outage, traffic) = scenario.outage()?;
    let mut definition = slo(Kind::Busy).definition;
    definition.burn_policy = policy.clone();
    let policy = definition.policy(&BurnThresholds::default(), None);
    let found = detect(&definition, &policy, outage, Some(traffic));
    Some(found.page()?.fires?.as_f64())
}

/// Plays every scene on both sides.
async fn play_all() -> Vec<Played> {
    let mut history = String::new();
    clean(BUSY, Kind::Busy, &mut history);
    clean(QUIET, Kind::Quiet, &mut history);
    let only = Env.get("SCENARIOS_ONLY");
    let scenes: Vec<Scene> = SCENARIOS
        .iter()
        .filter(|scenario| {
            only.as_ref()
                .is_none_or(|only| only == scenario.key)
        })
        .flat_map(Scenario::scenes)
        .collect();
    for scene in &scenes {
        staged(scene, &mut history);
    }
    let prometheus = Prometheus::remembering(&history).await;
    drop(history);
    let settings = configuration(&prometheus.url).monitor();
    let stage = Arc::new(Box::pin(Stage::prepare(&prometheus.url, settings)).await);

    // The longest first.
    let mut order = scenes.clone();
    order.sort_by_key(|scene| std::cmp::Reverse(scene.watched_until()));
    let mut ours: BTreeMap<String, Vec<Heard>> = stream::iter(order)
        .map(|scene| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move { (scene.job(), stage.play(scene).await) })
        })
        .buffer_unordered(AT_ONCE)
        .map(|played| played.expect("a scene that is played to its end"))
        .collect()
        .await;

    let (mut pages, mut tickets) = (BTreeMap::new(), BTreeMap::new());
    for scene in &scenes {
        // Without Prometheus nothing evaluates its rules.
        let is_away = scene.scenario.trouble == Trouble::DeadSource;
        if !is_away {
            pages.insert(scene.job(), active(&prometheus, scene, Alert::Page).await);
        }
        if !is_away && scene.phase == 0 {
            tickets.insert(scene.job(), active(&prometheus, scene, Alert::Ticket).await);
        }
    }
    let mut told = tell(&pages).await;
    let played = scenes.into_iter().map(|scene| {
        let job = scene.job();
        Played {
            scene,
            ours: ours.remove(&job).unwrap_or_default(),
            theirs: Theirs {
                pages: pages.remove(&job).unwrap_or_default(),
                tickets: tickets.remove(&job).unwrap_or_default(),
                told: told.remove(&job).unwrap_or_default(),
            },
        }
    });
    played.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_told_once_and_in_time_and_nothing_else_is() {
    let played = Box::pin(play_all()).await;
    let table = table::table(&played);
    say(&table);
    for one in &played {
        for heard in &one.ours {
            say(&format!("{}: {heard:?}", one.scene.job()));
        }
    }
    if let Some(path) = Env.get("SCENARIOS_WRITE") {
        table::write(path.as_ref(), &table);
    }
    let missed: Vec<String> = played
        .iter()
        .filter_map(missed)
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// How a scene misses its goal.
fn missed(played: &Played) -> Option<String> {
    let scenario = played.scene.scenario;
    let of = |alert_type: &'static str, resolved: bool| {
        played.our(|heard| heard.alert_type == alert_type && heard.is_resolve() == resolved)
    };
    let (pages, resolves) = (
        played.our(Heard::is_page),
        played.our(Heard::is_page_resolve),
    );
    let all = played.ours.len();
    let is_met = match scenario.goal {
        Goal::Page => {
            let beyond = played
                .our_first()
                .zip(detection(scenario, &PolicyChoice::Default))
                .map(|(first, detection)| first - detection);
            (pages, resolves) == (1, 1) && beyond.is_some_and(|beyond| beyond < BEYOND_MAX)
        }
        Goal::Ticket => pages == 0 && of("slow_burn", false) == 1 && of("slow_burn", true) == 1,
        Goal::NoData => {
            pages == 0 && all == 2 && of("no_data", false) == 1 && of("no_data", true) == 1
        }
        Goal::Silence => all == 0,
    };
    (!is_met).then(|| format!("{}: {:?}", played.scene.job(), played.ours))
}

fn say(text: &str) {
    // A closed output is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// How many scenes are played at once.
const AT_ONCE: usize = 4;
/// A page may come so many seconds after its rule's own detection time.
const BEYOND_MAX: f64 = 90.0;
