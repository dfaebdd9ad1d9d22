//! Recipes: what the common metric families say of a service, without anybody writing a selector.
//!
//! A family is a counter of requests with a label that tells the failed ones, and beside it, often, a
//! histogram of durations. Which family a service has is found by looking at what the source holds;
//! the first row of [`FAMILIES`] that it has is taken. Counts are read as exactly as any other pair
//! of counters; a percentile is the source's own estimate from the histogram's buckets.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::count::Counts;
use sre_core::counter::Series;
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use sre_core::slice::SliceWidth;
use sre_core::source::{
    CounterPart, CounterRatio, Failure, Measurement, MetricSource, Query, Question,
};
use sre_core::time::Interval;

use crate::limits::{self, ESTIMATE_SCRAPES, SERVICES_MAX};
use crate::prometheus::PrometheusSource;
use crate::promql::quoted;

/// One common family of metrics.
#[derive(Debug)]
struct Family {
    /// The counter of all requests.
    total: &'static str,
    /// The label that names the service.
    service: &'static str,
    /// What the failed ones match; its label must be there for the family to be taken.
    failed: (&'static str, &'static str),
    /// The histogram of durations, and how many milliseconds its unit has.
    durations: Option<(&'static str, u32)>,
}

/// What counts as an error of the service: for HTTP its 5xx, for gRPC what the server is to blame
/// for.
const FIVES: &str = "5..";
const GRPC_SERVER: &str = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss";

/// The families, in the order of preference: what the service says of itself before what a proxy
/// says of it.
#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    Family { total: "http_server_request_duration_seconds_count", service: "job", failed: ("http_response_status_code", FIVES), durations: Some(("http_server_request_duration_seconds", 1_000)) },
    Family { total: "http_requests_total", service: "job", failed: ("code", FIVES), durations: Some(("http_request_duration_seconds", 1_000)) },
    Family { total: "http_requests_total", service: "job", failed: ("status", FIVES), durations: Some(("http_request_duration_seconds", 1_000)) },
    Family { total: "http_requests_total", service: "job", failed: ("status_code", FIVES), durations: Some(("http_request_duration_seconds", 1_000)) },
    Family { total: "http_request_duration_seconds_count", service: "job", failed: ("code", FIVES), durations: Some(("http_request_duration_seconds", 1_000)) },
    Family { total: "http_request_duration_seconds_count", service: "job", failed: ("status_code", FIVES), durations: Some(("http_request_duration_seconds", 1_000)) },
    Family { total: "grpc_server_handled_total", service: "job", failed: ("grpc_code", GRPC_SERVER), durations: Some(("grpc_server_handling_seconds", 1_000)) },
    Family { total: "istio_requests_total", service: "destination_service_name", failed: ("response_code", FIVES), durations: Some(("istio_request_duration_milliseconds", 1)) },
    Family { total: "nginx_ingress_controller_requests", service: "exported_service", failed: ("status", FIVES), durations: None },
    Family { total: "traefik_service_requests_total", service: "exported_service", failed: ("code", FIVES), durations: Some(("traefik_service_request_duration_seconds", 1_000)) },
    Family { total: "envoy_cluster_upstream_rq", service: "envoy_cluster_name", failed: ("envoy_response_code", FIVES), durations: Some(("envoy_cluster_upstream_rq_time", 1)) },
];

/// The percentiles that are read of a histogram.
const PERCENTILES: [(&str, &str); 3] = [
    ("latency_p50", "0.5"),
    ("latency_p95", "0.95"),
    ("latency_p99", "0.99"),
];

/// What a source holds of a service, fit to be remembered as text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipe {
    /// The counters: all requests, and those that failed.
    pub requests: CounterRatio,
    /// The selector of the histogram's buckets, and how many milliseconds its unit has.
    pub durations: Option<(String, u32)>,
}

impl PrometheusSource {
    /// The services that the source has a family of, each with its recipe; at most
    /// [`SERVICES_MAX`], in the order of their names.
    ///
    /// # Errors
    ///
    /// Why the source has no answer; nothing is known then.
    pub async fn recipes(
        &self,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<ServiceName, Recipe>, Failure> {
        let mut found: BTreeMap<ServiceName, Recipe> = BTreeMap::new();
        for family in FAMILIES {
            let (label, _) = family.failed;
            let services = self
                .services(
                    family.service,
                    &format!("{}{{{label}=~\"{}\"}}", family.total, family.outcomes()),
                    now,
                )
                .await?;
            let timed = match family.durations {
                Some((histogram, _)) if !services.is_empty() => {
                    let buckets = format!("{histogram}_bucket");
                    self.services(family.service, &buckets, now)
                        .await?
                }
                _ => Vec::new(),
            };
            for service in services {
                let recipe = || family.recipe(&service, timed.contains(&service));
                found
                    .entry(service.clone())
                    .or_insert_with(recipe);
            }
        }
        Ok(found
            .into_iter()
            .take(SERVICES_MAX)
            .collect())
    }

    /// What a recipe measures in the whole minutes of `during`: `availability`, `error_rate` and
    /// `throughput` of each minute that was measured, and its percentiles. What was not measured is
    /// left out.
    ///
    /// # Errors
    ///
    /// Why the source had no answer for the last of the minutes.
    pub async fn cook(
        &self,
        service: &ServiceName,
        recipe: &Recipe,
        during: Interval,
        measured_until: Option<DateTime<Utc>>,
    ) -> Result<Vec<Sample>, Failure> {
        let question = Question {
            query: &Query::Counters(recipe.requests.clone()),
            during,
            width: SliceWidth::MINUTE,
            measured_until,
        };
        let answer = self.measure(&question).await;
        let mut samples = Vec::new();
        let mut start = during.start();
        for measurement in &answer.slices {
            let counts = match measurement {
                Measurement::Measured(counts) => Some(*counts),
                Measurement::NoTraffic => Some(Counts::NONE),
                _ => None,
            };
            samples.extend(
                counts
                    .into_iter()
                    .flat_map(|counts| counted(service, start, counts)),
            );
            start += SliceWidth::MINUTE.span().as_delta();
        }
        if let Some(Measurement::Failed(failure)) = answer.slices.last() {
            return Err(failure.clone());
        }
        if let Some((buckets, milliseconds)) = &recipe.durations {
            for (metric, quantile) in PERCENTILES {
                let expression = self.percentile(buckets, *milliseconds, quantile);
                samples.extend(
                    self.percentiles(service, metric, &expression, during)
                        .await?,
                );
            }
        }
        Ok(samples)
    }

    /// How many of each service's targets the source reaches, as one event a target: what Prometheus
    /// calls `up`, by `job`; at most [`SERVICES_MAX`] services.
    ///
    /// # Errors
    ///
    /// Why the source has no answer.
    pub async fn reached(&self, now: DateTime<Utc>) -> Result<Vec<Sample>, Failure> {
        let minute = SliceWidth::MINUTE;
        let instant = Interval::new(now - minute.span().as_delta(), now);
        let all = self
            .client
            .query_range("count by (job) (up)", instant, minute)
            .await?;
        let up = self
            .client
            .query_range("count by (job) (up == 1)", instant, minute)
            .await?;
        let last = |series: &Series| {
            series
                .readings
                .last()
                .map(|held| held.value)
        };
        let reached: BTreeMap<&str, f64> = up
            .series
            .iter()
            .filter_map(|series| Some((series.labels.get("job")?.as_str(), last(series)?)))
            .collect();
        let samples = all.series.iter().filter_map(|series| {
            let job = series.labels.get("job")?;
            let good = reached
                .get(job.as_str())
                .copied()
                .unwrap_or(0.0);
            let counts = Counts::from_good_and_total(good, last(series)?).ok()?;
            let service = job.parse().ok()?;
            sample(&service, "probe_success", now, SampleValue::Counts(counts))
        });
        Ok(samples.take(SERVICES_MAX).collect())
    }

    /// The values of `label` among the series of a selector at an instant.
    async fn services(
        &self,
        label: &str,
        selector: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<ServiceName>, Failure> {
        let minute = SliceWidth::MINUTE;
        let instant = Interval::new(now - minute.span().as_delta(), now);
        let found = self
            .client
            .query_range(&format!("group by ({label}) ({selector})"), instant, minute)
            .await?;
        // What cannot be a name is no service of ours.
        Ok(found
            .series
            .iter()
            .filter_map(|series| series.labels.get(label)?.parse().ok())
            .collect())
    }

    async fn percentiles(
        &self,
        service: &ServiceName,
        metric: &str,
        expression: &str,
        during: Interval,
    ) -> Result<Vec<Sample>, Failure> {
        let minute = SliceWidth::MINUTE;
        let found = self
            .client
            .query_range(expression, during, minute)
            .await?;
        let readings = found
            .series
            .first()
            .map_or(&[][..], |series| &series.readings);
        Ok(readings
            .iter()
            .filter(|reading| reading.value.is_finite() && reading.value >= 0.0)
            .filter_map(|reading| {
                // The value at the end of a minute is what the minute showed.
                let at = reading.at - minute.span().as_delta();
                sample(service, metric, at, SampleValue::Number(reading.value))
            })
            .collect())
    }

    /// The percentile of a histogram over at least a minute and four scrapes, in milliseconds.
    fn percentile(&self, buckets: &str, milliseconds: u32, quantile: &str) -> String {
        let seconds = self
            .scrape_interval
            .as_seconds()
            .saturating_mul(ESTIMATE_SCRAPES)
            .max(60);
        format!(
            "{milliseconds} * histogram_quantile({quantile}, sum by (le) (rate({buckets}[{seconds}s])))"
        )
    }
}

impl Family {
    /// What the label of outcomes must look like: of other values nobody could tell the failed ones,
    /// and a service that fails would seem well.
    fn outcomes(&self) -> &'static str {
        if self.failed.1 == FIVES {
            "[1-5](xx|[0-9][0-9])"
        } else {
            ".+"
        }
    }

    fn recipe(&self, service: &ServiceName, is_timed: bool) -> Recipe {
        let name = quoted(service.as_str());
        let (label, failed) = self.failed;
        let (total, by) = (self.total, self.service);
        Recipe {
            requests: CounterRatio {
                part: CounterPart::Bad(format!("{total}{{{by}={name},{label}=~\"{failed}\"}}")),
                total: format!("{total}{{{by}={name}}}"),
            },
            durations: self
                .durations
                .filter(|_| is_timed)
                .map(|(histogram, unit)| (format!("{histogram}_bucket{{{by}={name}}}"), unit)),
        }
    }
}

/// A minute's counts under the names that SLOs use.
fn counted(service: &ServiceName, at: DateTime<Utc>, counts: Counts) -> Vec<Sample> {
    let per_second = counts.total().as_f64() / 60.0;
    [
        sample(service, "availability", at, SampleValue::Counts(counts)),
        sample(service, "error_rate", at, SampleValue::Counts(counts)),
        sample(service, "throughput", at, SampleValue::Number(per_second)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn sample(
    service: &ServiceName,
    metric: &str,
    at: DateTime<Utc>,
    value: SampleValue,
) -> Option<Sample> {
    Some(Sample {
        service_name: service.clone(),
        metric_name: metric.parse::<MetricName>().ok()?,
        labels: [(RECIPE_LABEL.to_owned(), RECIPE_SOURCE.to_owned())].into(),
        at,
        value,
    })
}

/// The stretch of whole minutes that a recipe is cooked for at `now`: what has closed since it was
/// last and a little more, at most [`limits::STEP_MAX`] of it. Nothing while no other minute closed.
#[must_use]
pub fn due_minutes(last: Option<DateTime<Utc>>, now: DateTime<Utc>, delay: TimeDelta) -> Interval {
    let end = SliceWidth::MINUTE.floor(now - delay);
    let earliest = end - limits::STEP_MAX;
    let start = match last {
        Some(last) if last >= end => end,
        Some(last) => (last - OVERLAP).max(earliest),
        None => earliest,
    };
    Interval::new(start, end)
}

/// So much is measured again: minutes whose samples the store, or whose counters the source, did not
/// take or give the first time. What is stored already changes nothing.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// The label by which a recipe's samples are told from those that somebody pushed.
pub const RECIPE_LABEL: &str = "source";
/// Its value.
const RECIPE_SOURCE: &str = "prometheus";

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    #[test]
    fn every_recipe_asks_with_selectors_that_a_prometheus_accepts() {
        let service: ServiceName = "a:b.c/d-e_f".parse().expect("a name");
        for family in FAMILIES {
            let recipe = family.recipe(&service, true);
            let CounterPart::Bad(bad) = &recipe.requests.part else {
                panic!("recipes count what failed");
            };
            for selector in [bad, &recipe.requests.total] {
                assert_eq!(crate::check_selector(selector), Ok(()), "{selector}");
            }
            assert_eq!(recipe.durations.is_some(), family.durations.is_some());
        }
    }

    #[test]
    fn an_hour_is_made_up_for_and_no_minute_is_taken_before_it_has_closed() {
        let (now, delay) = (at_second(36_000 + 65), TimeDelta::seconds(10));
        let minutes = |last: Option<i64>| {
            let due = due_minutes(last.map(at_second), now, delay);
            (due.start().timestamp(), due.end().timestamp())
        };
        assert_eq!(minutes(None), (32_400, 36_000));
        assert_eq!(minutes(Some(0)), (32_400, 36_000));
        assert_eq!(minutes(Some(35_940)), (35_640, 36_000));
        assert_eq!(minutes(Some(36_000)), (36_000, 36_000));
        assert_eq!(minutes(Some(36_060)), (36_000, 36_000));
    }
}
