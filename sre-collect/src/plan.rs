//! How a query is asked: what is checked of it at the door, and what it becomes.

use sre_core::histogram::Bracket;
use sre_core::slice::SliceWidth;
use sre_core::source::{
    CounterRatio, Explained, Finding, LatencyQuery, Place, Query, QueryRatio, ThresholdQuery,
};
use sre_core::time::Span;

use crate::limits::{ESTIMATE_SCRAPES, EXPRESSION_MAX_BYTES};
use crate::{check_selector, expression, latency, promql};

/// What a query is asked as.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Raw samples of two counters, named by the author or found in what was written.
    Counters(CounterRatio),
    /// Raw samples of a bucket and of all observations.
    Latency(LatencyQuery),
    /// Two expressions, run as they are written.
    Expressions(QueryRatio),
    /// An expression whose values vote.
    Votes(ThresholdQuery),
}

impl Plan {
    /// The most exact way to ask.
    pub(crate) fn of(query: &Query) -> Option<Self> {
        match query {
            Query::Counters(ratio) => Some(Self::Counters(ratio.clone())),
            Query::Latency(latency) => Some(Self::Latency(latency.clone())),
            Query::Ratio(ratio) => Some(
                counters_in(ratio).map_or_else(|| Self::Expressions(ratio.clone()), Self::Counters),
            ),
            Query::Threshold(threshold) => Some(Self::Votes(threshold.clone())),
            _ => None,
        }
    }

    /// Whether it is read from raw samples, as long as they are not too many.
    pub(crate) const fn is_of_counters(&self) -> bool {
        matches!(self, Self::Counters(_) | Self::Latency(_))
    }

    /// What is asked, for people to read.
    pub(crate) fn explained(&self, over: Span, bracket: Option<&Bracket>) -> Explained {
        let selectors =
            |ratio: &CounterRatio| vec![ratio.part.text().to_owned(), ratio.total.clone()];
        let queries = match self {
            Self::Counters(ratio) => selectors(ratio),
            Self::Latency(query) => selectors(&latency::shown(query, bracket)),
            Self::Expressions(ratio) => [ratio.part.text(), &ratio.total]
                .map(|text| expression::over(text, over))
                .into(),
            Self::Votes(query) => vec![expression::over(&query.query, over)],
        };
        Explained {
            queries,
            is_estimated: matches!(self, Self::Expressions(_)),
        }
    }
}

/// Both counters, where both expressions are sums of one counter's increase: an exact count beside an
/// estimated one would be no ratio.
fn counters_in(ratio: &QueryRatio) -> Option<CounterRatio> {
    let part = expression::counter_in(ratio.part.text())?;
    let total = expression::counter_in(&ratio.total)?;
    Some(CounterRatio {
        part: ratio.part.with_text(part.to_owned()),
        total: total.to_owned(),
    })
}

/// How long a stretch is that is estimated over: the slice, and at least a few scrapes.
pub(crate) fn window(width: SliceWidth, scrape_interval: Span) -> Span {
    let scrapes = scrape_interval
        .as_seconds()
        .saturating_mul(ESTIMATE_SCRAPES);
    width
        .span()
        .max(Span::from_seconds(scrapes).unwrap_or(Span::MAX))
}

/// What is wrong with a query, as far as its text shows it.
pub(crate) fn check(query: &Query) -> Vec<Finding> {
    match query {
        Query::Counters(ratio) => [
            (Place::Part, ratio.part.text()),
            (Place::Total, ratio.total.as_str()),
        ]
        .into_iter()
        .filter_map(|(place, text)| fault_of_selector(place, text))
        .collect(),
        Query::Latency(latency) => check_latency(latency),
        Query::Ratio(ratio) => [
            (Place::Part, ratio.part.text()),
            (Place::Total, ratio.total.as_str()),
        ]
        .into_iter()
        .filter_map(|(place, text)| fault_of_estimate(place, text))
        .chain(warning_of_rates(ratio))
        .collect(),
        Query::Threshold(threshold) => fault_of_length(Place::Query, &threshold.query)
            .into_iter()
            .collect(),
        _ => vec![Finding::fault(
            Place::Query,
            "this source cannot be asked this",
        )],
    }
}

fn fault_of_selector(place: Place, text: &str) -> Option<Finding> {
    let error = check_selector(text).err()?;
    Some(Finding::fault(place, error.to_string()))
}

fn check_latency(query: &LatencyQuery) -> Vec<Finding> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let name = &query.histogram;
    if name.is_empty()
        || !name.chars().all(is_name)
        || name.starts_with(|c: char| c.is_ascii_digit())
    {
        let detail = "must be the name of a histogram, such as http_request_duration_seconds";
        return vec![Finding::fault(Place::Histogram, detail)];
    }
    for suffix in ["_bucket", "_count", "_sum"] {
        if let Some(stem) = name.strip_suffix(suffix) {
            let detail = format!("name the histogram itself, without {suffix}: {stem}");
            return vec![Finding::fault(Place::Histogram, detail)];
        }
    }
    let selector = query.selector.trim();
    let place = Place::Selector;
    if selector.starts_with('{') {
        return vec![Finding::fault(
            place,
            "matchers without braces, such as job=\"api\"",
        )];
    }
    if let Err(error) = check_selector(&latency::buckets(query, "")) {
        let before = name.chars().count() + "_bucket{".len();
        let position = error.position.saturating_sub(before);
        let detail = format!("{}, at character {}", error.fault, position.max(1));
        return vec![Finding::fault(place, detail)];
    }
    let names_le = promql::labels_matched(selector).any(|label| label == "le");
    names_le
        .then(|| Finding::fault(place, "leave `le` out: the threshold chooses the bucket"))
        .into_iter()
        .collect()
}

fn fault_of_estimate(place: Place, text: &str) -> Option<Finding> {
    if let Some(fault) = fault_of_length(place, text) {
        return Some(fault);
    }
    (!text.contains(QueryRatio::WINDOW)).then(|| {
        let detail = format!(
            "must count over {}, such as sum(increase(requests_total[{}]))",
            QueryRatio::WINDOW,
            QueryRatio::WINDOW
        );
        Finding::fault(place, detail)
    })
}

fn fault_of_length(place: Place, text: &str) -> Option<Finding> {
    if text.trim().is_empty() {
        return Some(Finding::fault(place, "the expression is empty"));
    }
    (text.len() > EXPRESSION_MAX_BYTES).then(|| {
        let detail = format!("an expression may have at most {EXPRESSION_MAX_BYTES} bytes");
        Finding::fault(place, detail)
    })
}

/// `rate` answers events a second where a number of events is expected: the ratio is right, the
/// number of events is not. Where it is rewritten to counters that does not matter.
fn warning_of_rates(ratio: &QueryRatio) -> Option<Finding> {
    let has_rate = |text: &str| text.contains("rate(");
    let place = match (has_rate(ratio.part.text()), has_rate(&ratio.total)) {
        (true, _) => Place::Part,
        (false, true) => Place::Total,
        (false, false) => return None,
    };
    counters_in(ratio).is_none().then(|| {
        Finding::warning(
            place,
            "rate() answers events a second, which are taken for events: write increase()",
        )
    })
}

#[cfg(test)]
mod tests;
