//! Counting one event, beside one uncontended relaxed `fetch_add`.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use sre_core::recorder::{Event, Recorder};

fn record(c: &mut Criterion) {
    let mut group = c.benchmark_group("count one event");
    let counter = AtomicU64::new(0);
    group.bench_function("floor: one relaxed fetch_add", |b| {
        b.iter(|| black_box(&counter).fetch_add(1, Ordering::Relaxed));
    });
    let recorder = Recorder::new();
    group.bench_function("recorder", |b| {
        b.iter(|| black_box(&recorder).record(Event::Good));
    });
    group.finish();
}

criterion_group!(benches, record);
criterion_main!(benches);
