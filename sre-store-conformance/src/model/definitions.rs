//! People define SLOs, change and delete them.

use sre_core::alert::AlertUpdate;
use sre_core::slice::SliceWidth;
use sre_core::slo::Slo;
use sre_core::store::{Alerts, Catalog, SloChange, Start};

use super::{History, both};
use crate::fixtures::{at, during, grid, resolved, slo};

impl History<'_> {
    pub(super) async fn define(&mut self) {
        let n = 1 + self.random.below(5) as u128;
        let stored = self
            .reference
            .find(slo(n).build().id)
            .await
            .ok()
            .flatten();
        match stored {
            Some(stored) if self.random.percent(85) => self.change(stored).await,
            _ => self.add(n).await,
        }
    }

    async fn add(&mut self, n: u128) {
        let slo = self.defined(n).build();
        let start = self.start(&slo);
        if self.random.percent(10) {
            let seeds = [(slo, start)];
            self.same("seed", both!(self, seed(&seeds)));
        } else {
            self.same("insert", both!(self, insert(&slo, &start)));
        }
    }

    /// Changes what is stored, sometimes on a reading that is too old.
    async fn change(&mut self, stored: Slo) {
        let n = stored.id.0.as_u128();
        let mut after = Slo {
            version: stored.version + 1,
            ..self.defined(n).build()
        };
        if self.random.percent(15) {
            after.deleted_at = Some(self.now());
        }
        let expected_version = if self.random.percent(15) {
            stored.version - 1
        } else {
            stored.version
        };
        let has_changed = after.definition.generation() != stored.definition.generation();
        let restart = (has_changed || self.random.percent(20)).then(|| self.start(&after));
        let alerts = self.ends().await;
        let change = SloChange {
            slo: &after,
            expected_version,
            restart,
            backfill: None,
            alerts: &alerts,
        };
        self.same("update", both!(self, update(&change)));
    }

    /// The ends of up to two alerts, as they were read.
    async fn ends(&mut self) -> Vec<AlertUpdate> {
        let mut ends = Vec::new();
        for _ in 0..self.random.below(3) {
            let Some(read) = self.random.some(&self.readings) else {
                continue;
            };
            let stored = self
                .reference
                .find_alert(read.id)
                .await
                .ok()
                .flatten();
            let alert = stored
                .filter(|_| self.random.percent(80))
                .unwrap_or(read);
            if alert.is_open() {
                ends.push(resolved(&alert, self.now()));
            }
        }
        ends
    }

    fn defined(&mut self, n: u128) -> crate::fixtures::SloBuilder {
        let name = self.random.of(&["a", "b", "c"]);
        let builder = slo(n)
            .named(&format!(
                "{name}{}",
                if self.random.percent(70) { n } else { 0 }
            ))
            .service(self.random.of(&["checkout", "search"]))
            .metric(
                self.random
                    .of(&["availability", "error_rate"]),
            )
            .slices(
                self.random
                    .of(&[SliceWidth::MINUTE, SliceWidth::TEN_SECONDS]),
            )
            .label("team", self.random.of(&["a", "b"]));
        if self.random.percent(15) {
            builder.disabled()
        } else {
            builder
        }
    }

    fn start(&mut self, slo: &Slo) -> Start {
        let grid = grid(slo);
        let ago = self.random.of(&[60, 3_600, 7_200]);
        let backfill = during(self.second - ago, self.second);
        Start {
            generation: slo.definition.generation(),
            next_slot: grid.after(at(self.second)),
            last_slice: grid.closed_at(at(self.second)),
            backfill: self
                .random
                .percent(50)
                .then_some(backfill),
        }
    }
}
