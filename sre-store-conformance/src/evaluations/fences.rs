//! Whose commit is refused: then nothing of it is stored.

use sre_core::alert::AlertType;
use sre_core::store::{BudgetRecord, Changes, SlotClaim, Start, Store};
use sre_core::time::Interval;

use super::{applied, claim, insert_due, superseded};
use crate::Verdict;
use crate::fixtures::{
    at, calculation, changes, destination, during, fires, gap, hour, identity, refolded, slo,
    start_of,
};
use crate::tools::{MANY, all, covered, limit};

/// A holder whose slot another has taken is superseded.
pub async fn a_commit_of_an_old_epoch_is_superseded(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let late = store
        .claim_slots("a", at(0), at(10), MANY)
        .await?;
    let taken = store
        .claim_slots("b", at(10), at(60), MANY)
        .await?;
    superseded(store, everything(&late[0])).await?;
    has_no_trace(store, &taken[0]).await?;
    applied(store, changes(&taken[0])).await?;
    Ok(())
}

/// A holder that is late, but whose slot nobody has taken, is still heard: its work is good.
pub async fn a_late_commit_of_an_untaken_slot_is_applied(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let late = store
        .claim_slots("a", at(0), at(10), MANY)
        .await?;
    applied(store, changes(&late[0])).await?;
    Ok(())
}

/// A slot is committed once: the same changes again are superseded.
pub async fn a_slot_is_committed_once(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let decided = changes(&claim(store, 0).await?);
    applied(store, decided.clone()).await?;
    superseded(store, decided).await
}

/// After its slot a holder may go on adding history under the same epoch, without moving the slot
/// that is due next, until another takes that slot.
pub async fn a_holder_adds_history_until_another_takes_the_slot(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    let decided = changes(&held);
    applied(store, decided.clone()).await?;
    let slot = decided.next_slot;
    let history = |good| Changes {
        slot,
        next_slot: slot,
        hours: vec![hour(at(-3_600), &[(0, good, 10)])],
        ..decided.clone()
    };
    applied(store, history(8)).await?;
    let taken = claim(store, 600).await?;
    assert_eq!(taken.slot, slot, "history moves no slot");
    superseded(store, history(9)).await?;
    let width = held.slo.definition.slice;
    let stored = store
        .hours(held.slo.id, held.generation, width, during(-3_600, 0))
        .await?;
    assert_eq!(stored, history(8).hours);
    Ok(())
}

/// The same changes twice in one batch are applied once.
pub async fn a_slot_is_committed_once_in_a_batch(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let decided = changes(&claim(store, 0).await?);
    let answers = store
        .commit(&[decided.clone(), decided])
        .await?;
    let applied: Vec<bool> = answers
        .into_iter()
        .map(crate::tools::is_applied)
        .collect();
    assert_eq!(applied, [true, false]);
    Ok(())
}

/// A commit for another slot than the one that is due is superseded, though its epoch stands.
pub async fn a_commit_of_another_slot_is_superseded(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    superseded(
        store,
        Changes {
            slot: at(60),
            ..everything(&held)
        },
    )
    .await?;
    has_no_trace(store, &held).await
}

/// An evaluation of an old definition is refused, and the slot is free for whoever takes the new
/// one.
pub async fn a_changed_definition_refuses_the_commit(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    let after = slo(1)
        .named("changed")
        .version(2)
        .build();
    store
        .update(&crate::catalog::change(&after, 1))
        .await?;
    superseded(store, everything(&held)).await?;
    let taken = claim(store, 0).await?;
    assert_eq!(taken.slo, after);
    has_no_trace(store, &taken).await?;
    applied(store, changes(&taken)).await?;
    Ok(())
}

/// What was decided of an SLO that was deleted meanwhile is refused.
pub async fn a_deleted_slo_refuses_the_commit(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    crate::catalog::delete(store, &slo(1).version(2).deleted(at(5)).build()).await?;
    superseded(store, everything(&held)).await?;
    has_no_trace(store, &held).await
}

/// What was decided of an SLO that is not stored is superseded and no error.
pub async fn an_unknown_slo_refuses_the_commit(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    superseded(
        store,
        Changes {
            slo_id: slo(2).build().id,
            ..everything(&held)
        },
    )
    .await?;
    has_no_trace(store, &held).await
}

/// A refused commit does not clear marks.
pub async fn a_refused_commit_keeps_the_marks(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    let start = Start {
        next_slot: at(0),
        backfill: Some(during(-600, 0)),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await?;
    let late = store
        .claim_slots("a", at(0), at(10), MANY)
        .await?;
    let taken = store
        .claim_slots("b", at(10), at(60), MANY)
        .await?;
    let refolding = Changes {
        refolded: refolded(&late[0], Vec::new()),
        ..changes(&late[0])
    };
    superseded(store, refolding).await?;
    store.release(&taken).await?;
    assert_eq!(covered(&claim(store, 10).await?.dirty), [during(-600, 0)]);
    Ok(())
}

/// Changes with something of every kind.
fn everything(claim: &SlotClaim) -> Changes {
    let identity = identity(1, AlertType::BurnRate);
    let decided = changes(claim);
    Changes {
        hours: vec![hour(at(0), &[(0, 9, 10)])],
        refolded: refolded(claim, vec![during(-60, 0)]),
        calculations: vec![calculation(at(0))],
        gaps: vec![gap(during(-600, -300))],
        budget: Some(BudgetRecord::new(at(0), &decided.evaluation)),
        alerts: vec![fires(&identity, &[destination("ops").id], at(0))],
        ..decided
    }
}

/// Nothing of [`everything`] is stored for the SLO of the claim.
pub(super) async fn has_no_trace(store: &dyn Store, claim: &SlotClaim) -> Verdict {
    let (id, width) = (claim.slo.id, claim.slo.definition.slice);
    let always = Interval::new(at(-86_400), at(86_400));
    assert_eq!(
        store
            .hours(id, claim.generation, width, always)
            .await?,
        []
    );
    assert_eq!(
        store
            .history(id, always, limit(MANY))
            .await?,
        []
    );
    assert_eq!(store.standings(&[id]).await?, []);
    let pages = sre_core::store::AlertQuery {
        alert_type: Some(AlertType::BurnRate),
        ..sre_core::store::AlertQuery::default()
    };
    assert_eq!(store.list_alerts(&pages, all()).await?, []);
    Ok(())
}
