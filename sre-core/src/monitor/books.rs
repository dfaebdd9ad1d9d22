//! The books of one SLO: the ledger of what was measured and, while corrections touch it, the one
//! that is judged.
//!
//! Whatever is folded goes into both. The corrected one is made from the slices of the hours that
//! corrections touch, when a correction begins to hold, and is thrown away when none holds any more:
//! so taking a correction back is exact, whatever came in between.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::correction::{Correction, Overlay};
use crate::evaluate::{EvaluationSettings, Plan};
use crate::evaluation::{Evaluation, Progress};
use crate::hour::Hour;
use crate::ledger::{Ledger, LedgerError};
use crate::monitor::ledgers::{evaluate_with_edges, too_large};
use crate::name::CorrectionId;
use crate::policy::BurnThresholds;
use crate::slice::Slice;
use crate::slo::{Generation, Slo};
use crate::store::{Evaluations, StoreError};
use crate::time::{Interval, Span};

/// Both ledgers of an SLO.
#[derive(Debug)]
pub(super) struct Books {
    raw: Ledger,
    corrected: Option<Ledger>,
    /// What the corrected ledger was made by.
    by: Vec<CorrectionId>,
    expanded: Option<Expanded>,
    planned: Option<Planned>,
}

/// The plan of the last evaluation, with what must be the same before it may be used again.
#[derive(Debug)]
struct Planned {
    version: u64,
    interval: Option<Span>,
    thresholds: BurnThresholds,
    plan: Plan,
}

/// Corrections as they were expanded last. Those of an id change only with the revision, and then the
/// books are made anew.
#[derive(Debug)]
struct Expanded {
    by: Vec<CorrectionId>,
    over: Interval,
    overlay: Arc<Overlay>,
}

impl Books {
    /// The books of an SLO without corrections.
    pub(super) const fn new(raw: Ledger) -> Self {
        Self {
            raw,
            corrected: None,
            by: Vec::new(),
            expanded: None,
            planned: None,
        }
    }

    /// What was measured.
    pub(super) const fn raw(&self) -> &Ledger {
        &self.raw
    }

    /// What is judged.
    pub(super) fn judged(&self) -> &Ledger {
        self.corrected
            .as_ref()
            .unwrap_or(&self.raw)
    }

    /// Corrects what is held, and what is put in up to `until`, by just these corrections.
    pub(super) async fn correct(
        &mut self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        corrections: &[Correction],
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let held = Interval::new(self.raw.begin(), until.max(self.raw.end()));
        let by: Vec<CorrectionId> = corrections
            .iter()
            .map(|correction| correction.id)
            .collect();
        let overlay = self.expand(corrections, &by, held);
        if !overlay.touches(held) {
            self.corrected = None;
            return Ok(());
        }
        if let Some(corrected) = &mut self.corrected
            && self.by == by
        {
            corrected.extend_overlay(overlay);
            return Ok(());
        }
        let hours = self
            .touched_hours(store, slo, generation, &overlay)
            .await?;
        let corrected = self.raw.corrected(&overlay, &hours);
        self.corrected = Some(corrected.map_err(|error| too_large(slo.id, error))?);
        self.by = by;
        Ok(())
    }

    /// What these corrections cover of `held` and of some time to come: recurring ones are expanded once
    /// in that time, and not at every slot.
    fn expand(
        &mut self,
        corrections: &[Correction],
        by: &[CorrectionId],
        held: Interval,
    ) -> Arc<Overlay> {
        let known = self
            .expanded
            .as_ref()
            .filter(|expanded| {
                let over = expanded.over;
                expanded.by == by && over.start() <= held.start() && held.end() <= over.end()
            });
        if let Some(expanded) = known {
            return Arc::clone(&expanded.overlay);
        }
        let over = Interval::new(held.start(), held.end() + AHEAD.as_delta());
        let overlay = Arc::new(Overlay::new(corrections, over));
        self.expanded = Some(Expanded {
            by: by.to_vec(),
            over,
            overlay: Arc::clone(&overlay),
        });
        overlay
    }

    /// The stored hours that an overlay touches, of those that the ledger holds.
    async fn touched_hours(
        &self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        overlay: &Overlay,
    ) -> Result<Vec<Hour>, StoreError> {
        let held = Interval::new(self.raw.begin(), self.raw.end());
        let touched = overlay
            .covered()
            .iter()
            .map(|covered| covered.intersection(held))
            .filter(|part| !part.is_empty())
            .reduce(Interval::hull);
        let Some(touched) = touched else {
            return Ok(Vec::new());
        };
        let mut hours = store
            .hours(slo.id, generation, self.raw.width(), touched)
            .await?;
        hours.retain(|hour| overlay.touches(hour.interval()));
        Ok(hours)
    }

    /// Adds a slice, as it was measured.
    pub(super) fn append(&mut self, start: DateTime<Utc>, slice: Slice) -> Result<(), LedgerError> {
        self.raw.append(start, slice)?;
        self.corrected
            .as_mut()
            .map_or(Ok(()), |corrected| corrected.append(start, slice))
    }

    /// Adds unmeasured slices.
    pub(super) fn fill_to(&mut self, at: DateTime<Utc>) -> Result<(), LedgerError> {
        self.both()
            .try_for_each(|ledger| ledger.fill_to(at))
    }

    /// Replaces an hour by what was measured, late or again.
    pub(super) fn set_hour(&mut self, hour: &Hour) -> Result<(), LedgerError> {
        self.both()
            .try_for_each(|ledger| ledger.set_hour(hour))
    }

    /// Attaches the slices of an older hour.
    pub(super) fn attach(&mut self, hour: &Hour) {
        self.both()
            .for_each(|ledger| ledger.attach(hour));
    }

    fn both(&mut self) -> impl Iterator<Item = &mut Ledger> {
        std::iter::once(&mut self.raw).chain(&mut self.corrected)
    }

    /// Evaluates what is judged, with the window as it was measured beside it. Rules are those that stand
    /// at the interval by which progress has them resolved.
    pub(super) async fn evaluate(
        &mut self,
        store: &dyn Evaluations,
        slo: &Slo,
        generation: Generation,
        progress: &Progress,
        end: DateTime<Utc>,
        settings: &EvaluationSettings,
    ) -> Result<Evaluation, StoreError> {
        let plan = Planned::current(&mut self.planned, slo, progress, settings);
        let raw = &mut self.raw;
        let raw =
            evaluate_with_edges(store, slo, generation, plan, raw, progress, end, settings).await?;
        let Some(corrected) = &mut self.corrected else {
            return Ok(raw);
        };
        let found = evaluate_with_edges(
            store, slo, generation, plan, corrected, progress, end, settings,
        )
        .await?;
        let window = Interval::new(found.window_start, end);
        let is_touched = corrected
            .overlay()
            .is_some_and(|overlay| overlay.touches(window));
        Ok(Evaluation {
            raw: raw
                .windows
                .last()
                .copied()
                .filter(|_| is_touched),
            ..found
        })
    }
}

impl Planned {
    /// The plan that is held, if it is the one for this SLO as it is now; else a new one takes its place.
    fn current<'a>(
        held: &'a mut Option<Self>,
        slo: &Slo,
        progress: &Progress,
        settings: &EvaluationSettings,
    ) -> &'a Plan {
        let (definition, thresholds) = (&slo.definition, settings.thresholds);
        let interval = progress.resolved_interval();
        let is_current = |held: &Self| {
            (held.version, held.interval, held.thresholds) == (slo.version, interval, thresholds)
        };
        if !held.as_ref().is_some_and(is_current) {
            *held = None;
        }
        let planned = held.get_or_insert_with(|| Self {
            version: slo.version,
            interval,
            thresholds,
            plan: Plan::new(definition, definition.policy(&thresholds, interval)),
        });
        &planned.plan
    }
}

/// How far ahead corrections are expanded: as much again costs a day of one slot's work.
const AHEAD: Span = Span::days(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correction::{Meaning, Period, Recurrence, Scope};
    use crate::slice::SliceWidth;
    use crate::time::at_second;

    fn nightly(n: u128) -> Correction {
        let rule = Recurrence::new(
            "FREQ=DAILY",
            "2026-01-01T02:00:00",
            Span::hours(1),
            "Etc/UTC",
        );
        Correction {
            id: CorrectionId(uuid::Uuid::from_u128(n)),
            scope: Scope::Service("checkout".parse().expect("a name")),
            meaning: Meaning::RemoveTime,
            period: Period::Recurring(rule.expect("a rule")),
            reason: "backup".to_owned(),
            created_by: None,
            created_at: at_second(0),
            ended: None,
            cancelled: None,
        }
    }

    /// At every slot of a day the same expansion serves; the next day has one of its own, and so have
    /// other corrections.
    #[test]
    fn corrections_are_expanded_once_a_day_and_not_at_every_slot() {
        let begin: DateTime<Utc> = "2026-02-01T00:00:00Z"
            .parse()
            .expect("an instant");
        let mut books = Books::new(Ledger::new(SliceWidth::MINUTE, Span::days(30), begin));
        let corrections = [nightly(1), nightly(2)];
        let mut expanded = |corrections: &[Correction], hours: u32| {
            let by: Vec<_> = corrections
                .iter()
                .map(|held| held.id)
                .collect();
            let end = begin + Span::hours(hours).as_delta();
            let held = Interval::new(begin, end);
            let overlay = books.expand(corrections, &by, held);
            let fresh = Overlay::new(corrections, held);
            assert_eq!(overlay.touches(held), fresh.touches(held));
            assert!(
                overlay
                    .covered()
                    .starts_with(fresh.covered())
            );
            overlay
        };
        let first = expanded(&corrections, 1);
        let same = |overlay: &Arc<Overlay>| Arc::ptr_eq(&first, overlay);
        assert!(same(&expanded(&corrections, 2)) && same(&expanded(&corrections, 25)));
        let next = expanded(&corrections, 26);
        assert!(!same(&next) && next.covered().len() > first.covered().len());
        assert!(!Arc::ptr_eq(&next, &expanded(&corrections[..1], 26)));
    }
}
