//! Silences: somebody asked not to hear of some alerts for a while.
//!
//! A silence is no state of an alert: what it matches is evaluated, counted and shown as ever, and
//! merely not told. It ends by itself, it never keeps the end of an alert from whoever was told of
//! its beginning, and when it ends while the alert fires, that is told at once.
//!
//! One that recurs keeps things from being told at each occurrence of a rule, from its beginning to its
//! end, and lets go between them.

use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

use crate::correction::Recurrence;
use crate::matcher::Matchers;
use crate::name::SilenceId;
use crate::time::{Interval, Span, truncate};

/// The most silences that have not expired: each is held against what is to be sent.
pub const SILENCES_MAX: u32 = 10_000;
/// The longest silence: what is to stay silent for longer than a year should be no alert.
pub const DURATION_MAX: Span = Span::days(366);

/// Somebody asked not to hear of what it matches.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Silence {
    /// Which silence.
    pub id: SilenceId,
    /// Rises with every change.
    pub version: u64,
    /// What it is about.
    pub matchers: Matchers,
    /// From when on nothing is told.
    pub starts_at: DateTime<Utc>,
    /// From when on things are told again.
    pub ends_at: DateTime<Utc>,
    /// When in between, where it is not all of the time.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub recurrence: Option<Recurrence>,
    /// Who asked.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Who ended it before its time, where somebody did.
    pub expired_by: Option<String>,
}

/// Where a silence stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SilenceState {
    /// It is yet to begin, or to begin again.
    Pending,
    /// It keeps things from being told.
    Active,
    /// It is over.
    Expired,
}

/// A text is no state of a silence.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the state of a silence is one of pending, active and expired")]
pub struct SilenceStateError;

impl SilenceState {
    /// Every state, in the order in which a silence has them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Expired];

    /// The state in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for SilenceState {
    type Err = SilenceStateError;

    fn from_str(text: &str) -> Result<Self, SilenceStateError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(SilenceStateError)
    }
}

/// Why something cannot be a silence.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidSilence {
    /// It would silence everything.
    #[error("needs at least one matcher that an alert without labels does not fulfil")]
    Everything,
    /// It ends before it begins.
    #[error("must not end before it begins")]
    Backwards,
    /// It is over already.
    #[error("must end in the future")]
    Past,
    /// It is too long.
    #[error("may be at most {DURATION_MAX} long")]
    TooLong,
    /// It would silence nothing.
    #[error("must leave time for an occurrence: none falls between its beginning and its end")]
    NeverOccurs,
    /// Nobody answers for it.
    #[error("needs who asked for it, and why")]
    Unsigned,
}

/// What a silence is asked to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SilenceRequest {
    /// What it is about.
    pub matchers: Matchers,
    /// From when on.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// When in between, where it is not all of the time.
    pub recurrence: Option<Recurrence>,
    /// Who asks.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// What a change of a silence leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub enum SilenceEdit {
    /// The same silence, changed.
    Kept(Silence),
    /// The silence ends, and another takes its place: what was silenced, and by whom, stays known.
    Replaced {
        /// The silence, ended.
        ended: Silence,
        /// The one that takes its place.
        successor: Silence,
    },
}

impl SilenceRequest {
    /// Why it cannot be a silence from `now` on.
    ///
    /// # Errors
    ///
    /// [`InvalidSilence`].
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), InvalidSilence> {
        if self.matchers.matches_empty() {
            return Err(InvalidSilence::Everything);
        }
        if self.created_by.trim().is_empty() || self.comment.trim().is_empty() {
            return Err(InvalidSilence::Unsigned);
        }
        if self.ends_at < self.starts_at {
            return Err(InvalidSilence::Backwards);
        }
        if self.ends_at <= now {
            return Err(InvalidSilence::Past);
        }
        if self.ends_at - self.begins_at() > DURATION_MAX.as_delta() {
            return Err(InvalidSilence::TooLong);
        }
        self.stretch(now).map(|_| ())
    }

    /// When one that recurs ends where nobody says it: as late as a silence may.
    #[must_use]
    pub fn latest_end(recurrence: &Recurrence, starts_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        recurrence
            .first()
            .start()
            .max(starts_at)
            .checked_add_signed(DURATION_MAX.as_delta())
    }

    /// From when on it is asked for, where it recurs from its first occurrence.
    fn begins_at(&self) -> DateTime<Utc> {
        self.recurrence
            .as_ref()
            .map_or(self.starts_at, |recurrence| {
                self.starts_at
                    .max(recurrence.first().start())
            })
    }

    /// What it covers from `now` on: of one that recurs from the first occurrence to the last.
    fn stretch(&self, now: DateTime<Utc>) -> Result<Interval, InvalidSilence> {
        let (from, to) = (truncate(self.begins_at().max(now)), truncate(self.ends_at));
        let Some(recurrence) = &self.recurrence else {
            return Ok(Interval::new(from, to.max(from)));
        };
        if to <= from {
            return Err(InvalidSilence::NeverOccurs);
        }
        let occurrences = recurrence.during(Interval::new(from, to));
        let first = occurrences.first();
        let last = occurrences
            .iter()
            .map(|one| one.end())
            .max();
        match (first, last) {
            (Some(first), Some(last)) => Ok(Interval::new(from.max(first.start()), to.min(last))),
            _ => Err(InvalidSilence::NeverOccurs),
        }
    }
}

impl Silence {
    /// The silence that is asked for. One that was to begin in the past begins now: it silenced
    /// nothing before it was there.
    ///
    /// # Errors
    ///
    /// [`InvalidSilence`].
    pub fn new(
        id: SilenceId,
        asked: SilenceRequest,
        now: DateTime<Utc>,
    ) -> Result<Self, InvalidSilence> {
        asked.check(now)?;
        let stretch = asked.stretch(now)?;
        Ok(Self {
            id,
            version: 1,
            matchers: asked.matchers,
            starts_at: stretch.start(),
            ends_at: stretch.end(),
            recurrence: asked.recurrence,
            created_by: asked.created_by,
            comment: asked.comment,
            created_at: now,
            updated_at: now,
            expired_by: None,
        })
    }

    /// Where it stands.
    ///
    /// ```
    /// use sre_core::silence::{Silence, SilenceRequest, SilenceState};
    /// use sre_core::time::at_second;
    ///
    /// let asked = SilenceRequest {
    ///     matchers: "service=checkout".parse()?,
    ///     starts_at: at_second(60),
    ///     ends_at: at_second(120),
    ///     recurrence: None,
    ///     created_by: "ada".to_owned(),
    ///     comment: "the database moves".to_owned(),
    /// };
    /// let id = "018f3c5a-0000-7000-8000-0123456789ab".parse()?;
    /// let silence = Silence::new(id, asked, at_second(0))?;
    /// let states = [59, 60, 119, 120].map(|second| silence.state(at_second(second)));
    /// assert_eq!(
    ///     states,
    ///     [SilenceState::Pending, SilenceState::Active, SilenceState::Active, SilenceState::Expired]
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> SilenceState {
        if self.ends_at <= now {
            SilenceState::Expired
        } else if self.occurrence(now).is_some() {
            SilenceState::Active
        } else {
            SilenceState::Pending
        }
    }

    /// The stretch around `now` in which it keeps things from being told: all of the silence where it
    /// does not recur. Of several occurrences that overlap the last to end.
    #[must_use]
    pub fn occurrence(&self, now: DateTime<Utc>) -> Option<Interval> {
        if now < self.starts_at || self.ends_at <= now {
            return None;
        }
        let Some(recurrence) = &self.recurrence else {
            return Some(Interval::new(self.starts_at, self.ends_at));
        };
        let moment = Interval::new(now, now.checked_add_signed(TimeDelta::microseconds(1))?);
        recurrence
            .during(moment)
            .into_iter()
            .map(|one| self.clip(one))
            .max_by_key(|one| one.end())
    }

    /// The stretch that goes on at `now` or comes next; `None` when it is over.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<Interval> {
        if self.ends_at <= now {
            return None;
        }
        let Some(recurrence) = &self.recurrence else {
            return Some(Interval::new(self.starts_at, self.ends_at));
        };
        self.occurrence(now).or_else(|| {
            let ahead = Interval::new(now.max(self.starts_at), self.ends_at);
            let next = recurrence
                .during(ahead)
                .first()
                .copied()?;
            Some(self.clip(next))
        })
    }

    /// What of an occurrence lies within the silence.
    fn clip(&self, occurrence: Interval) -> Interval {
        occurrence.intersection(Interval::new(self.starts_at, self.ends_at))
    }

    /// The silence, ended now; one that is over stays as it is.
    #[must_use]
    pub fn expire(mut self, by: Option<String>, now: DateTime<Utc>) -> Self {
        if self.state(now) != SilenceState::Expired {
            self.starts_at = self.starts_at.min(now);
            self.ends_at = now;
            self.expired_by = by;
            self.advance(now);
        }
        self
    }

    /// What becomes of it when it is to be as `asked`. Once it has begun, its end and its comment may
    /// change, before it begins anything but its choice may; whatever else is asked for is another silence, called
    /// `successor`, and this one ends.
    ///
    /// # Errors
    ///
    /// [`InvalidSilence`].
    pub fn edit(
        self,
        asked: SilenceRequest,
        successor: SilenceId,
        now: DateTime<Utc>,
    ) -> Result<SilenceEdit, InvalidSilence> {
        asked.check(now)?;
        let asked_start = truncate(asked.starts_at);
        let is_same_choice = self
            .matchers
            .is_same_choice(&asked.matchers);
        let is_ahead = now < self.starts_at;
        // Who leaves the start out, or sends the one that was read, means the same silence.
        let is_same_time = asked_start <= now && self.recurrence == asked.recurrence;
        let is_kept = is_same_choice
            && self.state(now) != SilenceState::Expired
            && (is_ahead || is_same_time);
        if !is_kept {
            let by = Some(asked.created_by.clone());
            let successor = Self::new(successor, asked, now)?;
            return Ok(SilenceEdit::Replaced {
                ended: self.expire(by, now),
                successor,
            });
        }
        let stretch = asked.stretch(now)?;
        let mut kept = self;
        if is_ahead {
            kept.starts_at = stretch.start();
            kept.recurrence = asked.recurrence;
        }
        kept.ends_at = stretch.end();
        kept.comment = asked.comment;
        kept.advance(now);
        Ok(SilenceEdit::Kept(kept))
    }

    const fn advance(&mut self, now: DateTime<Utc>) {
        self.version = self.version.saturating_add(1);
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests;
