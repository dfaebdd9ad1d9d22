//! A Prometheus, or whatever serves its query API (Thanos, Mimir, `VictoriaMetrics`).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sre_core::counter::LOOK_BACK;
use sre_core::histogram::Bracket;
use sre_core::slice::SliceWidth;
use sre_core::source::{
    Answer, Explained, Failure, FailureClass, Finding, Measurement, MetricSource, Place, Query,
    Question,
};
use sre_core::time::{Interval, Span};
use url::Url;

use crate::client::{Client, ClientError};
use crate::exact::{self, Found};
use crate::failure::failure;
use crate::plan::{self, Plan};
use crate::{estimate, inspect, latency, limits, votes};

/// Where a Prometheus is and how it is asked.
#[derive(Clone)]
#[non_exhaustive]
pub struct PrometheusConfig {
    /// The address that `/api/v1` is below of; name and password in it are sent and never shown.
    pub url: Url,
    /// How long one query may take, connecting and reading included.
    pub timeout: Duration,
    /// How often targets are scraped: only what is estimated needs to know.
    pub scrape_interval: Span,
    /// How many queries are in flight at once.
    pub in_flight: usize,
}

impl PrometheusConfig {
    /// The defaults for an address.
    pub const fn new(url: Url) -> Self {
        Self {
            url,
            timeout: limits::TIMEOUT_DEFAULT,
            scrape_interval: Span::minutes(1),
            in_flight: limits::IN_FLIGHT_DEFAULT,
        }
    }
}

impl fmt::Debug for PrometheusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusConfig")
            .field("url", &shown(&self.url))
            .field("timeout", &self.timeout)
            .field("scrape_interval", &self.scrape_interval)
            .field("in_flight", &self.in_flight)
            .finish()
    }
}

/// The [`MetricSource`] that reads counters from a Prometheus.
#[derive(Debug)]
pub struct PrometheusSource {
    pub(crate) client: Client,
    pub(crate) scrape_interval: Span,
    shown: String,
}

impl PrometheusSource {
    /// A source; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::NotHttp`] for an address of another scheme, [`ClientError::Setup`].
    ///
    /// # Panics
    ///
    /// When the process has not installed a TLS provider.
    pub fn new(config: &PrometheusConfig) -> Result<Self, ClientError> {
        Ok(Self {
            client: Client::new(&config.url, config.timeout, config.in_flight)?,
            scrape_interval: config.scrape_interval,
            shown: shown(&config.url),
        })
    }

    /// Measures a stretch: exactly, or as the source estimates where it has too much to say.
    async fn step(
        &self,
        plan: &Plan,
        question: &Question<'_>,
        during: Interval,
        exactly: bool,
    ) -> Step {
        let width = question.width;
        let length = during.end() - during.start();
        let can_halve = length > limits::STEP_MIN && length > width.span().as_delta();
        if exactly || !plan.is_of_counters() {
            match self.read(plan, question, during).await {
                Ok(found) if matches!(plan, Plan::Expressions(_)) => return Step::Estimated(found),
                Ok(found) => return Step::Exact(found),
                Err(failure) if failure.class != FailureClass::TooLarge => {
                    return Step::Failed(failure);
                }
                Err(_) if can_halve => return Step::Halve,
                Err(failure) if !plan.is_of_counters() => return Step::Failed(failure),
                Err(_) => {}
            }
        }
        self.estimate(plan, during, width)
            .await
            .map_or_else(Step::Failed, Step::Estimated)
    }

    /// What the plan asks for.
    async fn read(
        &self,
        plan: &Plan,
        question: &Question<'_>,
        during: Interval,
    ) -> Result<Found, Failure> {
        let (client, width) = (&self.client, question.width);
        let since = since(during.start(), question.measured_until);
        let over = plan::window(width, self.scrape_interval);
        match plan {
            Plan::Counters(ratio) => {
                exact::measure(client, ratio, during, width, since, |series| series).await
            }
            Plan::Latency(query) => latency::measure(client, query, during, width, since).await,
            Plan::Expressions(ratio) => {
                estimate::of_expressions(client, ratio, during, width, over).await
            }
            Plan::Votes(query) => votes::measure(client, query, during, width, over).await,
        }
    }

    /// What the source itself makes of counters whose samples are too many.
    async fn estimate(
        &self,
        plan: &Plan,
        during: Interval,
        width: SliceWidth,
    ) -> Result<Found, Failure> {
        let over = plan::window(width, self.scrape_interval);
        match plan {
            Plan::Counters(ratio) => {
                estimate::of_counters(&self.client, ratio, during, width, over).await
            }
            Plan::Latency(query) => {
                latency::estimate(&self.client, query, during, width, over).await
            }
            Plan::Expressions(_) | Plan::Votes(_) => Err(failure(
                FailureClass::TooLarge,
                "too much for one answer, and nothing that could be aggregated further",
            )),
        }
    }
}

/// What came of one stretch.
enum Step {
    Exact(Found),
    Estimated(Found),
    /// There is too much in it; half of it may do.
    Halve,
    Failed(Failure),
}

#[async_trait]
impl MetricSource for PrometheusSource {
    async fn measure(&self, question: &Question<'_>) -> Answer {
        let width = question.width;
        let mut answer = Answer::exact(Vec::new());
        let (mut rest, mut length) = (question.during, limits::STEP_MAX);
        let plan = match planned(question.query) {
            Ok(plan) => plan,
            Err(refused) => {
                answer
                    .slices
                    .extend(failed(&refused, rest, width));
                return answer;
            }
        };
        while !rest.is_empty() {
            let step = Interval::new(rest.start(), (rest.start() + length).min(rest.end()));
            // What was too much once will be so again: the rest is not fetched only to be dropped.
            match self
                .step(&plan, question, step, !answer.estimated)
                .await
            {
                Step::Exact(found) => {
                    answer.bracket = found.bracket.or(answer.bracket);
                    answer
                        .slices
                        .extend(partial_if_warned(found));
                }
                Step::Estimated(found) => {
                    answer.estimated = true;
                    answer.bracket = found.bracket.or(answer.bracket);
                    length = limits::STEP_MAX;
                    answer
                        .slices
                        .extend(partial_if_warned(found));
                }
                Step::Halve => {
                    length = half(step.end() - step.start(), width);
                    continue;
                }
                Step::Failed(failure) if concerns_the_source(failure.class) => {
                    answer
                        .slices
                        .extend(failed(&failure, rest, width));
                    break;
                }
                Step::Failed(failure) => answer
                    .slices
                    .extend(failed(&failure, step, width)),
            }
            rest = Interval::new(step.end(), rest.end());
        }
        answer
    }

    fn check(&self, query: &Query) -> Vec<Finding> {
        plan::check(query)
    }

    async fn inspect(&self, query: &Query, width: SliceWidth, now: DateTime<Utc>) -> Vec<Finding> {
        let over = plan::window(width, self.scrape_interval);
        inspect::inspect(&self.client, query, over, now).await
    }

    fn explain(&self, query: &Query, width: SliceWidth, bracket: Option<&Bracket>) -> Explained {
        let over = plan::window(width, self.scrape_interval);
        Plan::of(query)
            .map(|plan| plan.explained(over, bracket))
            .unwrap_or_default()
    }

    fn describe(&self) -> String {
        format!("Prometheus at {}", self.shown)
    }
}

/// How a query is asked, or why it cannot be asked at all.
fn planned(query: &Query) -> Result<Plan, Failure> {
    let fault = plan::check(query)
        .into_iter()
        .find(|finding| finding.is_fault);
    match (Plan::of(query), fault) {
        (Some(plan), None) => Ok(plan),
        (_, fault) => {
            let detail = fault.map_or_else(String::new, |fault| {
                format!("{}: {}", place(fault.place), fault.detail)
            });
            Err(failure(FailureClass::Refused, detail))
        }
    }
}

/// What a part of a query is called where people read it.
const fn place(place: Place) -> &'static str {
    match place {
        Place::Part => "the selector of part",
        Place::Total => "the selector of total",
        Place::Histogram => "the histogram",
        Place::Selector => "the selector",
        Place::Threshold => "the threshold",
        _ => "the query",
    }
}

/// From when on samples are fetched at first.
fn since(start: DateTime<Utc>, measured_until: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let seen = measured_until
        .unwrap_or(start)
        .min(start);
    (seen - limits::FIRST_LOOK).max(start - LOOK_BACK)
}

/// Half of a length, in whole slices.
fn half(length: TimeDelta, width: SliceWidth) -> TimeDelta {
    let slice = width.span().as_secs_i64();
    let slices = length.num_seconds() / slice / 2;
    TimeDelta::seconds(slices.max(1) * slice)
}

/// Whether the next question would fare no better: it would only cost a timeout more.
fn concerns_the_source(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::Unreachable
            | FailureClass::Timeout
            | FailureClass::Refused
            | FailureClass::Unavailable
    )
}

/// The same failure for every slice of a stretch.
fn failed(
    failure: &Failure,
    during: Interval,
    width: SliceWidth,
) -> impl Iterator<Item = Measurement> {
    let seconds = (during.end() - during.start()).num_seconds();
    let slices = usize::try_from(seconds / width.span().as_secs_i64()).unwrap_or(0);
    std::iter::repeat_n(Measurement::Failed(failure.clone()), slices)
}

/// An answer with warnings may lack a part of anything, also of what seems absent.
fn partial_if_warned(found: Found) -> impl Iterator<Item = Measurement> {
    let Found {
        slices, warnings, ..
    } = found;
    slices.into_iter().map(move |slice| {
        let counts = match slice {
            Measurement::Measured(counts) => counts,
            Measurement::NoTraffic | Measurement::Absent => sre_core::count::Counts::NONE,
            other => return other,
        };
        if warnings.is_empty() {
            slice
        } else {
            Measurement::Partial {
                counts,
                warnings: warnings.clone(),
            }
        }
    })
}

/// The address without name, password and parameters.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Only fails where there is no host, and then there is no name either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    #[test]
    fn name_and_password_are_never_shown() {
        let url = "http://ann:hunter2@h:9090/p/?token=hunter2#hunter2"
            .parse()
            .expect("a url");
        let config = PrometheusConfig::new(url);
        assert_eq!(shown(&config.url), "http://h:9090/p");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn samples_are_fetched_from_before_the_last_measured_slice_at_most_an_hour_back() {
        let start = at_second(10_000);
        for (measured_until, expected) in [
            (None, 9_700),
            (Some(10_000), 9_700),
            (Some(9_000), 8_700),
            (Some(0), 6_400),
        ] {
            let found = since(start, measured_until.map(at_second)).timestamp();
            assert_eq!(found, expected, "{measured_until:?}");
        }
    }

    #[test]
    fn a_half_is_whole_slices_and_at_least_one() {
        let width: SliceWidth = "15m".parse().expect("a width");
        let minutes = |minutes| half(TimeDelta::minutes(minutes), width).num_minutes();
        assert_eq!((minutes(60), minutes(45), minutes(15)), (30, 15, 15));
    }
}
