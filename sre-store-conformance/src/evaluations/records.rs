//! What is remembered of slots that have passed.

use sre_core::count::{Count, Counts};
use sre_core::evaluation::SloState;
use sre_core::store::{Calculation, Changes, Gap, HistoryItem, Outcome, Store, StoreError};

use super::{applied, claim, claims, insert_due};
use crate::Verdict;
use crate::fixtures::{at, at_micros, calculation, changes, detailed_evaluation, during, gap, slo};
use crate::tools::{MANY, limit};

/// An SLO stands as its last slot found it; the answers come in the order asked.
pub async fn standings_tell_what_the_last_slot_found(store: &dyn Store) -> Verdict {
    let (one, two) = (
        insert_due(store, 1, 0).await?,
        insert_due(store, 2, 0).await?,
    );
    let mut decided: Vec<Changes> = claims(store, 0)
        .await?
        .iter()
        .map(changes)
        .collect();
    decided[0]
        .progress
        .note_measured(at(0), at(60));
    decided[0].evaluation = detailed_evaluation(at(60));
    store.commit(&decided).await?;
    let standings = store
        .standings(&[two.id, one.id])
        .await?;
    assert_eq!(
        standings
            .iter()
            .map(|at| at.slo_id)
            .collect::<Vec<_>>(),
        [two.id, one.id]
    );
    let standing = &standings[1];
    assert_eq!(standing.evaluation, Some(decided[0].evaluation.clone()));
    assert_eq!(standing.progress, decided[0].progress);
    assert_eq!(standing.generation, decided[0].generation);
    let place = (standing.next_slot, standing.last_slice);
    assert_eq!(place, (decided[0].next_slot, decided[0].last_slice));
    Ok(())
}

/// Neither an unknown SLO nor one without a slot yet stands anywhere.
pub async fn an_slo_without_a_slot_has_no_standing(store: &dyn Store) -> Verdict {
    let waiting = insert_due(store, 1, 0).await?;
    claims(store, 0).await?;
    assert_eq!(
        store
            .standings(&[waiting.id, slo(9).build().id])
            .await?,
        []
    );
    assert_eq!(store.standings(&[]).await?, []);
    Ok(())
}

/// The standing of a deleted SLO stays readable.
pub async fn a_deleted_slo_keeps_its_standing(store: &dyn Store) -> Verdict {
    let slo_id = insert_due(store, 1, 0).await?.id;
    applied(store, changes(&claim(store, 0).await?)).await?;
    crate::catalog::delete(store, &slo(1).version(2).deleted(at(5)).build()).await?;
    assert_eq!(store.standings(&[slo_id]).await?.len(), 1);
    Ok(())
}

/// Recorded calculations are read back as they were written, to the last field.
pub async fn calculations_are_kept_whole(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let most = Count::from_millionths(i64::MAX.unsigned_abs());
    let written = [
        Calculation {
            slot: at_micros(0, 1),
            outcome: Outcome::Measured,
            state: SloState::AtRisk,
            counts: Counts::with_bad(Count::from_millionths(1), most).ok(),
            evaluation: Some(detailed_evaluation(at(0))),
        },
        Calculation {
            slot: at(1),
            outcome: Outcome::NoTraffic,
            state: SloState::InsufficientData,
            counts: Some(Counts::NONE),
            evaluation: None,
        },
        Calculation {
            outcome: Outcome::Unmeasured,
            counts: None,
            ..calculation(at(2))
        },
    ];
    let held = claim(store, 0).await?;
    applied(
        store,
        Changes {
            calculations: written.to_vec(),
            ..changes(&held)
        },
    )
    .await?;
    let expected = written.map(HistoryItem::Calculation);
    assert_eq!(history(store, 0, 60).await?, expected);
    Ok(())
}

/// History holds calculations and gaps in the order of their instants; of a stretch it holds the
/// slots inside and every gap that reaches into it.
pub async fn history_holds_calculations_and_gaps_in_order(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_due(store, 2, 0).await?;
    let held = claims(store, 0).await?;
    let slots = [0, 60, 300, 360].map(|second| calculation(at(second)));
    let unusual = Gap {
        reason: "Quelle „weg“ '\"".repeat(300),
        ..gap(during(120, 300))
    };
    let mut calculations = slots.to_vec();
    calculations.reverse();
    let decided = Changes {
        calculations,
        gaps: vec![unusual.clone()],
        ..changes(&held[0])
    };
    applied(store, decided).await?;
    let other = Changes {
        calculations: vec![calculation(at(90))],
        ..changes(&held[1])
    };
    applied(store, other).await?;

    let [a, b, c, d] = slots.map(HistoryItem::Calculation);
    let gap = HistoryItem::Gap(unusual);
    let all = [a, b.clone(), gap.clone(), c.clone(), d];
    assert_eq!(history(store, -60, 600).await?, all);
    assert_eq!(history(store, 60, 360).await?, [b.clone(), gap.clone(), c]);
    assert_eq!(history(store, 200, 300).await?, [gap]);
    assert_eq!(history(store, 300, 300).await?, []);
    let two = store
        .history(slo(1).build().id, during(60, 600), limit(1))
        .await?;
    assert_eq!(two, [b]);
    Ok(())
}

/// A slot is recorded once: what is recorded again takes its place.
pub async fn a_slot_is_recorded_once(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let first = Changes {
        calculations: vec![calculation(at(0))],
        ..changes(&claim(store, 0).await?)
    };
    applied(store, first).await?;
    let again = Calculation {
        state: SloState::Met,
        ..calculation(at(0))
    };
    let held = claim(store, 600).await?;
    applied(
        store,
        Changes {
            calculations: vec![again.clone()],
            ..changes(&held)
        },
    )
    .await?;
    assert_eq!(
        history(store, 0, 60).await?,
        [HistoryItem::Calculation(again)]
    );
    Ok(())
}

/// The history of SLO number 1.
async fn history(store: &dyn Store, start: i64, end: i64) -> Result<Vec<HistoryItem>, StoreError> {
    store
        .history(slo(1).build().id, during(start, end), limit(MANY))
        .await
}
