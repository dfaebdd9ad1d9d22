//! Who may evaluate which slot, and for how long.

use std::collections::BTreeSet;

use sre_core::store::{Start, Store};

use super::{applied, claim, claims, insert_due};
use crate::Verdict;
use crate::fixtures::{at, at_micros, changes, during, slo, start_of};
use crate::tools::{MANY, a_minute_after, covered, taken_by_many};

/// A claim shows the SLO and where its evaluation stands; before the first slot nothing is found,
/// measured or recorded.
pub async fn a_claim_shows_where_evaluation_stands(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    let start = Start {
        backfill: Some(during(-7_200, 0)),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await?;
    let claim = claim(store, 600).await?;
    assert_eq!((claim.slo, claim.slot), (slo, start.next_slot));
    assert_eq!(
        (claim.generation, claim.last_slice),
        (start.generation, start.last_slice)
    );
    assert_eq!((claim.progress, claim.last), (<_>::default(), None));
    assert_eq!((claim.recorded_at, claim.budget_at), (None, None));
    assert_eq!(covered(&claim.dirty), [during(-7_200, 0)]);
    Ok(())
}

/// A slot is due at its instant and not a microsecond before.
pub async fn a_slot_is_claimed_when_it_is_due(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 60).await?;
    let early = store
        .claim_slots("a", at_micros(59, 999_999), at(120), MANY)
        .await?;
    assert_eq!(early, []);
    assert_eq!(claims(store, 60).await?.len(), 1);
    Ok(())
}

/// Neither a disabled nor a deleted SLO is evaluated.
pub async fn only_live_slos_are_claimed(store: &dyn Store) -> Verdict {
    let disabled = slo(1).disabled().build();
    store
        .insert(&disabled, &start_of(&disabled))
        .await?;
    let deleted = slo(2).build();
    store
        .insert(&deleted, &start_of(&deleted))
        .await?;
    crate::catalog::delete(store, &slo(2).version(2).deleted(at(5)).build()).await?;
    assert_eq!(claims(store, 600).await?, []);
    Ok(())
}

/// A claimed slot is nobody else's until the claim ends: at that instant it is free, and the epoch
/// of whoever takes it then is higher.
pub async fn a_dead_takers_claim_ends(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let first = store
        .claim_slots("a", at(0), at(30), MANY)
        .await?;
    assert_eq!(
        store
            .claim_slots("b", at_micros(29, 999_999), at(99), MANY)
            .await?,
        []
    );
    let second = store
        .claim_slots("b", at(30), at(99), MANY)
        .await?;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(second[0].epoch > first[0].epoch);
    assert_eq!(second[0].slot, first[0].slot);
    Ok(())
}

/// The longest due come first, of those due alike the lower id, and no more than asked for.
pub async fn the_longest_due_slots_are_claimed_first(store: &dyn Store) -> Verdict {
    for (n, second) in [(1, 30), (2, 10), (4, 20), (3, 20)] {
        insert_due(store, n, second).await?;
    }
    let mut order = Vec::new();
    for limit in [3, 3] {
        let claims = store
            .claim_slots("a", at(60), at(120), limit)
            .await?;
        order.extend(
            claims
                .into_iter()
                .map(|claim| claim.slo.id),
        );
    }
    assert_eq!(order, [2, 3, 4, 1].map(|n| slo(n).build().id));
    Ok(())
}

/// A claim that is given back is free at once, and the next epoch is higher still.
pub async fn a_released_claim_is_free(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let first = claim(store, 0).await?;
    store
        .release(std::slice::from_ref(&first))
        .await?;
    let second = claim(store, 0).await?;
    assert!(second.epoch > first.epoch);
    assert_eq!(first.slo, second.slo);
    Ok(())
}

/// Giving back what another has taken meanwhile takes nothing from them.
pub async fn a_release_of_a_lost_claim_is_passed_over(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let first = store
        .claim_slots("a", at(0), at(10), MANY)
        .await?;
    let second = store
        .claim_slots("b", at(10), at(60), MANY)
        .await?;
    store.release(&first).await?;
    assert_eq!(
        store
            .claim_slots("c", at(20), at(60), MANY)
            .await?,
        []
    );
    applied(store, changes(&second[0])).await?;
    Ok(())
}

/// Giving nothing back is no error.
pub async fn nothing_is_released(store: &dyn Store) -> Verdict {
    store.release(&[]).await
}

/// Of many who take at the same time no two get the same slot, and each slot is taken.
pub async fn concurrent_takers_never_share_a_slot(store: &dyn Store) -> Verdict {
    for n in 1..=60 {
        insert_due(store, n, 0).await?;
    }
    let taken = taken_by_many(4, async |taker| {
        let until = a_minute_after(at(0));
        let claims = store
            .claim_slots(&format!("taker {taker}"), at(0), until, 4)
            .await;
        claims
            .expect("claims")
            .into_iter()
            .map(|claim| claim.slo.id)
            .collect()
    });
    assert_eq!(taken.len(), 60);
    assert_eq!(
        taken
            .into_iter()
            .collect::<BTreeSet<_>>()
            .len(),
        60
    );
    Ok(())
}

/// The slot that is due first is known, claimed or not; of SLOs that are not live none is.
pub async fn the_earliest_slot_is_of_a_live_slo(store: &dyn Store) -> Verdict {
    assert_eq!(store.earliest_slot().await?, None);
    insert_due(store, 1, 600).await?;
    insert_due(store, 2, 300).await?;
    assert_eq!(store.earliest_slot().await?, Some(at(300)));
    claim(store, 300).await?;
    assert_eq!(
        store.earliest_slot().await?,
        Some(at(300)),
        "it is claimed, and still due"
    );
    crate::catalog::delete(store, &slo(2).version(2).deleted(at(5)).build()).await?;
    assert_eq!(store.earliest_slot().await?, Some(at(600)));
    let held = claim(store, 600).await?;
    let moved = changes(&held);
    let next = moved.next_slot;
    applied(store, moved).await?;
    assert_eq!(store.earliest_slot().await?, Some(next));
    Ok(())
}
