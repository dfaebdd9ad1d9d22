//! What corrections mean to whoever evaluates.

use sre_core::correction::{Correction, REACH, Scope};
use sre_core::store::{SlotClaim, Start, Store, StoreError};

use super::{cancelled, create, ended};
use crate::Verdict;
use crate::fixtures::{at, changes, correction, during, of_service, of_slo, slo, start_of};
use crate::tools::MANY;

/// A correction raises the revision of the SLOs that it holds for, when it comes, is ended and is taken
/// back, and of no others; ending it or taking it back twice raises it once.
pub async fn a_correction_raises_the_revision_of_its_slos(store: &dyn Store) -> Verdict {
    for n in [1, 2] {
        insert_due(store, n).await?;
    }
    let mut second = 0;
    let revisions = async |second: &mut i64| {
        let claims = claimed(store, *second).await?;
        store.release(&claims).await?;
        *second += 1;
        Ok::<_, StoreError>([claims[0].revision, claims[1].revision])
    };
    let before = revisions(&mut second).await?;
    let of_one = correction(1, of_slo(1), during(0, 60));
    store.create_correction(&of_one).await?;
    let created = revisions(&mut second).await?;
    assert!(created[0] > before[0] && created[1] == before[1]);

    store
        .end_correction(of_one.id, &ended(30))
        .await?;
    let after = revisions(&mut second).await?;
    assert!(after[0] > created[0] && after[1] == created[1]);
    store
        .end_correction(of_one.id, &ended(30))
        .await?;
    assert_eq!(revisions(&mut second).await?, after);

    store
        .cancel_correction(of_one.id, &cancelled(9))
        .await?;
    let taken_back = revisions(&mut second).await?;
    assert!(taken_back[0] > after[0] && taken_back[1] == after[1]);
    store
        .cancel_correction(of_one.id, &cancelled(9))
        .await?;
    assert_eq!(revisions(&mut second).await?, taken_back);

    let service = slo(1).build().definition.service_name;
    let of_both = correction(2, Scope::Service(service), during(0, 60));
    store
        .create_correction(&of_both)
        .await?;
    let of_others = correction(3, of_service("another"), during(0, 60));
    store
        .create_correction(&of_others)
        .await?;
    let both = revisions(&mut second).await?;
    assert!(both[0] > taken_back[0] && both[1] > taken_back[1]);
    Ok(())
}

/// A claim brings what is in force of its SLO and reaches into the past of the slot, in the order of
/// ids; what was taken back, or lies ahead or too far back (or was ended there), it does not bring.
pub async fn a_claim_brings_the_corrections_in_force(store: &dyn Store) -> Verdict {
    for n in [1, 2] {
        insert_due(store, n).await?;
    }
    let service = slo(1).build().definition.service_name;
    let of_both = || Scope::Service(service.clone());
    let reach = REACH.as_secs_i64();
    let written: [Correction; 7] = [
        correction(5, of_slo(1), during(-60, 0)),
        correction(1, of_both(), during(-90, 90)),
        correction(2, of_slo(2), during(-120, -60)),
        correction(3, of_both(), during(-60, 0)),
        correction(4, of_both(), during(0, 60)),
        correction(6, of_both(), during(-reach - 60, -reach)),
        correction(7, of_both(), during(-reach - 60, -reach + 600)),
    ];
    create(store, &written).await?;
    store
        .end_correction(written[6].id, &ended(-reach))
        .await?;
    store
        .cancel_correction(written[3].id, &cancelled(0))
        .await?;
    let claims = claimed(store, 0).await?;
    let [one, two] = [&claims[0].corrections, &claims[1].corrections];
    assert_eq!(*one, [written[1].clone(), written[0].clone()]);
    assert_eq!(*two, [written[1].clone(), written[2].clone()]);
    Ok(())
}

/// A correction that comes while a slot is claimed does not stop its commit: the next claim brings it.
pub async fn a_correction_does_not_supersede_a_slot(store: &dyn Store) -> Verdict {
    insert_due(store, 1).await?;
    let held = claimed(store, 0).await?;
    let late = correction(1, of_slo(1), during(-60, 0));
    store.create_correction(&late).await?;
    let commits = store
        .commit(&[changes(&held[0])])
        .await?;
    assert!(crate::tools::is_applied(commits[0]));
    let next = claimed(store, 600).await?;
    assert!(next[0].revision > held[0].revision);
    assert_eq!(next[0].corrections, [late]);
    Ok(())
}

/// Inserts SLO number `n`, whose first slot is due at noon.
async fn insert_due(store: &dyn Store, n: u128) -> Verdict {
    let slo = slo(n).build();
    let start = Start {
        next_slot: at(0),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await
}

/// Every slot that is due at this second, in the order of their SLOs.
async fn claimed(store: &dyn Store, second: i64) -> Result<Vec<SlotClaim>, StoreError> {
    let mut claims = store
        .claim_slots("a", at(second), at(second + 60), MANY)
        .await?;
    claims.sort_by_key(|claim| claim.slo.id);
    Ok(claims)
}
