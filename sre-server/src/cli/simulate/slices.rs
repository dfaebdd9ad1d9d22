//! Slices from a file of `time,good,total`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::count::Counts;
use sre_core::hour::Hour;
use sre_core::slice::{Slice, SliceWidth};
use sre_core::time::Span;
use thiserror::Error;

/// Why a line is no slice.
#[derive(Debug, Error, PartialEq)]
#[error("line {line}: {reason}")]
pub(crate) struct SlicesError {
    line: usize,
    reason: String,
}

/// Reads slices: lines of one slice, and of one instant, are summed; a first line that begins with a
/// word is a heading.
///
/// # Errors
///
/// [`SlicesError`] of the first line that cannot be read.
pub(crate) fn read(text: &str, width: SliceWidth) -> Result<Vec<Hour>, SlicesError> {
    let mut hours: BTreeMap<DateTime<Utc>, Hour> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_heading = number == 1 && line.starts_with(|c: char| c.is_ascii_alphabetic());
        if line.trim().is_empty() || is_heading {
            continue;
        }
        let wrong = |reason: String| SlicesError {
            line: number,
            reason,
        };
        let (at, counts) = row(line).map_err(wrong)?;
        let start = width.floor(at);
        let hour = hours
            .entry(Hour::floor(start))
            .or_insert_with(|| Hour::unmeasured(start, width));
        let sum = hour
            .slice_at(start)
            .counts()
            .checked_add(counts)
            .ok_or_else(|| wrong("the sum of its slice does not fit".to_owned()))?;
        hour.set(start, Slice::Measured(sum));
    }
    Ok(hours.into_values().collect())
}

/// Where the slices of a file begin and end.
pub(crate) fn stretch(hours: &[Hour]) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let mut measured = hours
        .iter()
        .flat_map(Hour::iter)
        .filter(|(_, slice)| slice.is_measured())
        .map(|(start, _)| start);
    let first = measured.next()?;
    let last = measured.last().unwrap_or(first);
    let width = hours
        .first()
        .map_or(Span::SECOND, |hour| hour.width().span());
    Some((first, last + width.as_delta()))
}

fn row(line: &str) -> Result<(DateTime<Utc>, Counts), String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [at, good, total] = cells.as_slice() else {
        return Err("expected time,good,total".to_owned());
    };
    let number = |name: &str, text: &str| {
        text.parse::<f64>()
            .map_err(|_| format!("{name} is no number: {text}"))
    };
    let counts = Counts::from_good_and_total(number("good", good)?, number("total", total)?)
        .map_err(|error| error.to_string())?;
    Ok((instant(at)?, counts))
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return DateTime::from_timestamp(seconds, 0)
            .ok_or_else(|| format!("{text} seconds are no instant"));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| format!("{text} is no instant such as 2026-01-31T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_slices_and_lines_of_one_slice_are_summed() {
        let text =
            "time,good,total\n2026-01-01T00:00:00Z,9,10\n1767225630,10,10\n\n1767229200,1,2\n";
        let hours = read(text, SliceWidth::MINUTE).unwrap();
        let slices: Vec<_> = hours
            .iter()
            .flat_map(Hour::iter)
            .filter(|(_, slice)| slice.is_measured())
            .collect();
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let measured = |good, total| Slice::Measured(Counts::events(good, total).unwrap());
        assert_eq!(
            slices,
            [
                (at(1_767_225_600), measured(19, 20)),
                (at(1_767_229_200), measured(1, 2)),
            ]
        );
        assert_eq!(
            stretch(&hours),
            Some((at(1_767_225_600), at(1_767_229_260)))
        );
    }

    #[test]
    fn the_first_line_that_cannot_be_read_is_named() {
        for (text, told) in [
            ("1,2", "line 1: expected time,good,total"),
            (
                "time,good,total\n0,1,1\n0,x,1",
                "line 3: good is no number: x",
            ),
            (
                "0,1,1\nmonday,1,1",
                "line 2: monday is no instant such as 2026-01-31T12:00:00Z",
            ),
        ] {
            let error = read(text, SliceWidth::MINUTE).unwrap_err();
            assert_eq!(error.to_string(), told);
        }
        assert!(read("0,3,2", SliceWidth::MINUTE).is_err());
        assert_eq!(stretch(&read("", SliceWidth::MINUTE).unwrap()), None);
    }
}
