//! Appending a slice, and nine windows of one SLO, beside what the machine takes for the same loads.

use std::hint::black_box;

use chrono::TimeDelta;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sre_benches::fixture::{WINDOWS, filled};
use sre_core::count::Counts;
use sre_core::slice::{Slice, Sums};
use sre_core::time::{Interval, Span};

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append one slice");
    let slice = Slice::Measured(Counts::events(999, 1_000).expect("legal"));
    group.bench_function("floor: push two sums", |b| {
        b.iter_batched_ref(
            || Vec::<(u64, u64)>::with_capacity(64),
            |sums| {
                let (bad, total) = sums.last().copied().unwrap_or_default();
                sums.push((bad + 1, total + 1_000));
            },
            BatchSize::SmallInput,
        );
    });
    let (month, _) = filled(Span::days(30), &WINDOWS);
    group.bench_function("ledger of 30 days", |b| {
        b.iter_batched_ref(
            || month.clone(),
            |ledger| ledger.append(ledger.end(), black_box(slice)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn windows(c: &mut Criterion) {
    let mut group = c.benchmark_group("nine windows of one SLO");
    // The same number of dependent-free loads from arrays of the same size.
    let sums: Vec<[u64; 3]> = (0..1_000)
        .map(|n| [n, n * 1_000, n])
        .collect();
    let at: [usize; 9] = [995, 970, 940, 880, 640, 24, 72, 168, 720];
    group.bench_function("floor: subtract prefixes at known places", |b| {
        b.iter(|| {
            let last = black_box(&sums)[999];
            black_box(at).map(|n| {
                let [bad, total, measured] = sums[n];
                [last[0] - bad, last[1] - total, last[2] - measured]
            })
        });
    });
    let (ledger, _) = filled(Span::days(30), &WINDOWS);
    let end = ledger.end();
    group.bench_function("ledger", |b| {
        let mut sums = [Sums::default(); 9];
        b.iter(|| {
            let ending = ledger
                .ending(black_box(end))
                .expect("fine");
            ending.windows(black_box(&WINDOWS), black_box(&mut sums))
        });
    });
    group.bench_function("by adding up 30 days of slices", |b| {
        let slices: Vec<(u64, u64)> = (0..43_200)
            .map(|n| (n % 2, 1_000))
            .collect();
        b.iter(|| {
            black_box(&slices)
                .iter()
                .fold((0, 0), |sum, slice| (sum.0 + slice.0, sum.1 + slice.1))
        });
    });
    let hour = Interval::new(end - TimeDelta::hours(1), end);
    let thirty_days = Interval::new(end - TimeDelta::days(30), end);
    group.bench_function("one window of an hour", |b| {
        b.iter(|| ledger.sum(black_box(hour)));
    });
    group.bench_function("one window of 30 days", |b| {
        b.iter(|| ledger.sum(black_box(thirty_days)));
    });
    group.finish();
}

criterion_group!(benches, append, windows);
criterion_main!(benches);
