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
