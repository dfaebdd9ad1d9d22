//! What a source knows of a query that somebody has just written.
//!
//! A parse error that is told at once is put right at once; told at every slice, it is an SLO without
//! data. What is not there yet may come, so a metric that nobody knows is a warning.

use chrono::{DateTime, Utc};
use sre_core::histogram::{Bound, Bracket};
use sre_core::slice::SliceWidth;
use sre_core::source::{
    CounterRatio, Failure, FailureClass, Finding, LatencyQuery, Place, Query, QueryRatio,
    ThresholdQuery,
};
use sre_core::time::{Interval, Span};

use crate::client::Client;
use crate::failure::is_bad_query;
use crate::latency::{self, Bounds};
use crate::plan::Plan;
use crate::{expression, promql};

/// Asks for everything that a query asks for, once.
pub(crate) async fn inspect(
    client: &Client,
    query: &Query,
    over: Span,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    let asking = Asking { client, over, now };
    match (Plan::of(query), query) {
        // What was written is what is asked of: a place that is found wrong must be there.
        (Some(Plan::Counters(ratio)), _) => asking.counters(&ratio).await,
        (_, Query::Latency(latency)) => asking.latency(latency).await,
        (_, Query::Ratio(ratio)) => asking.expressions(ratio).await,
        (_, Query::Threshold(threshold)) => asking.votes(threshold).await,
        _ => Vec::new(),
    }
}

struct Asking<'a> {
    client: &'a Client,
    over: Span,
    now: DateTime<Utc>,
}

impl Asking<'_> {
    async fn counters(&self, ratio: &CounterRatio) -> Vec<Finding> {
        let (part, total) = tokio::join!(
            self.selects(Place::Part, ratio.part.text()),
            self.selects(Place::Total, &ratio.total),
        );
        part.into_iter().chain(total).collect()
    }

    async fn expressions(&self, ratio: &QueryRatio) -> Vec<Finding> {
        let (part, total) = tokio::join!(
            self.answers_one(Place::Part, ratio.part.text()),
            self.answers_one(Place::Total, &ratio.total),
        );
        part.into_iter().chain(total).collect()
    }

    async fn votes(&self, threshold: &ThresholdQuery) -> Vec<Finding> {
        let text = expression::over(&threshold.query, self.over);
        let found = match self
            .series_of(Place::Query, &text)
            .await
        {
            Ok(0) => Finding::warning(Place::Query, "answers nothing now: nobody would vote"),
            Ok(_) => return Vec::new(),
            Err(finding) => finding,
        };
        vec![found]
    }

    async fn latency(&self, query: &LatencyQuery) -> Vec<Finding> {
        let since = self.now - sre_core::counter::LOOK_BACK;
        let during = Interval::new(since, self.now);
        let bounds = match Bounds::look(self.client, query, during).await {
            Ok(bounds) => bounds,
            Err(failure) => return vec![told(Place::Selector, &failure)],
        };
        if bounds.is_empty() {
            let detail = format!("{} has no bucket now", latency::buckets(query, ""));
            return vec![Finding::warning(Place::Histogram, detail)];
        }
        let limit = Bound::of(query.threshold, query.unit);
        let mut findings: Vec<_> = match bounds.bracket(limit) {
            Err(error) => vec![Finding::fault(Place::Threshold, error.to_string())],
            Ok(bracket) => inside(&bracket).into_iter().collect(),
        };
        let count = latency::count(query);
        findings.extend(
            self.selects(Place::Histogram, &count)
                .await,
        );
        findings
    }

    /// Whether a selector is understood, and selects anything.
    async fn selects(&self, place: Place, selector: &str) -> Option<Finding> {
        match self
            .series_of(place, &promql::count(selector))
            .await
        {
            Ok(0) => {
                let detail = format!("{} selects no series now", selector.trim());
                Some(Finding::warning(place, detail))
            }
            Ok(_) => None,
            Err(finding) => Some(finding),
        }
    }

    /// Whether an expression is understood, and answers one series (T14).
    async fn answers_one(&self, place: Place, text: &str) -> Option<Finding> {
        let text = expression::over(text, self.over);
        match self.series_of(place, &text).await {
            Ok(0) => Some(Finding::warning(place, "answers nothing now")),
            Ok(1) => None,
            Ok(n) => {
                let detail = format!("answers {n} series: aggregate them, as by sum(…)");
                Some(Finding::fault(place, detail))
            }
            Err(finding) => Some(finding),
        }
    }

    /// How many series an expression answers now.
    async fn series_of(&self, place: Place, expression: &str) -> Result<usize, Finding> {
        let minute = SliceWidth::MINUTE;
        let instant = Interval::ending(self.now, minute.span());
        self.client
            .query_range(expression, instant, minute)
            .await
            .map(|found| found.series.len())
            .map_err(|failure| told(place, &failure))
    }
}

/// A threshold inside a bucket is legal, and worth knowing of.
fn inside(bracket: &Bracket) -> Option<Finding> {
    (!bracket.is_exact()).then(|| {
        let Bracket { below, above } = bracket;
        let detail = format!(
            "lies inside the bucket from {below} to {above}: what took longer than {below} is \
             counted as bad"
        );
        Finding::warning(Place::Threshold, detail)
    })
}

/// What the source refuses is wrong; that it cannot be asked now is not the author's fault.
fn told(place: Place, failure: &Failure) -> Finding {
    match failure.class {
        FailureClass::Refused if is_bad_query(failure) => {
            Finding::fault(place, failure.detail.clone())
        }
        _ => Finding::warning(place, format!("could not be tried: {failure}")),
    }
}
