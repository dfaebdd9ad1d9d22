//! Which incidents there are, and which alerts are in none.

use sre_core::alert::{AlertType, Severity};
use sre_core::incident::{Belonging, Incident, IncidentState, IncidentStatus};
use sre_core::store::{IncidentQuery, Incidents, IncidentsPage, Page, Store};

use super::{alerted, changed, every, list};
use crate::Verdict;
use crate::fixtures::{at, at_micros, during, fires, identity, incident, opens, resolved};
use crate::tools::{MANY, limit};

/// Incidents are listed by their start, the newest first, and those that began together by id.
pub async fn incidents_are_listed_newest_first(store: &dyn Incidents) -> Verdict {
    assert_eq!(every(store).await?, []);
    let mut opened = Vec::new();
    for (n, micros) in [(1, 5), (2, 9), (3, 9), (4, -1), (5, 9)] {
        opened.push(changed(store, opens(incident(n, at_micros(0, micros)))).await?);
    }
    opened.sort_by_key(|incident| std::cmp::Reverse((incident.started_at, incident.id)));
    assert_eq!(every(store).await?, opened);
    Ok(())
}

/// Parts of a list follow each other without a hole and without an overlap, also within incidents
/// that began together, and also of live ones.
pub async fn pages_of_incidents_tile_the_list(store: &dyn Incidents) -> Verdict {
    for n in 0..10 {
        let start = at(i64::try_from(n / 4).expect("small"));
        changed(store, opens(incident(n, start))).await?;
    }
    for is_live in [false, true] {
        let query = IncidentQuery {
            is_live,
            ..IncidentQuery::default()
        };
        let mut listed = Vec::new();
        let mut page = Page::first(limit(3));
        loop {
            let part = store
                .list_incidents(&query, page)
                .await?;
            assert!(part.len() <= 3, "a part of {}", part.len());
            let Some(last) = part.last() else { break };
            page.after = Some(IncidentsPage {
                started_at: last.started_at,
                id: last.id,
            });
            listed.extend(part);
        }
        assert_eq!(listed.len(), 10);
        assert_eq!(listed, every(store).await?);
    }
    Ok(())
}

/// A list is narrowed by service (affected ones count), status, life, severity and start, each by
/// itself and together.
pub async fn incidents_are_listed_by_what_they_are(store: &dyn Incidents) -> Verdict {
    let [first, second, over] = [
        Incident {
            affected_services: ["checkout", "search"]
                .map(|name| name.parse().expect("a name"))
                .into(),
            ..incident(1, at(0))
        },
        Incident {
            severity: Severity::Low,
            ..incident(2, at(5))
        },
        Incident {
            state: IncidentState::Dismissed { at: at(20) },
            ..incident(3, at(10))
        },
    ];
    for incident in [&first, &second, &over] {
        changed(store, opens(incident.clone())).await?;
    }
    let any = IncidentQuery::default;
    let cases = [
        (
            IncidentQuery {
                service: Some("search".parse().expect("a name")),
                ..any()
            },
            vec![&first],
        ),
        (
            IncidentQuery {
                status: Some(IncidentStatus::Open),
                ..any()
            },
            vec![&second, &first],
        ),
        (
            IncidentQuery {
                is_live: true,
                ..any()
            },
            vec![&second, &first],
        ),
        (
            IncidentQuery {
                severity: Some(Severity::Critical),
                ..any()
            },
            vec![&over, &first],
        ),
        (
            IncidentQuery {
                during: Some(during(5, 10)),
                ..any()
            },
            vec![&second],
        ),
        (
            IncidentQuery {
                is_live: true,
                service: Some("checkout".parse().expect("a name")),
                severity: Some(Severity::Critical),
                during: Some(during(0, 20)),
                status: Some(IncidentStatus::Open),
            },
            vec![&first],
        ),
        (
            IncidentQuery {
                status: Some(IncidentStatus::Merged),
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

/// Loose alerts are those in no incident that began since, and, however old, the open tickets of
/// missed targets.
pub async fn loose_alerts_are_in_no_incident(store: &dyn Store) -> Verdict {
    let begin = |n, kind, second| fires(&identity(n, kind), &[], at(second));
    let old = alerted(store, &begin(1, AlertType::BurnRate, -500)).await?;
    let missed = alerted(store, &begin(2, AlertType::SloViolation, -500)).await?;
    let ended = alerted(store, &begin(3, AlertType::SloViolation, -500)).await?;
    alerted(store, &resolved(&ended, at(-400))).await?;
    let edge = alerted(store, &begin(4, AlertType::Health, 0)).await?;
    let held = alerted(store, &begin(5, AlertType::Health, 5)).await?;
    let late = alerted(store, &begin(6, AlertType::Health, 6)).await?;
    let late = alerted(store, &resolved(&late, at(7))).await?;
    let mut opening = opens(incident(1, at(5)));
    opening.alerts = vec![Belonging::new(held.id)];
    changed(store, opening).await?;
    let loose = store.loose_alerts(at(0), MANY).await?;
    assert_eq!(loose, [missed.clone(), edge, late]);
    assert_eq!(store.loose_alerts(at(0), 1).await?, [missed]);
    assert!(
        store
            .loose_alerts(at(-500), MANY)
            .await?
            .contains(&old)
    );
    Ok(())
}
