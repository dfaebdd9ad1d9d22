//! What the answer to a try means: the one place that looks at a status.
//!
//! The budget of a message is its *usefulness*, never a number of tries: a page is worth sending
//! for a day, the end of one for three. A receiver that asks for time gets it; one that is broken
//! for good stops its own lane and no other.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Severity;
use crate::notification::Urgency;

/// What came of a try.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// The receiver answered.
    Responded {
        /// The status of HTTP.
        status: u16,
        /// How long it asked to be left alone, from now on.
        retry_after: Option<TimeDelta>,
        /// The beginning of what it said, without secrets.
        excerpt: String,
    },
    /// No byte of the message left: no address, no connection, no TLS.
    NotSent {
        /// What happened, without secrets.
        detail: String,
    },
    /// Something left and no answer came: nobody can tell whether it arrived.
    Unknown {
        /// What happened, without secrets.
        detail: String,
    },
}

/// What to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// It arrived.
    Delivered,
    /// Try again.
    Retry {
        /// When.
        at: DateTime<Utc>,
        /// What becomes of the other messages of the lane meanwhile.
        lane: Lane,
        /// Whether this try may have arrived, so that the next is marked.
        is_unknown: bool,
    },
    /// The receiver refuses this body: try once more with a minimal one.
    Degrade,
    /// Give up.
    Dead {
        /// Why.
        reason: DeadReason,
        /// What becomes of the other messages of the lane.
        lane: Lane,
    },
}

/// What an answer does to the other messages for the same destination.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// Nothing.
    Open,
    /// They wait too.
    PausedUntil(DateTime<Utc>),
    /// They wait until the destination's configuration changes.
    Stopped,
}

/// Why a message is given up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DeadReason {
    /// No longer of use.
    Expired,
    /// The receiver refused the credentials.
    Unauthorized,
    /// The receiver is gone for good.
    Gone,
    /// The receiver refused the message, the minimal one too.
    Refused,
    /// The receiver pointed elsewhere; redirects are not followed.
    Redirected,
    /// Its destination is no longer configured.
    DestinationRemoved,
}

impl DeadReason {
    /// The reason in the API and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unauthorized => "unauthorized",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Redirected => "redirected",
            Self::DestinationRemoved => "destination_removed",
        }
    }
}

/// The tries of a message so far.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    /// How many tries were made, this one included.
    pub attempts: u32,
    /// When the message was frozen.
    pub created_at: DateTime<Utc>,
    /// What it is worth.
    pub urgency: Urgency,
    /// Whether this was the minimal body already.
    pub is_degraded: bool,
    /// A random number of thousandths, below 1 000, that spreads tries.
    pub jitter_permille: u16,
}

/// Decides what an answer means. Total: every answer has an action.
#[must_use]
pub fn classify(answer: &Answer, tries: &Tries, now: DateTime<Utc>) -> Action {
    let (status, retry_after) = match answer {
        Answer::NotSent { .. } => return tries.retry(now, tries.backoff(), Lane::Open, false),
        Answer::Unknown { .. } => return tries.retry(now, tries.backoff(), Lane::Open, true),
        Answer::Responded {
            status,
            retry_after,
            ..
        } => (*status, *retry_after),
    };
    let dead = |reason, lane| Action::Dead { reason, lane };
    match status {
        200..=299 => Action::Delivered,
        300..=399 => dead(DeadReason::Redirected, Lane::Open),
        401 | 403 => dead(DeadReason::Unauthorized, Lane::Stopped),
        410 => dead(DeadReason::Gone, Lane::Stopped),
        429 => {
            let wait = retry_after
                .unwrap_or(RATE_LIMIT_DEFAULT)
                .max(RETRY_AFTER_MIN);
            tries.retry(now, wait, Lane::PausedUntil(now + wait), false)
        }
        502 | 504 => {
            let wait = tries.backoff();
            tries.retry(now, wait, Lane::PausedUntil(now + wait), false)
        }
        503 if retry_after.is_some() => {
            let wait = retry_after
                .unwrap_or(RATE_LIMIT_DEFAULT)
                .max(RETRY_AFTER_MIN);
            tries.retry(now, wait, Lane::Open, false)
        }
        408 | 425 | 500.. => tries.retry(now, tries.backoff(), Lane::Open, false),
        _ if tries.is_degraded => dead(DeadReason::Refused, Lane::Open),
        _ => Action::Degrade,
    }
}

impl Tries {
    /// Another try after `wait`, unless the message is of no use by then. A wait above an hour stops
    /// the lane until its end, even past the message's own use.
    fn retry(&self, now: DateTime<Utc>, wait: TimeDelta, lane: Lane, is_unknown: bool) -> Action {
        let at = now + wait;
        let lane = if wait > RETRY_AFTER_MAX {
            Lane::PausedUntil(at)
        } else {
            lane
        };
        if at > self.created_at + self.usefulness() {
            Action::Dead {
                reason: DeadReason::Expired,
                lane,
            }
        } else {
            Action::Retry {
                at,
                lane,
                is_unknown,
            }
        }
    }

    /// Whether nobody has any use of the message any more: it is not even tried.
    #[must_use]
    pub fn is_past_use(&self, now: DateTime<Utc>) -> bool {
        now > self.created_at + self.usefulness()
    }

    /// How long the message is worth sending.
    fn usefulness(&self) -> TimeDelta {
        if self.urgency.is_resolve {
            RESOLVE_USEFUL
        } else if self.urgency.severity == Severity::Low {
            LOW_USEFUL
        } else {
            FIRE_USEFUL
        }
    }

    /// Full jitter: a random part of 1 s × 2ⁿ, at most 5 min.
    fn backoff(&self) -> TimeDelta {
        let doublings = self.attempts.saturating_sub(1).min(9);
        let ceiling_ms = (1_000_i64 << doublings).min(BACKOFF_MAX.num_milliseconds());
        TimeDelta::milliseconds(ceiling_ms * i64::from(self.jitter_permille.min(999)) / 1_000)
    }
}

/// The longest back-off: a receiver that heals is found within five minutes.
const BACKOFF_MAX: TimeDelta = TimeDelta::minutes(5);
/// A receiver that says 429 and no more is left alone so long.
const RATE_LIMIT_DEFAULT: TimeDelta = TimeDelta::seconds(30);
/// `Retry-After: 0` still means later.
const RETRY_AFTER_MIN: TimeDelta = TimeDelta::seconds(1);
/// A longer wait stops the lane.
const RETRY_AFTER_MAX: TimeDelta = TimeDelta::hours(1);
/// A page is worth sending for a day.
const FIRE_USEFUL: TimeDelta = TimeDelta::hours(24);
/// The end of one for three.
const RESOLVE_USEFUL: TimeDelta = TimeDelta::hours(72);
/// What is merely worth knowing, for an hour.
const LOW_USEFUL: TimeDelta = TimeDelta::hours(1);

#[cfg(test)]
mod tests;
