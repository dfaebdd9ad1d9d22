//! How many of the requests of the last five minutes failed, exact to the second.

/// How many seconds are remembered.
const SECONDS: usize = 300;

/// Counts of each of the last seconds, in a ring.
#[derive(Debug)]
pub(super) struct ErrorRate {
    seconds: Vec<Counted>,
}

/// What was counted in one second; of an older one until it is used again.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    second: u64,
    requests: u64,
    errors: u64,
}

impl ErrorRate {
    /// Counts one request that was answered in a second.
    pub(super) fn record(&mut self, second: u64, is_error: bool) {
        let place = usize::try_from(second % SECONDS as u64).unwrap_or_default();
        let Some(counted) = self.seconds.get_mut(place) else {
            return;
        };
        if counted.second != second {
            *counted = Counted {
                second,
                ..Counted::default()
            };
        }
        counted.requests += 1;
        counted.errors += u64::from(is_error);
    }

    /// The share of errors among the requests of the five minutes that end with `second`; `None`
    /// when there were no requests.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    pub(super) fn share(&self, second: u64) -> Option<f64> {
        let recent = self
            .seconds
            .iter()
            .filter(|counted| counted.second <= second && second - counted.second < SECONDS as u64);
        let (requests, errors) = recent.fold((0, 0), |(requests, errors), counted| {
            (requests + counted.requests, errors + counted.errors)
        });
        (requests > 0).then(|| errors as f64 / requests as f64)
    }
}

impl Default for ErrorRate {
    fn default() -> Self {
        Self {
            seconds: vec![Counted::default(); SECONDS],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_requests_there_is_no_rate() {
        assert_eq!(ErrorRate::default().share(1_000), None);
    }

    #[test]
    fn a_second_leaves_the_window_after_five_minutes() {
        let mut rate = ErrorRate::default();
        rate.record(10, true);
        rate.record(10, false);
        rate.record(11, false);
        assert_eq!(rate.share(309), Some(1.0 / 3.0));
        assert_eq!(rate.share(310), Some(0.0));
        assert_eq!(rate.share(311), None);
    }

    #[test]
    fn a_place_of_the_ring_is_used_again_from_zero() {
        let mut rate = ErrorRate::default();
        rate.record(10, true);
        rate.record(310, false);
        assert_eq!(rate.share(310), Some(0.0));
    }
}
