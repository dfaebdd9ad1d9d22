use super::*;
use crate::time::at_second;

fn measured_every(seconds: i64, times: i64) -> Progress {
    let mut progress = Progress::default();
    for n in 0..times {
        let start = at_second(n * seconds);
        progress.note_measured(start, start + TimeDelta::seconds(60));
    }
    progress
}

#[test]
fn the_expected_interval_is_learned_from_the_gaps_and_outlives_an_outage() {
    let mut progress = measured_every(300, 8);
    assert_eq!(progress.learned_interval(), Some(Span::minutes(5)));
    progress.note_measured(at_second(90_000), at_second(90_060));
    assert_eq!(progress.learned_interval(), Some(Span::minutes(5)));
}

#[test]
fn nothing_is_expected_before_two_gaps_are_known() {
    assert_eq!(measured_every(300, 2).learned_interval(), None);
    assert!(
        measured_every(300, 3)
            .learned_interval()
            .is_some()
    );
}

#[test]
fn history_teaches_the_interval_before_slots_do_and_not_after() {
    use crate::slice::{Slice, SliceWidth};
    let mut hour = Hour::unmeasured(at_second(0), SliceWidth::MINUTE);
    for n in [0, 5, 10, 15] {
        let nothing = Slice::Measured(Counts::NONE);
        hour.set(at_second(n * 60), nothing);
    }
    let mut young = measured_every(60, 1);
    young.learn_from(&hour);
    assert_eq!(young.learned_interval(), Some(Span::minutes(5)));
    let mut settled = measured_every(60, 5);
    settled.learn_from(&hour);
    assert_eq!(settled.learned_interval(), Some(Span::minutes(1)));
}

#[test]
fn only_the_last_gaps_count() {
    let mut progress = measured_every(300, 40);
    assert_eq!(progress.gaps.len(), Progress::GAPS_MAX);
    let last = progress
        .last_measured
        .expect("measured");
    for n in 1..=20 {
        let end = last + TimeDelta::seconds(60 * n);
        progress.note_measured(end - TimeDelta::seconds(60), end);
    }
    assert_eq!(progress.learned_interval(), Some(Span::minutes(1)));
}

#[test]
fn time_in_which_nobody_watched_is_no_silence() {
    let mut progress = measured_every(60, 3);
    progress.watching_since = Some(at_second(10_000));
    assert_eq!(
        progress.silence_at(at_second(10_060)),
        TimeDelta::seconds(60)
    );
    assert_eq!(
        Progress::default().silence_at(at_second(10_060)),
        TimeDelta::zero()
    );
}

#[test]
fn coverage_of_nothing_expected_is_none() {
    assert!(
        !Coverage {
            measured: 0,
            expected: 0
        }
        .reaches(0)
    );
    assert!(
        Coverage {
            measured: 4,
            expected: 5
        }
        .reaches(800)
    );
    assert!(
        !Coverage {
            measured: 799,
            expected: 1_000
        }
        .reaches(800)
    );
}
