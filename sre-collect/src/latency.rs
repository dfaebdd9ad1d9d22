//! How many requests took no longer than a time, from the buckets of a classic histogram.
//!
//! Good is the increase of the bucket that ends at the threshold, total that of `_count`: both exact
//! differences of raw samples, like those of any other counter. Which bucket that is, is looked up at
//! every question among the bounds that are there (T17): `le="0.3"` and `le="0.30"` are one bound,
//! and a deployment with other buckets must neither make every request bad nor be passed over.
//!
//! Where the threshold lies inside a bucket, what is in that bucket is counted as bad, and the answer
//! says between which bounds it lies.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sre_core::counter::Series;
use sre_core::histogram::{Bound, Bracket, BracketError, LE, bound_of, within};
use sre_core::slice::SliceWidth;
use sre_core::source::{
    CounterPart, CounterRatio, Failure, FailureClass, LatencyQuery, Measurement,
};
use sre_core::time::{Interval, Span};

use crate::client::Client;
use crate::exact::{self, Found};
use crate::failure::failure;
use crate::{estimate, promql};

/// The bounds that the buckets of a histogram have.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    /// How each bound is spelled, and how many series are.
    spelled: BTreeMap<Bound, (BTreeSet<String>, f64)>,
    warnings: Vec<String>,
}

impl Bounds {
    /// Looks which bounds there are in a stretch.
    pub(crate) async fn look(
        client: &Client,
        query: &LatencyQuery,
        during: Interval,
    ) -> Result<Self, Failure> {
        let expression = promql::count_by(LE, &buckets(query, ""), during);
        let instant = Interval::ending(during.end(), SliceWidth::MINUTE.span());
        let found = client
            .query_range(&expression, instant, SliceWidth::MINUTE)
            .await?;
        Ok(Self::of(&found.series, found.warnings))
    }

    fn of(series: &[Series], warnings: Vec<String>) -> Self {
        let mut spelled: BTreeMap<Bound, (BTreeSet<String>, f64)> = BTreeMap::new();
        for series in series {
            let (Some(bound), Some(text)) = (bound_of(&series.labels), series.labels.get(LE))
            else {
                continue;
            };
            let count = series
                .readings
                .last()
                .map_or(0.0, |reading| reading.value);
            let (texts, counted) = spelled.entry(bound).or_default();
            texts.insert(text.clone());
            *counted += count;
        }
        Self { spelled, warnings }
    }

    /// Whether there is no bucket at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.spelled.is_empty()
    }

    /// Between which of them a limit lies.
    pub(crate) fn bracket(&self, limit: Bound) -> Result<Bracket, BracketError> {
        Bracket::of(limit, self.spelled.keys().copied())
    }

    /// The bounds to read for a limit, the greatest first: those at or below it, down to the first
    /// that every histogram has. One is enough unless deployments with other buckets are mixed.
    fn to_read(&self, limit: Bound) -> Vec<Bound> {
        let series = |bound| {
            self.spelled
                .get(bound)
                .map_or(0.0, |(_, count)| *count)
        };
        let all = series(&Bound::INFINITY);
        let mut read = Vec::new();
        for (bound, _) in self.spelled.range(..=limit).rev() {
            read.push(*bound);
            if series(bound) >= all {
                break;
            }
        }
        read
    }

    /// The texts that these bounds are spelled by.
    fn texts(&self, bounds: &[Bound]) -> BTreeSet<&str> {
        bounds
            .iter()
            .filter_map(|bound| self.spelled.get(bound))
            .flat_map(|(texts, _)| texts.iter().map(String::as_str))
            .collect()
    }
}

/// Measures the slices of `during` exactly, with samples from `since` on at first.
pub(crate) async fn measure(
    client: &Client,
    query: &LatencyQuery,
    during: Interval,
    width: SliceWidth,
    since: DateTime<Utc>,
) -> Result<Found, Failure> {
    let bounds = Bounds::look(client, query, Interval::new(since, during.end())).await?;
    let limit = Bound::of(query.threshold, query.unit);
    let Some(bracket) = bracket(&bounds, limit)? else {
        return Ok(absent(&bounds, during, width));
    };
    let ratio = counters(query, &bounds.texts(&bounds.to_read(limit)));
    let found = exact::measure(client, &ratio, during, width, since, |buckets| {
        within(buckets, limit)
    })
    .await?;
    Ok(with_bounds(found, bounds, bracket))
}

/// Estimates the slices of `during`, by the greatest bucket that every histogram has.
pub(crate) async fn estimate(
    client: &Client,
    query: &LatencyQuery,
    during: Interval,
    width: SliceWidth,
    over: Span,
) -> Result<Found, Failure> {
    let bounds = Bounds::look(client, query, during).await?;
    let limit = Bound::of(query.threshold, query.unit);
    let Some(bracket) = bracket(&bounds, limit)? else {
        return Ok(absent(&bounds, during, width));
    };
    let read = bounds.to_read(limit);
    let common = read
        .last()
        .map_or(&[][..], std::slice::from_ref);
    let ratio = counters(query, &bounds.texts(common));
    let found = estimate::of_counters(client, &ratio, during, width, over).await?;
    Ok(with_bounds(found, bounds, bracket))
}

/// The selectors that are asked for a limit between these bounds; for one that is a bound itself
/// where nobody has looked yet.
pub(crate) fn shown(query: &LatencyQuery, bracket: Option<&Bracket>) -> CounterRatio {
    let limit = Bound::of(query.threshold, query.unit);
    let read = bracket.map_or(limit, |bracket| bracket.below);
    counters(query, &BTreeSet::from([read.to_string().as_str()]))
}

/// The selector of all observations.
pub(crate) fn count(query: &LatencyQuery) -> String {
    let LatencyQuery {
        histogram,
        selector,
        ..
    } = query;
    match selector.trim() {
        "" => format!("{histogram}_count"),
        selector => format!("{histogram}_count{{{selector}}}"),
    }
}

/// The selector of the buckets, with one more matcher.
pub(crate) fn buckets(query: &LatencyQuery, more: &str) -> String {
    let selector = query
        .selector
        .trim()
        .trim_end_matches(',');
    let matchers: Vec<_> = [selector, more]
        .into_iter()
        .filter(|matcher| !matcher.is_empty())
        .collect();
    format!("{}_bucket{{{}}}", query.histogram, matchers.join(","))
}

fn counters(query: &LatencyQuery, texts: &BTreeSet<&str>) -> CounterRatio {
    let matcher = match texts.first() {
        Some(text) if texts.len() == 1 => format!("{LE}={}", promql::quoted(text)),
        _ => format!("{LE}=~{}", promql::one_of(texts)),
    };
    CounterRatio {
        part: CounterPart::Good(buckets(query, &matcher)),
        total: count(query),
    }
}

/// The bounds next to the limit; `None` where there is no histogram, an error where it has none.
fn bracket(bounds: &Bounds, limit: Bound) -> Result<Option<Bracket>, Failure> {
    if bounds.is_empty() {
        return Ok(None);
    }
    bounds
        .bracket(limit)
        .map(Some)
        .map_err(|error| failure(FailureClass::Impossible, error.to_string()))
}

fn absent(bounds: &Bounds, during: Interval, width: SliceWidth) -> Found {
    let slices = width.index_of(during.start())..width.index_of(during.end());
    Found {
        slices: slices
            .map(|_| Measurement::Absent)
            .collect(),
        warnings: bounds.warnings.clone(),
        bracket: None,
    }
}

fn with_bounds(mut found: Found, bounds: Bounds, bracket: Bracket) -> Found {
    found.warnings.extend(bounds.warnings);
    found
        .warnings
        .truncate(crate::limits::WARNINGS_MAX);
    found.bracket = Some(bracket);
    found
}

#[cfg(test)]
mod tests {
    use sre_core::counter::Reading;
    use sre_core::latency::LatencyUnit;
    use sre_core::time::at_second;

    use super::*;

    fn bound(text: &str) -> Bound {
        text.parse().expect(text)
    }

    fn query(selector: &str) -> LatencyQuery {
        LatencyQuery {
            histogram: "http_seconds".to_owned(),
            selector: selector.to_owned(),
            threshold: "300ms".parse().expect("a latency"),
            unit: LatencyUnit::Seconds,
        }
    }

    fn bounds(counts: &[(&str, f64)]) -> Bounds {
        let series = |(le, count): &(&str, f64)| Series {
            labels: BTreeMap::from([(LE.to_owned(), (*le).to_owned())]),
            target: None,
            readings: vec![Reading {
                at: at_second(0),
                value: *count,
            }],
        };
        let series: Vec<_> = counts.iter().map(series).collect();
        Bounds::of(&series, Vec::new())
    }

    #[test]
    fn one_bucket_is_read_and_more_only_where_deployments_are_mixed() {
        let alike = bounds(&[("0.1", 4.0), ("0.3", 4.0), ("0.5", 4.0), ("+Inf", 4.0)]);
        assert_eq!(alike.to_read(bound("0.3")), [bound("0.3")]);
        assert_eq!(alike.to_read(bound("0.4")), [bound("0.3")]);
        let mixed = bounds(&[("0.1", 4.0), ("0.25", 3.0), ("0.3", 1.0), ("+Inf", 4.0)]);
        assert_eq!(
            mixed.to_read(bound("0.3")),
            [bound("0.3"), bound("0.25"), bound("0.1")]
        );
    }

    #[test]
    fn t17_every_spelling_of_a_bound_is_read() {
        let twice = bounds(&[("1", 1.0), ("1.0", 1.0), ("+Inf", 2.0)]);
        let texts = twice.texts(&twice.to_read(bound("1")));
        assert_eq!(texts, BTreeSet::from(["1", "1.0"]));
        let ratio = counters(&query(""), &texts);
        assert_eq!(ratio.part.text(), r#"http_seconds_bucket{le=~"1|1\\.0"}"#);
    }

    #[test]
    fn selectors_are_those_of_the_histogram_with_the_bound() {
        let shown = |selector, bracket: Option<&Bracket>| shown(&query(selector), bracket);
        let plain = shown("", None);
        assert_eq!(plain.part.text(), r#"http_seconds_bucket{le="0.3"}"#);
        assert_eq!(plain.total, "http_seconds_count");
        let inside = Bracket {
            below: bound("0.25"),
            above: bound("0.5"),
        };
        let selected = shown(r#" job="api", "#, Some(&inside));
        let expected = r#"http_seconds_bucket{job="api",le="0.25"}"#;
        assert_eq!(selected.part.text(), expected);
        assert_eq!(selected.total, r#"http_seconds_count{job="api",}"#);
    }
}
