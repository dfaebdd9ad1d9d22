//! What many laws need: to look at a store the same way every time.

use std::num::NonZeroU32;
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::store::{Commit, Page};
use sre_core::time::Interval;
use tokio::runtime::Handle;

/// More than any law stores.
pub(crate) const MANY: u32 = 1_000;

/// A first part with everything in it.
pub(crate) fn all<K>() -> Page<K> {
    Page {
        after: None,
        limit: Page::<K>::LIMIT_MAX,
    }
}

/// A limit of a list.
pub(crate) fn limit(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("a limit above zero")
}

/// Whether a guarded write was applied, whatever the revision.
pub(crate) fn is_applied(commit: Commit) -> bool {
    matches!(commit, Commit::Applied { .. })
}

/// The instant at which a claim that is made at `now` ends, in laws that do not wait for it.
pub(crate) fn a_minute_after(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(60)
}

/// What intervals cover together: ascending, without touching neighbours.
pub(crate) fn covered(intervals: &[Interval]) -> Vec<Interval> {
    let mut sorted = intervals.to_vec();
    sorted.sort_by_key(|interval| (interval.start(), interval.end()));
    let mut covered: Vec<Interval> = Vec::new();
    for interval in sorted
        .into_iter()
        .filter(|interval| !interval.is_empty())
    {
        match covered.last_mut() {
            Some(last) if interval.start() <= last.end() => *last = last.hull(interval),
            _ => covered.push(interval),
        }
    }
    covered
}

/// What so many takers get who take at the same time, each on a thread of its own, until nothing is
/// left for one of them.
pub(crate) fn taken_by_many<T, F>(takers: usize, take: impl Fn(usize) -> F + Sync) -> Vec<T>
where
    T: Send,
    F: Future<Output = Vec<T>>,
{
    let runtime = Handle::current();
    let take_all = |taker| {
        let mut taken = Vec::new();
        loop {
            let more = runtime.block_on(take(taker));
            if more.is_empty() {
                return taken;
            }
            taken.extend(more);
        }
    };
    let take_all = &take_all;
    thread::scope(|scope| {
        let takers: Vec<_> = (0..takers)
            .map(|taker| scope.spawn(move || take_all(taker)))
            .collect();
        let taken = takers
            .into_iter()
            .map(|taker| taker.join().expect("the taker ends"));
        taken.flatten().collect()
    })
}
