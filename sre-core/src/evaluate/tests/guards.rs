//! What holds a rule back that burns: too few bad events, too few events at all, too little of the
//! whole budget.

use proptest::prelude::*;

use super::*;
use crate::evidence::SignificanceLevel;

/// 14.4 over an hour and a shorter window of so many minutes, at 99.9 %.
fn fourteen_four(short: u32) -> BurnRule {
    BurnRule {
        factor: "14.4".parse().expect("a factor"),
        ..rule(BurnLevel::Emergency, 14, 60, short)
    }
}

fn guarded(min_bad: u64, level: Option<&str>) -> Definition {
    Definition {
        target: "99.9".parse().expect("a target"),
        min_bad,
        significance_level: level.map(|level| level.parse().expect(level)),
        ..with_rules(&[fourteen_four(60)])
    }
}

/// So many bad events of so many in an hour, all in one minute of it.
fn said(definition: Definition, bad: u64, total: u64) -> (RuleVerdict, Option<String>) {
    let outcome = History::of(definition)
        .measured(59, 0, 0)
        .measured(1, bad, total)
        .evaluate()
        .rules[0];
    let needed = outcome
        .bad_needed
        .map(|needed| needed.to_string());
    (outcome.verdict, needed)
}

/// T25, `docs/mathematics.md` 10: when a guard holds a page back, the outcome says which, and what it asks for.
#[test]
fn the_guard_that_holds_a_rule_back_says_how_much_it_asks_for() {
    use RuleVerdict::{Firing, NotSignificant, TooFewBad};
    let needs = |n: u32| Some(n.to_string());
    for (min_bad, level, bad, total, expected) in [
        (3, None, 2, 10, (TooFewBad, needs(3))),
        (3, None, 3, 10, (Firing, None)),
        (3, Some("0.0001"), 2, 10, (TooFewBad, needs(3))),
        (3, Some("0.0001"), 3, 10, (NotSignificant, needs(4))),
        (3, Some("0.0001"), 4, 10, (Firing, None)),
        (3, Some("0.0001"), 30, 1_000, (NotSignificant, needs(31))),
        (3, Some("0.0001"), 31, 1_000, (Firing, None)),
        // One event proves nothing, however bad.
        (0, Some("0.0001"), 1, 1, (NotSignificant, None)),
    ] {
        assert_eq!(
            said(guarded(min_bad, level), bad, total),
            expected,
            "{bad} of {total}"
        );
    }
}

/// The price, `docs/mathematics.md` 10.2: detection waits for so many bad events, at a total outage so many
/// requests.
#[test]
fn a_total_outage_of_little_traffic_is_significant_after_a_few_requests() {
    let verdict = |bad| said(guarded(0, Some("0.0001")), bad, bad).0;
    assert_eq!(verdict(2), RuleVerdict::NotSignificant);
    assert_eq!(verdict(3), RuleVerdict::Firing);
}

/// A guard does not speak where nothing burns.
#[test]
fn what_does_not_burn_is_quiet_and_not_held_back() {
    let quiet = (RuleVerdict::Quiet, None);
    assert_eq!(said(guarded(3, Some("0.0001")), 0, 10), quiet);
    assert_eq!(said(guarded(3, Some("0.0001")), 14, 1_000), quiet);
}

/// `docs/mathematics.md` 7.1: "14.4 for 1 h = 2 %" holds under even traffic alone. Over a day of a thousand
/// events a minute, an hour at a tenth of that burns as fast and costs a tenth.
#[test]
fn a_share_of_the_budget_tells_a_night_hour_from_a_peak() {
    let policy = |share: Option<&str>| Definition {
        window: Window::Rolling(Span::days(1)),
        ..with_rules(&[BurnRule {
            min_share: share.map(|share| share.parse().expect(share)),
            ..rule(BurnLevel::Emergency, 10, 60, 5)
        }])
    };
    let verdict = |share, total| {
        History::of(policy(share))
            .measured(23 * 60, 0, 1_000)
            .measured(60, total / 5, total)
            .evaluate()
            .rules[0]
            .verdict
    };
    // A fifth of 60 × 100 events is 1200 bad ones of 13 860 allowed: 8.7 %. By day it is 12 000 of
    // 14 400: 83 %.
    for (total, fires) in [(100, [true, true, false]), (1_000, [true, true, true])] {
        let found = [None, Some("0.08"), Some("0.09")].map(|share| verdict(share, total));
        assert_eq!(
            found.map(|held| held == RuleVerdict::Firing),
            fires,
            "{total}"
        );
    }
}

/// The share is a condition of both windows: what is over does not go on firing.
#[test]
fn a_share_that_was_spent_an_hour_ago_does_not_fire() {
    let rules = [BurnRule {
        min_share: "0.1".parse().ok(),
        ..rule(BurnLevel::Emergency, 1, 60, 5)
    }];
    let history = || {
        let day = Window::Rolling(Span::days(1));
        History::of(Definition {
            window: day,
            ..with_rules(&rules)
        })
        .measured(23 * 60, 0, 1_000)
        .measured(50, 100, 1_000)
    };
    let verdict = |mut history: History| history.evaluate().rules[0].verdict;
    assert_eq!(verdict(history()), RuleVerdict::Firing);
    // The last five minutes burn at 1.5 and spend half of their part of the share.
    assert_eq!(
        verdict(history().measured(5, 15, 1_000)),
        RuleVerdict::Quiet
    );
}

/// A sequence of 64-bit numbers that is the same on every machine (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// How many of so many events are bad, one of 2000 each: a true error ratio of 0.05 %.
    fn bad_of(&mut self, events: u64) -> u64 {
        let bad = (0..events).filter(|_| self.roll().is_multiple_of(2_000));
        u64::try_from(bad.count()).expect("few")
    }
}

/// In how many of so many hours of so many events a healthy service trips the rule.
fn false_hours(definition: &Definition, events: u64, hours: u32) -> u32 {
    let mut dice = Dice(events);
    let mut said_before = BTreeMap::new();
    let trips = (0..hours).filter(|_| {
        let bad = dice.bad_of(events);
        *said_before
            .entry(bad)
            .or_insert_with(|| said(definition.clone(), bad, events).0 == RuleVerdict::Firing)
    });
    u32::try_from(trips.count()).expect("few")
}

/// `docs/mathematics.md` 10.2: without the gate and without `min_bad` a service at half of its budget exceeds
/// 14.4 within an hour as often as this, 24 hours a month at 69 requests; with either, it does not.
#[test]
fn without_a_guard_a_healthy_service_of_little_traffic_pages() {
    const HOURS: u32 = 40_000;
    for (events, percent) in [
        (10, 0.50),
        (50, 2.47),
        (69, 3.39),
        (70, 0.059),
        (100, 0.12),
        (500, 0.0),
    ] {
        let share = percent / 100.0;
        let expected = share * f64::from(HOURS);
        // Four standard deviations, and what the printed figure was rounded by.
        let tolerance = 4.0 * expected.sqrt() + 0.01 * f64::from(HOURS) / 100.0;
        let found = f64::from(false_hours(&guarded(0, None), events, HOURS));
        assert!(
            (found - expected).abs() <= tolerance,
            "{events}: {found} {expected}"
        );
        // At most α of the hours by chance, were it at the line; it is far below.
        assert_eq!(
            false_hours(&guarded(0, Some("0.0001")), events, HOURS),
            0,
            "{events}"
        );
    }
    // Three of 69 by chance: six of a million hours.
    assert!(false_hours(&guarded(3, None), 69, HOURS) <= 3);
}

proptest! {
    /// L22: more bad events never quiet a rule, whatever guards it, with the total unchanged: so they
    /// neither delay a fire nor advance a reset.
    #[test]
    fn l22_more_bad_events_never_delay_a_fire_nor_advance_a_reset(
        slices in prop::collection::vec((0_u64..20, 20_u64..200), 90), worse in 0_usize..90,
        share in prop::option::of(1_u32..300_000), ppb in prop::option::of(1_u32..100_000_000),
        min_bad in 0_u64..100,
    ) {
        let min_share = share.map(|share| format!("0.{share:06}").parse().expect("a share"));
        let level = ppb.map(|ppb| format!("0.{ppb:09}").parse::<SignificanceLevel>());
        let definition = Definition {
            min_bad,
            significance_level: level.transpose().expect("a level"),
            ..with_rules(&[BurnRule { min_share, ..rule(BurnLevel::Emergency, 5, 30, 5) }])
        };
        let fires = |worse: Option<usize>| {
            let mut history = History::of(definition.clone());
            slices.iter().enumerate().map(|(n, (bad, total))| {
                history.push(counted(bad + u64::from(worse == Some(n)), total + 1));
                history.evaluate().rules[0].verdict == RuleVerdict::Firing
            }).collect::<Vec<_>>()
        };
        for (before, after) in fires(None).into_iter().zip(fires(Some(worse))) {
            prop_assert!(!before || after);
        }
    }
}
