//! People and rules change incidents, many of them on readings that are too old.

use sre_core::alert::AlertUpdate;
use sre_core::incident::{Actor, Incident, IncidentSettings, IncidentStatus, merge, patterns};
use sre_core::name::IncidentId;
use sre_core::store::{IncidentQuery, Incidents};

use super::{History, both};
use crate::fixtures::{concerning, incident, opens};
use crate::tools::{MANY, all};

impl History<'_> {
    pub(super) async fn respond(&mut self) {
        match self.random.below(6) {
            0 => {
                let n = self.random.below(3) as u128;
                let opening = opens(incident(n, self.now()));
                let updates = [opening];
                self.same_fate("change_incidents", both!(self, change_incidents(&updates)));
            }
            1..=3 => self.step().await,
            4 => self.merge().await,
            _ => self.look_back().await,
        }
    }

    /// The update as it is, or with what it means to incidents.
    pub(super) fn perhaps_concerning(&mut self, update: AlertUpdate) -> AlertUpdate {
        if self.random.percent(50) {
            concerning(update)
        } else {
            update
        }
    }

    async fn step(&mut self) {
        let Some(read) = self.read_incident().await else {
            return;
        };
        let to = self.random.of(&IncidentStatus::ALL);
        let actor = self
            .random
            .of(&[Actor::System, Actor::Person(None)]);
        if let Ok(change) = read
            .change(actor, self.now())
            .step(to, None)
        {
            let updates = [change.done()];
            self.same_fate("change_incidents", both!(self, change_incidents(&updates)));
        }
    }

    async fn merge(&mut self) {
        let (one, two) = (self.read_incident().await, self.read_incident().await);
        let Some((one, two)) = one.zip(two) else {
            return;
        };
        let ids = [one.id];
        let alerts = self.same("alerts_of", both!(self, alerts_of(&ids)));
        let alerts = alerts.unwrap_or_default();
        if let Ok(updates) = merge(one, &alerts, two, &Actor::System, self.now()) {
            self.same_fate("change_incidents", both!(self, change_incidents(&updates)));
        }
    }

    /// What the rules that look back decide.
    async fn look_back(&mut self) {
        let (settings, now) = (IncidentSettings::default(), self.now());
        let since = now - settings.window.as_delta();
        let loose = self.same("loose_alerts", both!(self, loose_alerts(since, MANY)));
        let query = IncidentQuery {
            is_live: true,
            ..IncidentQuery::default()
        };
        let live = self.same("list_incidents", both!(self, list_incidents(&query, all())));
        let (loose, live) = (loose.unwrap_or_default(), live.unwrap_or_default());
        let none = patterns::Neighbours::new();
        let updates = patterns::gathered(&loose, &live, &none, &settings, now);
        for update in updates {
            let updates = [update];
            self.same_fate("change_incidents", both!(self, change_incidents(&updates)));
        }
    }

    /// An incident as it stands, or as it stood.
    async fn read_incident(&mut self) -> Option<Incident> {
        let listed = self.incidents().await;
        let read = self.random.some(&listed);
        self.incident_readings.extend(read);
        if self.incident_readings.len() > 10 {
            self.incident_readings.remove(0);
        }
        if self.random.percent(80) {
            self.incident_readings.last().cloned()
        } else {
            self.random
                .some(&self.incident_readings)
        }
    }

    async fn incidents(&self) -> Vec<Incident> {
        let query = IncidentQuery::default();
        self.same("list_incidents", both!(self, list_incidents(&query, all())))
            .unwrap_or_default()
    }

    /// Whether all incidents are as in the reference, with their lines and their alerts.
    pub(super) async fn look_at_incidents(&self) {
        let ids: Vec<IncidentId> = self
            .incidents()
            .await
            .iter()
            .map(|incident| incident.id)
            .collect();
        self.same("alerts_of", both!(self, alerts_of(&ids)));
        for id in ids {
            self.same("recollect", both!(self, recollect(id)));
        }
    }
}
