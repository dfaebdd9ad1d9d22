//! Everything that can be read, compared.

use sre_core::store::{
    Catalog, DueNotices, Evaluations, IntentRecord, Notices, Outbox, Samples, SloQuery,
};

use super::{History, both, seen};
use crate::fixtures::{at, during};
use crate::tools::all;

impl History<'_> {
    /// Whether both stores hold the same.
    pub(super) async fn look(&self) {
        let query = SloQuery {
            with_deleted: true,
            ..SloQuery::default()
        };
        let slos = self
            .same("list", both!(self, list(&query, all())))
            .unwrap_or_default();
        let always = during(-86_400, 86_400 * 30);
        for slo in &slos {
            let (generation, width) = (slo.definition.generation(), slo.definition.slice);
            self.same(
                "hours",
                both!(self, hours(slo.id, generation, width, always)),
            );
        }
        let ids: Vec<_> = slos.iter().map(|slo| slo.id).collect();
        self.look_at_evaluations(&ids).await;
        self.look_at_samples().await;
        for alert in self.look_at_alerts().await {
            let (expected, answer) = both!(self, ledger(alert.id));
            self.same("ledger", (expected.map(in_order), answer.map(in_order)));
        }
        self.look_at_incidents().await;
        self.same("depth", both!(self, depth()));
        let later = at(self.second + 86_400);
        let (expected, answer) = both!(self, due_groups(later, 1_000));
        self.same("due_groups", (expected.map(seen), answer.map(seen)));
        let (expected, answer) = both!(self, due_notices(later, 1_000));
        let seen = |due: DueNotices| (due.notices, due.faults.len());
        self.same("due_notices", (expected.map(seen), answer.map(seen)));
        let since = at(self.second - 600);
        self.same("lanes", both!(self, lanes(since)));
        for id in self.announced.clone() {
            self.same("find_notice", both!(self, find_notice(id)));
        }
    }

    async fn look_at_samples(&self) {
        let always = during(-86_400, 86_400 * 30);
        for service in ["checkout", "search"] {
            for metric in ["availability", "error_rate"] {
                let (service, metric) = (
                    service.parse().expect("a name"),
                    metric.parse().expect("a name"),
                );
                self.same(
                    "series",
                    both!(self, series(&service, &metric, always, 10_000)),
                );
            }
        }
    }
}

/// Of one transition the intents have no order.
fn in_order(mut ledger: Vec<IntentRecord>) -> Vec<IntentRecord> {
    ledger.sort_by_key(|record| (record.intent.transition, record.intent.destination_id));
    ledger
}
