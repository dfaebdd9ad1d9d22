//! Samples come in, and targets are asked.

use sre_core::sample::Sample;
use sre_core::store::{Samples, Target, TargetClaim};
use sre_core::time::Span;

use super::{History, Pair, both};
use crate::fixtures::{at, counts, labels, number, sample, target};

impl History<'_> {
    pub(super) async fn measure(&mut self) {
        match self.random.below(8) {
            0..=3 => self.append().await,
            4 => self.register_targets().await,
            5 | 6 => self.claim_targets().await,
            _ => self.complete().await,
        }
    }

    async fn append(&mut self) {
        let samples = self.samples(6);
        let closed_before = at(self.second - self.random.of(&[10, 60, 86_400]));
        self.same("append", both!(self, append(&samples, closed_before)));
    }

    async fn register_targets(&mut self) {
        let mut targets: Vec<Target> = Vec::new();
        for name in ["a", "b", "c"] {
            if self.random.percent(70) {
                let interval = Span::seconds(self.random.of(&[10, 30]));
                targets.push(Target {
                    interval,
                    ..target(name)
                });
            }
        }
        let now = self.now();
        self.same(
            "register_targets",
            both!(self, register_targets(&targets, now)),
        );
    }

    async fn claim_targets(&mut self) {
        let (now, until, limit) = (self.now(), self.until(), self.random.of(&[1, 2, 10]));
        let (expected, answer) = both!(self, claim_targets("a", now, until, limit));
        let (expected, answer) = (expected.unwrap_or_default(), answer.unwrap_or_default());
        let seen = |claims: &[TargetClaim]| {
            claims
                .iter()
                .map(|claim| (claim.target.clone(), claim.due_at))
                .collect::<Vec<_>>()
        };
        self.same("claim_targets", (Ok(seen(&expected)), Ok(seen(&answer))));
        self.targets
            .extend(expected.into_iter().zip(answer));
    }

    /// Completes a claim, sometimes one that will be completed again.
    async fn complete(&mut self) {
        let kept = self.random.percent(30);
        let Some(claim) = self.random.take(&mut self.targets) else {
            return;
        };
        let samples = self.samples(2);
        let next_at = at(self.second + self.random.of(&[10, 30]));
        let closed_before = at(self.second - 10);
        let (expected, answer): &Pair<TargetClaim> = &claim;
        let fates = (
            self.reference
                .complete_target(expected, &samples, next_at, closed_before)
                .await,
            self.store
                .complete_target(answer, &samples, next_at, closed_before)
                .await,
        );
        self.same_fate("complete_target", fates);
        if kept {
            self.targets.push(claim);
        }
    }

    /// Samples of the last minutes, many of them late, repeated or of the wrong kind.
    fn samples(&mut self, at_most: usize) -> Vec<Sample> {
        let many = 1 + self.random.below(at_most);
        (0..many)
            .map(|_| self.sample())
            .collect()
    }

    fn sample(&mut self) -> Sample {
        let value = if self.random.percent(90) {
            counts(self.random.of(&[1, 2]), 2)
        } else {
            number(self.random.of(&[1.0, 99.5]))
        };
        let ago = self
            .random
            .of(&[0, 1, 1, 15, 60, 61, 200]);
        Sample {
            service_name: self
                .random
                .of(&["checkout", "search"])
                .parse()
                .expect("a name"),
            metric_name: self
                .random
                .of(&["availability", "error_rate"])
                .parse()
                .expect("a name"),
            labels: labels(&[("zone", self.random.of(&["a", "b"]))]),
            ..sample(at(self.second - ago), value)
        }
    }
}
