//! What the parts of an evaluation look at: windows, their coverage, and what is known at all.

use chrono::{DateTime, TimeDelta, Utc};

use super::EvaluationSettings;
use crate::correction::Overlay;
use crate::evaluation::{Coverage, Progress, WindowCounts};
use crate::ledger::{Ending, Ledger, LedgerError};
use crate::slo::Definition;
use crate::time::{Interval, Span};
use crate::window::Window;

/// Everything that the parts of an evaluation look at.
pub(super) struct View<'a> {
    pub(super) definition: &'a Definition,
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
    /// Seconds since the first data.
    pub(super) known_seconds: u32,
    /// What the slices were corrected by.
    pub(super) overlay: Option<&'a Overlay>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        definition: &'a Definition,
        ledger: &'a Ledger,
        progress: &'a Progress,
        end: DateTime<Utc>,
        settings: &'a EvaluationSettings,
    ) -> Result<Self, LedgerError> {
        let known_seconds = progress
            .first_measured
            .map_or(0, |first| Interval::new(first, end).seconds());
        let whole = definition.window_at(end);
        let (whole_seconds, so_far) = match definition.window {
            Window::Rolling(span) => (span.as_seconds(), span),
            Window::Calendar(_) => {
                let passed = Interval::new(whole.start(), end).seconds();
                (whole.seconds(), Span::seconds(passed))
            }
        };
        Ok(Self {
            definition,
            ending: ledger.ending(end)?,
            progress,
            end,
            whole,
            whole_seconds,
            so_far,
            settings,
            expected_interval: definition
                .expected_interval
                .or_else(|| progress.learned_interval()),
            known_seconds,
            overlay: ledger.overlay(),
        })
    }

    /// Counts and coverage of the SLO's own window, under its nominal length.
    pub(super) fn own(&self) -> Result<WindowCounts, LedgerError> {
        Ok(WindowCounts {
            window: self.definition.window.span(),
            ..self.window(self.so_far)?
        })
    }

    /// Counts and coverage of the window of this length that ends now.
    pub(super) fn window(&self, window: Span) -> Result<WindowCounts, LedgerError> {
        let sums = self.ending.window(window)?;
        let expected = self.expected_slices(window);
        let coverage = Coverage {
            measured: sums.measured.min(expected),
            expected,
        };
        Ok(WindowCounts {
            window,
            counts: sums.counts,
            coverage,
            grain: self.definition.method.grain(),
        })
    }

    /// How many measured slices the window would hold at the SLO's pace since its first data.
    pub(super) fn expected_slices(&self, window: Span) -> u32 {
        let known = self.known_seconds_of(window);
        // Half of one pace is already a slice that should have come: a lone first slice is covered.
        if known == 0 {
            0
        } else {
            (known / self.pace().as_seconds()).max(1)
        }
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

    /// As [`View::window`], where it may be among the reported windows already.
    pub(super) fn seen(
        &self,
        window: Span,
        reported: &[WindowCounts],
    ) -> Result<WindowCounts, LedgerError> {
        let held = reported
            .iter()
            .find(|held| held.window == window);
        held.map_or_else(|| self.window(window), |held| Ok(*held))
    }

    /// The distance at which measured slices are expected.
    pub(super) fn pace(&self) -> Span {
        let width = self.definition.slice.span();
        self.expected_interval
            .unwrap_or(width)
            .max(width)
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
        let silence = self.progress.silence_at(self.end);
        let agreed = self
            .overlay
            .map_or(TimeDelta::zero(), |overlay| {
                overlay.covered_time(Interval::new(self.end - silence, self.end))
            });
        self.expected_interval
            .is_some_and(|expected| {
                let pace = expected.max(self.definition.slice.span());
                silence - agreed >= TimeDelta::seconds(pace.as_secs_i64() * 3)
            })
    }

    /// Whether less than a quarter of the window has any history.
    pub(super) fn is_young(&self) -> bool {
        let filled = self.known_seconds_of(self.so_far);
        u64::from(filled) * 4 < u64::from(self.counted_seconds())
    }
}
