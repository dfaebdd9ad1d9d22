//! The score: published examples, every line of its table, and the laws that hold for all inputs.

mod holding;
mod laws;
mod table;

use super::*;
use crate::alert::Severity;
use crate::budget::ErrorBudget;
use crate::count::Counts;
use crate::evaluation::SloState;
use crate::name::SloId;
use crate::time::{Span, at_second};
use uuid::Uuid;

fn name(text: &str) -> ServiceName {
    text.parse().expect("a name")
}

fn service(text: &str, dependencies: &[(&str, &str)]) -> Service {
    Service {
        dependencies: dependencies
            .iter()
            .map(|(name, weight)| {
                (
                    name.parse().expect("a name"),
                    weight.parse().expect("a weight"),
                )
            })
            .collect(),
        ..Service::named(name(text))
    }
}

/// A budget of which so many of 10 000 events are bad, 10 being allowed.
fn budget(bad: u64) -> ErrorBudget {
    let counts = Counts::events(10_000 - bad, 10_000).expect("legal");
    ErrorBudget::new(counts, "99.9".parse().expect("a target"))
}

/// An SLO with so much of its budget consumed, and burned within the hour, in tenths.
fn slo(text: &str, consumed: u64, burned: u64) -> SloEvidence {
    SloEvidence {
        slo_id: SloId(Uuid::from_u128(consumed.into())),
        name: text.to_owned(),
        state: SloState::Met,
        window: Span::days(30),
        budget: Some(budget(consumed)),
        burn: Some(Burn {
            window: Span::hours(1),
            budget: budget(burned),
        }),
        is_stale: false,
    }
}

fn check(text: &str, is_up: bool) -> CheckEvidence {
    CheckEvidence {
        name: text.to_owned(),
        counts: Counts::events(u64::from(is_up), 1).expect("legal"),
        last_at: at_second(0),
        is_stale: false,
    }
}

fn alerts(raised: &[(Severity, u32)]) -> OpenAlerts {
    OpenAlerts {
        open: raised
            .iter()
            .map(|(_, count)| count)
            .sum(),
        raised: raised.iter().copied().collect(),
    }
}

/// The health of one service that stands on nothing.
fn alone(evidence: Evidence) -> ServiceHealth {
    let known = vec![(service("checkout", &[]), evidence)];
    assess(known, at_second(0)).remove(0)
}

/// Deductions as one reads them.
fn lines(health: &ServiceHealth) -> Vec<String> {
    let deductions = health.deductions.iter();
    deductions
        .map(|lost| {
            let stale = if lost.is_stale { " (stale)" } else { "" };
            format!(
                "{} {}: {}{stale}",
                lost.reason.as_str(),
                lost.points,
                lost.detail
            )
        })
        .collect()
}

#[test]
fn the_documented_example_has_the_documented_score() {
    let mut burning = slo("API Gateway Availability", 0, 31);
    burning.budget = Some(budget(0));
    let gateway = Evidence {
        slos: vec![burning],
        ..Evidence::default()
    };
    let parser = Evidence {
        slos: vec![slo("Parsing", 10, 0)],
        alerts: alerts(&[(Severity::Critical, 1)]),
        ..Evidence::default()
    };
    let known = vec![
        (
            service("api-gateway", &[("intent-parser-server", "0.5")]),
            gateway,
        ),
        (service("intent-parser-server", &[]), parser),
    ];
    let found = assess(known, at_second(0));
    let [gateway, parser] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!(parser.score, Some(Points::whole(60)));
    assert_eq!(gateway.score, Some(Points::whole(80)));
    assert_eq!(gateway.status(), HealthStatus::Degraded);
    assert_eq!(
        lines(gateway),
        [
            "burn_rate 12.4: 1 h burn 3.1 on API Gateway Availability",
            "dependency 7.6: intent-parser-server at 60",
        ]
    );
    assert_eq!(
        gateway.coverage,
        Coverage {
            measured: 1,
            expected: 1
        }
    );
    assert_eq!(gateway.probable_cause, Some(name("intent-parser-server")));
    assert_eq!(
        gateway.dependencies,
        [DependencyHealth {
            service_name: name("intent-parser-server"),
            score: Some(Points::whole(60)),
            weight: "0.5".parse().expect("a weight"),
        }]
    );
    assert_eq!(parser.probable_cause, Some(name("intent-parser-server")));
}

#[test]
fn a_path_over_several_services_is_named_with_its_end() {
    let down = Evidence {
        checks: vec![check("http", false)],
        ..Evidence::default()
    };
    let up = || Evidence {
        checks: vec![check("http", true)],
        ..Evidence::default()
    };
    let known = vec![
        (service("web", &[("api", "1")]), up()),
        (service("api", &[("db", "0.9")]), up()),
        (service("db", &[("web", "1")]), down),
    ];
    let found = assess(known, at_second(0));
    let by_name: Vec<_> = found
        .iter()
        .map(|health| (health.service_name.as_str(), lines(health)))
        .collect();
    assert_eq!(
        by_name,
        [
            ("api", vec!["dependency 63: db at 30".to_owned()]),
            (
                "db",
                vec![
                    "check 40: 1 of 1 probes down: http".to_owned(),
                    "check_ceiling 30: every probe is down: 30 at most".to_owned(),
                ]
            ),
            ("web", vec!["dependency 63: api → db at 30".to_owned()]),
        ]
    );
    for health in &found {
        assert_eq!(health.probable_cause, Some(name("db")));
    }
}

#[test]
fn nothing_measured_is_unknown_and_no_number() {
    let nothing = alone(Evidence::default());
    assert_eq!(
        (nothing.score, nothing.status()),
        (None, HealthStatus::Unknown)
    );
    assert_eq!(nothing.probable_cause, None);
    let mut waiting = slo("waits", 0, 0);
    waiting.state = SloState::Waiting;
    (waiting.budget, waiting.burn) = (None, None);
    let waiting = alone(Evidence {
        slos: vec![waiting],
        ..Evidence::default()
    });
    assert_eq!(waiting.score, None);
    assert_eq!(
        waiting.coverage,
        Coverage {
            measured: 0,
            expected: 1
        }
    );
}

#[test]
fn what_is_known_to_be_wrong_is_said_though_nothing_is_measured() {
    let raised = |severity| {
        alone(Evidence {
            alerts: alerts(&[(severity, 1)]),
            ..Evidence::default()
        })
    };
    assert_eq!(raised(Severity::Critical).score, Some(Points::whole(85)));
    // Nobody measured that the rest is well, so it is not called healthy.
    assert_eq!(raised(Severity::High).score, None);
}
