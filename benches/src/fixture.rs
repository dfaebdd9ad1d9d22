//! What is measured: an SLO with a month of minutes behind it.

use chrono::{DateTime, Utc};
use sre_core::count::Counts;
use sre_core::evaluation::Progress;
use sre_core::hour::Hour;
use sre_core::ledger::Ledger;
use sre_core::slice::{Slice, SliceWidth};
use sre_core::slo::{Definition, Slo};
use sre_core::time::{Span, at_second};

/// Nine windows from five minutes to thirty days.
pub const WINDOWS: [Span; 9] = [
    Span::minutes(5),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(2),
    Span::hours(6),
    Span::hours(24),
    Span::days(3),
    Span::days(7),
    Span::days(30),
];

/// 99.9 % of events over `window`, in slices of a minute, with the default rules.
///
/// # Panics
///
/// Never: its names and target are valid.
#[must_use]
pub fn definition(window: Span) -> Definition {
    Slo::builder("checkout", "availability")
        .target_percentage("99.9")
        .expect("a target")
        .rolling(window)
        .expected_interval(Span::minutes(1))
        .definition()
        .expect("a definition")
}

/// Where the ledger of [`filled`] ends: a day more than its horizon, and not on the hour.
#[must_use]
pub fn end(horizon: Span) -> DateTime<Utc> {
    at_second(60 * minutes(horizon))
}

/// How many minutes [`filled`] holds.
#[must_use]
pub fn minutes(horizon: Span) -> i64 {
    i64::from(horizon.as_seconds()) / 60 + 24 * 60 + 17
}

/// A ledger of `horizon` with a day more than that behind it, and not on the hour: one bad of a
/// thousand events in every 97th minute. The edge hours of `windows` are attached.
///
/// # Panics
///
/// Never: its sums are small.
#[must_use]
pub fn filled(horizon: Span, windows: &[Span]) -> (Ledger, Progress) {
    filled_with(horizon, windows, |minute| u64::from(minute % 97 == 0))
}

/// As [`filled`], with so many bad of a thousand events in each minute.
///
/// # Panics
///
/// If more are bad than there are.
#[must_use]
pub fn filled_with(
    horizon: Span,
    windows: &[Span],
    bad: impl Fn(i64) -> u64,
) -> (Ledger, Progress) {
    let mut ledger = Ledger::new(SliceWidth::MINUTE, horizon, at_second(0));
    let mut progress = Progress::default();
    for minute in 0..minutes(horizon) {
        let counts = Counts::events(1_000 - bad(minute), 1_000).expect("legal");
        let start = at_second(minute * 60);
        ledger
            .append(start, Slice::Measured(counts))
            .expect("in order");
        progress.note_measured(start, ledger.end());
    }
    for hour in ledger.missing_hours(ledger.end(), windows.iter().copied()) {
        ledger.attach(&Hour::unmeasured(hour, SliceWidth::MINUTE));
    }
    (ledger, progress)
}
