//! Snapshots of health.

use sre_core::evaluation::Coverage;
use sre_core::health::{
    CheckEvidence, Deduction, DeductionReason, DependencyHealth, Points, ServiceHealth, SloEvidence,
};
use sre_core::store::{HealthRecords, Kept, Store};

use crate::Verdict;
use crate::fixtures::{at, at_micros, detailed_evaluation, during, health, service_name, slo};
use crate::tools::limit;

/// Every part of what was found comes back as it was.
pub async fn a_snapshot_is_kept_whole(store: &dyn HealthRecords) -> Verdict {
    let mut full = health("checkout", 0, Some(805));
    full.as_of = at_micros(0, 1);
    full.coverage = Coverage {
        measured: 1,
        expected: 3,
    };
    full.deductions = vec![
        Deduction {
            reason: DeductionReason::Check,
            points: Points::from_tenths(133),
            detail: "ä 'quoted\" → x".to_owned(),
            is_stale: true,
        },
        Deduction {
            reason: DeductionReason::Dependency,
            points: Points::from_tenths(62),
            detail: "db at 10".to_owned(),
            is_stale: false,
        },
    ];
    full.evidence.slos = vec![
        SloEvidence::new(&slo(1).build(), Some(&detailed_evaluation(at(60)))),
        SloEvidence::new(&slo(2).build(), None),
    ];
    full.evidence.checks = vec![CheckEvidence {
        name: "http".to_owned(),
        counts: sre_core::count::Counts::events(2, 3).expect("legal"),
        last_at: at_micros(-1, 7),
        is_stale: true,
    }];
    full.evidence.alerts.open = 3;
    full.evidence
        .alerts
        .raised
        .insert(sre_core::alert::Severity::Critical, 2);
    full.dependencies = vec![DependencyHealth {
        service_name: service_name("db"),
        score: None,
        weight: "0.123456".parse().expect("a weight"),
    }];
    full.probable_cause = Some(service_name("db"));
    let unknown = health("search", 0, None);
    store
        .record_health(&[full.clone(), unknown.clone()])
        .await?;
    let asked = ["search", "checkout", "unknown"].map(service_name);
    assert_eq!(store.health_at(&asked, at(1)).await?, [full, unknown]);
    Ok(())
}

/// The newest snapshot at an instant or before it is what held then.
pub async fn the_newest_snapshot_holds(store: &dyn HealthRecords) -> Verdict {
    let all = [0, 60, 120].map(|second| health("checkout", second, Some(900)));
    store.record_health(&all).await?;
    store
        .record_health(&[health("search", 90, Some(100))])
        .await?;
    let asked = [service_name("checkout"), service_name("search")];
    assert_eq!(store.health_at(&asked, at(-1)).await?, []);
    assert_eq!(store.health_at(&asked, at(60)).await?, all[1..2]);
    assert_eq!(store.health_at(&asked, at(89)).await?, all[1..2]);
    let last = store
        .health_at(&asked, at(1_000))
        .await?;
    assert_eq!(last, [all[2].clone(), health("search", 90, Some(100))]);
    Ok(())
}

/// What is recorded of an instant stays, whoever records it again: two that look at the same instant
/// make one snapshot.
pub async fn an_instant_is_recorded_once(store: &dyn HealthRecords) -> Verdict {
    let first = health("checkout", 0, Some(900));
    store
        .record_health(std::slice::from_ref(&first))
        .await?;
    store
        .record_health(&[health("checkout", 0, Some(100)), health("db", 0, Some(1))])
        .await?;
    let asked = [service_name("checkout"), service_name("db")];
    assert_eq!(
        store.health_at(&asked, at(0)).await?,
        [first, health("db", 0, Some(1))]
    );
    store.record_health(&[]).await?;
    Ok(())
}

/// A history is of one service, by instant, half-open, and limited.
pub async fn a_history_of_health_is_in_order(store: &dyn HealthRecords) -> Verdict {
    let of = |second| health("checkout", second, Some(900));
    store
        .record_health(&[of(120), of(0), of(180), of(60)])
        .await?;
    store
        .record_health(&[health("search", 60, Some(100))])
        .await?;
    let service = service_name("checkout");
    let history = store
        .health_history(&service, during(0, 180), limit(10))
        .await?;
    assert_eq!(history, [of(0), of(60), of(120)]);
    let history = store
        .health_history(&service, during(1, 1_000), limit(2))
        .await?;
    assert_eq!(history, [of(60), of(120)]);
    Ok(())
}

/// Old snapshots are forgotten, in batches; one of the instant itself stays.
pub async fn old_snapshots_are_forgotten(store: &dyn Store) -> Verdict {
    let all: Vec<ServiceHealth> = (0..4)
        .map(|n| health("checkout", 60 * n, Some(900)))
        .collect();
    store.record_health(&all).await?;
    assert_eq!(
        store
            .prune(Kept::Health, at(120), 1)
            .await?,
        1
    );
    assert_eq!(
        store
            .prune(Kept::Health, at(120), 10)
            .await?,
        1
    );
    assert_eq!(
        store
            .prune(Kept::Health, at(120), 10)
            .await?,
        0
    );
    let left = store
        .health_history(&service_name("checkout"), during(0, 1_000), limit(10))
        .await?;
    assert_eq!(left, all[2..]);
    Ok(())
}
