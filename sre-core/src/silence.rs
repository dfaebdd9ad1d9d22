//! Silences: somebody asked not to hear of some alerts for a while.
//!
//! A silence is no state of an alert: what it matches is evaluated, counted and shown as ever, and
//! merely not told. It ends by itself, it never keeps the end of an alert from whoever was told of
//! its beginning, and when it ends while the alert fires, that is told at once.

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::matcher::Matchers;
use crate::name::SilenceId;
use crate::time::{Span, truncate};

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
    /// It is yet to begin.
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
    /// Who asks.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

/// What a change of a silence leads to.
#[derive(Clone, Debug, Eq, PartialEq)]
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
        if self.ends_at - self.starts_at > DURATION_MAX.as_delta() {
            return Err(InvalidSilence::TooLong);
        }
        Ok(())
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
        Ok(Self {
            id,
            version: 1,
            matchers: asked.matchers,
            starts_at: truncate(asked.starts_at.max(now)),
            ends_at: truncate(asked.ends_at),
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
        } else if now < self.starts_at {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
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

    /// What becomes of it when it is to be as `asked`. While it lasts, its end and its comment may
    /// change, before it begins anything may; whatever else is asked for is another silence, called
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
        let is_kept = match self.state(now) {
            // Who leaves the start out, or sends the one that was read, means the same silence.
            SilenceState::Active => is_same_choice && asked_start <= now,
            SilenceState::Pending => is_same_choice,
            SilenceState::Expired => false,
        };
        if !is_kept {
            let by = Some(asked.created_by.clone());
            let successor = Self::new(successor, asked, now)?;
            return Ok(SilenceEdit::Replaced {
                ended: self.expire(by, now),
                successor,
            });
        }
        let mut kept = self;
        if kept.state(now) == SilenceState::Pending {
            kept.starts_at = asked_start.max(now);
        }
        kept.ends_at = truncate(asked.ends_at);
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
