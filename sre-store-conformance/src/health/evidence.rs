//! What health is judged by.

use sre_core::alert::{Alert, AlertType, AlertUpdate, Identity, Origin, Severity};
use sre_core::health::OpenAlerts;
use sre_core::name::SloId;
use sre_core::sample::Sample;
use sre_core::slo::Slo;
use sre_core::store::{Changes, SloChange, Store, StoreError};
use uuid::Uuid;

use crate::Verdict;
use crate::fixtures::{
    acknowledged, at, changes, counts, detailed_evaluation, during, fires, identity, resolved,
    sample, service_name, slo, start_of,
};
use crate::tools::MANY;

/// The SLOs that are evaluated come by service, then id, each with what its last slot found.
pub async fn live_slos_come_with_what_was_found_last(store: &dyn Store) -> Verdict {
    let all = [
        slo(3).service("search").build(),
        slo(2).build(),
        slo(1).build(),
        slo(4).service("other").build(),
    ];
    for slo in &all {
        store
            .insert(slo, &start_of(slo))
            .await?;
    }
    let claims = store
        .claim_slots("a", at(120), at(180), MANY)
        .await?;
    let claim = claims
        .iter()
        .find(|claim| claim.slo.id == all[1].id)
        .expect("is due");
    let found = detailed_evaluation(claim.slot);
    store
        .commit(&[Changes {
            evaluation: found.clone(),
            ..changes(claim)
        }])
        .await?;
    let asked = ["search", "checkout", "unknown"].map(service_name);
    let expected = [
        (all[2].clone(), None),
        (all[1].clone(), Some(found)),
        (all[0].clone(), None),
    ];
    assert_eq!(store.live_slos(&asked).await?, expected);
    assert_eq!(store.live_slos(&[]).await?, []);
    Ok(())
}

/// What is disabled or deleted is not evaluated, and no evidence.
pub async fn slos_that_are_not_live_are_no_evidence(store: &dyn Store) -> Verdict {
    let disabled = slo(1).disabled().build();
    store
        .insert(&disabled, &start_of(&disabled))
        .await?;
    let before = slo(2).build();
    store
        .insert(&before, &start_of(&before))
        .await?;
    let deleted = Slo {
        version: 2,
        deleted_at: Some(at(1)),
        ..before
    };
    let change = SloChange {
        slo: &deleted,
        expected_version: 1,
        restart: None,
        backfill: None,
        alerts: &[],
    };
    store.update(&change).await?;
    let asked = [service_name("checkout")];
    assert_eq!(store.live_slos(&asked).await?, []);
    Ok(())
}

/// Samples of probes come by service, instant and labels, and no other metric's.
pub async fn probe_samples_are_those_of_probes(store: &dyn Store) -> Verdict {
    let probe = |service: &str, second, label: &str| Sample {
        service_name: service_name(service),
        metric_name: "probe_success".parse().expect("a name"),
        labels: [("probe".to_owned(), label.to_owned())].into(),
        ..sample(at(second), counts(1, 1))
    };
    let expected = [
        probe("a", 0, "http"),
        probe("a", 5, "http"),
        probe("a", 5, "tcp"),
        probe("b", 0, "http"),
    ];
    let others = [
        probe("a", -1, "http"),
        probe("a", 10, "http"),
        probe("c", 5, "http"),
    ];
    let mut appended = vec![sample(at(5), counts(1, 1))];
    appended.extend(expected.iter().rev().cloned());
    appended.extend(others);
    store.append(&appended, at(-60)).await?;
    let asked = ["b", "a", "checkout"].map(service_name);
    assert_eq!(
        store
            .probe_samples(&asked, during(0, 10))
            .await?,
        expected
    );
    Ok(())
}

/// Open alerts are counted by service, acknowledged ones too, ended ones not; those that others raised
/// by severity beside.
pub async fn open_alerts_are_counted_by_service(store: &dyn Store) -> Verdict {
    let ours = fires(&identity(1, AlertType::BurnRate), &[], at(0));
    let over = fires(&identity(2, AlertType::BurnRate), &[], at(0));
    for update in [&ours, &over, &resolved(&over.alert, at(1))] {
        store.apply(update).await?;
    }
    for (n, severity) in [
        (1, Severity::Low),
        (2, Severity::Emergency),
        (3, Severity::Low),
    ] {
        store
            .apply(&posted(n, "checkout", severity))
            .await?;
    }
    let elsewhere = posted(4, "search", Severity::High);
    store.apply(&elsewhere).await?;
    store
        .apply(&acknowledged(&elsewhere.alert, at(1)))
        .await?;
    let asked = ["search", "checkout", "unknown"].map(service_name);
    let expected = [
        (
            service_name("checkout"),
            OpenAlerts {
                open: 4,
                raised: [(Severity::Low, 2), (Severity::Emergency, 1)].into(),
            },
        ),
        (
            service_name("search"),
            OpenAlerts {
                open: 1,
                raised: [(Severity::High, 1)].into(),
            },
        ),
    ];
    assert_eq!(store.open_alerts(&asked).await?, expected);
    assert_eq!(
        store
            .open_alerts(&[service_name("unknown")])
            .await?,
        []
    );
    Ok::<(), StoreError>(())
}

/// An alert that somebody posted.
fn posted(n: u128, service: &str, severity: Severity) -> AlertUpdate {
    let identity = Identity {
        origin: Origin::Posted,
        service_name: service_name(service),
        slo_id: Some(SloId(Uuid::from_u128(n))),
        ..identity(n, AlertType::Health)
    };
    let update = fires(&identity, &[], at(0));
    AlertUpdate {
        alert: Alert {
            severity,
            ..update.alert
        },
        ..update
    }
}
