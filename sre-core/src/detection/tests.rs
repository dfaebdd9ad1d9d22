use proptest::prelude::*;

use super::*;
use crate::policy::{BurnLevel, BurnThresholds, Ground, PolicyChoice};
use crate::slice::SliceWidth;
use crate::target::Factor;

mod answers;
mod laws;

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

/// `docs/mathematics.md` 8.3: `google-sre` at 99.9 %: error ratio, detection by each rule, reset of each, how
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

/// `docs/mathematics.md` 8.3: a total outage by target, over 1h / 6h / 24h and 3d.
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

/// `docs/mathematics.md` 9.2: the default policy, at 99.9 %.
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

/// `docs/mathematics.md` 9.1: at 99 %, factors 2, 5 and 10 over an hour and over a day.
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

/// `docs/mathematics.md` 8.2: the approaches of the Workbook that are burn rules.
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

/// `docs/mathematics.md` 8.1: fluid values and their steps of ten seconds.
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

/// `docs/mathematics.md` 8.1: half a minute an hour burns 8.33, and of the paging rules only the one over six
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
