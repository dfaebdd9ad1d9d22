//! The source's own estimate: what nobody can read as counters, or where the raw samples would be
//! too many.
//!
//! `increase()` extrapolates: its counts are no integers, neighbouring ranges do not add up exactly.
//! It is what a source can say of a selector of thousands of series, and of an expression that is no
//! sum of a counter; the answer is marked. Over fewer than a few scrapes it says nothing, or nonsense;
//! so it is asked over at least [`ESTIMATE_SCRAPES`](crate::limits::ESTIMATE_SCRAPES) scrape intervals
//! and scaled to the slice.

use sre_core::count::Counts;
use sre_core::slice::SliceWidth;
use sre_core::source::{CounterPart, CounterRatio, Failure, FailureClass, Measurement, QueryRatio};
use sre_core::time::{Interval, Span};

use crate::client::Client;
use crate::exact::Found;
use crate::failure::failure;
use crate::{expression, promql};

/// Estimates the slices of `during` from two counters, `over` so long.
pub(crate) async fn of_counters(
    client: &Client,
    ratio: &CounterRatio,
    during: Interval,
    width: SliceWidth,
    over: Span,
) -> Result<Found, Failure> {
    let estimate = |selector: &str| promql::estimate(selector, over);
    let expressions = QueryRatio {
        part: ratio
            .part
            .with_text(estimate(ratio.part.text())),
        total: estimate(&ratio.total),
    };
    of_expressions(client, &expressions, during, width, over).await
}

/// Estimates the slices of `during` by two expressions, each evaluated at the end of every slice.
pub(crate) async fn of_expressions(
    client: &Client,
    ratio: &QueryRatio,
    during: Interval,
    width: SliceWidth,
    over: Span,
) -> Result<Found, Failure> {
    let ask = |text| {
        let expression = expression::over(text, over);
        async move {
            let found = client
                .query_range(&expression, during, width)
                .await?;
            let values = by_slice(&found.series, during, width)?;
            Ok::<_, Failure>((values, found.warnings))
        }
    };
    let ((totals, mut warnings), (parts, more)) =
        tokio::try_join!(ask(&ratio.total), ask(ratio.part.text()))?;
    warnings.extend(more);
    let scale = f64::from(width.span().as_seconds()) / f64::from(over.as_seconds());
    let slices = totals.iter().zip(&parts);
    let slices = slices.map(|(total, part)| {
        let Some(total) = total else {
            return Measurement::Absent;
        };
        measurement(&ratio.part, part.unwrap_or(0.0) * scale, total * scale)
    });
    Ok(Found {
        slices: slices.collect(),
        warnings,
        bracket: None,
    })
}

/// The one series of a sum, slice by slice; its points stand at the ends of the slices. More than one
/// would have to be summed or chosen from, and nobody said which (T14).
fn by_slice(
    series: &[sre_core::counter::Series],
    during: Interval,
    width: SliceWidth,
) -> Result<Vec<Option<f64>>, Failure> {
    let length = width.span().as_delta();
    let slices = std::iter::successors(Some(during.start()), |start| Some(*start + length))
        .take_while(|start| *start < during.end());
    let readings = match series {
        [] => &[],
        [one] => one.readings.as_slice(),
        _ => {
            let detail = format!(
                "the query answers {} series: aggregate them, as by sum(…)",
                series.len()
            );
            return Err(failure(FailureClass::Impossible, detail));
        }
    };
    let value_at = |at| {
        let found = readings
            .binary_search_by_key(&at, |reading| reading.at)
            .ok()?;
        readings
            .get(found)
            .map(|reading| reading.value)
    };
    Ok(slices
        .map(|start| value_at(start + length))
        .collect())
}

fn measurement(part: &CounterPart, counted: f64, total: f64) -> Measurement {
    let counts = match part {
        CounterPart::Good(_) => Counts::from_good_and_total(counted, total),
        CounterPart::Bad(_) => Counts::from_bad_and_total(counted, total),
    };
    match counts {
        Ok(Counts::NONE) => Measurement::NoTraffic,
        Ok(counts) => Measurement::Measured(counts),
        Err(error) => Measurement::Failed(failure(FailureClass::Impossible, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_that_no_counter_can_have_is_impossible() {
        let bad = CounterPart::Bad(String::new());
        for (counted, total) in [
            (1.1, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
            (-1.0, 1.0),
        ] {
            let found = measurement(&bad, counted, total);
            let impossible = matches!(&found, Measurement::Failed(failure)
                if failure.class == FailureClass::Impossible);
            assert!(impossible, "{counted} of {total}: {found:?}");
        }
        assert_eq!(measurement(&bad, 0.0, 0.0), Measurement::NoTraffic);
    }
}
