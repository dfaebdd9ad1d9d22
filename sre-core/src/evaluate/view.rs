//! What the parts of an evaluation look at: windows, their coverage, and what is known at all.

use chrono::{DateTime, TimeDelta, Utc};

use super::EvaluationSettings;
use crate::correction::Overlay;
use crate::evaluation::{Coverage, Progress, WindowCounts};
use crate::ledger::{Divider, Ending, Ledger, LedgerError};
use crate::slice::Sums;
use crate::slo::Definition;
use crate::time::{Interval, Span};
use crate::window::Window;

/// Everything that the parts of an evaluation look at.
pub(super) struct View<'a> {
    pub(super) definition: &'a Definition,
    pub(super) ledger: &'a Ledger,
    pub(super) ending: Ending<'a>,
    pub(super) progress: &'a Progress,
    pub(super) end: DateTime<Utc>,
    /// The SLO's own window; a calendar one lasts on after `end`.
    pub(super) whole: Interval,
    /// How long all of it is.
    pub(super) whole_seconds: u32,
    /// How much of it has passed.
    pub(super) so_far: Span,
    pub(super) settings: &'a EvaluationSettings,
    /// Declared, else learned; `None` before enough is known.
    pub(super) expected_interval: Option<Span>,
    /// Divides by the distance at which measured slices are expected.
    per_pace: Divider,
    /// Seconds since the first data.
    pub(super) known_seconds: u32,
    /// What the slices were corrected by.
    pub(super) overlay: Option<&'a Overlay>,
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn new(
        definition: &'a Definition,
        ledger: &'a Ledger,
        progress: &'a Progress,
        end: DateTime<Utc>,
        settings: &'a EvaluationSettings,
    ) -> Result<Self, LedgerError> {
        let ending = ledger.ending(end)?;
        let known_seconds = progress
            .first_measured
            .map_or(0, |first| seconds_between(first, end, ending.second()));
        let whole = definition.window_at(end);
        let (whole_seconds, so_far) = match definition.window {
            Window::Rolling(span) => (span.as_seconds(), span),
            Window::Calendar(_) => {
                let passed = Interval::new(whole.start(), end).seconds();
                (whole.seconds(), Span::seconds(passed))
            }
        };
        let expected_interval = definition
            .expected_interval
            .or_else(|| progress.learned_interval());
        let width = definition.slice.span();
        let pace = expected_interval
            .unwrap_or(width)
            .max(width);
        let per_pace = if pace == width {
            ledger.per_width()
        } else {
            Divider::by(pace.as_seconds())
        };
        Ok(Self {
            definition,
            ledger,
            ending,
            progress,
            end,
            whole,
            whole_seconds,
            so_far,
            settings,
            expected_interval,
            per_pace,
            known_seconds,
            overlay: ledger.overlay(),
        })
    }

    /// Counts and coverage of these windows, in their order and with room for one more.
    pub(super) fn windows(&self, windows: &[Span]) -> Result<Vec<WindowCounts>, LedgerError> {
        let mut held = Vec::with_capacity(windows.len().saturating_add(1));
        for window in windows {
            held.push(self.covered(*window, self.ending.window(*window)?));
        }
        Ok(held)
    }

    /// Those of the SLO's own window, under its nominal length.
    pub(super) fn own(&self) -> Result<WindowCounts, LedgerError> {
        let sums = self.ending.window(self.so_far)?;
        Ok(WindowCounts {
            window: self.definition.window.span(),
            ..self.covered(self.so_far, sums)
        })
    }

    #[inline]
    fn covered(&self, window: Span, sums: Sums) -> WindowCounts {
        let expected = self.expected_slices(window);
        let coverage = Coverage {
            measured: sums.measured.min(expected),
            expected,
        };
        WindowCounts {
            window,
            counts: sums.counts,
            coverage,
            grain: self.definition.method.grain(),
        }
    }

    /// How many measured slices the window would hold at the SLO's pace since its first data.
    pub(super) fn expected_slices(&self, window: Span) -> u32 {
        let known = self.known_seconds_of(window);
        // Half of one pace is already a slice that should have come: a lone first slice is covered.
        self.per_pace
            .divide(known)
            .max(known.min(1))
    }

    /// Seconds of the window since the first data, without those that a correction took out.
    pub(super) fn known_seconds_of(&self, window: Span) -> u32 {
        let known = self
            .known_seconds
            .min(window.as_seconds());
        known.saturating_sub(self.removed_seconds(known))
    }

    /// Seconds of the SLO's own window that count: all, but those that a correction took out so far.
    pub(super) fn counted_seconds(&self) -> u32 {
        let removed = self.removed_seconds(self.so_far.as_seconds());
        self.whole_seconds
            .saturating_sub(removed)
    }

    /// How many of the last `seconds` a correction took out, in whole slices.
    #[inline]
    fn removed_seconds(&self, seconds: u32) -> u32 {
        self.overlay
            .map_or(0, |overlay| self.removed_by(overlay, seconds))
    }

    #[cold]
    fn removed_by(&self, overlay: &Overlay, seconds: u32) -> u32 {
        let start = self.end - TimeDelta::seconds(i64::from(seconds));
        overlay.removed_seconds(Interval::new(start, self.end), self.definition.slice)
    }

    /// Seconds of the window so far that lie after the first data.
    pub(super) fn filled_seconds(&self) -> u32 {
        self.known_seconds
            .min(self.so_far.as_seconds())
    }

    pub(super) fn min_coverage(&self) -> u16 {
        self.definition
            .min_coverage_permille
            .unwrap_or(self.settings.min_coverage_permille)
    }

    /// Nothing for three expected intervals while somebody watched, though something came before.
    /// Silence inside a correction was agreed on, whatever its meaning.
    pub(super) fn is_stale(&self) -> bool {
        let known = self
            .expected_interval
            .zip(self.progress.silent_since());
        known.is_some_and(|(expected, since)| {
            let unagreed = match self.overlay {
                None => i64::from(seconds_between(since, self.end, self.ending.second())),
                Some(overlay) => {
                    let silence = Interval::new(since, self.end);
                    let whole = silence.end() - silence.start();
                    (whole - overlay.covered_time(silence)).num_seconds()
                }
            };
            let pace = expected.max(self.definition.slice.span());
            unagreed >= pace.as_secs_i64() * 3
        })
    }

    /// Whether less than a quarter of the window has any history.
    pub(super) fn is_young(&self) -> bool {
        let filled = self.known_seconds_of(self.so_far);
        u64::from(filled) * 4 < u64::from(self.counted_seconds())
    }
}

/// As [`Interval::seconds`], where the second of the end is known: to find it, dates are counted.
fn seconds_between(start: DateTime<Utc>, end: DateTime<Utc>, end_second: i64) -> u32 {
    let is_cut = end.timestamp_subsec_nanos() < start.timestamp_subsec_nanos();
    let seconds = end_second
        .saturating_sub(start.timestamp())
        .saturating_sub(i64::from(is_cut));
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}
