//! The whole evaluation of one SLO, beside nine burn rates in exact integers.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sre_benches::fixture::{definition, end, filled};
use sre_core::budget::ErrorBudget;
use sre_core::count::Counts;
use sre_core::evaluate::{EvaluationSettings, Plan, evaluate};
use sre_core::forecast::{Pace, time_left};
use sre_core::target::{Factor, Target};
use sre_core::time::Span;

fn whole(c: &mut Criterion) {
    let mut group = c.benchmark_group("evaluate one SLO");
    let target: Target = "99.9".parse().expect("a target");
    let counts: [Counts; 9] =
        std::array::from_fn(|n| Counts::events(1_000 - n as u64, 1_000).expect("legal"));
    group.bench_function("floor: nine exact comparisons", |b| {
        let factor = Factor::whole(10);
        b.iter(|| black_box(counts).map(|counts| factor.is_exceeded_by(counts, target)));
    });
    for (name, window) in [
        ("window of 1 h", Span::hours(1)),
        ("window of 30 d", Span::days(30)),
    ] {
        let (definition, settings) = (definition(window), EvaluationSettings::default());
        let policy = definition.policy(&settings.thresholds, None);
        let (plan, end) = (Plan::new(&definition, policy), end(window));
        let windows: Vec<Span> = plan.windows(&definition, end).collect();
        let (ledger, progress) = filled(window, &windows);
        group.bench_function(name, |b| {
            b.iter(|| {
                evaluate(
                    black_box(&definition),
                    &plan,
                    &ledger,
                    &progress,
                    black_box(end),
                    &settings,
                )
            });
        });
    }
    group.finish();
}

/// When the budget of a month ends at a pace that ends it, beside a look at every hour of the month.
fn forecast(c: &mut Criterion) {
    let mut group = c.benchmark_group("forecast the end of a budget of 30 d");
    let month = Span::days(30);
    let (ledger, _) = filled(month, &[month]);
    let ending = ledger
        .ending(ledger.end())
        .expect("it is the end");
    let leaving = ending
        .roll_off(month)
        .expect("attached");
    group.bench_function("floor: look at every hour", |b| {
        b.iter(|| {
            (0..=black_box(leaving).steps())
                .map(|step| leaving.at(step).bad)
                .fold(0, u64::wrapping_add)
        });
    });
    let counts = ending
        .window(month)
        .expect("attached")
        .counts;
    for (name, target, bad) in [
        ("most is left, and lasts", "99.9", 0),
        ("most is left, and ends", "99.9", 90),
        ("little is left, and lasts", "99.9989", 0),
        ("little is left, and ends", "99.9989", 9),
    ] {
        let budget = ErrorBudget::new(counts, target.parse().expect("a target"));
        let pace = Counts::events(60_000 - bad, 60_000).expect("legal");
        let pace = Pace::new(pace, 3_600).expect("an hour");
        group.bench_function(name, |b| {
            b.iter(|| time_left(black_box(budget), &leaving, black_box(pace)));
        });
    }
    group.finish();
}

criterion_group!(benches, whole, forecast);
criterion_main!(benches);
