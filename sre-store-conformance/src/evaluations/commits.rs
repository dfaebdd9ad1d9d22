//! What a commit moves, and that it is whole.

use sre_core::alert::{AlertType, Course, Hold};
use sre_core::evaluation::Progress;
use sre_core::histogram::Bracket;
use sre_core::store::{BudgetRecord, Commit, Store};
use sre_core::time::Span;

use super::{applied, claim, claims, insert_due, superseded};
use crate::Verdict;
use crate::fixtures::{
    acknowledged, at, at_micros, calculation, changes, destination, detailed_evaluation, fires,
    flapped, identity, resolved,
};
use crate::tools::{all, is_applied};

/// Committing nothing is no error.
pub async fn nothing_is_committed(store: &dyn Store) -> Verdict {
    assert_eq!(store.commit(&[]).await?, []);
    Ok(())
}

/// An applied commit moves the slot, the slice, the progress and what was found, and frees the
/// claim.
pub async fn a_commit_moves_the_slot(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 60).await?;
    let mut decided = changes(&claim(store, 60).await?);
    decided.next_slot = at_micros(61, 1);
    decided.last_slice = at(60);
    decided.progress = Progress {
        first_measured: Some(at_micros(0, 1)),
        last_measured: Some(at(60)),
        gaps: vec![60, u32::MAX, 0],
        watching_since: Some(at(-5)),
        is_estimated: true,
        missing_members: 2,
        bracket: Some(Bracket {
            below: "0.25".parse().expect("a bound"),
            above: "0.5".parse().expect("a bound"),
        }),
        rules_interval: Some(Span::minutes(1)),
        course: Course {
            hold: Some(Hold {
                is_breach: true,
                since: at_micros(50, 1),
                seconds: u32::MAX,
            }),
            history: flapped(),
        },
    };
    decided.evaluation = detailed_evaluation(at(60));
    applied(store, decided.clone()).await?;

    assert_eq!(claims(store, 61).await?, [], "not due yet");
    let next = claim(store, 62).await?;
    assert_eq!(
        (next.slot, next.last_slice),
        (decided.next_slot, decided.last_slice)
    );
    assert_eq!(
        (next.progress, next.last),
        (decided.progress, Some(decided.evaluation))
    );
    Ok(())
}

/// When the last calculation and the last budget were recorded is known to the next slot, and stays
/// known while none is recorded.
pub async fn a_claim_tells_what_was_recorded_last(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let mut recording = changes(&claim(store, 0).await?);
    recording.calculations = vec![calculation(at(-60)), calculation(at(0))];
    recording.budget = Some(BudgetRecord::new(at(0), &recording.evaluation));
    applied(store, recording).await?;
    applied(store, changes(&claim(store, 600).await?)).await?;
    let next = claim(store, 1_200).await?;
    assert_eq!(
        (next.recorded_at, next.budget_at),
        (Some(at(0)), Some(at(0)))
    );
    Ok(())
}

/// The alerts of a commit are stored with it, intents included, in the order in which they come: an
/// identity whose episode ends may open the next.
pub async fn a_commit_stores_its_alerts(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let ops = destination("ops").id;
    let opened = fires(&identity(1, AlertType::BurnRate), &[ops], at(0));
    let ended = resolved(&opened.alert, at(0));
    let again = crate::fixtures::fires_again(&opened.alert, &[ops], at(0));
    let mut decided = changes(&claim(store, 0).await?);
    decided.alerts = vec![opened, ended.clone(), again.clone()];
    applied(store, decided).await?;
    assert_eq!(
        store.find_alert(ended.alert.id).await?,
        Some(ended.alert.clone())
    );
    assert_eq!(
        store.find_alert(again.alert.id).await?,
        Some(again.alert.clone())
    );
    assert_eq!(
        store
            .ledger(ended.alert.id)
            .await?
            .len(),
        2
    );
    assert_eq!(
        store
            .ledger(again.alert.id)
            .await?
            .len(),
        1
    );
    Ok(())
}

/// A commit that lost one of its alerts is superseded and leaves no trace; the slot is still due.
pub async fn a_commit_that_lost_an_alert_leaves_no_trace(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let ops = destination("ops").id;
    let ticket = fires(&identity(1, AlertType::SlowBurn), &[ops], at(0));
    store.apply(&ticket).await?;
    let held = claim(store, 0).await?;
    let mut decided = changes(&held);
    let page = fires(&identity(1, AlertType::BurnRate), &[ops], at(0));
    decided.alerts = vec![page.clone(), resolved(&ticket.alert, at(0))];
    decided.calculations = vec![calculation(at(0))];
    decided.hours = vec![crate::fixtures::hour(at(0), &[(1, 1, 1)])];
    let acknowledged = acknowledged(&ticket.alert, at(0));
    store.apply(&acknowledged).await?;

    superseded(store, decided).await?;
    assert_eq!(store.find_alert(page.alert.id).await?, None);
    assert_eq!(store.ledger(page.alert.id).await?, []);
    assert_eq!(
        store
            .find_alert(ticket.alert.id)
            .await?,
        Some(acknowledged.alert)
    );
    super::fences::has_no_trace(store, &held).await?;
    applied(store, changes(&held)).await?;
    Ok(())
}

/// Each of a batch is guarded by itself: the superseded one takes none of the others with it, and
/// the answers come in the order asked.
pub async fn a_batch_applies_all_but_the_superseded(store: &dyn Store) -> Verdict {
    for n in 1..=3 {
        insert_due(store, n, 0).await?;
    }
    let mut batch: Vec<_> = claims(store, 0)
        .await?
        .iter()
        .map(changes)
        .collect();
    let contested = identity(9, AlertType::BurnRate);
    batch[0].alerts = vec![fires(&contested, &[], at(0))];
    batch[1].alerts = vec![fires(&contested, &[], at(1))];
    batch[2].calculations = vec![calculation(at(0))];
    let answers = store.commit(&batch).await?;
    let expected = [true, false, true];
    assert_eq!(
        answers
            .iter()
            .map(|answer| is_applied(*answer))
            .collect::<Vec<_>>(),
        expected
    );
    let found: Vec<_> = store
        .list_alerts(&<_>::default(), all())
        .await?;
    assert_eq!(
        found
            .iter()
            .map(|alert| alert.starts_at)
            .collect::<Vec<_>>(),
        [at(0)]
    );
    let ids: Vec<_> = batch
        .iter()
        .map(|changes| changes.slo_id)
        .collect();
    let moved: Vec<_> = store
        .standings(&ids)
        .await?
        .into_iter()
        .map(|standing| standing.slo_id)
        .collect();
    assert_eq!(moved, [ids[0], ids[2]]);
    Ok(())
}

/// A revision does not rise by appending: a ledger that is cached under it is still right.
pub async fn appending_does_not_raise_the_revision(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    let mut decided = changes(&held);
    decided.hours = vec![crate::fixtures::hour(at(0), &[(0, 9, 10)])];
    assert_eq!(
        store.commit(&[decided]).await?,
        [Commit::Applied {
            revision: held.revision
        }]
    );
    assert_eq!(claim(store, 600).await?.revision, held.revision);
    Ok(())
}
