//! What was really wrong, by the target alone: runs of slices that burn faster than the budget lasts.

use chrono::{DateTime, Utc};

use super::EVENT_PAUSE;
use super::share::{Allowance, SpentShare};
use crate::count::Count;
use crate::slice::Slice;
use crate::target::{Factor, Target};
use crate::time::Interval;

/// A stretch of trouble that spent a significant share of the budget.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignificantEvent {
    /// From its first slice that burnt too fast to the end of its last.
    pub during: Interval,
    /// What was bad in it.
    pub bad: Count,
    /// What the SLO's window allowed when it ended.
    pub allowance: Allowance,
    /// What was bad before it, since the replay began.
    before: u128,
}

impl SignificantEvent {
    /// The share of the budget that it spent.
    #[must_use]
    pub fn spent(&self) -> SpentShare {
        self.allowance.share(self.bad)
    }

    /// The share that it had spent when so much had been bad since the replay began.
    pub(super) fn spent_when(&self, bad: u128) -> SpentShare {
        let bad = count(bad.saturating_sub(self.before)).min(self.bad);
        self.allowance.share(bad)
    }
}

/// Events as they are found, slice by slice.
#[derive(Clone, Debug)]
pub(super) struct Events {
    target: Target,
    significant: SpentShare,
    found: Vec<SignificantEvent>,
    open: Option<SignificantEvent>,
    /// What was bad since the replay began, in millionths.
    bad: u128,
}

impl Events {
    pub(super) const fn new(target: Target, significant: SpentShare) -> Self {
        Self {
            target,
            significant,
            found: Vec::new(),
            open: None,
            bad: 0,
        }
    }

    /// What was bad since the replay began, this slice included.
    pub(super) fn bad_with(&self, slice: Slice) -> u128 {
        let bad = slice.counts().bad().millionths();
        self.bad.saturating_add(u128::from(bad))
    }

    /// Takes the next slice, and what the window that ends with it allows.
    pub(super) fn note(&mut self, at: Interval, slice: Slice, allowance: Option<Allowance>) {
        let before = self.bad;
        self.bad = self.bad_with(slice);
        // Where nothing was measured, or nothing happened, nothing burns.
        let burning = Factor::ONE.is_exceeded_by(slice.counts(), self.target);
        let Some(allowance) = allowance.filter(|_| burning) else {
            return;
        };
        let continues =
            |open: &SignificantEvent| at.start() - open.during.end() <= EVENT_PAUSE.as_delta();
        let open = match self.open.take() {
            Some(open) if continues(&open) => open,
            over => {
                self.keep(over);
                SignificantEvent {
                    during: Interval::new(at.start(), at.start()),
                    bad: Count::ZERO,
                    allowance,
                    before,
                }
            }
        };
        self.open = Some(SignificantEvent {
            during: open.during.hull(at),
            bad: count(self.bad.saturating_sub(open.before)),
            allowance,
            ..open
        });
    }

    /// The significant events that ended after `begin`.
    pub(super) fn since(mut self, begin: DateTime<Utc>) -> Vec<SignificantEvent> {
        let open = self.open.take();
        self.keep(open);
        self.found
            .retain(|event| event.during.end() > begin);
        self.found
    }

    fn keep(&mut self, over: Option<SignificantEvent>) {
        let significant = self.significant;
        self.found.extend(over.filter(|event| {
            event
                .allowance
                .is_spent_by(event.bad, significant)
        }));
    }
}

fn count(millionths: u128) -> Count {
    Count::from_millionths(u64::try_from(millionths).unwrap_or(u64::MAX))
}
