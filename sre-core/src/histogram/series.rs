//! From the series of a histogram's buckets to one counter of good events per histogram.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Bound;
use crate::counter::{Reading, Series};

/// The label that holds a bucket's upper bound.
pub const LE: &str = "le";

/// The upper bound of a bucket's series; `None` where it has none that is a number or +Inf.
#[must_use]
pub fn bound_of(labels: &BTreeMap<String, String>) -> Option<Bound> {
    labels.get(LE)?.parse().ok()
}

/// What each histogram counts within `limit`, as counters to be subtracted like any other: of all
/// its buckets that end at or below the limit the greatest, reading by reading.
///
/// Two spellings of one bound (`le="1"` before an upgrade of the source, `le="1.0"` after it) are one
/// series that goes on, so the later one is not taken for newly born. A process that restarts with
/// other buckets is read by those that it has: each of the bounds is a series of its own, so no
/// reading of one is subtracted from a reading of the other.
#[must_use]
pub fn within(buckets: Vec<Series>, limit: Bound) -> Vec<Series> {
    let mut histograms: BTreeMap<BTreeMap<String, String>, BTreeMap<Bound, Series>> =
        BTreeMap::new();
    for mut series in buckets {
        let Some(bound) = bound_of(&series.labels).filter(|bound| *bound <= limit) else {
            continue;
        };
        series.labels.remove(LE);
        let bounds = histograms
            .entry(series.labels.clone())
            .or_default();
        series
            .labels
            .insert(LE.to_owned(), bound.to_string());
        match bounds.get_mut(&bound) {
            Some(known) => known.readings = joined(&known.readings, &series.readings),
            None => {
                bounds.insert(bound, series);
            }
        }
    }
    histograms
        .into_values()
        .flat_map(greatest_first)
        .collect()
}

/// The series of one histogram, each without the readings at instants of a greater bound's.
fn greatest_first(bounds: BTreeMap<Bound, Series>) -> Vec<Series> {
    let mut spoken_for: BTreeSet<DateTime<Utc>> = BTreeSet::new();
    let mut kept = Vec::new();
    for mut series in bounds.into_values().rev() {
        series
            .readings
            .retain(|reading| !spoken_for.contains(&reading.at));
        spoken_for.extend(
            series
                .readings
                .iter()
                .map(|reading| reading.at),
        );
        if !series.readings.is_empty() {
            kept.push(series);
        }
    }
    kept
}

/// The readings of two spellings of one series, in order; at one instant both are counted, as the
/// source itself adds equal bounds.
fn joined(one: &[Reading], other: &[Reading]) -> Vec<Reading> {
    let mut by_instant: BTreeMap<DateTime<Utc>, f64> = BTreeMap::new();
    for reading in one.iter().chain(other) {
        *by_instant
            .entry(reading.at)
            .or_default() += reading.value;
    }
    by_instant
        .into_iter()
        .map(|(at, value)| Reading { at, value })
        .collect()
}
