//! What the health of services is judged by, and what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::alert::Origin;
use sre_core::evaluation::Evaluation;
use sre_core::health::{OpenAlerts, ServiceHealth};
use sre_core::name::ServiceName;
use sre_core::sample::Sample;
use sre_core::slo::Slo;
use sre_core::store::{HealthRecords, StoreError};
use sre_core::time::Interval;

use super::{MemoryStore, length};

#[async_trait]
impl HealthRecords for MemoryStore {
    async fn live_slos(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(Slo, Option<Evaluation>)>, StoreError> {
        let state = self.state();
        let mut slos: Vec<&Slo> = state
            .slos
            .values()
            .filter(|slo| slo.is_live() && services.contains(&slo.definition.service_name))
            .collect();
        slos.sort_by_key(|slo| (&slo.definition.service_name, slo.id));
        Ok(slos
            .into_iter()
            .map(|slo| {
                let cursor = state.cursors.get(&slo.id);
                (slo.clone(), cursor.and_then(|cursor| cursor.last.clone()))
            })
            .collect())
    }

    async fn probe_samples(
        &self,
        services: &[ServiceName],
        during: Interval,
    ) -> Result<Vec<Sample>, StoreError> {
        let state = self.state();
        let series = state
            .metrics
            .iter()
            .filter(|((service, metric), _)| {
                metric.as_str() == "probe_success" && services.contains(service)
            });
        Ok(series
            .flat_map(|((service, metric), series)| {
                series
                    .iter()
                    .map(move |((at, labels), value)| Sample {
                        service_name: service.clone(),
                        metric_name: metric.clone(),
                        labels: labels.clone(),
                        at: *at,
                        value: *value,
                    })
            })
            .filter(|sample| during.contains(sample.at))
            .collect())
    }

    async fn open_alerts(
        &self,
        services: &[ServiceName],
    ) -> Result<Vec<(ServiceName, OpenAlerts)>, StoreError> {
        let state = self.state();
        let mut found: BTreeMap<ServiceName, OpenAlerts> = BTreeMap::new();
        let alerts = state
            .episodes
            .values()
            .map(|episode| &episode.alert);
        for alert in alerts.filter(|alert| alert.is_open() && alert.has_fired()) {
            if !services.contains(alert.service_name()) {
                continue;
            }
            let counted = found
                .entry(alert.service_name().clone())
                .or_default();
            counted.open += 1;
            if alert.identity.origin != Origin::Generated {
                *counted
                    .raised
                    .entry(alert.severity)
                    .or_default() += 1;
            }
        }
        Ok(found.into_iter().collect())
    }

    async fn record_health(&self, found: &[ServiceHealth]) -> Result<(), StoreError> {
        let mut state = self.state();
        for health in found {
            let key = (health.service_name.clone(), health.as_of);
            state
                .snapshots
                .entry(key)
                .or_insert_with(|| health.clone());
        }
        Ok(())
    }

    async fn health_at(
        &self,
        services: &[ServiceName],
        at: DateTime<Utc>,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let state = self.state();
        let wanted: BTreeSet<&ServiceName> = services.iter().collect();
        let newest = wanted.into_iter().filter_map(|name| {
            let snapshots = state
                .snapshots
                .range((name.clone(), DateTime::<Utc>::MIN_UTC)..=(name.clone(), at));
            snapshots
                .last()
                .map(|(_, health)| health.clone())
        });
        Ok(newest.collect())
    }

    async fn health_history(
        &self,
        service: &ServiceName,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<ServiceHealth>, StoreError> {
        let state = self.state();
        let snapshots = state
            .snapshots
            .iter()
            .filter(|((name, at), _)| name == service && during.contains(*at));
        Ok(snapshots
            .take(length(limit.get()))
            .map(|(_, health)| health.clone())
            .collect())
    }
}
