//! The scripts, played side by side.

mod scripts;

use std::fmt::Write as _;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::collector::{Collector, Taken};
use super::differences::Difference;
use super::scenario::{Clock, Scenario, Step, UNIT, Want};
use super::sides::Side;
use super::told::Told;
use crate::waiting::{now, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_hears_of_both_the_same_but_for_what_is_meant_to_differ() {
    let only = only();
    let scenarios: Vec<Scenario> = scripts::all()
        .into_iter()
        .filter(|scenario| scenario.name.contains(&only))
        .collect();
    if only.is_empty() {
        for difference in Difference::ALL {
            let is_shown = scenarios
                .iter()
                .flat_map(|scenario| &scenario.wants)
                .any(|want| want.because == Some(difference));
            assert!(is_shown, "no script shows {difference:?}");
        }
    }
    let mut playing = JoinSet::new();
    for scenario in scenarios {
        let stage = Stage::set(scenario).await;
        playing.spawn(stage.play());
    }
    let mut faults = String::new();
    while let Some(played) = playing.join_next().await {
        faults += &played.expect("no panic");
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The scripts that are played: those whose name has this in it.
#[expect(
    clippy::disallowed_methods,
    reason = "what a person asks of the test is no setting of the service"
)]
fn only() -> String {
    std::env::var("BESIDE_ONLY").unwrap_or_default()
}

/// A script with both services ready for it.
struct Stage {
    scenario: Scenario,
    theirs: (Side, Vec<Collector>),
    ours: (Side, Vec<Collector>),
}

impl Stage {
    async fn set(scenario: Scenario) -> Self {
        let theirs = collectors(&scenario).await;
        let ours = collectors(&scenario).await;
        Self {
            theirs: (Side::theirs(&scenario, &theirs).await, theirs),
            ours: (Side::ours(&scenario, &ours).await, ours),
            scenario,
        }
    }

    /// Plays it, and answers what is not as it was expected.
    async fn play(mut self) -> String {
        let clock = Clock {
            began: now() + TimeDelta::milliseconds(100),
        };
        let began = Instant::now() + std::time::Duration::from_millis(100);
        for collector in self.theirs.1.iter().chain(&self.ours.1) {
            collector.begin(clock.began);
        }
        let (steps, until) = (&self.scenario.steps, self.scenario.until);
        let end = began + UNIT.mul_f64(until);
        tokio::join!(
            follow(&mut self.theirs.0, steps, began, clock),
            follow(&mut self.ours.0, steps, began, clock),
        );
        sleep_until(end).await;
        let mut report = format!("\n{}\n", self.scenario.name);
        let mut faults = String::new();
        for (name, (side, collectors)) in [("theirs", &self.theirs), ("ours", &self.ours)] {
            let silences = side.active_silences().await;
            for (receiver, collector) in collectors.iter().enumerate() {
                let taken = collector.taken(clock);
                writeln!(
                    report,
                    "  {name}, receiver {receiver}: {} tries, {silences} active silences",
                    collector.tries()
                )
                .expect("a string");
                for taken in &taken {
                    writeln!(report, "    {:5.2} {}", taken.at, listed(&taken.alerts))
                        .expect("a string");
                }
                faults += &self.faults(name, receiver, taken);
            }
        }
        for because in self
            .scenario
            .wants
            .iter()
            .filter_map(|want| want.because)
        {
            writeln!(report, "  differs: {because:?}: {}", because.reason()).expect("a string");
        }
        say(&report);
        faults
    }

    /// What one receiver of one side was told that it should not, or the other way round.
    fn faults(&self, side: &str, receiver: usize, mut taken: Vec<Taken>) -> String {
        let mut faults = String::new();
        let wants = self
            .scenario
            .wants
            .iter()
            .filter(|want| want.receiver == receiver);
        let mut note = |text: String| {
            writeln!(
                faults,
                "{}, {side}, receiver {receiver}: {text}",
                self.scenario.name
            )
            .expect("a string");
        };
        for want in wants {
            let wanted = sorted(if side == "theirs" {
                &want.theirs
            } else {
                &want.ours
            });
            let of_it = |taken: &Taken| want.has(taken.at);
            let came: Vec<String> = {
                let mut came: Vec<String> = taken
                    .iter()
                    .filter(|taken| of_it(taken))
                    .map(|taken| listed(&taken.alerts))
                    .collect();
                came.sort();
                came
            };
            taken.retain(|taken| !of_it(taken));
            if came != wanted {
                note(format!(
                    "between {} and {} came {came:?} instead of {wanted:?}",
                    want.from, want.until
                ));
            }
            if want.because.is_some() == (sorted(&want.theirs) == sorted(&want.ours)) {
                note(format!("{:?} is no difference", want.because));
            }
        }
        for other in taken {
            note(format!("at {:.2} came {}", other.at, listed(&other.alerts)));
        }
        faults
    }
}

impl Want {
    fn has(&self, at: f64) -> bool {
        self.from - EARLY <= at && at <= self.until
    }
}

/// Does each step in its time.
async fn follow(side: &mut Side, steps: &[(f64, Step)], began: Instant, clock: Clock) {
    for (at, step) in steps {
        sleep_until(began + UNIT.mul_f64(*at)).await;
        side.take(step, clock).await;
    }
}

async fn collectors(scenario: &Scenario) -> Vec<Collector> {
    let mut collectors = Vec::new();
    for webhook in &scenario.webhooks {
        collectors.push(Collector::start(webhook.answers).await);
    }
    collectors
}

fn sorted(messages: &[Vec<Told>]) -> Vec<String> {
    let mut sorted: Vec<String> = messages
        .iter()
        .map(|told| listed(&told.iter().cloned().collect()))
        .collect();
    sorted.sort();
    sorted
}

fn listed(told: &std::collections::BTreeSet<Told>) -> String {
    let told: Vec<String> = told
        .iter()
        .map(ToString::to_string)
        .collect();
    told.join(", ")
}

/// Clocks of two programs, in units.
const EARLY: f64 = 0.05;
