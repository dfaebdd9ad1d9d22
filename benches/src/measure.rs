//! Time beside a floor, on a machine that others use as well.
//!
//! Runs are short, a fifth of a millisecond, and alternate between a piece of work and its floor: what
//! disturbs one mostly disturbs its neighbour. Of ratios the median is quoted, which a run that lost its
//! processor does not move. Of times the best tenth is: others can only add to them, so that is what the
//! work takes where nobody disturbs it.

use std::time::{Duration, Instant};

/// The time of one piece of work, and how many times that of its floor it is.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Nanoseconds of the work.
    pub work: f64,
    /// Nanoseconds of the floor.
    pub floor: f64,
    /// The median of the ratios of neighbouring runs.
    pub ratio: f64,
}

/// Compares `work` with `floor` over so many pairs of runs.
pub fn compare(pairs: usize, mut work: impl FnMut(), mut floor: impl FnMut()) -> Compared {
    let (work_times, floor_times) = (times_per_run(&mut work), times_per_run(&mut floor));
    let mut runs: Vec<(f64, f64)> = (0..pairs)
        .map(|_| {
            let floor = once(&mut floor, floor_times);
            (once(&mut work, work_times), floor)
        })
        .collect();
    let ratio = median(
        runs.iter()
            .map(|(work, floor)| work / floor),
    );
    let (work, floor) = runs
        .drain(..)
        .unzip::<_, _, Vec<_>, Vec<_>>();
    Compared {
        work: undisturbed(work),
        floor: undisturbed(floor),
        ratio,
    }
}

/// The undisturbed nanoseconds of `work` over so many runs.
pub fn time(runs: usize, mut work: impl FnMut()) -> f64 {
    let times = times_per_run(&mut work);
    undisturbed((0..runs).map(|_| once(&mut work, times)))
}

/// What the best tenth of some times does not exceed; NaN of none.
fn undisturbed(of: impl IntoIterator<Item = f64>) -> f64 {
    let of = sorted(of);
    of.get(of.len() / 10)
        .copied()
        .unwrap_or(f64::NAN)
}

/// The middle of some numbers; NaN of none.
pub fn median(of: impl IntoIterator<Item = f64>) -> f64 {
    let of = sorted(of);
    of.get(of.len() / 2)
        .copied()
        .unwrap_or(f64::NAN)
}

fn sorted(of: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut of: Vec<f64> = of.into_iter().collect();
    of.sort_unstable_by(f64::total_cmp);
    of
}

/// Nanoseconds since some instant, for what lies between two calls.
#[expect(
    clippy::disallowed_methods,
    reason = "benchmarks measure time, and decide nothing by it"
)]
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds of one piece of work, of so many in a row.
#[expect(clippy::cast_precision_loss, reason = "runs are short")]
fn once(work: &mut impl FnMut(), times: u64) -> f64 {
    let start = now();
    for _ in 0..times {
        work();
    }
    start.elapsed().as_nanos() as f64 / times as f64
}

/// How often the work fits into a run.
fn times_per_run(work: &mut impl FnMut()) -> u64 {
    let mut times = 1;
    loop {
        let start = now();
        for _ in 0..times {
            work();
        }
        if start.elapsed() >= RUN {
            return times;
        }
        times *= 2;
    }
}

/// Long beside reading a clock, short beside the turns that a scheduler gives.
const RUN: Duration = Duration::from_micros(200);
