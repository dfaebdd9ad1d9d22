//! Counting events in process, without a lock, a clock or an allocation.
//!
//! A service counts its own good and bad events where they happen, on every thread, as fast as a
//! counter can be. Which slice an event belongs to is decided by whoever looks at the edge of each
//! slice, so that counting itself reads no clock.
//!
//! | type | for |
//! | --- | --- |
//! | [`SloRecorder`] | one SLO that lives in the program: count, tick, ask |
//! | [`Recordings`] | SLOs that a store remembers: what was counted as samples, slice by slice |
//! | [`Recorder`] | the counter itself |

mod attribution;
mod latency;
mod recordings;
mod slo;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::count::{Count, Counts};

pub use recordings::{Recording, Recordings};
pub use slo::SloRecorder;

/// How an event went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// As promised.
    Good,
    /// Not as promised.
    Bad,
}

impl Event {
    /// Good where `is_good`.
    #[must_use]
    pub const fn good_if(is_good: bool) -> Self {
        if is_good { Self::Good } else { Self::Bad }
    }
}

/// Counts events from any number of threads.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::recorder::{Event, Recorder};
///
/// let recorder = Recorder::new();
/// recorder.record(Event::Good);
/// recorder.record(Event::Bad);
/// assert_eq!(recorder.drain(), Counts::events(1, 2)?);
/// assert_eq!(recorder.drain(), Counts::NONE); // idleness is measured, too: no traffic
/// # Ok::<(), sre_core::count::CountError>(())
/// ```
pub struct Recorder {
    shards: [Shard; SHARDS],
}

/// Two counters on cache lines of their own, so that threads on different shards do not wait for
/// each other's writes. 128 bytes, since processors fetch lines in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    good: AtomicU64,
    bad: AtomicU64,
}

impl Recorder {
    /// A recorder that has counted nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: Default::default(),
        }
    }

    /// Counts one event.
    #[inline]
    pub fn record(&self, event: Event) {
        self.record_many(event, 1);
    }

    /// Counts `n` events that went the same way; of more than 2⁶³ between two drains on one thread, that
    /// many.
    #[inline]
    pub fn record_many(&self, event: Event, n: u64) {
        let number = SHARD.with(|shard| *shard);
        if let Some(shard) = self.shards.get(number) {
            let counter = match event {
                Event::Good => &shard.good,
                Event::Bad => &shard.bad,
            };
            if n <= QUICK {
                counter.fetch_add(n, Ordering::Relaxed);
            } else {
                add_much(counter, n);
            }
        }
    }

    /// Takes what was counted since the last drain. An event that is counted meanwhile is in this
    /// drain or the next, never in both and never lost.
    ///
    /// Of more events than a sample may have ([`Count::SAMPLE_MAX`]) it is that many, of which the same
    /// share is bad, rounded up.
    #[must_use]
    pub fn drain(&self) -> Counts {
        let (mut good, mut bad) = (0_u128, 0_u128);
        for shard in &self.shards {
            good += u128::from(shard.good.swap(0, Ordering::Relaxed));
            bad += u128::from(shard.bad.swap(0, Ordering::Relaxed));
        }
        counted(good, bad)
    }
}

/// What so many events are as counts. Both lie below 2⁶⁸, the sum of the shards, and the most that a
/// sample may have below 2⁴⁰.
fn counted(good: u128, bad: u128) -> Counts {
    let most = u128::from(Count::SAMPLE_MAX.whole_events());
    let total = good + bad;
    let (bad, total) = if total <= most {
        (bad, total)
    } else {
        ((bad * most).div_ceil(total), most)
    };
    let events = |n| {
        u64::try_from(n)
            .ok()
            .and_then(Count::events)
    };
    let counts = events(bad).zip(events(total));
    counts
        .and_then(|(bad, total)| Counts::with_bad(bad, total).ok())
        .unwrap_or_default()
}

/// Adds what a few quick additions could not: it stays at [`FULL`], or where it is.
#[cold]
fn add_much(counter: &AtomicU64, n: u64) {
    let add = |held: u64| {
        Some(
            held.saturating_add(n)
                .min(FULL)
                .max(held),
        )
    };
    // It always says what to store, so it cannot fail.
    let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .finish_non_exhaustive()
    }
}

/// More than the cores of most machines; threads beyond share.
const SHARDS: usize = 16;

/// So many at once are added without a look at what is there: it takes hours of nothing else until
/// additions of this size wrap around.
const QUICK: u64 = 1 << 20;

/// Where a counter stops: far above what a sample may have, and as far from wrapping around.
const FULL: u64 = 1 << 63;

/// The number that the next thread gets.
static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Each thread keeps to one shard.
    static SHARD: usize = NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Whatever is counted never wraps around to little, and the share of bad stays what it was.
    #[test]
    fn more_than_fits_is_as_much_as_fits_at_the_same_share() {
        let most = Count::SAMPLE_MAX.whole_events();
        let recorder = Recorder::new();
        for _ in 0..3 {
            recorder.record_many(Event::Good, 1 << 63);
            recorder.record_many(Event::Good, u64::MAX);
        }
        recorder.record(Event::Good);
        assert_eq!(recorder.drain(), Counts::events(most, most).expect("legal"));

        recorder.record_many(Event::Good, 3 * most);
        recorder.record_many(Event::Bad, most);
        let quarter = Counts::events(most / 4 * 3, most).expect("legal");
        assert_eq!(recorder.drain(), quarter);

        recorder.record_many(Event::Good, u64::MAX);
        recorder.record(Event::Bad);
        let one = Counts::events(most - 1, most).expect("legal");
        assert_eq!(recorder.drain(), one, "bad is never understated");

        recorder.record_many(Event::Bad, QUICK);
        recorder.record_many(Event::Bad, QUICK + 1);
        let all = Counts::events(0, 2 * QUICK + 1).expect("legal");
        assert_eq!(recorder.drain(), all);
    }

    #[test]
    fn no_event_is_lost_or_counted_twice_while_others_drain() {
        let recorder = Recorder::new();
        let mut sum = Counts::NONE;
        thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        for n in 0..50_000 {
                            recorder.record(Event::good_if(n % 5 != 0));
                        }
                    })
                })
                .collect();
            while writers
                .iter()
                .any(|writer| !writer.is_finished())
            {
                sum = sum
                    .checked_add(recorder.drain())
                    .expect("fits");
            }
        });
        sum = sum
            .checked_add(recorder.drain())
            .expect("fits");
        assert_eq!(sum, Counts::events(160_000, 200_000).expect("legal"));
    }
}
