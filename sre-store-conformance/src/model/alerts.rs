//! Evaluations, people and time move alerts, many of them on readings that are too old.

use sre_core::alert::AlertStatus::{Acknowledged, Firing, Resolved};
use sre_core::alert::{Alert, AlertType, AlertUpdate, Identity, Severity};
use sre_core::name::DestinationId;
use sre_core::store::{AlertQuery, Alerts};

use super::{History, both};
use crate::fixtures::{
    acknowledged, at, destination, due_at, fires, fires_again, goes_on, identity, resolved,
    severity_update,
};
use crate::tools::all;

impl History<'_> {
    pub(super) async fn alert(&mut self) {
        match self.random.below(10) {
            0..=5 => {
                let Some(update) = self.update().await else {
                    return;
                };
                let update = self.perhaps_concerning(update);
                self.same_fate("apply", both!(self, apply(&update)));
            }
            6 | 7 => self.claim_alerts().await,
            8 => self.postpone().await,
            _ => self.read_alerts().await,
        }
    }

    /// What somebody decides of an identity, usually of how it stands.
    pub(super) async fn update(&mut self) -> Option<AlertUpdate> {
        let identity = self.identity();
        let latest = self
            .reference
            .latest_episodes(&[identity.key()])
            .await
            .ok()?
            .pop();
        let is_stale = self.random.percent(15);
        let read = if is_stale {
            self.random.some(&self.readings)
        } else {
            latest
        };
        let (now, routes) = (self.now(), self.routes());
        let Some(read) = read else {
            return Some(fires(&identity, &routes, now));
        };
        self.readings.push(read.clone());
        if self.readings.len() > 20 {
            self.readings.remove(0);
        }
        if !read.is_open() {
            return Some(fires_again(&read, &routes, now));
        }
        let severity = self
            .random
            .of(&[Severity::Low, Severity::Critical, Severity::Emergency]);
        Some(match self.random.below(8) {
            0 => acknowledged(&read, now),
            1 => severity_update(&read, severity, &routes, now),
            2 => goes_on(&read, &routes, now),
            3 => due_at(&read, at(self.second + 30)),
            4 => fires(&read.identity, &routes, now),
            _ => resolved(&read, now),
        })
    }

    async fn claim_alerts(&mut self) {
        let (now, until, limit) = (self.now(), self.until(), self.random.of(&[1, 10]));
        let claimed = self.same(
            "claim_due_alerts",
            both!(self, claim_due_alerts("a", now, until, limit)),
        );
        self.readings
            .extend(claimed.into_iter().flatten());
    }

    async fn postpone(&mut self) {
        let Some(read) = self.random.some(&self.readings) else {
            return;
        };
        let until = self.until();
        let next = self.random.percent(70).then_some(until);
        self.same(
            "postpone",
            both!(self, postpone(read.id, read.transition, next)),
        );
    }

    async fn read_alerts(&mut self) {
        let query = AlertQuery {
            state: self
                .random
                .of(&[None, Some(Firing), Some(Acknowledged), Some(Resolved)]),
            severity: self
                .random
                .of(&[None, Some(Severity::Critical)]),
            alert_type: self
                .random
                .of(&[None, Some(AlertType::SlowBurn)]),
            ..AlertQuery::default()
        };
        let listed = self.same("list_alerts", both!(self, list_alerts(&query, all())));
        let read = self
            .random
            .some(&listed.unwrap_or_default());
        self.readings.extend(read);
    }

    /// Whether all episodes are as in the reference; answers them.
    pub(super) async fn look_at_alerts(&self) -> Vec<Alert> {
        let query = AlertQuery::default();
        self.same("list_alerts", both!(self, list_alerts(&query, all())))
            .unwrap_or_default()
    }

    fn identity(&mut self) -> Identity {
        let slo = 1 + self.random.below(2) as u128;
        let kinds = [AlertType::BurnRate, AlertType::SlowBurn, AlertType::NoData];
        identity(slo, self.random.of(&kinds))
    }

    fn routes(&mut self) -> Vec<DestinationId> {
        let routes = ["ops", "boss"].map(|name| destination(name).id);
        routes
            .into_iter()
            .filter(|_| self.random.percent(70))
            .collect()
    }
}
