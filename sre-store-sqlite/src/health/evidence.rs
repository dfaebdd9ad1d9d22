//! Evidence of many services, a statement for each kind of it.

use std::collections::BTreeMap;

use sqlx::{SqlitePool, query};
use sre_core::alert::{Origin, Severity};
use sre_core::evaluation::Evaluation;
use sre_core::health::OpenAlerts;
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::Sample;
use sre_core::slo::Slo;
use sre_core::store::StoreError;
use sre_core::time::Interval;

use crate::catalog::SloRow;
use crate::error::classify;
use crate::row::{self, Row};
use crate::samples::StoredSample;

/// Live SLOs with what was found last.
pub(super) async fn slos(
    readers: &SqlitePool,
    services: &[ServiceName],
) -> Result<Vec<(Slo, Option<Evaluation>)>, StoreError> {
    let services = row::texts(services.iter().map(ServiceName::as_str))?;
    let rows = query!(
        "select s.id, s.definition, s.managed_by, s.version, s.created_at, s.updated_at,
                s.deleted_at, c.evaluation
           from slos s join slo_cursor c on c.slo_id = s.id
          where s.service_name in (select value from json_each($1))
            and s.deleted_at is null and s.is_enabled = 1
          order by s.service_name, s.id",
        services
    )
    .fetch_all(readers)
    .await
    .map_err(classify)?;
    rows.into_iter()
        .map(|stored| {
            let row = Row::with_id("slo_cursor", &stored.id);
            let evaluation = stored
                .evaluation
                .as_deref()
                .map(|last| row.json("evaluation", last))
                .transpose()?;
            let slo = SloRow {
                id: stored.id,
                definition: stored.definition,
                managed_by: stored.managed_by,
                version: stored.version,
                created_at: stored.created_at,
                updated_at: stored.updated_at,
                deleted_at: stored.deleted_at,
            };
            Ok((slo.slo()?, evaluation))
        })
        .collect()
}

/// The answers of probes.
pub(super) async fn probes(
    readers: &SqlitePool,
    services: &[ServiceName],
    during: Interval,
) -> Result<Vec<Sample>, StoreError> {
    let services = row::texts(services.iter().map(ServiceName::as_str))?;
    let (start, end) = (row::instant(during.start()), row::instant(during.end()));
    let rows = query!(
        "select service_name, metric_name, at, labels, value, good, total
           from service_metrics
          where service_name in (select asked.value from json_each($1) asked)
            and metric_name = 'probe_success' and at >= $2 and at < $3",
        services,
        start,
        end
    )
    .fetch_all(readers)
    .await
    .map_err(classify)?;
    let samples: Result<Vec<Sample>, StoreError> = rows
        .into_iter()
        .map(|stored| {
            let row = Row::with_text("service_metrics", &stored.service_name);
            let service: ServiceName = row.text("service_name", &stored.service_name)?;
            let metric: MetricName = row.text("metric_name", &stored.metric_name)?;
            let sample = StoredSample {
                at: stored.at,
                labels: stored.labels,
                value: stored.value,
                good: stored.good,
                total: stored.total,
            };
            sample.sample(&service, &metric)
        })
        .collect();
    let mut samples = samples?;
    // The order of labels is not that of their texts.
    samples.sort_by(|a, b| {
        (&a.service_name, a.at, &a.labels).cmp(&(&b.service_name, b.at, &b.labels))
    });
    Ok(samples)
}

/// Open alerts, counted.
pub(super) async fn alerts(
    readers: &SqlitePool,
    services: &[ServiceName],
) -> Result<Vec<(ServiceName, OpenAlerts)>, StoreError> {
    let services = row::texts(services.iter().map(ServiceName::as_str))?;
    let generated = Origin::Generated.as_str();
    let rows = query!(
        "select service_name, severity, origin = $2 as \"is_ours!: bool\",
                count(*) as \"count!: i64\"
           from alerts
          where state <> 'resolved' and state <> 'pending'
            and service_name in (select asked.value from json_each($1) asked)
          group by service_name, severity, origin = $2",
        services,
        generated
    )
    .fetch_all(readers)
    .await
    .map_err(classify)?;
    let mut found: BTreeMap<ServiceName, OpenAlerts> = BTreeMap::new();
    for stored in &rows {
        let row = Row::with_text("alerts", &stored.service_name);
        let service: ServiceName = row.text("service_name", &stored.service_name)?;
        let severity: Severity = row.text("severity", &stored.severity)?;
        let count: u32 = row.number("count", stored.count)?;
        let open = found.entry(service).or_default();
        open.open = open.open.saturating_add(count);
        if !stored.is_ours {
            let raised = open.raised.entry(severity).or_default();
            *raised = raised.saturating_add(count);
        }
    }
    Ok(found.into_iter().collect())
}
