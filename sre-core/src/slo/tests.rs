//! What of a definition shapes its slices, and what its parts mean at their edges.

use super::*;
use crate::latency::LatencyUnit;
use crate::policy::{BurnLevel, BurnRule};
use crate::source::{LatencyQuery, ThresholdQuery};
use crate::target::Factor;
use crate::threshold::Operator;

/// 99 % of the availability of `checkout` over an hour, in minutes, without a rule.
pub(crate) fn definition() -> Definition {
    slo().definition
}

/// The SLO of [`definition`].
pub(crate) fn slo() -> Slo {
    Slo::builder("checkout", "availability")
        .name("checkout answers")
        .target_percentage("99")
        .expect("a target")
        .rolling(Span::hours(1))
        .burn_policy(PolicyChoice::Custom(Vec::new()))
        .build()
        .expect("legal")
}

fn counters(part: CounterPart, total: &str) -> Indicator {
    let total = total.to_owned();
    Indicator::Prometheus(Query::Counters(CounterRatio { part, total }))
}

fn asking(query: Query) -> Definition {
    Definition {
        indicator: Indicator::Prometheus(query),
        ..definition()
    }
}

fn expressions(part: CounterPart, total: &str) -> Query {
    let total = total.to_owned();
    Query::Ratio(QueryRatio { part, total })
}

fn latency(histogram: &str, selector: &str, threshold: &str, unit: LatencyUnit) -> Query {
    Query::Latency(LatencyQuery {
        histogram: histogram.to_owned(),
        selector: selector.to_owned(),
        threshold: threshold.parse().expect("a latency"),
        unit,
    })
}

fn line_of(query: &str, operator: Operator, value: f64) -> Query {
    Query::Threshold(ThresholdQuery {
        query: query.to_owned(),
        line: Threshold::new(operator, value).expect("finite"),
    })
}

fn value_metric(operator: Operator, value: f64) -> Definition {
    Definition {
        indicator: Indicator::Metric("latency_p95".parse().expect("a name")),
        threshold: Some(Threshold::new(operator, value).expect("finite")),
        ..definition()
    }
}

/// Target, window and policy re-read the same slices.
#[test]
fn what_only_reads_slices_keeps_the_generation() {
    let changed = Definition {
        name: "another".to_owned(),
        description: "words".to_owned(),
        metric_name: "shown".parse().expect("a name"),
        target: "99.99".parse().expect("a target"),
        window: Window::Rolling(Span::days(30)),
        expected_interval: Some(Span::minutes(5)),
        min_events: 7,
        min_bad: 7,
        significance_level: "0.0001".parse().ok(),
        min_coverage_permille: Some(500),
        enabled: false,
        labels: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
        links: BTreeMap::from([("runbook".to_owned(), "https://example.com".to_owned())]),
        burn_policy: PolicyChoice::GoogleSre,
        ..definition()
    };
    assert_eq!(changed.generation(), definition().generation());
    // A ratio has no line, so a line that is set says nothing about its slices.
    let threshold = Threshold::new(Operator::Lt, 5.0).ok();
    assert_eq!(
        Definition {
            threshold,
            ..definition()
        }
        .generation(),
        definition().generation()
    );
}

#[test]
fn whatever_shapes_a_slice_makes_a_generation_of_its_own() {
    let timeslices = |text: &str| BudgetingMethod::Timeslices(text.parse().expect("a share"));
    let good = || CounterPart::Good("good".to_owned());
    let definitions = [
        definition(),
        Definition {
            slice: SliceWidth::TEN_SECONDS,
            ..definition()
        },
        Definition {
            method: timeslices("100"),
            ..definition()
        },
        Definition {
            method: timeslices("95"),
            ..definition()
        },
        Definition {
            on_absent: OnAbsent::Bad,
            ..definition()
        },
        Definition {
            on_absent: OnAbsent::Good,
            ..definition()
        },
        Definition {
            service_name: "cart".parse().expect("a name"),
            ..definition()
        },
        Definition {
            indicator: Indicator::Metric("success_rate".parse().expect("a name")),
            ..definition()
        },
        value_metric(Operator::Lt, 500.0),
        value_metric(Operator::Lte, 500.0),
        value_metric(Operator::Lt, 500.5),
        Definition {
            indicator: counters(good(), "total"),
            ..definition()
        },
        Definition {
            indicator: counters(good(), "goodtotal"),
            ..definition()
        },
        Definition {
            indicator: counters(CounterPart::Bad("good".to_owned()), "total"),
            ..definition()
        },
        Definition {
            indicator: counters(CounterPart::Good("goodtot".to_owned()), "al"),
            ..definition()
        },
        asking(expressions(good(), "total")),
        asking(expressions(CounterPart::Bad("good".to_owned()), "total")),
        asking(latency("http", "", "300ms", LatencyUnit::Seconds)),
        asking(latency("http", "job=\"a\"", "300ms", LatencyUnit::Seconds)),
        asking(latency("grpc", "", "300ms", LatencyUnit::Seconds)),
        asking(latency("http", "", "301ms", LatencyUnit::Seconds)),
        asking(latency("http", "", "300ms", LatencyUnit::Milliseconds)),
        asking(line_of("total", Operator::Lt, 5.0)),
        asking(line_of("totals", Operator::Lt, 5.0)),
        asking(line_of("total", Operator::Lte, 5.0)),
        asking(line_of("total", Operator::Lt, 5.5)),
    ];
    let generations: std::collections::BTreeSet<i64> = definitions
        .iter()
        .map(|definition| definition.generation().0)
        .collect();
    assert_eq!(generations.len(), definitions.len());
    assert!(
        generations
            .iter()
            .all(|generation| *generation >= 0),
        "a store holds it signed"
    );
}

/// `docs/mathematics.md` 9.5: a window holds two slices and two measurements.
#[test]
fn the_declared_interval_stands_over_the_learned_one() {
    let rule = BurnRule {
        level: BurnLevel::Emergency,
        factor: Factor::whole(10),
        long: Span::hours(1),
        short: Span::minutes(5),
        min_share: None,
    };
    let slow = Definition {
        burn_policy: PolicyChoice::Custom(vec![rule]),
        ..definition()
    };
    let declared = Definition {
        expected_interval: Some(Span::minutes(1)),
        ..slow.clone()
    };
    let rules = |definition: &Definition, learned| {
        definition
            .policy(&BurnThresholds::default(), learned)
            .rules
            .len()
    };
    assert_eq!(rules(&slow, None), 1);
    assert_eq!(rules(&slow, Some(Span::minutes(3))), 0);
    assert_eq!(rules(&declared, Some(Span::minutes(3))), 1);
}

#[test]
fn an_slo_that_is_deleted_or_switched_off_is_not_live() {
    let live = slo();
    assert!(live.is_live());
    let disabled = Definition {
        enabled: false,
        ..definition()
    };
    assert!(
        !Slo {
            definition: disabled,
            ..slo()
        }
        .is_live()
    );
    assert!(
        !Slo {
            deleted_at: Some(live.created_at),
            ..slo()
        }
        .is_live()
    );
}
