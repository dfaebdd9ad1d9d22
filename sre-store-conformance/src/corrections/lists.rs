//! Lists of corrections.

use sre_core::correction::{Correction, Scope};
use sre_core::name::CorrectionId;
use sre_core::store::{CorrectionQuery, Corrections, Page, Store, StoreError};
use sre_core::time::Interval;

use super::{cancelled, create};
use crate::Verdict;
use crate::fixtures::{correction, during, every, of_service, of_slo, service_name, slo, start_of};
use crate::tools::{all, limit};

/// Pages follow each other in the order of ids and leave nothing out.
pub async fn pages_of_corrections_tile_the_list(store: &dyn Corrections) -> Verdict {
    let written = [1, 2, 3, 4, 5].map(|n| correction(n, of_service("checkout"), during(0, 60)));
    let mut unordered = written.clone();
    unordered.reverse();
    create(store, &unordered).await?;
    let (mut listed, mut page) = (Vec::new(), Page::first(limit(2)));
    loop {
        let part = store
            .list_corrections(&CorrectionQuery::default(), page)
            .await?;
        let Some(last) = part.last() else { break };
        assert!(part.len() <= 2);
        page.after = Some(last.id);
        listed.extend(part);
    }
    assert_eq!(listed, written);
    Ok(())
}

/// A list is of an SLO itself, of a service itself, or of a stretch that the period touches; what was
/// taken back is listed.
pub async fn corrections_are_listed_by_scope_and_period(store: &dyn Store) -> Verdict {
    let promised = slo(1).build();
    store
        .insert(&promised, &start_of(&promised))
        .await?;
    let recurring = Correction {
        period: every("FREQ=DAILY;COUNT=2"),
        ..correction(4, of_slo(1), during(0, 1))
    };
    let written = [
        correction(1, of_slo(1), during(0, 60)),
        correction(2, of_service("checkout"), during(60, 120)),
        correction(3, of_service("search"), during(-60, 0)),
        recurring,
    ];
    create(store, &written).await?;
    store
        .cancel_correction(written[0].id, &cancelled(9))
        .await?;
    let of_slo = CorrectionQuery {
        slo: Some(promised.id),
        ..CorrectionQuery::default()
    };
    assert_eq!(listed(store, of_slo).await?, ids(&[1, 4]));
    let of_service = CorrectionQuery {
        service: Some(service_name("checkout")),
        ..CorrectionQuery::default()
    };
    assert_eq!(listed(store, of_service).await?, ids(&[2]));
    let touching = async |start, end| {
        let query = CorrectionQuery {
            during: Some(during(start, end)),
            ..CorrectionQuery::default()
        };
        listed(store, query).await
    };
    assert_eq!(touching(0, 60).await?, ids(&[1, 4]));
    assert_eq!(touching(-10, 1).await?, ids(&[1, 3, 4]));
    // Between two occurrences, too; and not when the last is over.
    assert_eq!(touching(80_000, 86_401).await?, ids(&[4]));
    assert_eq!(touching(86_400 + 7_200, 9_999_999).await?, ids(&[]));
    Ok(())
}

/// In force of an SLO is what is of itself or of its service and was not taken back, as far as it touches
/// the stretch.
pub async fn in_force_is_what_holds_for_an_slo(store: &dyn Store) -> Verdict {
    for n in [1, 2] {
        let promised = slo(n).build();
        store
            .insert(&promised, &start_of(&promised))
            .await?;
    }
    let service = slo(1).build().definition.service_name;
    let of_its_service = || Scope::Service(service.clone());
    let forever = Correction {
        period: every("FREQ=WEEKLY"),
        ..correction(6, of_slo(1), during(0, 1))
    };
    let written = [
        correction(1, of_slo(1), during(0, 60)),
        correction(2, of_slo(2), during(0, 60)),
        correction(3, of_its_service(), during(0, 60)),
        correction(4, of_service("another"), during(0, 60)),
        correction(5, of_its_service(), during(0, 60)),
        forever,
    ];
    create(store, &written).await?;
    store
        .cancel_correction(written[4].id, &cancelled(9))
        .await?;
    let of = async |n, during: Interval| {
        let promised = slo(n).build();
        let held = store
            .corrections_of(promised.id, &service, during)
            .await?;
        Ok::<_, StoreError>(
            held.iter()
                .map(|held| held.id)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(of(1, during(0, 60)).await?, ids(&[1, 3, 6]));
    assert_eq!(of(2, during(0, 60)).await?, ids(&[2, 3]));
    assert_eq!(of(1, during(60, 90)).await?, ids(&[6]));
    assert_eq!(of(1, during(-60, 0)).await?, ids(&[]));
    Ok(())
}

async fn listed(
    store: &dyn Store,
    query: CorrectionQuery,
) -> Result<Vec<CorrectionId>, StoreError> {
    let held = store
        .list_corrections(&query, all())
        .await?;
    Ok(held
        .iter()
        .map(|held| held.id)
        .collect())
}

fn ids(numbers: &[u128]) -> Vec<CorrectionId> {
    let id = |n: &u128| CorrectionId(uuid::Uuid::from_u128(*n));
    numbers.iter().map(id).collect()
}
