//! What is answered of a whole policy: which rule pages first, and what its guards wait for.

use super::*;
use crate::method::BudgetingMethod;

fn definition(min_bad: u64, level: Option<&str>) -> Definition {
    Definition {
        target: target("99.9"),
        window: crate::window::Window::Rolling(MONTH),
        min_bad,
        significance_level: level.map(|level| level.parse().expect(level)),
        ..crate::slo::tests::definition()
    }
}

fn answer(choice: &PolicyChoice, outage: Outage, traffic: Option<Traffic>) -> PolicyDetection {
    let definition = definition(3, Some("0.0001"));
    let policy = choice.resolve(&BurnThresholds::default(), &definition.ground(None));
    detect(&definition, &policy, outage, traffic)
}

/// L21: rules are joined by *or*; the page is the first of its own, and ends with the last.
#[test]
fn the_first_rule_pages_and_the_last_one_ends_the_page() {
    let seconds = |held: Option<Seconds>| held.map(Seconds::as_f64);
    let found = answer(&PolicyChoice::GoogleSre, Outage::TOTAL, None);
    assert_eq!(
        seconds(found.page().and_then(|rule| rule.fires)),
        Some(51.84)
    );
    assert_eq!(seconds(found.page_clears()), Some(1_789.2));
    assert_eq!(
        seconds(
            found
                .ticket()
                .and_then(|rule| rule.fires)
        ),
        Some(259.2)
    );
    let slow = answer(&PolicyChoice::GoogleSre, Outage::of(ratio("0.002")), None);
    assert_eq!((slow.page(), slow.page_clears()), (None, None));
    assert_eq!(
        seconds(
            slow.ticket()
                .and_then(|rule| rule.fires)
        ),
        Some(129_600.0)
    );
}

/// `docs/mathematics.md` 10.2, the price: detection waits for so many bad events, at a total outage so many
/// requests. Ten an hour need four, so 24 minutes; a hundred an hour need nine, 324 seconds.
#[test]
fn with_little_traffic_a_guard_waits_for_its_bad_events() {
    let hourly = |events| Traffic {
        total: Count::events(events).expect("fits"),
        seconds: 3_600,
    };
    let first = |events| {
        answer(
            &PolicyChoice::GoogleSre,
            Outage::TOTAL,
            Some(hourly(events)),
        )
        .rules[0]
            .fires
    };
    assert_eq!(first(10).map(Seconds::as_f64), Some(1_440.0));
    assert_eq!(first(100).map(Seconds::as_f64), Some(324.0));
    // Of a million, a little more than the 14 400 of the line itself: 14 846.
    assert_eq!(first(1_000_000).map(Seconds::as_f64), Some(53.445_6));
    // Three an hour can show three, and an hour of failures is significant; two cannot.
    assert_eq!(first(3).map(Seconds::as_f64), Some(3_600.0));
    assert_eq!(first(2), None);
    assert_eq!(first(0), None);
}

/// Slices come one a minute, however many events they hold; a window of two asks for both.
#[test]
fn of_slices_no_more_are_asked_for_than_a_window_holds() {
    let definition = Definition {
        method: BudgetingMethod::Timeslices(crate::method::SliceTarget::ALL),
        ..definition(3, None)
    };
    let policy =
        PolicyChoice::GoogleSre.resolve(&BurnThresholds::default(), &definition.ground(None));
    let slices = Traffic {
        total: Count::ONE,
        seconds: 60,
    };
    let found = detect(&definition, &policy, Outage::TOTAL, Some(slices));
    assert_eq!(
        found.rules[0]
            .fires
            .map(Seconds::as_f64),
        Some(180.0)
    );
    let two = Guards::of(&definition, Span::minutes(2), slices);
    assert_eq!(two.min_bad, 2);
}

/// Of slices counted in shares, three that are bad at all are enough, however little of each is.
#[test]
fn of_shares_the_least_that_must_be_bad_is_a_number_of_slices() {
    let definition = Definition {
        method: BudgetingMethod::RatioTimeslices,
        ..definition(3, None)
    };
    let policy =
        PolicyChoice::GoogleSre.resolve(&BurnThresholds::default(), &definition.ground(None));
    let slices = Traffic {
        total: Count::ONE,
        seconds: 300,
    };
    let fires = |ppb| {
        let outage = Outage::of(ErrorRatio::from_ppb(ppb));
        let found = detect(&definition, &policy, outage, Some(slices));
        found.rules[0]
            .fires
            .map(Seconds::as_f64)
    };
    // The line of 14.4 over an hour is crossed at 1 296 s; three slices are bad at 900 s.
    assert_eq!(fires(40_000_000), Some(1_296.0));
    assert_eq!(fires(1_000_000_000), Some(900.0));
}

#[test]
fn a_baseline_across_the_line_is_detected_at_once_and_never_clears() {
    let rule = rule("14.4", Span::hours(1), Span::minutes(5));
    let outage = Outage {
        baseline: ratio("0.015"),
        error_ratio: ErrorRatio::ALL,
    };
    assert_eq!(detected(&rule, target("99.9"), outage), Some(0.0));
    assert_eq!(reset(&rule, target("99.9"), outage), None);
}

/// Two seconds of nothing but failures are there by the baseline, so the third takes `1 ÷ (0.5 − 0.1)`
/// seconds. Where slices are asked for that are bad at all, every one has been.
#[test]
fn what_was_bad_before_an_outage_counts_for_its_guard() {
    let rule = rule("1", Span::seconds(20), Span::seconds(10));
    let line = rule.line(target("99.9"), MONTH);
    let outage = |baseline| Outage {
        baseline: ratio(baseline),
        error_ratio: ratio("0.5"),
    };
    let wait = |baseline, min_bad, is_any_bad| {
        let guards = Guards {
            min_bad,
            significance_level: None,
            traffic: Traffic {
                total: Count::events(40).expect("fits"),
                seconds: 40,
            },
            is_any_bad,
        };
        outage(baseline)
            .persuades(&rule, &line, &guards)
            .map(Seconds::as_f64)
    };
    assert_eq!(wait("0.1", 3, false), Some(2.5));
    assert_eq!(wait("0.1", 2, false), Some(0.0));
    assert_eq!(wait("0", 3, false), Some(6.0));
    assert_eq!(wait("0", 11, false), None);
    assert_eq!(wait("0.1", 3, true), Some(0.0));
    assert_eq!(wait("0", 3, true), Some(3.0));
}

#[test]
fn seconds_that_differ_are_not_equal_and_are_shown_as_such() {
    assert_ne!(Seconds::new(1, 2), Seconds::new(1, 3));
    assert_eq!(Seconds::new(1, 2), Seconds::new(2, 4));
    assert_eq!(format!("{:?}", Seconds::new(1, 2)), "0.5 s");
}
