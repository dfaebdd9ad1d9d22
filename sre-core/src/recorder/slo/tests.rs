//! What a recorder says, beside slices that were added up by hand.

use proptest::prelude::*;

use super::*;
use crate::evaluation::SloState;
use crate::method::{BudgetingMethod, SliceTarget};
use crate::slice::SliceWidth;
use crate::threshold::{Operator, Threshold};
use crate::time::at_second;

fn recorder(window: Span) -> SloRecorder {
    let slo = Slo::builder("checkout", "availability")
        .target("99".parse().expect("a target"))
        .rolling(window)
        .build();
    SloRecorder::new(slo.expect("legal"))
}

/// The counts of the SLO's window, bad and total.
fn counted(status: &Evaluation) -> Option<(u64, u64)> {
    let counts = status.budget?.counts();
    Some((counts.bad().whole_events(), counts.total().whole_events()))
}

#[test]
fn a_recorder_that_was_never_looked_at_waits() {
    let recorder = recorder(Span::hours(1));
    let status = recorder
        .status(at_second(1_000))
        .expect("exact");
    assert_eq!((status.state, status.budget), (SloState::Waiting, None));
}

#[test]
fn what_was_just_counted_is_in_the_status() {
    let recorder = recorder(Span::hours(1));
    recorder.record(Event::Good);
    recorder.record(Event::Bad);
    let status = recorder
        .status(at_second(90))
        .expect("exact");
    assert_eq!(counted(&status), Some((1, 2)));
    assert_eq!(status.as_of, at_second(120), "the slice that is open");
    let later = recorder
        .status(at_second(121))
        .expect("exact");
    assert_eq!(
        (counted(&later), later.as_of),
        (Some((1, 2)), at_second(120))
    );
}

#[test]
fn looking_often_changes_nothing() {
    let (seldom, often) = (recorder(Span::hours(1)), recorder(Span::hours(1)));
    seldom.tick(at_second(0));
    often.tick(at_second(0));
    for second in 0..600 {
        let event = Event::good_if(second % 7 != 0);
        seldom.record(event);
        often.record(event);
        often.tick(at_second(second + 1));
        if second % 60 == 59 {
            seldom.tick(at_second(second + 1));
        }
    }
    let status = |recorder: &SloRecorder| {
        recorder
            .status(at_second(600))
            .expect("exact")
    };
    assert_eq!(status(&seldom), status(&often));
}

#[test]
fn an_idle_recorder_is_measured_without_traffic() {
    let recorder = recorder(Span::hours(1));
    recorder.tick(at_second(0));
    let status = recorder
        .status(at_second(7_200))
        .expect("exact");
    assert_eq!(counted(&status), Some((0, 0)));
    assert_eq!(
        (status.coverage.measured, status.coverage.expected),
        (60, 60)
    );
    assert!(!status.is_stale);
}

#[test]
fn what_left_the_window_is_not_counted() {
    let recorder = recorder(Span::hours(1));
    recorder.tick(at_second(0));
    recorder.record(Event::Bad);
    recorder.tick(at_second(60));
    let at = |second| {
        recorder
            .status(at_second(second))
            .expect("exact")
    };
    assert_eq!(counted(&at(3_600)), Some((1, 1)));
    assert_eq!(counted(&at(3_660)), Some((0, 0)));
}

#[test]
fn an_absurd_clock_breaks_nothing() {
    let recorder = recorder(Span::days(400));
    for now in [
        DateTime::<Utc>::MIN_UTC,
        DateTime::<Utc>::MAX_UTC,
        at_second(0),
        DateTime::<Utc>::MAX_UTC,
    ] {
        recorder.record(Event::Bad);
        assert!(recorder.status(now).is_ok());
    }
}

#[test]
fn latencies_are_judged_by_the_threshold_in_milliseconds() {
    let slo = Slo::builder("checkout", "latency")
        .target("99".parse().expect("a target"))
        .threshold(Threshold::new(Operator::Lt, 300.0).expect("finite"))
        .budgeting_method(BudgetingMethod::Occurrences)
        .build();
    let recorder = SloRecorder::new(slo.expect("legal"));
    let quick = Duration::from_nanos(299_999_999);
    assert_eq!(recorder.record_latency(quick), Some(Event::Good));
    assert_eq!(
        recorder.record_latency(Duration::from_millis(300)),
        Some(Event::Bad)
    );
    let status = recorder
        .status(at_second(0))
        .expect("exact");
    assert_eq!(counted(&status), Some((1, 2)));
    let without = self::recorder(Span::hours(1));
    assert_eq!(without.record_latency(quick), None);
}

#[test]
fn timeslices_count_slices() {
    let slo = Slo::builder("checkout", "availability")
        .target("99".parse().expect("a target"))
        .budgeting_method(BudgetingMethod::Timeslices(SliceTarget::ALL))
        .build();
    let recorder = SloRecorder::new(slo.expect("legal"));
    recorder.tick(at_second(0));
    for minute in 1..=10 {
        recorder.record_many(Event::Good, 100);
        recorder.record_many(Event::Bad, u64::from(minute == 4));
        recorder.tick(at_second(60 * minute));
    }
    let status = recorder
        .status(at_second(600))
        .expect("exact");
    assert_eq!(counted(&status), Some((1, 10)));
}

/// Thirty days and more of ten-second slices, compared in every hour with sums of what was recorded.
#[test]
fn every_window_is_exact_to_the_slice_for_longer_than_the_window() {
    let slo = Slo::builder("checkout", "availability")
        .target("99".parse().expect("a target"))
        .rolling(Span::days(2))
        .slice(SliceWidth::TEN_SECONDS)
        .build();
    let recorder = SloRecorder::new(slo.expect("legal"));
    let slices = 3 * 8_640_i64;
    let bad_of = |slice: i64| u64::from(slice % 11 == 0) + u64::from(slice % 361 == 0) * 5;
    recorder.tick(at_second(0));
    for slice in 0..slices {
        recorder.record_many(Event::Bad, bad_of(slice));
        recorder.record_many(Event::Good, 10);
        recorder.tick(at_second(10 * (slice + 1)));
        if slice % 1_237 != 0 {
            continue;
        }
        let status = recorder
            .status(at_second(10 * (slice + 1)))
            .expect("exact");
        for held in &status.windows {
            let first = slice + 1 - held.window.as_secs_i64() / 10;
            let bad: u64 = (first.max(0)..=slice).map(bad_of).sum();
            let total = bad + 10 * u64::try_from(slice + 1 - first.max(0)).expect("positive");
            let expected = Counts::events(total - bad, total).expect("legal");
            assert_eq!(held.counts, expected, "{} at slice {slice}", held.window);
        }
    }
}

proptest! {
    /// Whatever is recorded and whenever somebody looks, no event is lost while it is in the window.
    #[test]
    fn no_event_is_lost_between_looks(
        looks in prop::collection::vec((0_i64..400, 0_u64..50, 0_u64..5), 1..50)
    ) {
        let recorder = recorder(Span::days(30));
        let (mut now, mut good, mut bad) = (0, 0, 0);
        for (later, more_good, more_bad) in looks {
            recorder.record_many(Event::Good, more_good);
            recorder.record_many(Event::Bad, more_bad);
            (now, good, bad) = (now + later, good + more_good, bad + more_bad);
            recorder.tick(at_second(now));
        }
        let status = recorder.status(at_second(now)).expect("exact");
        prop_assert_eq!(counted(&status).unwrap_or_default(), (bad, good + bad));
    }
}
