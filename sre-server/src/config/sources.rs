//! Where measurements come from.

use sre_core::name::ServiceName;
use sre_core::time::Span;
use url::Url;

use super::parse;
use super::reader::Reader;
use crate::secret::Secret;

/// A server of the Prometheus query API.
#[derive(Clone, Debug)]
pub struct PrometheusConfig {
    /// Its address, which may carry credentials.
    pub url: Secret<Url>,
    /// How often it scrapes; for PromQL that cannot be read as counters.
    pub scrape_interval: Span,
}

/// What is collected, and how often.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectionConfig {
    /// How often health checks are made and recipes queried.
    pub interval: Span,
    /// The direct health checks.
    pub probes: Vec<ProbeConfig>,
}

/// One direct health check by HTTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProbeConfig {
    /// The service that is checked.
    pub service_name: ServiceName,
    /// What is asked.
    pub url: Url,
}

pub(super) fn read_prometheus(reader: &mut Reader<'_>) -> Option<PrometheusConfig> {
    let url = reader.optional("PROMETHEUS_URL", parse::url);
    let endpoint = reader.optional("PROMETHEUS_ENDPOINT", parse::url);
    let scrape_interval = reader.value("PROMETHEUS_SCRAPE_INTERVAL", parse::span);
    if let (Some(url), Some(endpoint)) = (&url, &endpoint)
        && url != endpoint
    {
        reader.warn("PROMETHEUS_ENDPOINT differs from PROMETHEUS_URL, which is used");
    }
    let url = url.or(endpoint);
    if url.is_none() && reader.is_set("PROMETHEUS_SCRAPE_INTERVAL") {
        reader.warn("PROMETHEUS_SCRAPE_INTERVAL has no effect: PROMETHEUS_URL is unset");
    }
    url.map(|url| PrometheusConfig {
        url: Secret::new(url),
        scrape_interval,
    })
}

pub(super) fn read_collection(reader: &mut Reader<'_>) -> CollectionConfig {
    let gateway = reader.optional("API_GATEWAY_URL", parse::url);
    let probes = gateway
        .map(|url| ProbeConfig {
            service_name: GATEWAY.parse().expect("a plain name"),
            url,
        })
        .into_iter()
        .collect();
    CollectionConfig {
        interval: reader.value("MONITORING_COLLECTION_INTERVAL", parse::span),
        probes,
    }
}

const GATEWAY: &str = "api-gateway";
