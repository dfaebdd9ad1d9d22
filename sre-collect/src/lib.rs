//! Metric sources of SRE Monitor: the Prometheus query API.
