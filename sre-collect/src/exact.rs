//! Exact increases from raw samples: one stretch, at most an hour of slices.
//!
//! 1. The samples of both selectors are fetched, a little further back than the first slice: the
//!    samples that the first increases start from.
//! 2. A series whose first sample lies in the slices may have been born, may be new to this source,
//!    or may return after a hole. The *second look* fetches the hour before it.
//! 3. What still has no predecessor was born if its target had been scraped: other series of the
//!    same target show that, or `up` does.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::count::Rounding;
use sre_core::counter::{
    ScrapeTarget, Scrapes, Series, births, increases, measurements, rounding_of, unexplained,
};
use sre_core::histogram::Bracket;
use sre_core::slice::SliceWidth;
use sre_core::source::{CounterRatio, Failure, FailureClass, Measurement};
use sre_core::time::Interval;

use crate::answer::Matrix;
use crate::client::Client;
use crate::{limits, promql};

/// What was found of a stretch of slices.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) slices: Vec<Measurement>,
    pub(crate) warnings: Vec<String>,
    /// Of a latency: between which bounds the threshold lies.
    pub(crate) bracket: Option<Bracket>,
}

/// Measures the slices of `during`, with samples from `since` on at first; `counters` makes what is
/// counted of the series that the part selects.
pub(crate) async fn measure(
    client: &Client,
    ratio: &CounterRatio,
    during: Interval,
    width: SliceWidth,
    since: DateTime<Utc>,
    counters: impl FnOnce(Vec<Series>) -> Vec<Series>,
) -> Result<Found, Failure> {
    let first_look = Interval::new(since, during.end());
    let (total, part) = tokio::try_join!(
        look_twice(client, &ratio.total, first_look, during),
        look_twice(client, ratio.part.text(), first_look, during),
    )?;
    let mut warnings = total.warnings;
    warnings.extend(part.warnings);
    let (total, part) = (total.series, counters(part.series));
    let scrapes = scrapes(client, &[&total, &part], during, &mut warnings).await?;
    let totals = increases(&total, during, width, &scrapes, Rounding::Up);
    let parts = increases(&part, during, width, &scrapes, rounding_of(&ratio.part));
    warnings.truncate(limits::WARNINGS_MAX);
    Ok(Found {
        slices: measurements(&ratio.part, &parts, &totals),
        warnings,
        bracket: None,
    })
}

/// The samples of a stretch, and of the hour before what has no predecessor in it.
async fn look_twice(
    client: &Client,
    selector: &str,
    first_look: Interval,
    during: Interval,
) -> Result<Matrix, Failure> {
    let mut found = raw(client, selector, first_look).await?;
    let Some(hole) = unexplained(&found.series, during, first_look.start()) else {
        return Ok(found);
    };
    // Backwards, in pieces that the limits let through.
    let (mut until, mut length) = (hole.end(), hole.end() - hole.start());
    while until > hole.start() {
        let piece = Interval::new((until - length).max(hole.start()), until);
        match raw(client, selector, piece).await {
            Ok(older) => {
                prepend(&mut found, older);
                until = piece.start();
            }
            Err(failure) if failure.class == FailureClass::TooLarge => {
                length = length / 2;
                if length < limits::LOOK_MIN {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

/// The samples that a selector has in a half-open stretch.
async fn raw(client: &Client, selector: &str, stretch: Interval) -> Result<Matrix, Failure> {
    let mut found = client
        .query(&promql::raw(selector, stretch), stretch.end())
        .await?;
    for series in &mut found.series {
        series
            .readings
            .retain(|reading| stretch.contains(reading.at));
    }
    found
        .series
        .retain(|series| !series.readings.is_empty());
    Ok(found)
}

/// Puts older samples before those of the series that are known.
fn prepend(found: &mut Matrix, older: Matrix) {
    let mut by_labels: BTreeMap<_, _> = older
        .series
        .into_iter()
        .map(|series| (series.labels, series.readings))
        .collect();
    for series in &mut found.series {
        if let Some(mut readings) = by_labels.remove(&series.labels) {
            readings.append(&mut series.readings);
            series.readings = readings;
        }
    }
    found.warnings.extend(older.warnings);
}

/// When the targets of newcomers had been scraped.
async fn scrapes(
    client: &Client,
    selected: &[&[Series]],
    during: Interval,
    warnings: &mut Vec<String>,
) -> Result<Scrapes, Failure> {
    let newcomers: Vec<(&ScrapeTarget, DateTime<Utc>)> = selected
        .iter()
        .flat_map(|series| births(series, during))
        .collect();
    let mut known = Scrapes::default();
    if newcomers.is_empty() {
        return Ok(known);
    }
    // Series of one target come from the same scrapes.
    selected
        .iter()
        .copied()
        .flatten()
        .for_each(|series| known.record_series(series));
    let unknown: Vec<_> = newcomers
        .into_iter()
        .filter(|(target, at)| !known.knew(target, *at))
        .collect();
    let instants = || unknown.iter().map(|(_, at)| *at);
    let (Some(first), Some(last)) = (instants().min(), instants().max()) else {
        return Ok(known);
    };
    let stretch = Interval::new(first - sre_core::counter::LOOK_BACK, last);
    let up = promql::up(
        unknown
            .iter()
            .map(|(target, _)| *target),
    );
    match raw(client, &up, stretch).await {
        Ok(found) => {
            for mut series in found.series {
                series
                    .readings
                    .retain(|reading| reading.value > 0.5);
                known.record_series(&series);
            }
            warnings.extend(found.warnings);
            Ok(known)
        }
        // So many targets at once are a roll-out: what nobody can say was scraped was not.
        Err(failure) if failure.class == FailureClass::TooLarge => Ok(known),
        Err(failure) => Err(failure),
    }
}
