//! P2: nine windows and a whole evaluation, whatever lies behind an SLO.

use std::hint::black_box;

use chrono::{DateTime, Utc};
use sre_benches::fixture::{WINDOWS, definition, end, filled, filled_with, minutes};
use sre_benches::measure::{Compared, compare, time};
use sre_core::evaluate::{EvaluationSettings, Plan, evaluate, judge};
use sre_core::evaluation::{Evaluation, Progress};
use sre_core::ledger::{Ledger, LedgerError};
use sre_core::slice::Sums;
use sre_core::slo::Definition;
use sre_core::time::Span;

use super::verdict::{Part, Verdict};

pub(crate) fn p2(pairs: usize) -> Verdict {
    let (month, year) = (Span::days(30), Span::days(365));
    let (ledger, _) = filled(month, &WINDOWS);
    let (long_ledger, _) = filled(year, &WINDOWS);
    let nine = nine_windows(pairs, &ledger);
    let nine_of_a_year = nine_windows(pairs, &long_ledger);
    let of_a_month = Evaluations::over(month);
    let judged = of_a_month.time(pairs, judge);
    let judged_of_a_year = Evaluations::over(year).time(pairs, judge);
    let foretold = of_a_month.time(pairs, evaluate);
    Verdict {
        name: "P2",
        figure: nine.work,
        unit: "ns",
        ratio: nine.ratio,
        goal: "30 ns",
        attempt: 1,
        parts: vec![
            Part::at_most("nine windows", nine.work, 30.0, " ns"),
            Part::at_most(
                "budget, levels and rules over 30 d (`judge`)",
                judged,
                200.0,
                " ns",
            ),
            Part::at_most(
                "nine windows of a ledger of 365 d, times one of 30 d",
                nine_of_a_year.ratio / nine.ratio,
                1.25,
                "",
            ),
            Part::at_most(
                "`judge` over 365 d, times over 30 d",
                judged_of_a_year / judged,
                1.25,
                "",
            ),
            Part::told(format!(
                "nine subtractions at known places: {:.2} ns",
                nine.floor
            )),
            Part::told(format!("with the forecast (`evaluate`): {foretold:.2} ns")),
        ],
    }
}

/// Nine windows from the ledger, beside nine subtractions from arrays of the same size at places that
/// are known.
fn nine_windows(pairs: usize, ledger: &Ledger) -> Compared {
    let prefixes: Vec<[u64; 3]> = (0..1_000)
        .map(|n| [n, n * 1_000, n])
        .collect();
    let at: [usize; 9] = [995, 970, 940, 880, 640, 24, 72, 168, 720];
    let (mut sums, mut floor_sums) = ([Sums::default(); 9], [[0; 3]; 9]);
    compare(
        pairs,
        || {
            black_box(ledger)
                .latest()
                .windows(black_box(&WINDOWS), black_box(&mut sums))
                .expect("attached");
        },
        || {
            let [bad, total, measured] = black_box(&prefixes)[999];
            for (sum, n) in black_box(&mut floor_sums)
                .iter_mut()
                .zip(black_box(&at))
            {
                let before = prefixes[*n];
                *sum = [
                    bad.wrapping_sub(before[0]),
                    total.wrapping_sub(before[1]),
                    measured.wrapping_sub(before[2]),
                ];
            }
        },
    )
}

/// SLOs of one window that stand differently, evaluated in turn.
struct Evaluations {
    definition: Definition,
    plan: Plan,
    settings: EvaluationSettings,
    histories: Vec<History>,
}

/// What is known of one of them, and up to when: an evaluation is told its instant.
struct History {
    ledger: Ledger,
    progress: Progress,
    end: DateTime<Utc>,
}

impl Evaluations {
    /// Of eight SLOs six are well, each in its own way; one has burned slowly for a day, and one pages.
    fn over(window: Span) -> Self {
        let (definition, settings) = (definition(window), EvaluationSettings::default());
        let policy = definition.policy(&settings.thresholds, None);
        let plan = Plan::new(&definition, policy);
        let windows: Vec<Span> = plan
            .windows(&definition, end(window))
            .collect();
        let last = minutes(window);
        let rare = |every: i64| move |minute: i64| u64::from(minute % every == 0);
        let mut histories: Vec<_> = [97, 89, 61, 31, 13, 7]
            .map(|every| filled_with(window, &windows, rare(every)))
            .into();
        for (since, bad) in [(24 * 60, 3), (2 * 60, 20)] {
            let burning = |minute: i64| if minute < last - since { 0 } else { bad };
            histories.push(filled_with(window, &windows, burning));
        }
        Self {
            definition,
            plan,
            settings,
            histories: histories
                .into_iter()
                .map(|(ledger, progress)| History {
                    end: ledger.end(),
                    ledger,
                    progress,
                })
                .collect(),
        }
    }

    /// The nanoseconds of one.
    fn time(&self, runs: usize, evaluate: Evaluate) -> f64 {
        let mut turns = self.histories.iter().cycle();
        time(runs, || {
            let history = turns.next().expect("eight for ever");
            let found = evaluate(
                black_box(&self.definition),
                &self.plan,
                &history.ledger,
                &history.progress,
                black_box(history.end),
                &self.settings,
            );
            black_box(&found);
        })
    }
}

/// `evaluate`, or the part of it that judges.
type Evaluate = fn(
    &Definition,
    &Plan,
    &Ledger,
    &Progress,
    DateTime<Utc>,
    &EvaluationSettings,
) -> Result<Evaluation, LedgerError>;
