//! What is promised to allocate nothing, by an allocator that counts.

use std::hint::black_box;

use allocation_counter::measure;
use sre_benches::fixture::{WINDOWS, filled};
use sre_core::recorder::{Event, Recorder};
use sre_core::slice::Sums;
use sre_core::time::Span;

#[test]
fn counting_an_event_allocates_nothing_not_even_a_threads_first() {
    let recorder = Recorder::new();
    let seen = measure(|| {
        for n in 0..1_000 {
            black_box(&recorder).record(Event::good_if(n % 7 != 0));
        }
    });
    assert_eq!(seen.count_total, 0);
    let drained = measure(|| {
        black_box(recorder.drain());
    });
    assert_eq!(drained.count_total, 0);
}

#[test]
fn summing_windows_allocates_nothing() {
    let (ledger, _) = filled(Span::days(30), &WINDOWS);
    let mut sums = [Sums::default(); 9];
    let seen = measure(|| {
        let ending = ledger
            .ending(ledger.end())
            .expect("it is the end");
        ending
            .windows(&WINDOWS, &mut sums)
            .expect("attached");
    });
    assert_eq!(seen.count_total, 0);
    assert_eq!(sums[2].measured, 60);
}

/// So that the tests above can fail.
#[test]
fn the_counting_allocator_counts() {
    let seen = measure(|| {
        black_box(vec![1]);
    });
    assert_eq!(seen.count_total, 1);
}
