//! What a builder fills in, and what it refuses.

use super::*;
use crate::policy::{BurnLevel, BurnRule};
use crate::slo::{ENTRIES_MAX, LABEL_NAME_MAX, NAME_MAX, RULES_MAX, TEXT_MAX};
use crate::target::Factor;
use crate::threshold::Operator;
use crate::time::at_second;

fn checkout() -> SloBuilder {
    Slo::builder("checkout", "availability").target("99.9".parse().expect("a target"))
}

/// The fields that are refused, in order.
fn refused(builder: SloBuilder) -> Vec<String> {
    builder
        .build()
        .err()
        .into_iter()
        .flat_map(|invalid| invalid.faults)
        .map(|fault| fault.field)
        .collect()
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let slo = checkout().build().expect("legal");
    let definition = &slo.definition;
    assert_eq!(definition.name, "availability");
    assert_eq!(definition.window, Window::Rolling(Span::days(30)));
    assert_eq!(definition.slice, SliceWidth::MINUTE);
    assert_eq!(definition.method, BudgetingMethod::Occurrences);
    assert_eq!(definition.min_bad, MIN_BAD_DEFAULT);
    assert_eq!(definition.burn_policy, PolicyChoice::Default);
    assert!(definition.enabled);
    assert_eq!((slo.version, slo.created_at), (1, at_second(0)));
    let again = checkout().build().expect("legal");
    assert_eq!(slo.id, again.id, "the same SLO has the same id");
    let other = checkout()
        .name("another")
        .build()
        .expect("legal");
    assert_ne!(slo.id, other.id);
}

#[test]
fn a_value_metric_needs_a_threshold_and_then_counts_slices() {
    let latency =
        || Slo::builder("checkout", "latency_p95").target("99".parse().expect("a target"));
    assert_eq!(refused(latency()), ["threshold_value"]);
    let threshold = Threshold::new(Operator::Lt, 300.0).expect("finite");
    let by_value = latency()
        .threshold(threshold)
        .build()
        .expect("legal");
    assert_eq!(
        by_value.definition.method,
        BudgetingMethod::Timeslices(SliceTarget::ALL)
    );
    let metric = Indicator::Metric("latency_p95".parse().expect("a name"));
    let by_counts = latency()
        .indicator(metric)
        .build()
        .expect("legal");
    assert_eq!(by_counts.definition.method, BudgetingMethod::Occurrences);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_by_its_field() {
    let builder = checkout()
        .name("")
        .description("x".repeat(TEXT_MAX + 1))
        .rolling(Span::seconds(150))
        .expected_interval(Span::minutes(2))
        .min_bad(0)
        .min_coverage_permille(1_001)
        .link("runbook", "javascript:alert(1)")
        .label("a/b", "y".repeat(TEXT_MAX + 1));
    let fields = [
        "name",
        "description",
        "labels/a~1b",
        "links/runbook",
        "time_window",
        "expected_interval",
        "min_bad",
        "min_coverage",
    ];
    assert_eq!(refused(builder), fields);
    let nothing = Slo::builder("", "-");
    assert_eq!(
        refused(nothing),
        ["service_name", "metric_name", "target_percentage"]
    );
}

#[test]
fn every_limit_holds_at_its_edge() {
    let labels = |n: usize| (0..n).map(|n| (format!("label{n}"), String::new()));
    let rules = |n: usize| {
        let rule = BurnRule {
            level: BurnLevel::Critical,
            factor: Factor::whole(10),
            long: Span::hours(1),
            short: Span::minutes(5),
            min_share: None,
        };
        PolicyChoice::Custom(vec![rule; n])
    };
    for (right, wrong, field) in [
        (
            checkout().name("é".repeat(NAME_MAX)),
            checkout().name("é".repeat(NAME_MAX + 1)),
            "name",
        ),
        (
            checkout().rolling(Span::minutes(2)),
            checkout().rolling(Span::minutes(1)),
            "time_window",
        ),
        (
            checkout().rolling(Span::days(400)),
            checkout().rolling(Span::days(401)),
            "time_window",
        ),
        (
            checkout().labels(labels(ENTRIES_MAX)),
            checkout().labels(labels(ENTRIES_MAX + 1)),
            "labels",
        ),
        (
            checkout().label("n".repeat(LABEL_NAME_MAX), ""),
            checkout().label("n".repeat(LABEL_NAME_MAX + 1), ""),
            &format!("labels/{}", "n".repeat(LABEL_NAME_MAX + 1)),
        ),
        (
            checkout().min_events(1_000_000_000_000),
            checkout().min_events(1_000_000_000_001),
            "min_events",
        ),
        (
            checkout().burn_policy(rules(RULES_MAX)),
            checkout().burn_policy(rules(RULES_MAX + 1)),
            "burn_policy/rules",
        ),
    ] {
        assert_eq!(refused(right), [""; 0], "{field}");
        assert_eq!(refused(wrong), [field]);
    }
}

#[test]
fn a_written_rule_that_cannot_stand_is_refused_with_the_arithmetic() {
    let rule = |factor, long, short| BurnRule {
        level: BurnLevel::Emergency,
        factor: Factor::whole(factor),
        long,
        short,
        min_share: None,
    };
    let rules = vec![
        rule(10, Span::hours(1), Span::minutes(5)),
        rule(1_000, Span::hours(1), Span::minutes(5)),
        rule(10, Span::seconds(3_630), Span::minutes(5)),
    ];
    let error = checkout()
        .burn_policy(PolicyChoice::Custom(rules))
        .build()
        .expect_err("two rules cannot stand");
    assert_eq!(
        error.to_string(),
        "the definition is refused: burn_policy/rules/1: can never fire: at 99.9 % even a total \
         outage burns only 1000 times too fast, and the factor is 1000; it works at targets above \
         99.9 %; burn_policy/rules/2: its window 3630s is not a whole number of slices of 60s"
    );
}
