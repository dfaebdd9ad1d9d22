//! An SLO counted and judged in process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::attribution::Attribution;
use super::latency::LatencyLine;
use super::{Event, Recorder};
use crate::count::Counts;
use crate::evaluate::{EvaluationSettings, Plan, evaluate};
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::ledger::{Ledger, LedgerError};
use crate::monitor::horizon;
use crate::slice::Slice;
use crate::slo::Slo;
use crate::time::Span;

/// One SLO of the program that it is part of: events in, how it stands out.
///
/// Counting ([`SloRecorder::record`]) is one or two atomic additions, from any thread: it reads no
/// clock, takes no lock and allocates nothing. Time comes in by [`SloRecorder::tick`] and
/// [`SloRecorder::status`] alone: whoever calls them decides which slice an event belongs to, so call
/// `tick` once a slice, soon after its edge. What happens when that is late is said at `tick`.
///
/// ```
/// use sre_core::evaluation::SloState;
/// use sre_core::recorder::{Event, SloRecorder};
/// use sre_core::slo::Slo;
/// use sre_core::time::{Span, at_second};
///
/// let slo = Slo::builder("checkout", "availability")
///     .target_percentage("99.9")?
///     .rolling(Span::days(30))
///     .build()?;
/// let recorder = SloRecorder::new(slo);
/// recorder.tick(at_second(0));
/// recorder.record_many(Event::Good, 9_995);
/// recorder.record_many(Event::Bad, 5);
///
/// let status = recorder.status(at_second(60))?;
/// assert_eq!(status.state, SloState::Met);
/// let budget = status.budget.expect("something was measured");
/// assert_eq!((budget.allowed(), budget.consumed(), budget.remaining()), (10.0, 5.0, 5.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SloRecorder {
    recorder: Recorder,
    slo: Slo,
    latency: Option<LatencyLine>,
    settings: EvaluationSettings,
    book: Mutex<Book>,
}

/// What was counted, by slice. Only looks write it, so a lock around it costs no event anything.
#[derive(Debug)]
struct Book {
    attribution: Attribution,
    /// `None` before the first slice has ended.
    ledger: Option<Ledger>,
    /// The hours behind the ledger's fine slices, packed: windows begin in them.
    hours: BTreeMap<DateTime<Utc>, Vec<u8>>,
    progress: Progress,
}

impl SloRecorder {
    /// A recorder that has counted nothing, with the default levels and floors.
    #[must_use]
    pub fn new(slo: Slo) -> Self {
        Self::with_settings(slo, EvaluationSettings::default())
    }

    /// A recorder that judges by `settings`.
    #[must_use]
    pub fn with_settings(slo: Slo, settings: EvaluationSettings) -> Self {
        let book = Book {
            attribution: Attribution::new(slo.definition.slice),
            ledger: None,
            hours: BTreeMap::new(),
            progress: Progress::default(),
        };
        Self {
            recorder: Recorder::new(),
            latency: slo
                .definition
                .threshold
                .map(LatencyLine::new),
            slo,
            settings,
            book: Mutex::new(book),
        }
    }

    /// What is promised.
    #[must_use]
    pub const fn slo(&self) -> &Slo {
        &self.slo
    }

    /// Counts one event.
    #[inline]
    pub fn record(&self, event: Event) {
        self.recorder.record(event);
    }

    /// Counts `n` events that went the same way.
    #[inline]
    pub fn record_many(&self, event: Event, n: u64) {
        self.recorder.record_many(event, n);
    }

    /// Counts one event by how long it took: good where that holds the SLO's threshold, which is in
    /// milliseconds. Answers what was counted; of an SLO without a threshold nothing is, and `None`.
    #[inline]
    pub fn record_latency(&self, latency: Duration) -> Option<Event> {
        let event = self.judge_latency(latency)?;
        self.record(event);
        Some(event)
    }

    /// What [`SloRecorder::record_latency`] would count.
    #[must_use]
    pub fn judge_latency(&self, latency: Duration) -> Option<Event> {
        Some(Event::good_if(self.latency?.is_held_by(latency)))
    }

    /// Closes the slices that have ended: what was counted since the last look belongs to the slice
    /// that has more of the time between the two.
    ///
    /// Where whole slices have passed without a look, they are *no traffic* if nothing was counted
    /// since. If something was, nobody knows when: it is put into the slice that ended last, and those
    /// before are unmeasured. While the clock is behind an earlier look it is taken to stand still.
    pub fn tick(&self, now: DateTime<Utc>) {
        drop(self.looked(now));
    }

    /// How the SLO stands at `now`, which is a look, too: every window, exact to the slice. They end
    /// with the slice in which `now` lies if something was counted in it, else with the one before.
    ///
    /// # Errors
    ///
    /// None in truth: every hour in which a window begins is at hand.
    pub fn status(&self, now: DateTime<Utc>) -> Result<Evaluation, LedgerError> {
        self.looked(now)
            .evaluate(&self.slo, &self.settings)
    }

    /// The book after a look at `now`. Whoever drains holds the book: of two looks at once the later
    /// has nothing of the earlier one's time.
    fn looked(&self, now: DateTime<Utc>) -> MutexGuard<'_, Book> {
        let mut book = self.book();
        let counted = self.recorder.drain();
        book.look(&self.slo, now, counted);
        book
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn look(&mut self, slo: &Slo, now: DateTime<Utc>, counted: Counts) {
        let reach = horizon(&slo.definition);
        let mut attribution = self.attribution;
        attribution.look(now, counted, reach, |start, slice| {
            self.close(slo, reach, start, slice);
        });
        self.attribution = attribution;
    }

    fn close(&mut self, slo: &Slo, reach: Span, start: DateTime<Utc>, slice: Slice) {
        let width = slo.definition.slice;
        let (slice, end) = (
            slo.definition.method.judge(slice),
            start + width.span().as_delta(),
        );
        let is_beyond = |ledger: &Ledger| start - ledger.end() > reach.as_delta();
        let mut ledger = match self.ledger.take() {
            Some(ledger) if !is_beyond(&ledger) => ledger,
            _ => {
                self.hours.clear();
                Ledger::new(width, reach, start)
            }
        };
        if start > ledger.end() {
            self.keep_hour(&ledger, ledger.end() - TimeDelta::microseconds(1));
        }
        // What does not fit a sum is a data error: nobody can say what the slice was.
        let is_kept = ledger.append(start, slice).is_ok();
        if is_kept && slice.is_measured() {
            self.progress.note_measured(start, end);
        }
        self.progress
            .watching_since
            .get_or_insert(start);
        if Hour::floor(end) == end {
            self.keep_hour(&ledger, start);
            let oldest = Hour::floor(end - reach.as_delta());
            self.hours
                .retain(|hour, _| *hour >= oldest);
        }
        self.ledger = Some(ledger);
    }

    /// Packs the hour in which `at` lies, while the ledger still has its slices.
    fn keep_hour(&mut self, ledger: &Ledger, at: DateTime<Utc>) {
        if let Some(hour) = ledger.fine_hour(at) {
            self.hours
                .insert(hour.start(), hour.pack());
        }
    }

    fn evaluate(
        &self,
        slo: &Slo,
        settings: &EvaluationSettings,
    ) -> Result<Evaluation, LedgerError> {
        let definition = &slo.definition;
        let (start, open) = self
            .attribution
            .open()
            .unwrap_or((DateTime::UNIX_EPOCH, Slice::Measured(Counts::NONE)));
        let mut ledger = match &self.ledger {
            Some(ledger) => ledger.clone(),
            None => Ledger::new(definition.slice, horizon(definition), start),
        };
        let mut progress = self.progress.clone();
        let mut end = ledger.end();
        if !open.counts().total().is_zero() {
            end = start + definition.slice.span().as_delta();
            let slice = definition.method.judge(open);
            if ledger.append(start, slice).is_ok() {
                progress.note_measured(start, end);
            }
        }
        let pace = progress
            .learned_interval()
            .or(Some(definition.slice.span()));
        let plan = Plan::new(definition, definition.policy(&settings.thresholds, pace));
        for start in ledger.missing_hours(end, plan.windows(definition, end)) {
            let packed = self.hours.get(&start);
            let hour = packed.and_then(|bytes| Hour::unpack(start, definition.slice, bytes).ok());
            ledger.attach(&hour.unwrap_or_else(|| Hour::unmeasured(start, definition.slice)));
        }
        evaluate(definition, &plan, &ledger, &progress, end, settings)
    }
}

#[cfg(test)]
mod tests;
