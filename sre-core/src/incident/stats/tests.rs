use super::*;
use crate::alert::Severity;
use crate::incident::{IncidentSource, IncidentState};
use crate::name::{IncidentId, ServiceName};
use crate::time::at_second;

fn at(second: i64) -> DateTime<Utc> {
    at_second(1_767_268_800 + second)
}

/// An incident that began at 0 and was noticed at 60.
fn incident(state: IncidentState) -> Incident {
    let service: ServiceName = "checkout".parse().unwrap();
    Incident {
        id: IncidentId(uuid::Uuid::nil()),
        title: String::new(),
        description: None,
        affected_services: [service.clone()].into(),
        service_name: service,
        severity: Severity::Critical,
        state,
        source: IncidentSource::Auto,
        root_cause_service: None,
        previous: None,
        started_at: at(0),
        detected_at: at(60),
        touched_at: None,
        version: 1,
    }
}

fn resolved(acknowledged: i64, mitigated: i64, resolved: i64) -> Incident {
    incident(IncidentState::Resolved {
        acknowledged_at: Some(at(acknowledged)),
        mitigated_at: Some(at(mitigated)),
        at: at(resolved),
    })
}

fn seconds(times: &Times) -> (Option<i64>, Option<i64>, Option<i64>, usize) {
    let whole = |delta: Option<TimeDelta>| delta.map(|delta| delta.num_seconds());
    (
        whole(times.percentile(50)),
        whole(times.percentile(90)),
        whole(times.mean()),
        times.n(),
    )
}

#[test]
fn without_incidents_nothing_has_a_figure() {
    let stats = Stats::of([]);
    assert_eq!(stats, Stats::default());
    assert_eq!(seconds(&stats.detect), (None, None, None, 0));
}

#[test]
fn each_figure_runs_from_where_to_where_it_says() {
    let stats = Stats::of(&[resolved(160, 260, 460)]);
    let all_of = |n| (Some(n), Some(n), Some(n), 1);
    assert_eq!(seconds(&stats.detect), all_of(60));
    assert_eq!(seconds(&stats.acknowledge), all_of(100));
    assert_eq!(seconds(&stats.mitigate), all_of(200));
    assert_eq!(seconds(&stats.resolve), all_of(400));
    assert_eq!((stats.count, stats.open), (1, 0));
}

#[test]
fn percentiles_are_values_that_occurred() {
    let incidents: Vec<Incident> = (1..=10)
        .rev()
        .map(|n| resolved(60 + n, 60 + n, 60 + n))
        .collect();
    let stats = Stats::of(&incidents);
    assert_eq!(seconds(&stats.resolve), (Some(5), Some(9), Some(5), 10));
    assert_eq!(stats.resolve.mean(), Some(TimeDelta::milliseconds(5_500)));
}

#[test]
fn candidates_and_what_was_merged_or_dismissed_count_nowhere() {
    let stats = Stats::of(&[
        incident(IncidentState::Candidate),
        incident(IncidentState::Dismissed { at: at(70) }),
        incident(IncidentState::Merged {
            into: IncidentId(uuid::Uuid::nil()),
            at: at(70),
        }),
    ]);
    assert_eq!(stats, Stats::default());
}

#[test]
fn what_ended_by_itself_is_reported_apart() {
    let by_itself = incident(IncidentState::Resolved {
        acknowledged_at: None,
        mitigated_at: None,
        at: at(660),
    });
    let stats = Stats::of(&[by_itself, resolved(160, 260, 460)]);
    assert_eq!(stats.count, 2);
    assert_eq!(stats.resolve.n(), 1);
    assert_eq!(
        seconds(&stats.resolve_by_itself),
        (Some(600), Some(600), Some(600), 1)
    );
    assert_eq!(stats.acknowledge.n(), 1);
}

#[test]
fn what_is_under_way_counts_as_open_and_has_the_figures_of_what_was_done() {
    let stats = Stats::of(&[
        incident(IncidentState::Open),
        incident(IncidentState::Acknowledged { at: at(160) }),
    ]);
    assert_eq!((stats.count, stats.open), (2, 2));
    assert_eq!((stats.detect.n(), stats.acknowledge.n()), (2, 1));
    assert_eq!((stats.mitigate.n(), stats.resolve.n()), (0, 0));
}
