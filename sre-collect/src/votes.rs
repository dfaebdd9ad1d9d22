//! Values that hold a line or do not: one vote of each series at the end of each slice.
//!
//! A value is read just before its slice ends, since a sample on the edge belongs to the next one.
//! Without a series nobody has voted, and the slice is absent. A value that is no number (0 ÷ 0, a
//! quantile of nothing) is no vote either; where there is nothing else the answer is impossible, and
//! neither good nor bad.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::count::Counts;
use sre_core::counter::Series;
use sre_core::slice::SliceWidth;
use sre_core::source::{Failure, FailureClass, Measurement, ThresholdQuery};
use sre_core::threshold::Threshold;
use sre_core::time::{Interval, Span};

use crate::client::Client;
use crate::exact::Found;
use crate::expression;
use crate::failure::failure;

/// The last instant of a slice that the source can tell from the next: it keeps milliseconds.
const BEFORE_THE_EDGE: TimeDelta = TimeDelta::milliseconds(1);

/// Measures the slices of `during`; a window in the expression is `over` long.
pub(crate) async fn measure(
    client: &Client,
    query: &ThresholdQuery,
    during: Interval,
    width: SliceWidth,
    over: Span,
) -> Result<Found, Failure> {
    let expression = expression::over(&query.query, over);
    let asked = Interval::new(
        during.start() - BEFORE_THE_EDGE,
        during.end() - BEFORE_THE_EDGE,
    );
    let found = client
        .query_range(&expression, asked, width)
        .await?;
    let votes = Votes::count(&found.series, query.line);
    let slices = width.index_of(during.start())..width.index_of(during.end());
    let slices = slices.map(|index| {
        let slice = width.interval(index);
        votes.of(slice.end() - BEFORE_THE_EDGE)
    });
    Ok(Found {
        slices: slices.collect(),
        warnings: found.warnings,
        bracket: None,
    })
}

/// How many series voted how, at each instant.
#[derive(Debug, Default)]
struct Votes(BTreeMap<DateTime<Utc>, Tally>);

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    good: u64,
    total: u64,
}

impl Votes {
    fn count(series: &[Series], line: Threshold) -> Self {
        let mut votes = Self::default();
        for reading in series
            .iter()
            .flat_map(|series| &series.readings)
        {
            let tally = votes.0.entry(reading.at).or_default();
            if reading.value.is_finite() {
                tally.good += u64::from(line.is_held_by(reading.value));
                tally.total += 1;
            }
        }
        votes
    }

    fn of(&self, at: DateTime<Utc>) -> Measurement {
        let Some(tally) = self.0.get(&at) else {
            return Measurement::Absent;
        };
        if tally.total == 0 {
            let detail = "the query answers NaN or an infinity, which holds no line";
            return Measurement::Failed(failure(FailureClass::Impossible, detail));
        }
        Counts::events(tally.good, tally.total).map_or_else(
            |error| Measurement::Failed(failure(FailureClass::Impossible, error.to_string())),
            Measurement::Measured,
        )
    }
}

#[cfg(test)]
mod tests {
    use sre_core::counter::Reading;
    use sre_core::threshold::Operator;
    use sre_core::time::at_second;

    use super::*;

    fn series(name: &str, values: &[(i64, f64)]) -> Series {
        Series {
            labels: BTreeMap::from([("pod".to_owned(), name.to_owned())]),
            target: None,
            readings: values
                .iter()
                .map(|(second, value)| Reading {
                    at: at_second(*second),
                    value: *value,
                })
                .collect(),
        }
    }

    #[test]
    fn each_series_has_one_vote_and_what_is_no_number_has_none() {
        let line = Threshold::new(Operator::Lt, 0.5).expect("finite");
        let votes = Votes::count(
            &[
                series("a", &[(60, 0.4), (120, 0.5), (180, f64::NAN)]),
                series("b", &[(60, 0.6), (120, f64::NAN), (180, f64::INFINITY)]),
                series("c", &[(60, -1.0)]),
            ],
            line,
        );
        let measured =
            |good, total| Measurement::Measured(Counts::events(good, total).expect("legal"));
        assert_eq!(votes.of(at_second(60)), measured(2, 3));
        assert_eq!(votes.of(at_second(120)), measured(0, 1));
        let nothing = votes.of(at_second(180));
        assert!(
            matches!(&nothing, Measurement::Failed(failure) if failure.class == FailureClass::Impossible),
            "{nothing:?}"
        );
        assert_eq!(votes.of(at_second(240)), Measurement::Absent);
    }
}
