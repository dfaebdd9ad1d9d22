//! How often somebody may do something: a generic cell rate for each key, in bounded memory.

use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// Of how many keys is remembered how often they came; each takes some 100 bytes. Who fills it with
/// addresses of their own makes newcomers wait until old entries are forgotten, which takes as long
/// as an allowance to fill again: a second, or a minute for wrong tokens.
const KEYS_MAX: usize = 10_000;

/// Counts what each key does.
pub(super) struct Pace<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, Monotonic, NoOpMiddleware<Duration>>,
    quota: Quota,
}

impl<K: Hash + Eq + Clone> Pace<K> {
    pub(super) fn new(quota: Quota) -> Self {
        let clock = Monotonic {
            began: Instant::now(),
        };
        Self {
            limiter: RateLimiter::hashmap_with_clock(quota, clock),
            quota,
        }
    }

    /// Counts one more of `key`; after how long there is room again, when there is none now.
    pub(super) fn count(&self, key: &K) -> Result<(), Duration> {
        if self.limiter.len() >= KEYS_MAX {
            self.limiter.retain_recent();
            if self.limiter.len() >= KEYS_MAX {
                return Err(self.quota.burst_size_replenished_in());
            }
        }
        self.limiter
            .check_key(key)
            .map_err(|refused| refused.wait_time_from(self.limiter.clock().now()))
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Pace<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}

/// Time since the start: the wall clock may be set back, and would close the door until it is past.
#[derive(Clone, Debug)]
struct Monotonic {
    began: Instant,
}

impl Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn two_a_minute() -> Pace<u32> {
        Pace::new(Quota::per_minute(NonZeroU32::new(2).unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_too_often_is_told_when_to_come_back() {
        let pace = two_a_minute();
        assert_eq!([pace.count(&1), pace.count(&1)], [Ok(()), Ok(())]);
        let wait = pace.count(&1).unwrap_err();
        assert_eq!(wait, Duration::from_secs(30));
        assert_eq!(pace.count(&2), Ok(()));
        tokio::time::advance(wait).await;
        assert_eq!(pace.count(&1), Ok(()));
        assert!(pace.count(&1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_forgotten_make_room() {
        let pace = two_a_minute();
        let limit = u32::try_from(KEYS_MAX).unwrap();
        for key in 0..limit {
            assert_eq!(pace.count(&key), Ok(()));
        }
        assert_eq!(pace.count(&limit), Err(Duration::from_mins(1)));
        assert_eq!(pace.limiter.len(), KEYS_MAX);
        tokio::time::advance(Duration::from_mins(2)).await;
        assert_eq!(pace.count(&limit), Ok(()));
    }
}
