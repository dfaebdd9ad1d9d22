//! The vectors of the share, the guards by rate, and when something is steady again.

use super::*;
use crate::time::at_second;

/// A history in which exactly these of the last twenty transitions were changes; 0 is the oldest.
fn changed(transitions: impl IntoIterator<Item = u32>) -> FlapHistory {
    let bits = transitions
        .into_iter()
        .map(|i| 1 << (TRANSITIONS - 1 - i))
        .sum();
    FlapHistory {
        transitions: bits,
        ..FlapHistory::default()
    }
}

/// A history of changes at these seconds, and of as many states between as `still` says.
fn of_changes(at: impl IntoIterator<Item = i64>, still: usize) -> FlapHistory {
    let mut history = FlapHistory::default();
    for second in at {
        history.note(!history.is_firing, at_second(second));
        for _ in 0..still {
            history.note(history.is_firing, at_second(second));
        }
    }
    history
}

#[test]
fn a_change_weighs_the_more_the_newer_it_is() {
    for (transitions, percentage, begins) in [
        (vec![], "0.0 %", false),
        ((0..20).collect::<Vec<u32>>(), "100.0 %", true),
        (vec![19], "6.2 %", false),
        (vec![0], "3.8 %", false),
        ((14..20).collect(), "35.5 %", true),
        ((0..6).collect(), "24.5 %", false),
        // 5 of the newest are 29.9 %, which is not 30.
        ((15..20).collect(), "29.9 %", false),
    ] {
        let history = changed(transitions.clone());
        let shown = history.share().to_string();
        assert_eq!(shown, percentage, "{transitions:?}");
        assert_eq!(
            history.has_begun_to_flap(at_second(0)),
            begins,
            "{transitions:?}"
        );
    }
    let exact = |transitions: Vec<u32>| {
        changed(transitions)
            .share()
            .as_percentage()
    };
    assert!((exact(vec![19]) - 6.25).abs() < 1e-9);
    assert!((exact(vec![0]) - 3.75).abs() < 1e-9);
    assert!((exact((14..20).collect()) - 35.526_315_8).abs() < 1e-6);
    assert!((exact((0..6).collect()) - 24.473_684_2).abs() < 1e-6);
}

/// Four changes just about the middle are 20.0 % exactly, which is not below; two steps older they are.
#[test]
fn what_flapped_is_steady_below_a_fifth() {
    let at = at_second(0);
    for (transitions, steady) in [
        (vec![8, 9, 10, 11], false),
        (vec![6, 7, 8, 9], true),
        (vec![0, 1, 2, 3, 4], false),
        (vec![0, 1, 2, 3], true),
        (vec![0, 1, 2, 3, 19], false),
    ] {
        let history = changed(transitions.clone());
        assert_eq!(
            history.is_steady(at),
            steady,
            "{transitions:?} {}",
            history.share()
        );
    }
}

#[test]
fn only_the_last_twenty_transitions_count() {
    let mut history = of_changes((0..6).map(|n| 60 * n), 0);
    assert!(history.share().reaches(START));
    for _ in 0..20 {
        history.note(history.is_firing(), at_second(400));
    }
    assert_eq!(history.share(), FlapShare::default());
    // What changed is still known to the guards.
    assert_eq!(history.changes(Span::hours(1), at_second(400)), 6);
    history.note(history.is_firing(), at_second(400 + 3 * 3_600));
    assert!(history.is_blank());
}

#[test]
fn ten_changes_in_an_hour_and_twenty_in_three_flap_whatever_the_share() {
    // Ten minutes of looks between: the share never reaches a fifth.
    for (count, every, begins) in [
        (9, 360, false),
        (10, 360, true),
        (10, 400, false),
        (19, 540, false),
        (20, 540, true),
    ] {
        let history = of_changes((0..count).map(|n| n * every), 10);
        let now = at_second((count - 1) * every);
        assert!(!history.share().reaches(STOP), "{count} every {every}");
        assert_eq!(
            history.has_begun_to_flap(now),
            begins,
            "{count} every {every}"
        );
    }
}

/// Were it steady as soon as a guard is not reached, one change that grows old would end it and the next
/// would begin it again.
#[test]
fn a_guard_lets_go_at_two_thirds_of_what_it_takes() {
    for (count, calm) in [(9, false), (7, false), (6, true)] {
        let history = of_changes((0..count).map(|n| n * 360), 20);
        assert_eq!(history.is_steady(at_second(3_500)), calm, "{count}");
    }
}

#[test]
fn what_is_reported_is_steady_once_its_changes_have_grown_old() {
    let history = of_changes((0..6).map(|n| n * 600), 0);
    let now = at_second(3_000);
    assert!(history.has_begun_to_flap(now));
    let steady = history.steady_from(now);
    let before = steady - chrono::TimeDelta::microseconds(1);
    assert!(
        history
            .clone()
            .lapsed(steady)
            .is_steady(steady)
    );
    assert!(
        !history
            .clone()
            .lapsed(before)
            .is_steady(before)
    );
    // Three of six are gone: 95 + 93 + 91 of 1520 are left, 18.4 %.
    assert_eq!(steady, at_second(1_200 + 3 * 3_600));
    // A change that has lapsed is no transition any more; a state that was confirmed stays.
    let lapsed = history
        .clone()
        .lapsed(at_second(100_000));
    assert_eq!(lapsed.share(), FlapShare::default());
    assert_eq!(lapsed.is_firing(), history.is_firing());
}

#[test]
fn the_detector_starts_over_from_the_state_that_is() {
    let history = of_changes((0..7).map(|n| n * 60), 0);
    let anew = history.started_over();
    assert!(anew.is_firing());
    assert_eq!(anew.share(), FlapShare::default());
    assert!(anew.is_steady(at_second(400)));
}
