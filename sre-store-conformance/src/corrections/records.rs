//! Writing corrections, and taking them back.

use sre_core::correction::{CORRECTIONS_MAX, Cancellation, Correction, Meaning};
use sre_core::store::{Corrections, Kept, Store, StoreError};

use super::{cancelled, create, ended};
use crate::Verdict;
use crate::fixtures::{
    at, at_micros, correction, during, every, of_service, of_slo, slo, start_of,
};

/// Scope, meaning, period (once to the microsecond, or by rule), reason, people and instants come back
/// as they were written.
pub async fn every_field_of_a_correction_is_kept(store: &dyn Store) -> Verdict {
    let promised = slo(1).build();
    store
        .insert(&promised, &start_of(&promised))
        .await?;
    let scopes = [of_slo(1), of_service("checkout"), of_service("a/b:c")];
    for (n, (meaning, scope)) in (1..).zip(Meaning::ALL.into_iter().zip(scopes)) {
        let written = Correction {
            meaning,
            reason: "two\nlines 'ä\"".to_owned(),
            created_by: (n > 1).then(|| "ä'\"".to_owned()),
            created_at: at_micros(1, 999_999),
            ..correction(n, scope, during(-60, 3_600))
        };
        let recurring = Correction {
            period: every("FREQ=MONTHLY;BYDAY=1TH;UNTIL=20270101T000000Z"),
            ..correction(n + 10, written.scope.clone(), during(0, 1))
        };
        create(store, &[written.clone(), recurring.clone()]).await?;
        assert_eq!(
            store
                .find_correction(written.id)
                .await?,
            Some(written)
        );
        assert_eq!(
            store
                .find_correction(recurring.id)
                .await?,
            Some(recurring)
        );
    }
    Ok(())
}

/// What was never written is not found.
pub async fn an_unknown_correction_is_not_found(store: &dyn Corrections) -> Verdict {
    let unknown = correction(1, of_service("checkout"), during(0, 60));
    assert_eq!(
        store
            .find_correction(unknown.id)
            .await?,
        None
    );
    Ok(())
}

/// Of two corrections with one id the second is refused, and the first stands.
pub async fn the_id_of_a_correction_is_used_once(store: &dyn Corrections) -> Verdict {
    let first = correction(1, of_service("checkout"), during(0, 60));
    store.create_correction(&first).await?;
    let second = correction(1, of_service("search"), during(0, 60));
    let refused = store.create_correction(&second).await;
    assert!(matches!(refused, Err(StoreError::Conflict { what: "id" })));
    assert_eq!(store.find_correction(first.id).await?, Some(first));
    Ok(())
}

/// A correction that was taken back stays stored, with who took it back and when; to take it back again
/// changes nothing.
pub async fn a_cancelled_correction_stays_stored(store: &dyn Corrections) -> Verdict {
    let written = correction(1, of_service("checkout"), during(0, 60));
    store
        .create_correction(&written)
        .await?;
    store
        .cancel_correction(written.id, &cancelled(30))
        .await?;
    let again = Cancellation {
        at: at(40),
        by: None,
    };
    store
        .cancel_correction(written.id, &again)
        .await?;
    let expected = Correction {
        cancelled: Some(cancelled(30)),
        ..written
    };
    assert_eq!(
        store
            .find_correction(expected.id)
            .await?,
        Some(expected)
    );
    Ok(())
}

/// A correction that was ended stays stored, with from when on, and who said so when; to end it again,
/// or once it was taken back, changes nothing.
pub async fn an_ended_correction_stays_stored(store: &dyn Corrections) -> Verdict {
    let once = correction(1, of_service("checkout"), during(0, 60));
    let recurring = Correction {
        period: every("FREQ=DAILY"),
        ..correction(2, of_service("checkout"), during(0, 60))
    };
    let gone = correction(3, of_service("checkout"), during(0, 60));
    create(store, &[once.clone(), recurring.clone(), gone.clone()]).await?;
    store
        .cancel_correction(gone.id, &cancelled(10))
        .await?;
    for correction in [&once, &recurring, &gone] {
        for second in [30, 40] {
            store
                .end_correction(correction.id, &ended(second))
                .await?;
        }
    }
    for correction in [once, recurring] {
        let expected = Correction {
            ended: Some(ended(30)),
            ..correction
        };
        assert_eq!(
            store
                .find_correction(expected.id)
                .await?,
            Some(expected)
        );
    }
    let gone = store.find_correction(gone.id).await?;
    assert_eq!(gone.and_then(|gone| gone.ended), None);
    Ok(())
}

/// What was never written cannot be ended.
pub async fn an_unknown_correction_cannot_be_ended(store: &dyn Corrections) -> Verdict {
    let unknown = correction(1, of_service("checkout"), during(0, 60));
    let refused = store
        .end_correction(unknown.id, &ended(30))
        .await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    Ok(())
}

/// What was never written cannot be taken back.
pub async fn an_unknown_correction_cannot_be_cancelled(store: &dyn Corrections) -> Verdict {
    let unknown = correction(1, of_service("checkout"), during(0, 60));
    let refused = store
        .cancel_correction(unknown.id, &cancelled(0))
        .await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })));
    Ok(())
}

/// Only so many are in force of one scope; one that is taken back makes room.
pub async fn corrections_in_force_are_limited(store: &dyn Corrections) -> Verdict {
    let nth = |n: u32| correction(u128::from(n), of_service("checkout"), during(0, 60));
    for n in 1..=CORRECTIONS_MAX {
        store.create_correction(&nth(n)).await?;
    }
    let surplus = nth(CORRECTIONS_MAX + 1);
    let refused = store.create_correction(&surplus).await;
    let what = "corrections";
    assert!(matches!(refused, Err(StoreError::Conflict { what: held }) if held == what));
    let other = correction(7_000, of_service("search"), during(0, 60));
    store.create_correction(&other).await?;
    store
        .cancel_correction(nth(1).id, &cancelled(0))
        .await?;
    store.create_correction(&surplus).await
}

/// Forgotten is what was taken back, and what ended, before the instant; what recurs without an end
/// stays.
pub async fn old_corrections_are_pruned(store: &dyn Store) -> Verdict {
    let scope = || of_service("checkout");
    let ended = correction(1, scope(), during(0, 60));
    let ending = correction(2, scope(), during(0, 61));
    let taken_back = correction(3, scope(), during(0, 9_000));
    let recurring = Correction {
        period: every("FREQ=DAILY"),
        ..correction(4, scope(), during(0, 60))
    };
    create(
        store,
        &[ended, ending.clone(), taken_back.clone(), recurring.clone()],
    )
    .await?;
    store
        .cancel_correction(taken_back.id, &cancelled(60))
        .await?;
    let prune = async |limit| {
        store
            .prune(Kept::Corrections, at(61), limit)
            .await
    };
    assert_eq!(
        (prune(1).await?, prune(9).await?, prune(9).await?),
        (1, 1, 0)
    );
    let left = store
        .list_corrections(
            &sre_core::store::CorrectionQuery::default(),
            crate::tools::all(),
        )
        .await?;
    assert_eq!(left, [ending, recurring]);
    Ok(())
}
