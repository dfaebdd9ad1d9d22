//! Changes of an SLO, with what they mean for its evaluation and its alerts.

use sre_core::alert::AlertType;
use sre_core::slo::{Generation, Slo};
use sre_core::store::{SloChange, Start, Store, StoreError};

use crate::Verdict;
use crate::fixtures::{
    acknowledged, at, changes, destination, detailed_evaluation, during, fires, identity, resolved,
    slo, start_of,
};
use crate::tools::{MANY, a_minute_after, covered, is_applied};

/// A change replaces the SLO whose version was read.
pub async fn an_update_replaces_the_slo(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    store
        .insert(&before, &start_of(&before))
        .await?;
    let after = Slo {
        updated_at: at(9),
        ..slo(1)
            .named("slower")
            .version(2)
            .build()
    };
    store.update(&change(&after, 1)).await?;
    assert_eq!(store.find(after.id).await?, Some(after));
    Ok(())
}

/// Of two who read the same version the second is refused, and nothing of theirs is written.
pub async fn an_update_of_a_version_that_has_passed_is_refused(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    store
        .insert(&before, &start_of(&before))
        .await?;
    let (one, other) = (
        slo(1).named("one").version(2).build(),
        slo(1).named("other").version(2).build(),
    );
    store.update(&change(&one, 1)).await?;
    let refused = store.update(&change(&other, 1)).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "version" })),
        "{refused:?}"
    );
    assert_eq!(store.find(one.id).await?, Some(one));
    Ok(())
}

/// What is not stored cannot be changed.
pub async fn an_unknown_slo_cannot_be_updated(store: &dyn Store) -> Verdict {
    let refused = store
        .update(&change(&slo(1).version(2).build(), 1))
        .await;
    assert!(
        matches!(refused, Err(StoreError::NotFound { .. })),
        "{refused:?}"
    );
    Ok(())
}

/// A change cannot take the name of another SLO of the service; keeping one's own is no conflict.
pub async fn an_update_cannot_take_anothers_name(store: &dyn Store) -> Verdict {
    for n in [1, 2] {
        let slo = slo(n).build();
        store
            .insert(&slo, &start_of(&slo))
            .await?;
    }
    let refused = store
        .update(&change(&slo(2).named("slo 1").version(2).build(), 1))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "name" })),
        "{refused:?}"
    );
    assert_eq!(store.find(slo(2).build().id).await?, Some(slo(2).build()));
    store
        .update(&change(
            &slo(2)
                .label("team", "a")
                .version(2)
                .build(),
            1,
        ))
        .await
}

/// A change that starts evaluation anew forgets where the old one stood: generation, first slot and
/// slice are the new ones, nothing is measured or found yet, and only the new back-fill is dirty.
/// Epoch and revision rise.
pub async fn an_update_with_a_restart_begins_anew(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    let start = Start {
        next_slot: at(60),
        backfill: Some(during(-600, 0)),
        ..start_of(&before)
    };
    store.insert(&before, &start).await?;
    let [first] = claimed(store, 60).await?;
    let mut decided = changes(&first);
    decided
        .progress
        .note_measured(at(0), at(60));
    decided.evaluation = detailed_evaluation(at(60));
    assert!(is_applied(store.commit(&[decided]).await?[0]));

    let after = slo(1)
        .metric("error_rate")
        .version(2)
        .build();
    let restart = Start {
        generation: Generation(i64::MAX),
        next_slot: at(90),
        last_slice: at(30),
        backfill: Some(during(-60, 0)),
    };
    let restarted = SloChange {
        restart: Some(restart),
        ..change(&after, 1)
    };
    store.update(&restarted).await?;

    assert_eq!(
        store.standings(&[after.id]).await?,
        [],
        "no slot of the new start yet"
    );
    let [claim] = claimed(store, 90).await?;
    assert_eq!(claim.slo, after);
    assert_eq!((claim.slot, claim.last_slice), (at(90), at(30)));
    assert_eq!(claim.generation, Generation(i64::MAX));
    assert_eq!((claim.progress, claim.last), (<_>::default(), None));
    assert_eq!(covered(&claim.dirty), [during(-60, 0)]);
    assert!(claim.epoch > first.epoch && claim.revision > first.revision);
    Ok(())
}

/// A change without a restart leaves evaluation where it stands; the next slot takes it.
pub async fn an_update_without_a_restart_keeps_the_place(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    let start = Start {
        next_slot: at(60),
        backfill: Some(during(-600, 0)),
        ..start_of(&before)
    };
    store.insert(&before, &start).await?;
    let [first] = claimed(store, 60).await?;
    store
        .release(std::slice::from_ref(&first))
        .await?;
    let after = slo(1)
        .named("renamed")
        .version(2)
        .build();
    store.update(&change(&after, 1)).await?;
    let [claim] = claimed(store, 60).await?;
    assert_eq!(claim.slo, after);
    assert_eq!(
        (claim.slot, claim.revision, claim.last_slice),
        (at(60), first.revision, first.last_slice)
    );
    assert_eq!(covered(&claim.dirty), [during(-600, 0)]);
    Ok(())
}

/// The alerts that a change ends end with it, and those who have to hear of it have their intents.
pub async fn an_update_ends_its_alerts(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    store
        .insert(&before, &start_of(&before))
        .await?;
    let opened = fires(
        &identity(1, AlertType::BurnRate),
        &[destination("ops").id],
        at(0),
    );
    store.apply(&opened).await?;
    let ends = [resolved(&opened.alert, at(9))];
    let deleted = slo(1).version(2).deleted(at(9)).build();
    store
        .update(&SloChange {
            alerts: &ends,
            ..change(&deleted, 1)
        })
        .await?;
    assert_eq!(
        store
            .find_alert(opened.alert.id)
            .await?,
        Some(ends[0].alert.clone())
    );
    let intents = store.ledger(opened.alert.id).await?;
    assert_eq!(intents.len(), 2);
    Ok(())
}

/// When one of the alerts was moved meanwhile, neither the SLO nor any other alert changes.
pub async fn an_update_that_lost_an_alert_changes_nothing(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    store
        .insert(&before, &start_of(&before))
        .await?;
    let page = fires(&identity(1, AlertType::BurnRate), &[], at(0)).alert;
    let ticket = fires(&identity(1, AlertType::SlowBurn), &[], at(0)).alert;
    store
        .apply(&fires(&page.identity, &[], at(0)))
        .await?;
    store
        .apply(&fires(&ticket.identity, &[], at(0)))
        .await?;
    store
        .apply(&acknowledged(&ticket, at(5)))
        .await?;

    let ends = [resolved(&page, at(9)), resolved(&ticket, at(9))];
    let deleted = slo(1).version(2).deleted(at(9)).build();
    let refused = store
        .update(&SloChange {
            alerts: &ends,
            ..change(&deleted, 1)
        })
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { what: "version" })),
        "{refused:?}"
    );
    assert_eq!(store.find(before.id).await?, Some(before));
    assert_eq!(store.find_alert(page.id).await?, Some(page));
    Ok(())
}

/// A longer window asks for history that nobody has folded: it is marked beside what is marked
/// already, and the place of the live edge stays.
pub async fn an_update_may_ask_for_more_history(store: &dyn Store) -> Verdict {
    let before = slo(1).build();
    let start = Start {
        next_slot: at(0),
        backfill: Some(during(-60, 0)),
        ..start_of(&before)
    };
    store.insert(&before, &start).await?;
    let after = slo(1).version(2).build();
    let longer = SloChange {
        backfill: Some(during(-600, -300)),
        ..change(&after, 1)
    };
    store.update(&longer).await?;
    let [claim] = claimed(store, 0).await?;
    assert_eq!((claim.slot, claim.last_slice), (at(0), start.last_slice));
    assert_eq!(covered(&claim.dirty), [during(-600, -300), during(-60, 0)]);
    Ok(())
}

/// A stretch that somebody asks for is marked beside what is marked already; nothing else changes.
pub async fn a_stretch_is_folded_again_when_it_is_asked_for(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    let start = Start {
        next_slot: at(0),
        backfill: Some(during(-60, 0)),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await?;
    store
        .refold(slo.id, during(-600, -300))
        .await?;
    let [claim] = claimed(store, 0).await?;
    assert_eq!((claim.slot, claim.last_slice), (at(0), start.last_slice));
    assert_eq!(claim.revision, 0);
    assert_eq!(covered(&claim.dirty), [during(-600, -300), during(-60, 0)]);
    assert_eq!(store.find(slo.id).await?, Some(slo));
    Ok(())
}

/// What was never stored cannot be folded again.
pub async fn an_unknown_slo_cannot_be_folded_again(store: &dyn Store) -> Verdict {
    let unknown = slo(1).build();
    let refused = store
        .refold(unknown.id, during(-60, 0))
        .await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    Ok(())
}

/// A change without restart and alerts.
pub(crate) fn change(slo: &Slo, expected_version: u64) -> SloChange<'_> {
    SloChange {
        slo,
        expected_version,
        restart: None,
        backfill: None,
        alerts: &[],
    }
}

/// The one slot that is due at this second.
async fn claimed(
    store: &dyn Store,
    second: i64,
) -> Result<[sre_core::store::SlotClaim; 1], StoreError> {
    let claims = store
        .claim_slots("a", at(second), a_minute_after(at(second)), MANY)
        .await?;
    Ok(claims
        .try_into()
        .expect("one slot is due"))
}
