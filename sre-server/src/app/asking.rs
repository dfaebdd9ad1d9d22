//! How targets are asked: a service directly, and Prometheus for what it holds of services.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_collect::{HttpCheck, HttpProbe, PrometheusSource, RECIPE_LABEL, Recipe, due_minutes};
use sre_core::count::Counts;
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use sre_core::source::Failure;
use sre_core::store::{Samples, StoreError, Target};
use sre_core::time::{Interval, Span};

use crate::config::Config;
use crate::workers::{Asked, Asker};

/// Asks services by HTTP and a Prometheus by recipes.
#[derive(Debug)]
pub(super) struct Asking {
    probe: HttpProbe,
    prometheus: Option<Arc<PrometheusSource>>,
    samples: Arc<dyn Samples>,
    /// Services with a health check of their own: what Prometheus reaches of them is not asked.
    probed: BTreeSet<ServiceName>,
    delay: Span,
    interval: Span,
    recipes: Mutex<BTreeMap<ServiceName, Recipe>>,
    /// Up to where each service has been measured by its recipe; after a restart the hour before is
    /// measured again, which changes nothing.
    cooked: Mutex<BTreeMap<ServiceName, DateTime<Utc>>>,
}

impl Asking {
    pub(super) fn new(
        probe: HttpProbe,
        prometheus: Option<Arc<PrometheusSource>>,
        samples: Arc<dyn Samples>,
        config: &Config,
    ) -> Self {
        let probed = config.collection.probes.iter();
        Self {
            probe,
            prometheus,
            samples,
            probed: probed
                .map(|probe| probe.service_name.clone())
                .collect(),
            delay: config.evaluation.delay,
            interval: config.collection.interval,
            recipes: Mutex::default(),
            cooked: Mutex::default(),
        }
    }

    /// One direct health check: whether it succeeded, and how long it took.
    async fn check(&self, target: &Target, now: DateTime<Utc>) -> Asked {
        let url = target
            .parameters
            .get("url")
            .and_then(|url| url.parse().ok());
        let (Some(service_name), Some(url)) = (service_of(target), url) else {
            return Asked::default();
        };
        let outcome = self
            .probe
            .probe(&HttpCheck::new(url, PROBE_TIMEOUT))
            .await;
        if !outcome.success {
            tracing::info!(
                target = target.name,
                detail = outcome.detail,
                "the probe failed"
            );
        }
        let sample = |metric: &str, value| {
            Some(Sample {
                service_name: service_name.clone(),
                metric_name: metric.parse::<MetricName>().ok()?,
                labels: [("probe".to_owned(), "http".to_owned())].into(),
                at: now,
                value,
            })
        };
        let events = Counts::events(u64::from(outcome.success), 1).unwrap_or_default();
        let latency = SampleValue::Number(outcome.latency_ms());
        Asked {
            samples: [
                sample("probe_success", SampleValue::Counts(events)),
                sample("probe_latency", latency),
            ]
            .into_iter()
            .flatten()
            .collect(),
            ..Asked::default()
        }
    }

    /// Which services Prometheus scrapes, how many of their targets it reaches, and what it holds of
    /// them. While it is away, what was found stays.
    async fn discover(
        &self,
        prometheus: &PrometheusSource,
        now: DateTime<Utc>,
    ) -> Result<Asked, Failure> {
        let mut samples = prometheus.reached(now).await?;
        samples.retain(|sample| {
            !self
                .probed
                .contains(&sample.service_name)
        });
        let recipes = prometheus.recipes(now).await?;
        let found = recipes
            .keys()
            .map(|service| self.recipe_target(service))
            .collect();
        *self
            .recipes
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = recipes;
        Ok(Asked {
            samples,
            found: Some(found),
            next_at: None,
        })
    }

    fn recipe_target(&self, service: &ServiceName) -> Target {
        Target {
            name: format!("recipe:{service}"),
            interval: self.interval,
            parameters: [
                ("kind".to_owned(), "recipe".to_owned()),
                ("service_name".to_owned(), service.to_string()),
            ]
            .into(),
        }
    }

    /// The minutes that have closed since a service was measured last.
    async fn cook(
        &self,
        prometheus: &PrometheusSource,
        service: &ServiceName,
        now: DateTime<Utc>,
    ) -> Result<Asked, Box<dyn std::error::Error + Send + Sync>> {
        let recipe = held(&self.recipes, service);
        let Some(recipe) = recipe else {
            // Another replica found it; the next discovery of this one will.
            return Ok(Asked::default());
        };
        let last = held(&self.cooked, service);
        let during = due_minutes(last, now, self.delay.as_delta());
        if during.is_empty() {
            return Ok(Asked::default());
        }
        let mut samples = prometheus
            .cook(service, &recipe, during, last)
            .await?;
        let pushed = self
            .pushed_by_others(service, &samples, now)
            .await?;
        samples.retain(|sample| !pushed.contains(&sample.metric_name));
        self.cooked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(service.clone(), during.end());
        Ok(Asked {
            samples,
            ..Asked::default()
        })
    }

    /// A metric has one source: what somebody pushes is not read from Prometheus as well.
    async fn pushed_by_others(
        &self,
        service: &ServiceName,
        samples: &[Sample],
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<MetricName>, StoreError> {
        let metrics: BTreeSet<&MetricName> = samples
            .iter()
            .map(|sample| &sample.metric_name)
            .collect();
        let lately = Interval::ending(now, PUSHED_WITHIN);
        let mut pushed = BTreeSet::new();
        for metric in metrics {
            let stored = self
                .samples
                .series(service, metric, lately, PUSHED_LOOKED_AT)
                .await?;
            if stored
                .iter()
                .any(|sample| !sample.labels.contains_key(RECIPE_LABEL))
            {
                pushed.insert(metric.clone());
            }
        }
        Ok(pushed)
    }

    /// Just after the next minute closes, so that the slot of that minute finds what was measured.
    fn next_minute(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let (delay, step) = (self.delay.as_delta(), self.interval.as_secs_i64());
        let number = (now - delay)
            .timestamp()
            .div_euclid(step);
        let next = number
            .saturating_add(1)
            .saturating_mul(step);
        DateTime::from_timestamp(next, 0).map_or(now + self.interval.as_delta(), |at| at + delay)
    }
}

#[async_trait]
impl Asker for Asking {
    async fn ask(&self, target: &Target, now: DateTime<Utc>) -> Asked {
        let kind = target
            .parameters
            .get("kind")
            .map_or("", String::as_str);
        match (kind, &self.prometheus, service_of(target)) {
            ("discovery", Some(prometheus), _) => {
                let asked = within(self.discover(prometheus, now)).await;
                asked.unwrap_or_else(|why| {
                    tracing::warn!(why, "Prometheus could not be asked for services");
                    Asked::default()
                })
            }
            ("recipe", Some(prometheus), Some(service)) => {
                let asked = within(self.cook(prometheus, &service, now)).await;
                let asked = asked.unwrap_or_else(|why| {
                    tracing::warn!(service.name = %service, why, "a recipe has no answer");
                    Asked::default()
                });
                Asked {
                    next_at: Some(self.next_minute(now)),
                    ..asked
                }
            }
            ("probe", ..) => self.check(target, now).await,
            // Registered by a process with another configuration.
            _ => Asked::default(),
        }
    }
}

/// The answer, or why there is none in time.
async fn within<T, E: ToString>(asking: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(ASK_TIMEOUT, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", ASK_TIMEOUT.as_secs())),
    }
}

fn held<T: Clone>(of: &Mutex<BTreeMap<ServiceName, T>>, service: &ServiceName) -> Option<T> {
    of.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(service)
        .cloned()
}

fn service_of(target: &Target) -> Option<ServiceName> {
    target
        .parameters
        .get("service_name")?
        .parse()
        .ok()
}

/// How long a direct health check waits: what takes longer is down for people, too.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Prometheus is asked about one target: shorter than a claim holds.
const ASK_TIMEOUT: Duration = Duration::from_secs(25);
/// Who pushed within this time is a source still: longer than the pauses of a deployment.
const PUSHED_WITHIN: Span = Span::hours(1);
/// So many samples are looked at for one that was pushed: an hour of a recipe and some pushes.
const PUSHED_LOOKED_AT: u32 = 200;
