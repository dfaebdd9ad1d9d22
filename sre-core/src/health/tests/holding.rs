//! What falls silent keeps what it cost.

use super::*;
use crate::health::evidence::checks;
use crate::sample::{Sample, SampleValue};

fn silent(mut slo: SloEvidence) -> SloEvidence {
    slo.is_stale = true;
    slo.state = SloState::InsufficientData;
    slo
}

fn of(slos: Vec<SloEvidence>) -> Evidence {
    Evidence {
        slos,
        ..Evidence::default()
    }
}

#[test]
fn a_silent_slo_keeps_what_it_cost_last_and_lowers_coverage() {
    let before = of(vec![slo("orders", 8, 30)]);
    let mut gone = slo("orders", 8, 30);
    (gone.budget, gone.burn) = (Some(budget(1)), None);
    let now = of(vec![silent(gone)]).holding(&before, at_second(60));
    let found = alone(now.clone());
    assert_eq!(
        lines(&found),
        [
            "budget 15: 80.0 % of the 30d error budget of orders is consumed (stale)",
            "burn_rate 12: 1 h burn 3.0 on orders (stale)",
        ]
    );
    assert_eq!(
        found.coverage,
        Coverage {
            measured: 0,
            expected: 1
        }
    );
    // And goes on keeping it.
    let mut later = now.clone();
    (later.slos[0].budget, later.slos[0].burn) = (None, None);
    assert_eq!(
        lines(&alone(later.holding(&now, at_second(120)))),
        lines(&found)
    );
}

#[test]
fn an_slo_without_data_keeps_what_it_cost_too() {
    let mut gone = slo("orders", 9, 0);
    gone.state = SloState::NoData;
    (gone.budget, gone.burn) = (None, None);
    let before = of(vec![slo("orders", 9, 0)]);
    let found = alone(of(vec![gone]).holding(&before, at_second(60)));
    assert_eq!(
        lines(&found),
        ["budget 20: 90.0 % of the 30d error budget of orders is consumed (stale)"]
    );
}

#[test]
fn an_slo_that_is_measured_keeps_nothing() {
    let now = of(vec![slo("orders", 8, 0)]).holding(&of(vec![slo("orders", 8, 90)]), at_second(60));
    assert_eq!(now, of(vec![slo("orders", 8, 0)]));
}

#[test]
fn a_healthy_service_that_falls_silent_is_unknown() {
    let before = of(vec![slo("orders", 0, 0)]);
    let now = of(vec![silent(slo("orders", 0, 0))]).holding(&before, at_second(60));
    assert_eq!(alone(now).score, None);
}

#[test]
fn a_probe_that_falls_silent_stays_as_it_was() {
    let before = Evidence {
        checks: vec![check("http", false), check("tcp", true)],
        ..Evidence::default()
    };
    let found = alone(Evidence::default().holding(&before, at_second(60)));
    assert_eq!(
        lines(&found),
        ["check 20: 1 of 2 probes down: http (stale)"]
    );
}

/// A sample of a probe, so many seconds in.
fn answer(second: i64, probe: &str, good: u64) -> Sample {
    Sample {
        service_name: name("checkout"),
        metric_name: "probe_success".parse().expect("a name"),
        labels: [("probe".to_owned(), probe.to_owned())].into(),
        at: at_second(second),
        value: SampleValue::Counts(Counts::events(good, 1).expect("legal")),
    }
}

#[test]
fn a_probe_is_as_its_last_answer_says() {
    let samples = [
        answer(0, "http", 0),
        answer(30, "http", 1),
        answer(60, "http", 0),
        answer(50, "tcp", 1),
        answer(20, "tcp", 0),
    ];
    let found = checks(&samples, at_second(60));
    let as_of = |name, is_up, second| CheckEvidence {
        last_at: at_second(second),
        ..check(name, is_up)
    };
    assert_eq!(found, [as_of("http", false, 60), as_of("tcp", true, 50)]);
}

#[test]
fn a_probe_is_stale_after_three_times_its_pace() {
    let samples = [answer(0, "http", 1), answer(30, "http", 1)];
    let is_stale = |second| checks(&samples, at_second(second))[0].is_stale;
    assert!(!is_stale(120));
    assert!(is_stale(121));
    let once = [answer(0, "http", 1)];
    assert!(!checks(&once, at_second(900))[0].is_stale);
    assert!(checks(&once, at_second(901))[0].is_stale);
}

#[test]
fn a_bare_percentage_is_one_probe_as_far_up_as_it_says() {
    let said = |value| {
        let mut sample = answer(0, "http", 1);
        sample.value = SampleValue::Number(value);
        checks(&[sample], at_second(0)).remove(0)
    };
    assert_eq!(said(100.0), check("http", true));
    assert_eq!(said(0.0), check("http", false));
    assert!(!said(99.999).is_up());
    let half = Evidence {
        checks: vec![said(50.0)],
        ..Evidence::default()
    };
    assert_eq!(
        lines(&alone(half)),
        ["check 20: 0.5 of 1 probes down: http"]
    );
}

#[test]
fn a_probe_of_many_targets_counts_each_of_them() {
    let mut sample = answer(0, "prometheus", 1);
    sample.value = SampleValue::Counts(Counts::events(2, 3).expect("legal"));
    let mut evidence = Evidence {
        checks: checks(&[sample], at_second(0)),
        ..Evidence::default()
    };
    let lost = |evidence: &Evidence| lines(&alone(evidence.clone()));
    assert_eq!(
        lost(&evidence),
        ["check 13.3: 1 of 3 probes down: prometheus"]
    );
    evidence.checks.push(check("tcp", true));
    assert_eq!(
        lost(&evidence),
        ["check 10: 1 of 4 probes down: prometheus"]
    );
}
