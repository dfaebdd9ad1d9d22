//! P1: counting an event costs about what an atomic addition costs, on any number of threads. Which
//! slice it belongs to is decided by the drain at the slice's edge, so that is within it.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use sre_benches::measure::{compare, median, now};
use sre_core::recorder::{Event, Recorder};

use super::verdict::{Part, Verdict};

pub(crate) fn p1(pairs: usize) -> Verdict {
    let (recorder, counter) = (Recorder::new(), AtomicU64::new(0));
    let alone = compare(
        pairs,
        || black_box(&recorder).record(Event::Good),
        || {
            black_box(&counter).fetch_add(1, Ordering::Relaxed);
        },
    );
    let ours = speed_up(pairs, || black_box(&recorder).record(Event::Good));
    let shared = speed_up(pairs, || {
        black_box(&counter).fetch_add(1, Ordering::Relaxed);
    });
    Verdict {
        name: "P1",
        figure: alone.work,
        unit: "ns",
        ratio: alone.ratio,
        goal: "1.5",
        attempt: 1,
        parts: vec![
            Part::at_most("record(), times one fetch_add", alone.ratio, 1.5, ""),
            Part::at_least("two threads, times one", ours, 1.8, ""),
            Part::told(format!(
                "one counter that two threads share, times one: {shared:.2}"
            )),
        ],
    }
}

/// How many times as much two threads do as one. Of many short rounds the best tenth counts: a round
/// in which the machine gave the threads no two processors says nothing of the counter.
fn speed_up(pairs: usize, work: impl Fn() + Sync) -> f64 {
    let mut rounds: Vec<f64> = (0..pairs.div_ceil(5))
        .map(|_| 2.0 * round(1, &work) / round(2, &work))
        .collect();
    rounds.sort_unstable_by(f64::total_cmp);
    let best = rounds.len() - rounds.len().div_ceil(10);
    median(rounds.drain(best..))
}

/// The seconds that the slowest of so many threads takes for the same work each.
fn round(threads: usize, work: &(impl Fn() + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        work(); // a thread's first event finds it a place
        start.wait();
        let begin = now();
        (0..EVENTS).for_each(|_| work());
        begin.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| scope.spawn(run))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("it only counts"))
            .fold(0.0, f64::max)
    })
}

/// About half a millisecond.
const EVENTS: u32 = 200_000;
