//! Whether the source of metrics answers for anybody.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::monitor::Evaluated;

/// What evaluations saw of the source; shared by those who evaluate and those who watch them.
#[derive(Debug, Default)]
pub struct SourceSight(Mutex<Dark>);

/// Since it answered last, as far as SLOs that had an answer before are concerned.
#[derive(Clone, Copy, Debug, Default)]
struct Dark {
    since: Option<DateTime<Utc>>,
    seen_last: Option<DateTime<Utc>>,
}

impl SourceSight {
    /// Notes what a batch of evaluations saw.
    pub fn note(&self, evaluated: &Evaluated, now: DateTime<Utc>) {
        let mut dark = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if evaluated.source_answered > 0 {
            *dark = Dark::default();
        } else if evaluated.source_dark > 0 {
            dark.since.get_or_insert(now);
            dark.seen_last = Some(now);
        }
    }

    /// Since when it has answered for no SLO that it answered for before; `None` while it does, and
    /// until it was seen more than once.
    pub(in crate::workers) fn dark_since(&self) -> Option<DateTime<Utc>> {
        let dark = *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (since, last) = (dark.since?, dark.seen_last?);
        (last - since >= EVIDENCE).then_some(since)
    }
}

/// One failed round is none: the next has to fail as well.
const EVIDENCE: TimeDelta = TimeDelta::seconds(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_dark_when_two_rounds_had_no_answer_at_all() {
        let sight = SourceSight::default();
        let at = sre_core::time::at_second;
        let saw = |second, source_answered, source_dark| {
            let evaluated = Evaluated {
                source_answered,
                source_dark,
                ..Evaluated::default()
            };
            sight.note(&evaluated, at(second));
            sight.dark_since()
        };
        assert_eq!(saw(0, 0, 0), None);
        assert_eq!(saw(10, 0, 5), None);
        assert_eq!(saw(20, 0, 0), None, "nothing was asked");
        assert_eq!(saw(70, 0, 5), Some(at(10)));
        assert_eq!(saw(130, 1, 4), None, "it answers for one");
        assert_eq!(saw(190, 0, 5), None);
    }
}
