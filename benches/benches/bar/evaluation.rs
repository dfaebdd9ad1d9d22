//! P2: nine windows and a whole evaluation, whatever lies behind an SLO.

use std::hint::black_box;

use sre_benches::fixture::{WINDOWS, definition, end, filled};
use sre_benches::measure::{Compared, compare, time};
use sre_core::evaluate::{EvaluationSettings, evaluate, windows};
use sre_core::ledger::Ledger;
use sre_core::slice::Sums;
use sre_core::time::Span;

use super::verdict::{Part, Verdict};

pub(crate) fn p2(pairs: usize) -> Verdict {
    let (month, year) = (Span::days(30), Span::days(365));
    let (ledger, _) = filled(month, &WINDOWS);
    let (long_ledger, _) = filled(year, &WINDOWS);
    let nine = nine_windows(pairs, &ledger);
    let nine_of_a_year = nine_windows(pairs, &long_ledger);
    let whole = evaluation(pairs, month);
    let hour = evaluation(pairs, Span::hours(1));
    Verdict {
        name: "P2",
        figure: nine.work,
        unit: "ns",
        ratio: nine.ratio,
        goal: "30 ns",
        parts: vec![
            Part::at_most("nine windows", nine.work, 30.0, " ns"),
            Part::at_most("a whole evaluation over 30 d", whole, 200.0, " ns"),
            Part::at_most(
                "nine windows of a ledger of 365 d, times one of 30 d",
                nine_of_a_year.ratio / nine.ratio,
                1.25,
                "",
            ),
            Part::told(format!(
                "nine subtractions at known places: {:.2} ns",
                nine.floor
            )),
            Part::told(format!(
                "a whole evaluation over 1 h, which has fewer windows: {hour:.2} ns"
            )),
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

/// The nanoseconds of an evaluation: windows, coverage, budget, levels, rules, state and forecast.
fn evaluation(runs: usize, window: Span) -> f64 {
    let (definition, settings) = (definition(window), EvaluationSettings::default());
    let policy = definition.policy(&settings.thresholds, None);
    let (ledger, progress) = filled(window, &windows(&definition, &policy, end(window)));
    let end = ledger.end();
    time(runs, || {
        let found = evaluate(
            black_box(&definition),
            &policy,
            &ledger,
            &progress,
            black_box(end),
            &settings,
        );
        black_box(found).expect("attached");
    })
}
