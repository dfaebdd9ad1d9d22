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

    /// Counts `n` events that went the same way.
    #[inline]
    pub fn record_many(&self, event: Event, n: u64) {
        let number = SHARD.with(|shard| *shard);
        if let Some(shard) = self.shards.get(number) {
            let counter = match event {
                Event::Good => &shard.good,
                Event::Bad => &shard.bad,
            };
            counter.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Takes what was counted since the last drain. An event that is counted meanwhile is in this
    /// drain or the next, never in both and never lost.
    #[must_use]
    pub fn drain(&self) -> Counts {
        let (mut good, mut bad) = (0_u64, 0_u64);
        for shard in &self.shards {
            good = good.saturating_add(shard.good.swap(0, Ordering::Relaxed));
            bad = bad.saturating_add(shard.bad.swap(0, Ordering::Relaxed));
        }
        let count = |n| {
            Count::events(n)
                .unwrap_or(Count::SAMPLE_MAX)
                .min(Count::SAMPLE_MAX)
        };
        let (good, bad) = (count(good), count(bad));
        let total = good
            .checked_add(bad)
            .unwrap_or(Count::SAMPLE_MAX);
        Counts::with_bad(bad, total).unwrap_or_default()
    }
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
