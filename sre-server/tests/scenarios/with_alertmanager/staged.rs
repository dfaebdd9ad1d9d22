//! The real source, which is asked for the job of a scene, and whom nobody answers while it is dark.

use std::sync::Arc;

use async_trait::async_trait;
use sre_collect::{PrometheusConfig, PrometheusSource};
use sre_core::source::{Answer, CounterRatio, MetricSource, Query, Question};
use sre_core::time::{Clock, Interval};

use super::engine::StageClock;

/// The job that an SLO names; a scene's own takes its place.
pub(crate) const NAMED: &str = r#"job="shop""#;
/// Nobody listens on the first port.
const NOBODY: &str = "http://127.0.0.1:1";

/// A Prometheus of which one job is seen.
#[derive(Debug)]
pub(crate) struct Staged {
    prometheus: Arc<PrometheusSource>,
    nobody: PrometheusSource,
    job: String,
    dark: Option<Interval>,
    clock: Arc<StageClock>,
}

impl Staged {
    /// What is measured of `job`; nothing while the clock is in `dark`.
    pub(crate) fn new(
        prometheus: Arc<PrometheusSource>,
        job: &str,
        dark: Option<Interval>,
        clock: Arc<StageClock>,
    ) -> Self {
        let nobody = PrometheusConfig::new(NOBODY.parse().expect("a url"));
        Self {
            prometheus,
            nobody: PrometheusSource::new(&nobody).expect("a source"),
            job: format!(r#"job="{job}""#),
            dark,
            clock,
        }
    }

    fn of_the_scene(&self, query: &Query) -> Query {
        let Query::Counters(CounterRatio { part, total }) = query else {
            panic!("scenes are counted: {query:?}");
        };
        let cast = |text: &str| text.replace(NAMED, &self.job);
        let (part, total) = (part.with_text(cast(part.text())), cast(total));
        Query::Counters(CounterRatio { part, total })
    }
}

#[async_trait]
impl MetricSource for Staged {
    async fn measure(&self, question: &Question<'_>) -> Answer {
        let query = self.of_the_scene(question.query);
        let question = Question {
            query: &query,
            ..question.clone()
        };
        let now = self.clock.now();
        let is_dark = self
            .dark
            .is_some_and(|dark| dark.contains(now));
        if is_dark {
            self.nobody.measure(&question).await
        } else {
            self.prometheus.measure(&question).await
        }
    }

    fn describe(&self) -> String {
        self.prometheus.describe()
    }
}
