//! Which episodes there are.

use sre_core::alert::{Alert, AlertStatus, AlertType, DedupKey, Identity, Severity};
use sre_core::store::{AlertQuery, Alerts, AlertsPage, Page, StoreError};

use super::applied;
use crate::Verdict;
use crate::fixtures::{
    acknowledged, at, at_micros, during, fires, fires_again, identity, resolved, severity_update,
};
use crate::tools::{all, limit};

/// Of each identity that has one the newest episode is found, open or not, and no other.
pub async fn the_newest_episode_of_each_identity_is_found(store: &dyn Alerts) -> Verdict {
    let page = identity(1, AlertType::BurnRate);
    let first = applied(store, fires(&page, &[], at(0))).await?;
    let mut newest = applied(store, resolved(&first, at(5))).await?;
    for _ in 0..10 {
        newest = applied(store, fires_again(&newest, &[], at(6))).await?;
        newest = applied(store, resolved(&newest, at(7))).await?;
    }
    let ticket = applied(store, fires(&identity(1, AlertType::SlowBurn), &[], at(0))).await?;
    applied(store, fires(&identity(2, AlertType::BurnRate), &[], at(0))).await?;
    let without = identity(3, AlertType::BurnRate).key();
    let keys = [without, ticket.identity.key(), page.key()];
    assert_eq!(latest(store, &keys).await?, sorted(vec![ticket, newest]));
    assert_eq!(latest(store, &[]).await?, []);
    Ok(())
}

/// A thousand identities may be asked for at once.
pub async fn many_identities_are_looked_up_at_once(store: &dyn Alerts) -> Verdict {
    let alert = applied(store, fires(&identity(999, AlertType::NoData), &[], at(0))).await?;
    let keys: Vec<DedupKey> = (0..1_000)
        .map(|n| identity(n, AlertType::NoData).key())
        .collect();
    assert_eq!(latest(store, &keys).await?, [alert]);
    Ok(())
}

/// Episodes are listed by their start, the newest first, and those that began together by id.
pub async fn episodes_are_listed_newest_first(store: &dyn Alerts) -> Verdict {
    let mut opened = Vec::new();
    for (slo, micros) in [(1, 5), (2, 9), (3, 9), (4, -1), (5, 9)] {
        let update = fires(
            &identity(slo, AlertType::BurnRate),
            &[],
            at_micros(0, micros),
        );
        opened.push(applied(store, update).await?);
    }
    opened.sort_by_key(|alert| std::cmp::Reverse((alert.starts_at, alert.id)));
    assert_eq!(list(store, AlertQuery::default()).await?, opened);
    Ok(())
}

/// Parts of a list follow each other without a hole and without an overlap, also within episodes
/// that began together.
pub async fn pages_of_episodes_tile_the_list(store: &dyn Alerts) -> Verdict {
    for slo in 0..10 {
        let start = at(i64::try_from(slo / 4).expect("small"));
        applied(
            store,
            fires(&identity(slo, AlertType::BurnRate), &[], start),
        )
        .await?;
    }
    let mut listed = Vec::new();
    let mut page = Page::first(limit(3));
    loop {
        let part = store
            .list_alerts(&AlertQuery::default(), page)
            .await?;
        assert!(part.len() <= 3, "a part of {}", part.len());
        let Some(last) = part.last() else { break };
        page.after = Some(AlertsPage {
            starts_at: last.starts_at,
            id: last.id,
        });
        listed.extend(part);
    }
    assert_eq!(listed.len(), 10);
    assert_eq!(listed, list(store, AlertQuery::default()).await?);
    Ok(())
}

/// A list is narrowed by service, state, severity, type and start, each by itself and together.
pub async fn episodes_are_listed_by_what_they_are(store: &dyn Alerts) -> Verdict {
    let [page, low, seen, over] = one_of_each_state(store).await?;
    let service = Some(over.service_name().clone());
    let posted = Some(low.alert_type().clone());
    let any = AlertQuery::default;
    let cases = [
        (
            AlertQuery {
                service: service.clone(),
                ..any()
            },
            vec![&over],
        ),
        (
            AlertQuery {
                state: Some(AlertStatus::Firing),
                ..any()
            },
            vec![&low, &page],
        ),
        (
            AlertQuery {
                state: Some(AlertStatus::Acknowledged),
                ..any()
            },
            vec![&seen],
        ),
        (
            AlertQuery {
                state: Some(AlertStatus::Resolved),
                ..any()
            },
            vec![&over],
        ),
        (
            AlertQuery {
                severity: Some(Severity::Low),
                ..any()
            },
            vec![&low],
        ),
        (
            AlertQuery {
                severity: Some(Severity::Emergency),
                ..any()
            },
            vec![],
        ),
        (
            AlertQuery {
                alert_type: Some(AlertType::SlowBurn),
                ..any()
            },
            vec![&seen],
        ),
        (
            AlertQuery {
                alert_type: posted,
                ..any()
            },
            vec![&low],
        ),
        (
            AlertQuery {
                during: Some(during(10, 30)),
                ..any()
            },
            vec![&seen, &low],
        ),
        (
            AlertQuery {
                service,
                state: Some(AlertStatus::Firing),
                ..any()
            },
            vec![],
        ),
    ];
    for (query, expected) in cases {
        let listed = list(store, query.clone()).await?;
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
    Ok(())
}

/// A page, a posted alert of low severity, a ticket that somebody looks at, and an ended episode of
/// another service, in the order of their starts, ten seconds apart.
async fn one_of_each_state(store: &dyn Alerts) -> Result<[Alert; 4], StoreError> {
    let page = applied(store, fires(&identity(1, AlertType::BurnRate), &[], at(0))).await?;
    let posted = identity(2, AlertType::Other("slow_burn_2".to_owned()));
    let low = applied(store, fires(&posted, &[], at(10))).await?;
    let low = applied(store, severity_update(&low, Severity::Low, &[], at(11))).await?;
    let seen = applied(store, fires(&identity(3, AlertType::SlowBurn), &[], at(20))).await?;
    let seen = applied(store, acknowledged(&seen, at(21))).await?;
    let service_name = "search".parse().expect("a name");
    let elsewhere = Identity {
        service_name,
        ..identity(4, AlertType::NoData)
    };
    let over = applied(store, fires(&elsewhere, &[], at(30))).await?;
    let over = applied(store, resolved(&over, at(31))).await?;
    Ok([page, low, seen, over])
}

/// A store without episodes lists none.
pub async fn an_empty_store_lists_no_episodes(store: &dyn Alerts) -> Verdict {
    assert_eq!(list(store, AlertQuery::default()).await?, []);
    Ok(())
}

async fn list(store: &dyn Alerts, query: AlertQuery) -> Result<Vec<Alert>, StoreError> {
    store.list_alerts(&query, all()).await
}

/// The newest episodes in the order of their ids: the port promises none.
async fn latest(store: &dyn Alerts, keys: &[DedupKey]) -> Result<Vec<Alert>, StoreError> {
    Ok(sorted(store.latest_episodes(keys).await?))
}

fn sorted(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by_key(|alert| alert.id);
    alerts
}
