use proptest::prelude::*;

use super::*;
use crate::method::BudgetingMethod;
use crate::policy::{BurnLevel, BurnThresholds, Ground, PolicyChoice};
use crate::slice::SliceWidth;
use crate::target::Factor;

const MONTH: Span = Span::days(30);

fn target(text: &str) -> Target {
    text.parse().expect(text)
}

fn ratio(text: &str) -> ErrorRatio {
    text.parse().expect(text)
}

fn rule(factor: &str, long: Span, short: Span) -> BurnRule {
    let factor = factor.parse().expect(factor);
    BurnRule::new(BurnLevel::Critical, factor, long, short)
}

/// The rules of a preset on 30 days, whatever the target.
fn rules(choice: &PolicyChoice) -> Vec<BurnRule> {
    let ground = Ground {
        target: target("99.9"),
        window: MONTH,
        width: SliceWidth::MINUTE,
        expected_interval: None,
    };
    choice
        .resolve(&BurnThresholds::default(), &ground)
        .rules
}

fn detected(rule: &BurnRule, target: Target, outage: Outage) -> Option<f64> {
    let line = rule.line(target, MONTH);
    outage
        .crosses(&line, rule.long)
        .map(Seconds::as_f64)
}

fn reset(rule: &BurnRule, target: Target, outage: Outage) -> Option<f64> {
    let line = rule.line(target, MONTH);
    outage
        .clears(&line, rule.short)
        .map(Seconds::as_f64)
}

/// Whether a figure is the printed one: within half of its last digit.
fn assert_printed(found: Option<f64>, printed: Option<(f64, f64)>, what: &str) {
    match (found, printed) {
        (None, None) => {}
        (Some(found), Some((value, digit))) => {
            assert!(
                (found - value).abs() <= digit * 0.500_001,
                "{what}: {found} for {value}"
            );
        }
        unequal => panic!("{what}: {unequal:?}"),
    }
}

/// `5.994 h` as seconds, with the worth of its last digit; a dash for never.
fn printed(text: &str) -> Option<(f64, f64)> {
    let (number, unit) = text.trim().split_once(' ')?;
    let unit = match unit {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => panic!("{unit}"),
    };
    let decimals = number
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    let digit = 0.1_f64.powi(i32::try_from(decimals).expect("few"));
    let number: f64 = number.parse().expect(number);
    Some((number * unit, digit * unit))
}

fn columns(text: &str) -> Vec<Option<(f64, f64)>> {
    text.split('/').map(printed).collect()
}

/// `slo-math.md` 8.3: `google-sre` at 99.9 %: error ratio, detection by each rule, reset of each, how
/// long the budget lasts.
#[test]
fn detection_and_reset_of_google_s_rules_are_the_published_ones() {
    let rules = rules(&PolicyChoice::GoogleSre);
    for (error_ratio, detections, resets, lasts) in [
        (
            "1",
            "51.84 s/129.6 s/259.2 s/259.2 s",
            "295.7 s/29.82 min/119.6 min/5.994 h",
            "43.2 min",
        ),
        (
            "0.5",
            "103.7 s/4.32 min/8.64 min/8.64 min",
            "291.4 s/29.64 min/119.3 min/5.988 h",
            "86.4 min",
        ),
        (
            "0.1",
            "8.64 min/21.6 min/43.2 min/43.2 min",
            "256.8 s/28.2 min/116.4 min/5.94 h",
            "7.2 h",
        ),
        (
            "0.05",
            "17.28 min/43.2 min/86.4 min/86.4 min",
            "213.6 s/26.4 min/112.8 min/5.88 h",
            "14.4 h",
        ),
        (
            "0.02",
            "43.2 min/108 min/3.6 h/3.6 h",
            "84 s/21 min/102 min/5.7 h",
            "36 h",
        ),
        (
            "0.0145",
            "59.59 min/2.483 h/4.966 h/4.966 h",
            "2.07 s/17.59 min/95.2 min/5.586 h",
            "2.069 d",
        ),
        (
            "0.0144",
            "-/2.5 h/5 h/5 h",
            "-/17.5 min/95 min/5.583 h",
            "2.083 d",
        ),
        (
            "0.01",
            "-/3.6 h/7.2 h/7.2 h",
            "-/12 min/84 min/5.4 h",
            "3 d",
        ),
        ("0.006", "-/-/12 h/12 h", "-/-/60 min/5 h", "5 d"),
        ("0.003", "-/-/-/24 h", "-/-/-/4 h", "10 d"),
        ("0.002", "-/-/-/36 h", "-/-/-/3 h", "15 d"),
        ("0.001", "-/-/-/-", "-/-/-/-", "30 d"),
    ] {
        let outage = Outage::of(ratio(error_ratio));
        for ((rule, detection), clears) in rules
            .iter()
            .zip(columns(detections))
            .zip(columns(resets))
        {
            let what = format!("{} at {error_ratio}", rule.factor);
            assert_printed(detected(rule, target("99.9"), outage), detection, &what);
            assert_printed(reset(rule, target("99.9"), outage), clears, &what);
        }
        let exhausts = outage.exhausts(target("99.9"), MONTH);
        assert_printed(exhausts.map(Seconds::as_f64), printed(lasts), error_ratio);
    }
}

/// `slo-math.md` 8.3: a total outage by target, over 1h / 6h / 24h and 3d.
#[test]
fn a_total_outage_is_detected_by_google_s_rules_as_published_for_each_target() {
    let rules = rules(&PolicyChoice::GoogleSre);
    for (text, detections) in [
        ("90", "-/3.6 h/7.2 h/7.2 h"),
        ("95", "43.2 min/108 min/3.6 h/3.6 h"),
        ("99", "8.64 min/21.6 min/43.2 min/43.2 min"),
        ("99.5", "4.32 min/10.8 min/21.6 min/21.6 min"),
        ("99.95", "25.92 s/64.8 s/129.6 s/129.6 s"),
        ("99.99", "5.18 s/12.96 s/25.9 s/25.9 s"),
        ("99.999", "0.518 s/1.3 s/2.59 s/2.59 s"),
    ] {
        for (rule, detection) in rules.iter().zip(columns(detections)) {
            assert_printed(detected(rule, target(text), Outage::TOTAL), detection, text);
        }
    }
}

/// `slo-math.md` 9.2: the default policy, at 99.9 %.
#[test]
fn detection_and_reset_of_the_default_rules_are_the_published_ones() {
    let rules = rules(&PolicyChoice::Default);
    for (error_ratio, detections, resets) in [
        ("1", "36 s/108 s/172.8 s", "297 s/29.85 min/119.8 min"),
        ("0.1", "6 min/18 min/28.8 min", "270 s/28.5 min/117.6 min"),
        ("0.05", "12 min/36 min/57.6 min", "240 s/27 min/115.2 min"),
        ("0.02", "30 min/90 min/144 min", "150 s/22.5 min/108 min"),
        ("0.01", "-/3 h/4.8 h", "-/15 min/96 min"),
        ("0.006", "-/5 h/8 h", "-/5 min/80 min"),
        ("0.005", "-/-/9.6 h", "-/-/72 min"),
        ("0.003", "-/-/16 h", "-/-/40 min"),
        ("0.002", "-/-/-", "-/-/-"),
    ] {
        let outage = Outage::of(ratio(error_ratio));
        for ((rule, detection), clears) in rules
            .iter()
            .zip(columns(detections))
            .zip(columns(resets))
        {
            let what = format!("{} at {error_ratio}", rule.factor);
            assert_printed(detected(rule, target("99.9"), outage), detection, &what);
            assert_printed(reset(rule, target("99.9"), outage), clears, &what);
        }
    }
    for (text, detections) in [
        ("95", "30 min/90 min/144 min"),
        ("99", "6 min/18 min/28.8 min"),
        ("99.5", "180 s/9 min/14.4 min"),
        ("99.99", "3.6 s/10.8 s/17.28 s"),
        ("90", "-/3 h/4.8 h"),
        ("80", "-/-/9.6 h"),
        ("50", "-/-/-"),
    ] {
        for (rule, detection) in rules.iter().zip(columns(detections)) {
            assert_printed(detected(rule, target(text), Outage::TOTAL), detection, text);
        }
    }
}

/// `slo-math.md` 9.1: at 99 %, factors 2, 5 and 10 over an hour and over a day.
#[test]
fn detection_of_the_levels_is_the_published_one() {
    for (error_ratio, long, detections) in [
        ("1", Span::hours(1), "72 s/3 min/6 min"),
        ("1", Span::hours(24), "28.8 min/72 min/2.4 h"),
        ("0.2", Span::hours(1), "6 min/15 min/30 min"),
        ("0.06", Span::hours(1), "20 min/50 min/-"),
    ] {
        let outage = Outage::of(ratio(error_ratio));
        for (factor, detection) in ["2", "5", "10"]
            .iter()
            .zip(columns(detections))
        {
            let rule = rule(factor, long, Span::minutes(5));
            assert_printed(
                detected(&rule, target("99"), outage),
                detection,
                error_ratio,
            );
        }
    }
}

/// `slo-math.md` 8.2: the approaches of the Workbook that are burn rules.
#[test]
fn the_approaches_of_the_workbook_detect_and_reset_as_published() {
    let of = |factor, window| {
        let rule = rule(factor, window, window);
        (
            detected(&rule, target("99.9"), Outage::TOTAL),
            reset(&rule, target("99.9"), Outage::TOTAL),
        )
    };
    let (ten_minutes, _) = of("1", Span::minutes(10));
    assert_printed(ten_minutes, printed("0.6 s"), "1");
    let (day_and_a_half, _) = of("1", Span::hours(36));
    assert_printed(day_and_a_half, printed("129.6 s"), "2");
    let (detection, clears) = of("36", Span::hours(1));
    assert_printed(detection, printed("129.6 s"), "4");
    assert_printed(clears, printed("57.84 min"), "4");
    for (factor, window, clears) in [
        ("14.4", Span::hours(1), "59 min"),
        ("6", Span::hours(6), "5.96 h"),
        ("1", Span::days(3), "71.9 h"),
    ] {
        assert_printed(of(factor, window).1, printed(clears), "5");
    }
}

/// `slo-math.md` 8.1: fluid values and their steps of ten seconds.
#[test]
fn steps_are_those_of_the_published_simulation() {
    let ten = Span::seconds(10);
    for (factor, long, short, baseline, error_ratio, fires, resets) in [
        ("14.4", 60, 5, "0", "1", Some(60), Some(300)),
        ("14.4", 60, 5, "0", "0.1", Some(520), Some(260)),
        ("14.4", 60, 5, "0", "0.02", Some(2_600), Some(90)),
        ("14.4", 60, 5, "0", "0.01", None, None),
        ("14.4", 60, 5, "0.002", "0.05", Some(940), Some(230)),
        ("6", 360, 30, "0", "1", Some(130), Some(1_790)),
        ("6", 360, 30, "0", "0.1", Some(1_300), Some(1_700)),
        ("6", 360, 30, "0", "0.02", Some(6_490), Some(1_260)),
        ("6", 360, 30, "0", "0.01", Some(12_970), Some(720)),
        ("6", 360, 30, "0.002", "0.05", Some(1_810), Some(1_650)),
    ] {
        let rule = rule(factor, Span::minutes(long), Span::minutes(short));
        let line = rule.line(target("99.9"), MONTH);
        let outage = Outage {
            baseline: ratio(baseline),
            error_ratio: ratio(error_ratio),
        };
        let crosses = outage.crosses(&line, rule.long);
        let clears = outage.clears(&line, rule.short);
        assert_eq!(
            crosses.map(|held| held.step_above(ten)),
            fires,
            "{factor} {error_ratio}"
        );
        assert_eq!(
            clears.map(|held| held.step_reached(ten)),
            resets,
            "{factor} {error_ratio}"
        );
    }
}

/// `slo-math.md` 8.1: half a minute an hour burns 8.33, and of the paging rules only the one over six
/// hours sees it.
#[test]
fn a_flap_of_half_a_minute_an_hour_is_seen_by_six_hours_alone() {
    let flapping = Flapping {
        error_ratio: ErrorRatio::ALL,
        lasting: Span::seconds(30),
        every: Span::hours(1),
    };
    let seen: Vec<bool> = rules(&PolicyChoice::GoogleSre)
        .iter()
        .filter(|rule| rule.level.pages())
        .map(|rule| flapping.is_seen_by(rule, &rule.line(target("99.9"), MONTH)))
        .collect();
    assert_eq!(seen, [false, true]);
    assert!((flapping.burn_rate(target("99.9")) - 8.333_333).abs() < 1e-5);
}

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

/// `slo-math.md` 10.2, the price: detection waits for so many bad events, at a total outage so many
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

/// An outage that is no worse than what was before adds nothing.
#[test]
fn an_outage_that_is_none_is_never_detected() {
    let rule = rule("14.4", Span::hours(1), Span::minutes(5));
    let better = Outage {
        baseline: ratio("0.01"),
        error_ratio: ErrorRatio::NONE,
    };
    assert_eq!(detected(&rule, target("99.9"), better), None);
    assert_eq!(better.exhausts(target("99.9"), MONTH), None);
}

#[test]
fn an_error_ratio_is_a_decimal_from_none_to_all() {
    for text in ["1.000000001", "-0.1", "0.0000000001", "5 %", "", "1e-3"] {
        assert_eq!(
            text.parse::<ErrorRatio>(),
            Err(ParseErrorRatioError),
            "{text}"
        );
    }
    for text in ["0", "0.000000001", "0.05", "1"] {
        assert_eq!(ratio(text).to_string(), text);
    }
}

/// A rule of some factor and share on windows of some length, with its line.
fn any_rule() -> impl Strategy<Value = (BurnRule, Line)> {
    (
        1_u32..5_000,
        1_u32..100_000_000,
        2_u32..10_000,
        1_u32..100,
        prop::option::of(1_u32..=1_000_000),
    )
        .prop_map(|(hundredths, budget, long, short, share)| {
            let factor = Factor::whole(hundredths)
                .scaled(1, 100)
                .expect("fits");
            let long = Span::seconds(long * 60);
            let short = Span::seconds((long.as_seconds() * short / 100).max(60));
            let min_share = share.map(|share| {
                let text = format!("{}.{:06}", share / 1_000_000, share % 1_000_000);
                text.parse().expect("a share")
            });
            let rule = BurnRule {
                min_share,
                ..BurnRule::new(BurnLevel::Critical, factor, long, short)
            };
            let target = Target::from_budget_ppb(budget).expect("legal");
            (rule, rule.line(target, MONTH))
        })
}

fn any_outage() -> impl Strategy<Value = Outage> {
    (0..=BILLION, 0..=BILLION).prop_map(|(baseline, error_ratio)| Outage {
        baseline: ErrorRatio(baseline),
        error_ratio: ErrorRatio(error_ratio),
    })
}

proptest! {
    /// L17: detection time falls in the error ratio, and so it does in what was bad before.
    #[test]
    fn l17_a_graver_outage_is_detected_no_later((rule, line) in any_rule(), outage in any_outage(), more: u32) {
        let graver = Outage {
            error_ratio: ErrorRatio::from_ppb(outage.error_ratio.0.saturating_add(more)),
            ..outage
        };
        let found = outage.crosses(&line, rule.long);
        if let Some(found) = found {
            prop_assert!(graver.crosses(&line, rule.long).expect("seen too") <= found);
        }
    }

    /// L17: it falls in the target, and grows in the factor and in the window.
    #[test]
    fn l17_a_higher_line_is_crossed_no_sooner(
        hundredths in 100_u32..5_000, more in 0_u32..1_000, budget in 1_u32..1_000_000, minutes in 1_u32..1_000,
        outage in any_outage(),
    ) {
        let found = |hundredths: u32, budget: u32, minutes: u32| {
            let factor = Factor::whole(hundredths).scaled(1, 100).expect("fits");
            let rule = BurnRule::new(BurnLevel::Critical, factor, Span::minutes(minutes), Span::minutes(1));
            let line = rule.line(Target::from_budget_ppb(budget).expect("legal"), MONTH);
            outage.crosses(&line, rule.long)
        };
        let is_no_sooner = |later: Option<Seconds>| {
            later.is_none_or(|later| found(hundredths, budget, minutes).is_some_and(|sooner| sooner <= later))
        };
        prop_assert!(is_no_sooner(found(hundredths + more, budget, minutes)));
        prop_assert!(is_no_sooner(found(hundredths, budget + more, minutes)));
        prop_assert!(is_no_sooner(found(hundredths, budget, minutes + more)));
    }

    /// L17: without a baseline `T(e) × e` is constant.
    #[test]
    fn l17_detection_times_the_error_ratio_is_constant((rule, line) in any_rule(), ppb in 1..BILLION / 2) {
        let at = |ppb| Outage::of(ErrorRatio(ppb)).crosses(&line, rule.long);
        if let (Some(once), Some(twice)) = (at(ppb), at(ppb * 2)) {
            prop_assert_eq!(once, Seconds::new(2 * twice.numerator, twice.denominator));
        }
    }

    /// L18: what is spent at detection is the line's own share, whatever the outage.
    #[test]
    fn l18_the_budget_spent_at_detection_does_not_depend_on_the_outage((rule, line) in any_rule(), outage in any_outage()) {
        let found = outage.crosses(&line, rule.long);
        if let Some(found) = found.filter(|found| *found > Seconds::ZERO) {
            let (e, before) = (outage.error_ratio.as_f64(), outage.baseline.as_f64());
            let (t, long) = (found.as_f64(), f64::from(rule.long.as_seconds()));
            let lost = e * t + before * (long - t);
            prop_assert!((lost - line.as_f64() * long).abs() <= 1e-6 * lost.max(1e-3));
        }
    }

    /// L19: of one window, detection and reset make the window.
    #[test]
    fn l19_detection_and_reset_make_the_window((rule, line) in any_rule(), outage in any_outage()) {
        if let Some(clears) = outage.clears(&line, rule.long) {
            let found = outage.crosses(&line, rule.long).expect("seen");
            prop_assert_eq!(found.left_of(rule.long), clears);
            prop_assert!(found <= Seconds::whole(rule.long));
        }
    }

    /// L20: an AND pair fires no earlier than either window and clears no later than either.
    #[test]
    fn l20_a_pair_fires_after_both_windows_and_clears_before_both((rule, line) in any_rule(), outage in any_outage()) {
        let [long, short] = [rule.long, rule.short].map(|window| outage.crosses(&line, window));
        prop_assert!(long >= short);
        let [long, short] = [rule.long, rule.short].map(|window| outage.clears(&line, window));
        prop_assert!(short <= long);
    }

    /// L36: no panic and no overflow, for any rule, outage, guard and traffic; a step is never before
    /// what it is the step of.
    #[test]
    fn any_outage_has_an_answer(
        factor in (1_u64..1 << 34, 1_u64..1 << 34), budget in 1..BILLION, long: u32, short: u32, window: u32,
        share in prop::option::of(1_u32..=1_000_000), outage in any_outage(), width: u32,
        min_bad: u64, total: u64, seconds: u32,
    ) {
        let min_share = share.map(|share| format!("{}.{:06}", share / 1_000_000, share % 1_000_000));
        let rule = BurnRule {
            level: BurnLevel::Warning,
            factor: Factor::try_from(factor).expect("in range"),
            long: Span::seconds(long),
            short: Span::seconds(short),
            min_share: min_share.map(|share| share.parse().expect("a share")),
        };
        let target = Target::from_budget_ppb(budget).expect("legal");
        let line = rule.line(target, Span::seconds(window));
        let guards = Guards {
            min_bad,
            significance_level: "0.0001".parse().ok(),
            traffic: Traffic { total: Count::from_millionths(total), seconds },
        };
        let width = Span::seconds(width);
        for found in [
            outage.crosses(&line, rule.long),
            outage.crosses(&line, rule.short),
            outage.clears(&line, rule.short),
            outage.persuades(&rule, &line, &guards),
            outage.exhausts(target, Span::seconds(window)),
        ].into_iter().flatten() {
            prop_assert!(found.as_f64() >= 0.0);
            prop_assert!(found.step_reached(width) <= found.step_above(width));
        }
    }

    /// Comparing is that of the fractions.
    #[test]
    fn fractions_compare_by_value(a in 0_u64.., b in 1_u64.., c in 0_u64.., d in 1_u64..) {
        let [a, b, c, d] = [a, b, c, d].map(u128::from);
        prop_assert_eq!(Seconds::new(a, b).cmp(&Seconds::new(c, d)), (a * d).cmp(&(c * b)));
    }
}
