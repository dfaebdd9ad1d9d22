//! What is remembered of a page between looks: how long what would move it has held, and how often it
//! changed.

use chrono::{DateTime, Utc};

use crate::alert::FlapHistory;
use crate::time::Span;

/// The course of an SLO's page, remembered beside its slices and written with every slot.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Course {
    /// What holds that would move the page, and has to hold for longer.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub hold: Option<Hold>,
    /// What was confirmed, slot by slot.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "FlapHistory::is_blank")
    )]
    pub history: FlapHistory,
}

/// A breach that has to last for `for`, or its end for `keep_firing_for`. Only time in which somebody
/// measured counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Hold {
    /// Whether it is a breach that holds, or its end.
    pub is_breach: bool,
    /// Since when.
    pub since: DateTime<Utc>,
    /// For how many measured seconds.
    pub seconds: u32,
}

impl Course {
    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.hold.is_none() && self.history.is_blank()
    }

    /// What of a condition is confirmed at `now`, given what was confirmed before: the other state only
    /// once it has been seen for `needed`. `seen` is `None` where nobody can tell, which keeps what was
    /// and neither advances nor resets; `measured` is how much was newly measured.
    pub(crate) fn confirm(
        &mut self,
        before: bool,
        seen: Option<bool>,
        measured: Option<Span>,
        needed: Option<Span>,
        now: DateTime<Utc>,
    ) -> bool {
        let confirmed = match seen {
            None => before,
            Some(seen) if seen == before => {
                self.hold = None;
                before
            }
            Some(seen) => {
                let advance = measured.map_or(0, Span::as_seconds);
                let begun = self
                    .hold
                    .filter(|hold| hold.is_breach == seen);
                let hold = match begun {
                    Some(begun) => Hold {
                        seconds: begun.seconds.saturating_add(advance),
                        ..begun
                    },
                    None => Hold {
                        is_breach: seen,
                        since: now,
                        seconds: 0,
                    },
                };
                let needed = needed.map_or(0, Span::as_seconds);
                if hold.seconds >= needed {
                    self.hold = None;
                    seen
                } else {
                    self.hold = Some(hold);
                    before
                }
            }
        };
        if measured.is_some() || confirmed != self.history.is_firing() {
            self.history.note(confirmed, now);
        }
        confirmed
    }
}
