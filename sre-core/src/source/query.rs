//! What a source can be asked for the slices of an SLO.

use crate::latency::{Latency, LatencyUnit};
use crate::threshold::Threshold;

/// What is asked of a source. Texts are in the source's own language, and it has checked them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Query {
    /// How many requests took no longer than a time.
    Latency(LatencyQuery),
    /// Two expressions, each of which answers a number of events.
    Ratio(QueryRatio),
    /// An expression whose values hold a line or do not.
    Threshold(ThresholdQuery),
    /// Two counters. Stored as it was when nothing else could be asked.
    #[cfg_attr(feature = "serde", serde(untagged))]
    Counters(CounterRatio),
}

impl From<CounterRatio> for Query {
    fn from(ratio: CounterRatio) -> Self {
        Self::Counters(ratio)
    }
}

/// A ratio of two counters, each named by a selector in the source's language; the increases of all
/// series that match are summed.
///
/// ```
/// use sre_core::source::{CounterPart, CounterRatio, Query};
///
/// let ratio = CounterRatio {
///     part: CounterPart::Bad(r#"http_requests_total{job="checkout",code=~"5.."}"#.to_owned()),
///     total: r#"http_requests_total{job="checkout"}"#.to_owned(),
/// };
/// let query: Query = ratio.into();
/// assert!(matches!(query, Query::Counters(_)));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct CounterRatio {
    /// Which events the first selector counts.
    pub part: CounterPart,
    /// The selector of all valid events.
    pub total: String,
}

/// The counted part of a [`CounterRatio`] or of a [`QueryRatio`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CounterPart {
    /// What counts good events.
    Good(String),
    /// What counts bad events.
    Bad(String),
}

impl CounterPart {
    /// The selector or expression.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Good(text) | Self::Bad(text)) = self;
        text
    }

    /// The same part, counted by another text.
    #[must_use]
    pub fn with_text(&self, text: String) -> Self {
        match self {
            Self::Good(_) => Self::Good(text),
            Self::Bad(_) => Self::Bad(text),
        }
    }
}

/// The requests of a histogram that took no longer than a threshold: good is the increase of the
/// bucket whose upper bound is the threshold, total that of all of them.
///
/// Where the threshold lies strictly inside a bucket, nobody knows on which side of it the bucket's
/// requests were; they are counted as bad, so that bad is never understated.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct LatencyQuery {
    /// The name of the histogram, without `_bucket`.
    pub histogram: String,
    /// Which of its series, as matchers without braces; empty for all of them.
    pub selector: String,
    /// The longest time that is good.
    pub threshold: Latency,
    /// In what the histogram's bounds are written.
    #[cfg_attr(feature = "serde", serde(default))]
    pub unit: LatencyUnit,
}

/// A ratio of two expressions in the source's language that answer numbers of events over
/// [`WINDOW`](Self::WINDOW); both are evaluated at one instant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct QueryRatio {
    /// Which events the first expression counts.
    pub part: CounterPart,
    /// The expression of all valid events.
    pub total: String,
}

impl QueryRatio {
    /// What stands in an expression for the length that it is evaluated over.
    pub const WINDOW: &'static str = "{{window}}";
}

/// An expression whose value, at the end of each slice, holds a line or does not: each series of the
/// result is one vote.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct ThresholdQuery {
    /// The expression.
    pub query: String,
    /// The line.
    pub line: Threshold,
}

#[cfg(all(test, feature = "serde"))]
mod tests;
