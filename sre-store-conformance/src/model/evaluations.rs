//! Evaluators claim slots, commit, release, and come too late.

use sre_core::count::Counts;
use sre_core::hour::Hour;
use sre_core::name::SloId;
use sre_core::slice::Slice;
use sre_core::store::{BudgetRecord, Changes, Commit, Evaluations, Refolded, SlotClaim};
use sre_core::time::Interval;

use super::{History, Pair, both};
use crate::fixtures::{at, calculation, changes, detailed_evaluation, during, gap};
use crate::tools::covered;

impl History<'_> {
    pub(super) async fn evaluate(&mut self) {
        match self.random.below(10) {
            0..=3 => self.claim_slots().await,
            4 => self.release().await,
            _ => self.commit().await,
        }
    }

    async fn claim_slots(&mut self) {
        let (now, until, limit) = (self.now(), self.until(), self.random.of(&[1, 2, 10]));
        let (expected, answer) = both!(self, claim_slots("a", now, until, limit));
        let (expected, answer) = (expected.unwrap_or_default(), answer.unwrap_or_default());
        let seen = |claims: &[SlotClaim]| {
            claims
                .iter()
                .map(numberless)
                .collect::<Vec<_>>()
        };
        self.same("claim_slots", (Ok(seen(&expected)), Ok(seen(&answer))));
        self.slots
            .extend(expected.into_iter().zip(answer));
    }

    async fn release(&mut self) {
        let Some((expected, answer)) = self.random.take(&mut self.slots) else {
            return;
        };
        let answers = (
            self.reference
                .release(&[expected])
                .await,
            self.store.release(&[answer]).await,
        );
        self.same("release", answers);
    }

    /// Commits up to three claims, some of which come again later.
    async fn commit(&mut self) {
        let (mut expected, mut answer) = (Vec::new(), Vec::new());
        for _ in 0..=self.random.below(3) {
            let Some(claim) = self.random.take(&mut self.slots) else {
                break;
            };
            let decided = self.decided(&claim).await;
            expected.push(decided.0);
            answer.push(decided.1);
            if self.random.percent(25) {
                self.slots.push(claim);
            }
        }
        let answers = (
            self.reference.commit(&expected).await,
            self.store.commit(&answer).await,
        );
        self.same(
            "commit",
            (answers.0.map(revisionless), answers.1.map(revisionless)),
        );
    }

    /// The same decision on both claims of a slot, each with its own numbers.
    async fn decided(&mut self, (expected, answer): &Pair<SlotClaim>) -> Pair<Changes> {
        let mut decided = changes(expected);
        if self.random.percent(5) {
            decided.version += 1;
        }
        if self.random.percent(70) {
            decided.hours.push(self.hour(expected));
        }
        if self.random.percent(50) {
            decided
                .calculations
                .push(calculation(expected.slot));
            decided.evaluation = detailed_evaluation(decided.last_slice);
            decided
                .progress
                .note_measured(at(self.second), at(self.second + 60));
        }
        if self.random.percent(10) {
            decided
                .gaps
                .push(gap(during(self.second - 600, self.second - 300)));
        }
        if self.random.percent(20) {
            decided.budget = Some(BudgetRecord::new(expected.slot, &decided.evaluation));
        }
        for _ in 0..self.random.below(3) {
            decided
                .alerts
                .extend(self.update().await);
        }
        let remaining = self
            .random
            .percent(40)
            .then(|| during(self.second - 90, self.second));
        if self.random.percent(60) {
            let remaining: Vec<Interval> = remaining.into_iter().collect();
            decided.refolded = Some(Refolded {
                mark: expected.mark,
                remaining,
            });
        }
        let mut other = Changes {
            epoch: answer.epoch,
            ..decided.clone()
        };
        if let Some(refolded) = &mut other.refolded {
            refolded.mark = answer.mark;
        }
        (decided, other)
    }

    fn hour(&mut self, claim: &SlotClaim) -> Hour {
        let mut hour = Hour::unmeasured(at(self.second), claim.slo.definition.slice);
        let good = self.random.of(&[0, 1, 10]);
        let counts = Counts::events(good, 10).expect("legal counts");
        hour.set(hour.start(), Slice::Measured(counts));
        hour
    }

    /// Whether all SLOs stand where they stand in the reference.
    pub(super) async fn look_at_evaluations(&self, slos: &[SloId]) {
        self.same("standings", both!(self, standings(slos)));
        let always = during(-86_400, 86_400 * 30);
        let limit = crate::tools::limit(1_000);
        for id in slos {
            self.same("history", both!(self, history(*id, always, limit)));
            self.same("budgets", both!(self, budgets(*id, always, limit)));
        }
    }
}

/// The claim without what is a store's own: numbers that only rise, and how ranges are divided.
fn numberless(claim: &SlotClaim) -> SlotClaim {
    let dirty = covered(&claim.dirty);
    SlotClaim {
        epoch: 0,
        mark: 0,
        revision: 0,
        dirty,
        ..claim.clone()
    }
}

/// Whether each was applied.
fn revisionless(commits: Vec<Commit>) -> Vec<bool> {
    commits
        .into_iter()
        .map(crate::tools::is_applied)
        .collect()
}
