//! Whether the service sees: what troubles it, for how long, and when that is to be told.
//!
//! Pure: troubles and instants in, announcements out. A trouble that passes is no news, so it has to
//! last before the service calls itself *blind*, and to be gone for a while before it *sees again*. One
//! message for each; whatever else goes wrong meanwhile is in the log.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// What keeps the service from seeing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum What {
    /// The store does not answer.
    Store,
    /// Slots wait too long for their evaluation, because it fails or the store cannot be written.
    Evaluation,
    /// Nothing is judged or sent.
    Dispatch,
    /// The source answers for no SLO.
    Source,
    /// Something that should have moved stands still.
    Audit,
}

impl What {
    /// The word for programs.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Evaluation => "evaluation",
            Self::Dispatch => "dispatch",
            Self::Source => "source",
            Self::Audit => "audit",
        }
    }

    /// Whether it is a trouble of this service. A source that is away is not: our heartbeat goes on.
    pub(super) const fn is_ours(self) -> bool {
        !matches!(self, Self::Source)
    }
}

/// Something that keeps the service from seeing, now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Trouble {
    pub(super) what: What,
    /// Since when, as far as that is known.
    pub(super) since: DateTime<Utc>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self
            .since
            .format("%Y-%m-%d %H:%M:%S UTC");
        match self.what {
            What::Store => write!(f, "the store has not answered since {since}"),
            What::Evaluation => {
                write!(
                    f,
                    "SLOs are not evaluated: the slot of {since} is still waiting"
                )
            }
            What::Dispatch => write!(f, "nothing has been judged or sent since {since}"),
            What::Audit => {
                write!(f, "notifications or alerts stand still since {since}")
            }
            What::Source => {
                write!(
                    f,
                    "the source of metrics has answered for no SLO since {since}"
                )
            }
        }
    }
}

/// What is to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Announcement {
    /// The service is blind, because of these.
    Blind(Vec<Trouble>),
    /// It sees again.
    Recovered {
        /// When it was told to be blind.
        told_at: DateTime<Utc>,
        /// Since when it sees.
        seen_since: DateTime<Utc>,
    },
}

/// What is remembered from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// When each present trouble was seen first.
    first_seen: BTreeMap<What, DateTime<Utc>>,
    /// When it was told to be blind, until it is told to see again.
    told_at: Option<DateTime<Utc>>,
    /// When it was told so last, whatever came of it.
    last_told_at: Option<DateTime<Utc>>,
    /// Since when nothing is wrong.
    clear_since: Option<DateTime<Utc>>,
}

impl Sight {
    /// Whether it was told to be blind, and not yet to see again.
    pub(super) const fn is_blind(&self) -> bool {
        self.told_at.is_some()
    }

    /// Notes what is wrong now.
    pub(super) fn look(
        &mut self,
        troubles: &[Trouble],
        now: DateTime<Utc>,
    ) -> Option<Announcement> {
        self.first_seen.retain(|what, _| {
            troubles
                .iter()
                .any(|trouble| trouble.what == *what)
        });
        for trouble in troubles {
            self.first_seen
                .entry(trouble.what)
                .or_insert(now);
        }
        if !troubles.is_empty() {
            self.clear_since = None;
            return self.blind(troubles, now);
        }
        let seen_since = *self.clear_since.get_or_insert(now);
        if now - seen_since < CLEAR {
            return None;
        }
        self.told_at
            .take()
            .map(|told_at| Announcement::Recovered {
                told_at,
                seen_since,
            })
    }

    fn blind(&mut self, troubles: &[Trouble], now: DateTime<Utc>) -> Option<Announcement> {
        let lasts = self
            .first_seen
            .values()
            .any(|first| now - *first >= PATIENCE);
        let is_recent = self
            .last_told_at
            .is_some_and(|last| now - last < QUIET);
        if !lasts || is_recent || self.is_blind() {
            return None;
        }
        (self.told_at, self.last_told_at) = (Some(now), Some(now));
        Some(Announcement::Blind(troubles.to_vec()))
    }
}

/// How long a trouble lasts before it is told: longer than a restart of a store or a source takes.
pub(super) const PATIENCE: TimeDelta = TimeDelta::minutes(2);
/// How long nothing has to be wrong before that is told.
const CLEAR: TimeDelta = TimeDelta::minutes(1);
/// The least time between two messages of being blind: what comes and goes is one story.
const QUIET: TimeDelta = TimeDelta::minutes(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        sre_core::time::at_second(second)
    }

    /// Looks every five seconds while `wrong` says what is wrong; answers what was told, and when.
    fn told(
        sight: &mut Sight,
        seconds: std::ops::Range<i64>,
        wrong: impl Fn(i64) -> Vec<What>,
    ) -> Vec<(i64, &'static str)> {
        let mut told = Vec::new();
        for second in seconds.step_by(5) {
            let troubles: Vec<Trouble> = wrong(second)
                .into_iter()
                .map(|what| Trouble {
                    what,
                    since: at(second),
                })
                .collect();
            match sight.look(&troubles, at(second)) {
                Some(Announcement::Blind(_)) => told.push((second, "blind")),
                Some(Announcement::Recovered { .. }) => told.push((second, "recovered")),
                None => {}
            }
        }
        told
    }

    #[test]
    fn what_lasts_for_two_minutes_is_told_once_and_its_end_once() {
        let mut sight = Sight::default();
        let wrong = |second| {
            if (100..1_000).contains(&second) {
                vec![What::Evaluation]
            } else {
                Vec::new()
            }
        };
        let told = told(&mut sight, 0..2_000, wrong);
        assert_eq!(told, [(220, "blind"), (1_060, "recovered")]);
        assert!(!sight.is_blind());
    }

    #[test]
    fn what_passes_is_not_told() {
        let mut sight = Sight::default();
        let wrong = |second| {
            if second % 200 < 115 {
                vec![What::Store]
            } else {
                Vec::new()
            }
        };
        assert!(told(&mut sight, 0..2_000, wrong).is_empty());
    }

    #[test]
    fn a_second_trouble_is_no_second_message_and_the_last_must_end() {
        let mut sight = Sight::default();
        let wrong = |second| match second {
            0..300 => vec![What::Source],
            300..600 => vec![What::Source, What::Evaluation],
            600..900 => vec![What::Evaluation],
            _ => Vec::new(),
        };
        let told = told(&mut sight, 0..2_000, wrong);
        assert_eq!(told, [(120, "blind"), (960, "recovered")]);
    }

    #[test]
    fn what_comes_and_goes_is_told_every_quarter_of_an_hour_at_most() {
        let mut sight = Sight::default();
        let wrong = |second| {
            if second % 300 < 200 {
                vec![What::Store]
            } else {
                Vec::new()
            }
        };
        let told = told(&mut sight, 0..2_000, wrong);
        let blind: Vec<i64> = told
            .iter()
            .filter(|(_, what)| *what == "blind")
            .map(|(second, _)| *second)
            .collect();
        assert_eq!(blind, [120, 1_020, 1_920]);
        assert_eq!(told[1], (260, "recovered"));
    }

    #[test]
    fn a_pause_in_being_blind_is_no_recovery() {
        let mut sight = Sight::default();
        let wrong = |second| {
            if second % 100 < 60 || second < 300 {
                vec![What::Dispatch]
            } else {
                Vec::new()
            }
        };
        let told = told(&mut sight, 0..1_000, wrong);
        assert_eq!(told, [(120, "blind")]);
    }
}
