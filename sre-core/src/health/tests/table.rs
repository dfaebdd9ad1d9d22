//! Every line of the table of deductions, at its edges.

use super::*;

fn budget_costs(consumed: u64) -> String {
    let found = alone(Evidence {
        slos: vec![slo("orders", consumed, 0)],
        ..Evidence::default()
    });
    lines(&found).join("; ")
}

#[test]
fn a_budget_costs_from_its_half_to_its_end() {
    assert_eq!(budget_costs(5), "");
    assert_eq!(
        budget_costs(6),
        "budget 5: 60.0 % of the 30d error budget of orders is consumed"
    );
    assert_eq!(
        budget_costs(10),
        "budget 25: 100.0 % of the 30d error budget of orders is consumed"
    );
    assert_eq!(
        budget_costs(40),
        "budget 25: 400.0 % of the 30d error budget of orders is consumed"
    );
}

#[test]
fn a_burn_costs_once_it_is_faster_than_the_budget_lasts() {
    let costs = |burned| {
        let found = alone(Evidence {
            slos: vec![slo("orders", 0, burned)],
            ..Evidence::default()
        });
        lines(&found).join("; ")
    };
    assert_eq!(costs(10), "");
    assert_eq!(costs(11), "burn_rate 4.4: 1 h burn 1.1 on orders");
    assert_eq!(costs(62), "burn_rate 24.8: 1 h burn 6.2 on orders");
    assert_eq!(costs(63), "burn_rate 25: 1 h burn 6.3 on orders");
    assert_eq!(costs(10_000), "burn_rate 25: 1 h burn 1000.0 on orders");
}

#[test]
fn the_worst_slo_costs_and_the_others_cost_nothing_more() {
    let found = alone(Evidence {
        slos: vec![slo("a", 7, 20), slo("b", 8, 30), slo("c", 6, 10)],
        ..Evidence::default()
    });
    assert_eq!(
        lines(&found),
        [
            "budget 15: 80.0 % of the 30d error budget of b is consumed",
            "burn_rate 12: 1 h burn 3.0 on b",
        ]
    );
}

#[test]
fn of_two_that_cost_the_most_the_deeper_is_named() {
    let found = alone(Evidence {
        slos: vec![slo("a", 20, 0), slo("b", 30, 0), slo("c", 11, 0)],
        ..Evidence::default()
    });
    assert_eq!(
        lines(&found),
        ["budget 25: 300.0 % of the 30d error budget of b is consumed"]
    );
}

#[test]
fn probes_cost_by_the_share_that_is_down() {
    let costs = |checks: &[(&str, bool)]| {
        let found = alone(Evidence {
            checks: checks
                .iter()
                .map(|(name, is_up)| check(name, *is_up))
                .collect(),
            ..Evidence::default()
        });
        lines(&found)
    };
    assert_eq!(costs(&[("a", true), ("b", true)]), [""; 0]);
    assert_eq!(
        costs(&[("a", true), ("b", false), ("c", true)]),
        ["check 13.3: 1 of 3 probes down: b"]
    );
    assert_eq!(
        costs(&[("a", false), ("b", false), ("c", true)]),
        ["check 26.7: 2 of 3 probes down: a, b"]
    );
    assert_eq!(
        costs(&[("a", false), ("b", false)]),
        [
            "check 40: 2 of 2 probes down: a, b",
            "check_ceiling 30: every probe is down: 30 at most",
        ]
    );
}

#[test]
fn alerts_cost_by_severity_up_to_their_cap() {
    let costs = |raised: &[(Severity, u32)]| {
        let found = alone(Evidence {
            slos: vec![slo("orders", 0, 0)],
            alerts: alerts(raised),
            ..Evidence::default()
        });
        lines(&found).join("; ")
    };
    for (severity, points) in [
        (Severity::Emergency, "25"),
        (Severity::Critical, "15"),
        (Severity::High, "8"),
        (Severity::Medium, "4"),
        (Severity::Low, "1"),
    ] {
        assert_eq!(
            costs(&[(severity, 1)]),
            format!("alert {points}: open alerts: 1 {severity}")
        );
    }
    assert_eq!(
        costs(&[(Severity::High, 1), (Severity::Low, 3)]),
        "alert 11: open alerts: 1 high, 3 low"
    );
    assert_eq!(
        costs(&[(Severity::Emergency, 1_000_000), (Severity::Critical, 2)]),
        "alert 30: open alerts: 1000000 emergency, 2 critical"
    );
}

#[test]
fn alerts_of_our_own_are_counted_and_cost_nothing() {
    let found = alone(Evidence {
        slos: vec![slo("orders", 0, 0)],
        alerts: OpenAlerts {
            open: 2,
            raised: BTreeMap::new(),
        },
        ..Evidence::default()
    });
    assert_eq!(found.score, Some(Points::HUNDRED));
    assert_eq!(found.evidence.alerts.open, 2);
}

#[test]
fn a_list_that_would_pass_a_hundred_is_cut_in_the_order_of_the_table() {
    let found = alone(Evidence {
        slos: vec![slo("orders", 10, 100)],
        checks: vec![check("http", false)],
        alerts: alerts(&[(Severity::Emergency, 1)]),
        ..Evidence::default()
    });
    let points: Vec<_> = found
        .deductions
        .iter()
        .map(|lost| (lost.reason.as_str(), lost.points.tenths()))
        .collect();
    assert_eq!(
        points,
        [
            ("check", 400),
            ("check_ceiling", 300),
            ("budget", 250),
            ("burn_rate", 50)
        ]
    );
    assert_eq!(found.score, Some(Points::ZERO));
}

#[test]
fn a_score_has_the_status_of_its_range() {
    for (tenths, status) in [
        (1_000, "healthy"),
        (900, "healthy"),
        (899, "degraded"),
        (600, "degraded"),
        (599, "unhealthy"),
        (0, "unhealthy"),
    ] {
        let score = Some(Points::from_tenths(tenths));
        assert_eq!(HealthStatus::of(score).as_str(), status, "{tenths}");
    }
    assert_eq!(HealthStatus::of(None), HealthStatus::Unknown);
}

#[test]
fn half_a_tenth_is_rounded_up_once() {
    assert_eq!(Points::rounded(1, 2).tenths(), 1);
    assert_eq!(Points::rounded(49, 100).tenths(), 0);
    assert_eq!(Points::rounded(3, 2).tenths(), 2);
    assert_eq!(Points::rounded(7, 0).tenths(), 0);
    assert_eq!(Points::rounded(u128::MAX >> 2, 1).tenths(), 1_000);
}
