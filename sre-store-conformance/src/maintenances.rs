//! The laws of [`Maintenances`], and of what a maintenance keeps from being sent.

use sre_core::maintenance::{MAINTENANCES_MAX, Maintenance};
use sre_core::name::MaintenanceId;
use sre_core::store::{Judged, Maintenances, Page, Store, StoreError};
use sre_core::suppression::Holder;
use uuid::Uuid;

use crate::Verdict;
use crate::fixtures::{at, every, maintenance};
use crate::outbox::{group, groups, opened, with_ops};
use crate::tools::is_applied;

/// Services, matchers, period (once or by rule), people and texts come back as they were written.
pub async fn every_field_of_a_maintenance_is_kept(store: &dyn Maintenances) -> Verdict {
    let once = Maintenance {
        matchers: "severity=~\"low|medium\""
            .parse()
            .expect("matchers"),
        comment: "two\nlines 'ä\"".to_owned(),
        ..maintenance(1, 0, 60)
    };
    let recurring = Maintenance {
        services: [].into(),
        period: every("FREQ=MONTHLY;BYDAY=1TH;UNTIL=20270101T000000Z"),
        ended_by: Some("ä".to_owned()),
        ..maintenance(2, 0, 60)
    };
    for written in [once, recurring] {
        store
            .create_maintenance(&written)
            .await?;
        assert_eq!(
            store
                .find_maintenance(written.id)
                .await?,
            Some(written)
        );
    }
    let unknown = MaintenanceId(Uuid::from_u128(9));
    assert_eq!(store.find_maintenance(unknown).await?, None);
    Ok(())
}

/// Of two with one id the second is refused; so is the end of another version, or of what is not
/// there.
pub async fn a_maintenance_is_written_once_and_ended_once(store: &dyn Maintenances) -> Verdict {
    let first = maintenance(1, 0, 60);
    let ended = first.clone().end(None, at(10));
    let refused = store
        .end_maintenance(&ended, at(10))
        .await;
    assert!(matches!(
        refused,
        Err(StoreError::NotFound {
            what: "maintenance"
        })
    ));
    store.create_maintenance(&first).await?;
    let refused = store.create_maintenance(&first).await;
    assert!(matches!(refused, Err(StoreError::Conflict { what: "id" })));
    store
        .end_maintenance(&ended, at(10))
        .await?;
    let refused = store
        .end_maintenance(&ended, at(10))
        .await;
    assert!(matches!(
        refused,
        Err(StoreError::Conflict { what: "version" })
    ));
    assert_eq!(store.find_maintenance(first.id).await?, Some(ended));
    Ok(())
}

/// Maintenances are listed in the order of their ids, a page at a time; those that began and are not
/// over for good are found, recurring ones among them.
pub async fn maintenances_are_listed_and_those_that_stand_are_found(
    store: &dyn Maintenances,
) -> Verdict {
    let recurring = Maintenance {
        period: every("FREQ=DAILY"),
        ..maintenance(4, 0, 60)
    };
    let began = recurring.period.begins_at();
    store
        .create_maintenance(&recurring)
        .await?;
    for (n, from, to) in [(3, 0, 10), (1, 0, 60), (2, 30, 60)] {
        store
            .create_maintenance(&maintenance(n, from, to))
            .await?;
    }
    let page = Page::first(Page::<MaintenanceId>::LIMIT_MAX);
    assert_eq!(ids(store.list_maintenances(page).await?), [1, 2, 3, 4]);
    let after = Page {
        after: Some(MaintenanceId(Uuid::from_u128(2))),
        ..page
    };
    assert_eq!(ids(store.list_maintenances(after).await?), [3, 4]);
    let standing = async |now| {
        store
            .standing_maintenances(now)
            .await
            .map(|found| ids(found.items))
    };
    let once = async |second| {
        let mut found = standing(at(second)).await?;
        found.retain(|n| *n != 4);
        Ok::<_, StoreError>(found)
    };
    assert_eq!(once(9).await?, [1, 3]);
    assert_eq!(once(10).await?, [1]);
    assert_eq!(once(30).await?, [1, 2]);
    assert!(standing(began).await?.contains(&4));
    Ok(())
}

/// Only so many maintenances may stand at once; one that is over makes room.
pub async fn maintenances_that_stand_are_limited(store: &dyn Maintenances) -> Verdict {
    for n in 0..u128::from(MAINTENANCES_MAX) {
        store
            .create_maintenance(&maintenance(n, 0, if n == 0 { 10 } else { 60 }))
            .await?;
    }
    let mut more = maintenance(u128::from(MAINTENANCES_MAX), 5, 60);
    let refused = store.create_maintenance(&more).await;
    assert!(matches!(
        refused,
        Err(StoreError::Conflict {
            what: "maintenances"
        })
    ));
    more.created_at = at(10);
    store.create_maintenance(&more).await?;
    Ok(())
}

/// When a maintenance is ended, what it kept back is due at once, and it keeps nothing back any more.
pub async fn the_end_of_a_maintenance_makes_due_what_it_kept_back(store: &dyn Store) -> Verdict {
    with_ops(store).await?;
    opened(store, 1).await?;
    let planned = maintenance(1, 0, 60);
    store
        .create_maintenance(&planned)
        .await?;
    let judged = {
        let group = group(store, 0).await?;
        let by = Holder::Maintenance(planned.id);
        Judged::Postpone {
            intents: group
                .intents
                .iter()
                .map(|intent| intent.id)
                .collect(),
            until: at(60),
            rule: by.rule(),
            by: Some(by),
        }
    };
    assert!(is_applied(store.settle(&judged, at(0)).await?));
    assert_eq!(groups(store, 59).await?, []);
    store
        .end_maintenance(&planned.end(None, at(20)), at(20))
        .await?;
    assert_eq!(groups(store, 20).await?.len(), 1);
    assert!(!is_applied(store.settle(&judged, at(20)).await?));
    Ok(())
}

fn ids(maintenances: Vec<Maintenance>) -> Vec<u128> {
    maintenances
        .into_iter()
        .map(|planned| planned.id.0.as_u128())
        .collect()
}
