//! What the answer to a try means: the one place that looks at a status, of HTTP or SMTP.
//!
//! The budget of a message is its *usefulness*, never a number of tries: a page is worth sending
//! for a day, the end of one for three. A receiver that asks for time gets it; one that is broken
//! for good stops its own lane and no other.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Severity;
use crate::notification::Urgency;

/// What came of a try.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
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
    /// The receiver answered with words that its channel documents as a failure, whatever the status
    /// says: one of success, or one that tells less.
    FailedInWords {
        /// The status of HTTP.
        status: u16,
        /// The status that the channel documents for these words; for unknown ones that of a refused
        /// body.
        meaning: u16,
        /// How long it asked to be left alone, from now on.
        retry_after: Option<TimeDelta>,
        /// The beginning of what it said, without secrets.
        excerpt: String,
    },
    /// A mail server replied.
    Replied {
        /// The code of SMTP.
        code: u16,
        /// To what.
        step: MailStep,
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

/// How far a mail had come when the server replied: it decides what a refusal is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MailStep {
    /// Greeting, EHLO, STARTTLS: about the server, or about us.
    Session,
    /// AUTH: about the account.
    Login,
    /// MAIL, RCPT, and DATA before any content: about sender and recipient.
    Envelope,
    /// After the final dot: about the message.
    Content,
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
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
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
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
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
    /// It may have arrived, a repeat could not be told from a new message, and it is worth too little
    /// to be told twice.
    Unknown,
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
            Self::Unknown => "unknown",
            Self::DestinationRemoved => "destination_removed",
        }
    }

    /// Whether it says something about the destination: it does not take what it is owed. Of a message
    /// that may have arrived nobody can say so.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Unknown | Self::DestinationRemoved)
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
    /// Whether the channel lets a receiver tell a repeat from a new message, by an id.
    pub can_tell_repeats: bool,
    /// A random number of thousandths, below 1 000, that spreads tries.
    pub jitter_permille: u16,
}

/// Decides what an answer means. Total: every answer has an action.
///
/// ```
/// use sre_core::alert::Severity;
/// use sre_core::notification::{Action, Answer, Lane, Tries, Urgency, classify};
/// use sre_core::time::at_second;
///
/// let tries = Tries {
///     attempts: 1,
///     created_at: at_second(0),
///     urgency: Urgency { is_resolve: false, severity: Severity::Critical, class: 1 },
///     is_degraded: false,
///     can_tell_repeats: true,
///     jitter_permille: 0,
/// };
/// let said = |status, retry_after: Option<i64>| {
///     let answer = Answer::Responded {
///         status,
///         retry_after: retry_after.map(chrono::TimeDelta::seconds),
///         excerpt: String::new(),
///     };
///     classify(&answer, &tries, at_second(5))
/// };
/// assert_eq!(said(204, None), Action::Delivered);
/// // A receiver that asks for time gets it, for everything that is meant for it.
/// let until = at_second(65);
/// assert!(matches!(
///     said(429, Some(60)),
///     Action::Retry { at, lane: Lane::PausedUntil(lane), .. } if at == until && lane == until,
/// ));
/// assert!(matches!(said(410, None), Action::Dead { lane: Lane::Stopped, .. }));
/// ```
#[must_use]
pub fn classify(answer: &Answer, tries: &Tries, now: DateTime<Utc>) -> Action {
    match answer {
        Answer::NotSent { .. } => tries.retry(now, tries.backoff(), Lane::Open, false),
        Answer::Unknown { .. } if !tries.may_repeat() => Action::Dead {
            reason: DeadReason::Unknown,
            lane: Lane::Open,
        },
        Answer::Unknown { .. } => tries.retry(now, tries.backoff(), Lane::Open, true),
        Answer::Responded {
            status,
            retry_after,
            ..
        } => by_status(*status, *retry_after, tries, now),
        // Words cannot mean success where they were taken for a failure.
        Answer::FailedInWords {
            meaning: 200..=299, ..
        } => refused(tries),
        Answer::FailedInWords {
            meaning,
            retry_after,
            ..
        } => by_status(*meaning, *retry_after, tries, now),
        Answer::Replied { code, step, .. } => by_reply(*code, *step, tries, now),
    }
}

/// What a status of HTTP means.
fn by_status(
    status: u16,
    retry_after: Option<TimeDelta>,
    tries: &Tries,
    now: DateTime<Utc>,
) -> Action {
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
        _ => refused(tries),
    }
}

/// What a code of SMTP means (RFC 5321, 4.2.1): 2yz after the content is a mail taken over, 4yz is
/// *not now*, 5yz is *never like this*. Anything else is a server that lost its thread.
fn by_reply(code: u16, step: MailStep, tries: &Tries, now: DateTime<Utc>) -> Action {
    let wait = tries.backoff();
    match (code, step) {
        (200..=299, MailStep::Content) => Action::Delivered,
        // 530, 534, 535, 538 (RFC 4954): the account, whatever was asked.
        (530 | 534 | 535 | 538, _) | (500..=599, MailStep::Login) => {
            dead(DeadReason::Unauthorized, Lane::Stopped)
        }
        (500..=599, MailStep::Content) => refused(tries),
        (500..=599, _) => dead(DeadReason::Refused, Lane::Open),
        // The server is unwell, for every mail.
        (400..=499, MailStep::Session | MailStep::Login) => {
            tries.retry(now, wait, Lane::PausedUntil(now + wait), false)
        }
        _ => tries.retry(now, wait, Lane::Open, false),
    }
}

/// A body that was refused is tried once more in its minimal form.
const fn refused(tries: &Tries) -> Action {
    if tries.is_degraded {
        dead(DeadReason::Refused, Lane::Open)
    } else {
        Action::Degrade
    }
}

const fn dead(reason: DeadReason, lane: Lane) -> Action {
    Action::Dead { reason, lane }
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

    /// Whether a message that may have arrived is sent again: always where a receiver can tell, and
    /// else unless it is of low severity. The end of an alert is told in any case.
    #[must_use]
    pub fn may_repeat(&self) -> bool {
        let is_low = self.urgency.severity == Severity::Low && !self.urgency.is_resolve;
        self.can_tell_repeats || !is_low
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
