use super::*;

fn ground(target: &str, window: Span) -> Ground {
    Ground {
        target: target.parse().expect(target),
        window,
        width: SliceWidth::MINUTE,
        expected_interval: None,
    }
}

fn default_on(window: Span) -> Vec<String> {
    let policy = PolicyChoice::Default.resolve(&BurnThresholds::default(), &ground("99.9", window));
    let shown = |rule: &BurnRule| {
        format!(
            "{} {} {}/{}",
            rule.level, rule.factor, rule.long, rule.short
        )
    };
    policy.rules.iter().map(shown).collect()
}

/// The table of scaled windows: short periods scale windows, long ones factors.
#[test]
fn the_default_policy_keeps_its_share_on_every_window() {
    assert_eq!(default_on(Span::hours(1)), ["warning 2 2m/2m"]);
    assert_eq!(
        default_on(Span::days(1)),
        [
            "emergency 10 2m/2m",
            "critical 5 12m/2m",
            "warning 2 48m/4m"
        ]
    );
    assert_eq!(
        default_on(Span::days(7)),
        [
            "emergency 10 14m/2m",
            "critical 5 84m/7m",
            "warning 2 336m/28m"
        ]
    );
    assert_eq!(
        default_on(Span::days(14)),
        [
            "emergency 10 28m/3m",
            "critical 5 168m/14m",
            "warning 2 672m/56m"
        ]
    );
    assert_eq!(
        default_on(Span::days(28)),
        [
            "emergency 28/3 1h/5m",
            "critical 14/3 6h/30m",
            "warning 28/15 24h/2h"
        ]
    );
    assert_eq!(
        default_on(Span::days(30)),
        [
            "emergency 10 1h/5m",
            "critical 5 6h/30m",
            "warning 2 24h/2h"
        ]
    );
    assert_eq!(
        default_on(Span::days(90)),
        [
            "emergency 30 1h/5m",
            "critical 15 6h/30m",
            "warning 6 24h/2h"
        ]
    );
}

#[test]
fn a_preset_rule_that_can_never_fire_is_left_out_with_the_arithmetic() {
    let policy =
        PolicyChoice::Default.resolve(&BurnThresholds::default(), &ground("90", Span::days(30)));
    assert_eq!(policy.left_out.len(), 1);
    let reason = &policy
        .left_out
        .first()
        .expect("one")
        .reason;
    assert!(reason.contains("burns only 10 times"), "{reason}");
}

#[test]
fn a_preset_rule_below_one_is_left_out() {
    let policy = PolicyChoice::GoogleSre
        .resolve(&BurnThresholds::default(), &ground("99.9", Span::days(28)));
    let left: Vec<_> = policy
        .left_out
        .iter()
        .map(|left| left.rule.factor.to_string())
        .collect();
    assert_eq!(left, ["14/15"]);
}

#[test]
fn finer_slices_bring_a_short_rule_back() {
    let fine = Ground {
        width: SliceWidth::TEN_SECONDS,
        ..ground("99", Span::hours(6))
    };
    let policy = PolicyChoice::Default.resolve(&BurnThresholds::default(), &fine);
    assert!(
        policy
            .rules
            .iter()
            .any(|rule| rule.level == BurnLevel::Critical)
    );
}

#[test]
fn windows_hold_two_measurements() {
    let slow = Ground {
        expected_interval: Some(Span::minutes(5)),
        ..ground("99.9", Span::days(30))
    };
    let rules = PolicyChoice::Default.resolve(&BurnThresholds::default(), &slow);
    let left: Vec<_> = rules
        .left_out
        .iter()
        .map(|left| left.rule.level)
        .collect();
    assert_eq!(left, [BurnLevel::Emergency]);
}

#[test]
fn a_written_rule_is_refused_for_each_reason() {
    let ground = ground("99.9", Span::days(30));
    let rule = BurnRule {
        level: BurnLevel::Critical,
        factor: Factor::whole(5),
        long: Span::hours(6),
        short: Span::minutes(30),
        min_share: None,
    };
    assert_eq!(ground.refusal(&rule), None);
    for (wrong, word) in [
        (
            BurnRule {
                factor: Factor::whole(1_000),
                ..rule
            },
            "never fire",
        ),
        (
            BurnRule {
                factor: "0.5".parse().expect("a factor"),
                ..rule
            },
            "on track",
        ),
        (
            BurnRule {
                short: Span::minutes(1),
                ..rule
            },
            "two slices",
        ),
        (
            BurnRule {
                short: Span::hours(7),
                ..rule
            },
            "longer than the long",
        ),
        (
            BurnRule {
                long: Span::days(31),
                ..rule
            },
            "longer than the SLO",
        ),
    ] {
        let reason = ground.refusal(&wrong).expect(word);
        assert!(reason.contains(word), "{reason}");
    }
}

#[test]
fn status_levels_are_reached_at_equality() {
    let target: Target = "99".parse().expect("a target");
    let counts = |bad: u64| crate::count::Counts::events(1_000 - bad, 1_000).expect("legal");
    let thresholds = BurnThresholds::default();
    for (bad, level) in [
        (19, BurnLevel::None),
        (20, BurnLevel::Warning),
        (50, BurnLevel::Critical),
        (100, BurnLevel::Emergency),
    ] {
        assert_eq!(thresholds.level(counts(bad), target), level, "{bad}");
    }
}

/// Factor, windows and share at detection of the rules that stand.
fn shown(choice: &PolicyChoice, ground: &Ground) -> Vec<String> {
    let policy = choice.resolve(&BurnThresholds::default(), ground);
    let shown = |rule: &BurnRule| {
        let share = rule.share_of_budget(ground.window) * 100.0;
        format!(
            "{} {} {}/{} {share:.3}",
            rule.level, rule.factor, rule.long, rule.short
        )
    };
    policy.rules.iter().map(shown).collect()
}

/// `docs/mathematics.md` 9.2 and 9.3, with the share of the budget at detection.
#[test]
fn the_presets_on_thirty_days_are_the_published_ones() {
    let month = ground("99.9", Span::days(30));
    assert_eq!(
        shown(&PolicyChoice::Default, &month),
        [
            "emergency 10 1h/5m 1.389",
            "critical 5 6h/30m 4.167",
            "warning 2 24h/2h 6.667"
        ]
    );
    assert_eq!(
        shown(&PolicyChoice::GoogleSre, &month),
        [
            "emergency 14.4 1h/5m 2.000",
            "critical 6 6h/30m 5.000",
            "warning 3 24h/2h 10.000",
            "warning 1 3d/6h 10.000"
        ]
    );
}

/// `docs/mathematics.md` 9.4 and T7: Google's table on 28 days is 13.44, 5.6 and 2.8 (Sloth), and 0.9333 is
/// left out; on 7 days the windows scale, and the factors stay.
#[test]
fn t7_google_s_table_keeps_its_shares_on_other_periods() {
    assert_eq!(
        shown(&PolicyChoice::GoogleSre, &ground("99.9", Span::days(28))),
        [
            "emergency 13.44 1h/5m 2.000",
            "critical 5.6 6h/30m 5.000",
            "warning 2.8 24h/2h 10.000"
        ]
    );
    assert_eq!(
        shown(&PolicyChoice::GoogleSre, &ground("99.9", Span::days(7))),
        [
            "emergency 14.4 14m/2m 2.000",
            "critical 6 84m/7m 5.000",
            "warning 3 336m/28m 10.000",
            "warning 1 1008m/84m 10.000"
        ]
    );
    assert_eq!(
        shown(&PolicyChoice::GoogleSre, &ground("99.9", Span::days(90))),
        [
            "emergency 43.2 1h/5m 2.000",
            "critical 18 6h/30m 5.000",
            "warning 9 24h/2h 10.000",
            "warning 3 3d/6h 10.000"
        ]
    );
}

/// `docs/mathematics.md` 9.4: of an hour only the warning stands, and the answer says why the others do not.
#[test]
fn t6_a_window_that_would_round_to_nothing_is_left_out_with_the_reason() {
    let hour = ground("99.9", Span::hours(1));
    let policy = PolicyChoice::Default.resolve(&BurnThresholds::default(), &hour);
    let left: Vec<_> = policy
        .left_out
        .iter()
        .map(|left| left.rule.level)
        .collect();
    assert_eq!(left, [BurnLevel::Emergency, BurnLevel::Critical]);
    for left in &policy.left_out {
        assert!(left.reason.contains("at least 2m"), "{}", left.reason);
        // 6h become 30s, three slices of 10s; 1h becomes 5s, less than any slice.
        assert_eq!(
            left.reason
                .contains("finer slices bring it back"),
            left.rule.level == BurnLevel::Critical,
            "{}",
            left.reason
        );
    }
}

/// `docs/mathematics.md` 9.2 and 9.3: the targets at and below which a rule is left out.
#[test]
fn t8_a_rule_that_can_never_fire_is_left_out() {
    let standing = |choice: &PolicyChoice, target: &str| {
        let month = ground(target, Span::days(30));
        choice
            .resolve(&BurnThresholds::default(), &month)
            .rules
            .len()
    };
    for (choice, target, rules) in [
        (PolicyChoice::Default, "90", 2),
        (PolicyChoice::Default, "90.000001", 3),
        (PolicyChoice::Default, "80", 1),
        (PolicyChoice::Default, "80.000001", 2),
        (PolicyChoice::Default, "50", 0),
        (PolicyChoice::Default, "50.000001", 1),
        (PolicyChoice::GoogleSre, "93.055555", 3),
        (PolicyChoice::GoogleSre, "93.055556", 4),
        (PolicyChoice::GoogleSre, "83.333333", 2),
        (PolicyChoice::GoogleSre, "83.333334", 3),
        (PolicyChoice::GoogleSre, "66.666666", 1),
        (PolicyChoice::GoogleSre, "66.666667", 2),
        (PolicyChoice::GoogleSre, "0.000001", 1),
    ] {
        assert_eq!(
            standing(&choice, target),
            rules,
            "{} at {target}",
            choice.name()
        );
    }
}

fn written(factor: &str, long: Span, short: Span) -> BurnRule {
    BurnRule::new(
        BurnLevel::Critical,
        factor.parse().expect(factor),
        long,
        short,
    )
}

/// `docs/mathematics.md` 9.5: what the explanations say.
#[test]
fn a_refusal_says_what_would_work() {
    let refused = |target, window, rule| {
        ground(target, window)
            .refusal(&rule)
            .expect("cannot stand")
    };
    let month = Span::days(30);
    let reason = refused(
        "90",
        month,
        written("14.4", Span::hours(1), Span::minutes(5)),
    );
    assert!(reason.contains("burns only 10 times too fast"), "{reason}");
    assert!(
        reason.contains("it works at targets above 93.0556 %"),
        "{reason}"
    );
    // Google's 10 % in 3 days, on 7: a factor of 7/30.
    let low = BurnRule {
        factor: Factor::ONE.scaled(7, 30).expect("fits"),
        ..written("1", Span::days(3), Span::hours(6))
    };
    let reason = refused("99.9", Span::days(7), low);
    assert!(reason.contains("a factor of 7/30"), "{reason}");
    assert!(
        reason.contains("over 3d is 42.8571 % (3d ÷ 7d)"),
        "{reason}"
    );
    assert!(
        reason.contains("scale the windows: 1 on 1008m and 84m"),
        "{reason}"
    );
    let reason = refused(
        "99.9",
        month,
        written("2", Span::hours(1), Span::seconds(60)),
    );
    assert!(reason.contains("at least 2m"), "{reason}");
}

/// `docs/mathematics.md` 9.5 and 9.1: 5 over 7 days is 116.67 % of 30 days; accepted, with a warning.
#[test]
fn a_rule_that_fires_when_the_budget_is_gone_is_accepted_with_a_warning() {
    let month = ground("99", Span::days(30));
    let week = written("5", Span::days(7), Span::hours(14));
    assert_eq!(month.refusal(&week), None);
    let warning = month.warning(&week).expect("odd");
    assert!(
        warning.contains("116.6667 % of what 30d allows"),
        "{warning}"
    );
    let exactly = written("2", Span::days(15), Span::hours(14));
    assert!(month.warning(&exactly).is_some());
    let below = written("1.999999", Span::days(15), Span::hours(14));
    assert_eq!(month.warning(&below), None);
    let all = BurnRule {
        min_share: "1".parse().ok(),
        ..written("1", Span::days(15), Span::hours(14))
    };
    assert!(month.warning(&all).is_some());
}

/// Over an hour a total outage spends 13.9 % of what 99 % allow in 30 days, under even traffic.
#[test]
fn a_share_that_no_outage_can_spend_is_refused() {
    let month = ground("99", Span::days(30));
    let asking = |share: &str| BurnRule {
        min_share: share.parse().ok(),
        ..written("1", Span::hours(1), Span::minutes(5))
    };
    assert_eq!(month.refusal(&asking("0.138888")), None);
    let reason = month
        .refusal(&asking("0.138889"))
        .expect("out of reach");
    assert!(
        reason.contains("spends only 0.1389 of the budget"),
        "{reason}"
    );
}

/// `θ = b × eb`, and under even traffic `x × P × eb ÷ w`.
#[test]
fn a_line_is_the_factor_times_the_budget_or_what_the_share_asks_for() {
    let line = |rule: BurnRule| {
        rule.line("99.9".parse().expect("a target"), Span::days(30))
            .as_f64()
    };
    let plain = written("14.4", Span::hours(1), Span::minutes(5));
    assert!((line(plain) - 0.0144).abs() < 1e-15);
    let asking = |share: &str| BurnRule {
        min_share: share.parse().ok(),
        ..plain
    };
    // 2 % of 30 days in an hour is the factor's own; 4 % ask for twice the ratio.
    assert!((line(asking("0.02")) - 0.0144).abs() < 1e-15);
    assert!((line(asking("0.04")) - 0.0288).abs() < 1e-15);
    assert!((line(asking("0.01")) - 0.0144).abs() < 1e-15);
}

#[test]
fn a_policy_has_the_name_that_it_was_chosen_by() {
    let ground = ground("99.9", Span::days(30));
    let name = |choice: PolicyChoice| {
        choice
            .resolve(&BurnThresholds::default(), &ground)
            .name
    };
    assert_eq!(name(PolicyChoice::Default), "default");
    assert_eq!(name(PolicyChoice::GoogleSre), "google-sre");
    assert_eq!(name(PolicyChoice::Custom(Vec::new())), "custom");
}

/// An hour on 30 days is 80 seconds on 16 hours: two minutes are exactly one and a half times as long.
#[test]
fn a_window_may_be_stretched_to_one_and_a_half_times_its_length_and_no_further() {
    let emergency = |window| default_on(window)[0].starts_with("emergency 10 2m/2m");
    assert!(emergency(Span::minutes(960)));
    assert!(!emergency(Span::minutes(959)));
}

fn line(factor: &str, share: Option<&str>, target: &str, window: Span) -> Line {
    let factor = factor.parse().expect(factor);
    let mut rule = BurnRule::new(
        BurnLevel::Emergency,
        factor,
        Span::hours(1),
        Span::minutes(5),
    );
    rule.min_share = share.map(|share| share.parse().expect(share));
    rule.line(target.parse().expect(target), window)
}

/// 14.4 over an hour of 30 days is 2 % of the budget: where both say the same, the factor has to be
/// exceeded still.
#[test]
fn a_line_is_strict_unless_the_share_lies_above_the_factor() {
    let month = Span::days(30);
    for (share, is_strict) in [
        (None, true),
        (Some("0.019"), true),
        (Some("0.02"), true),
        (Some("0.021"), false),
    ] {
        let line = line("14.4", share, "99.9", month);
        assert_eq!(line.is_strict(), is_strict, "{share:?}");
    }
}

/// At 90 % ten hours allow an hour of outage.
#[test]
fn a_share_that_a_total_outage_just_reaches_is_reachable_and_such_a_factor_is_not() {
    let ten_hours = Span::hours(10);
    assert!(!line("1", Some("1"), "90", ten_hours).is_unreachable());
    assert!(line("1", Some("1"), "90", Span::minutes(601)).is_unreachable());
    assert!(line("10", None, "90", ten_hours).is_unreachable());
    assert!(!line("9.999999", None, "90", ten_hours).is_unreachable());
}

/// A line of 1.44 %, or of 3 % by a share: of an hour 51.84 s or 108 s may be lost, of five minutes a
/// twelfth.
#[test]
fn a_loss_crosses_a_line_by_its_part_of_the_window() {
    let month = Span::days(30);
    let (hour, minutes) = (Span::hours(1), Span::minutes(5));
    let by_factor = line("14.4", None, "99.9", month);
    let by_share = line("14.4", Some("0.041666"), "99.9", month);
    for (line, window, at) in [
        (&by_factor, hour, 51_840_000_000),
        (&by_factor, minutes, 4_320_000_000),
        (&by_share, hour, 107_998_272_000),
        (&by_share, minutes, 8_999_856_000),
    ] {
        let reaches = !line.is_strict();
        assert!(!line.is_crossed_by_loss(at - 1, window), "{line:?}");
        assert_eq!(line.is_crossed_by_loss(at, window), reaches, "{line:?}");
        assert!(line.is_crossed_by_loss(at + 1, window), "{line:?}");
    }
}

/// On 30 days 0.25 of 15 days is 0.5: too little there as well, so that nothing is offered.
#[test]
fn a_factor_below_one_is_offered_scaled_windows_where_they_help() {
    let refusal = |factor: &str, days| {
        let rule = BurnRule::new(
            BurnLevel::Warning,
            factor.parse().expect(factor),
            Span::days(3),
            Span::hours(6),
        );
        ground("99.9", Span::days(days))
            .refusal(&rule)
            .expect("on track")
    };
    let offer = "scale the windows";
    assert!(refusal("0.5", 15).contains("scale the windows: 1 on 36h and 3h"));
    assert!(!refusal("0.25", 15).contains(offer));
    assert!(!refusal("0.5", 30).contains(offer));
    assert!(!refusal("0.9", 90).contains(offer));
}
