//! Hours of slices, and ranges that are folded again.

use sre_core::count::{Count, Counts};
use sre_core::hour::Hour;
use sre_core::slice::{Slice, SliceWidth};
use sre_core::slo::Generation;
use sre_core::store::{Changes, SlotClaim, Start, Store, StoreError};

use super::{applied, claim, claims, insert_due};
use crate::Verdict;
use crate::fixtures::{at, changes, counts, during, hour, refolded, sample, slo, start_of};
use crate::tools::covered;

/// Hours are read back as they were written, in order, and only those that touch the stretch.
pub async fn hours_are_read_back_in_order(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    let written = [-2, -1, 0, 1].map(|n| hour(at(3_600 * n), &[(0, 9, 10), (59, 0, 0), (7, 1, 2)]));
    let mut hours = written.to_vec();
    hours.reverse();
    applied(
        store,
        Changes {
            hours,
            ..changes(&held)
        },
    )
    .await?;
    assert_eq!(hours_of(store, &held, -86_400, 86_400).await?, written);
    assert_eq!(hours_of(store, &held, -3_600, 3_600).await?, written[1..3]);
    assert_eq!(hours_of(store, &held, -3_601, -3_599).await?, written[..2]);
    assert_eq!(hours_of(store, &held, 10, 20).await?, written[2..3]);
    assert_eq!(hours_of(store, &held, 7_200, 86_400).await?, []);
    Ok(())
}

/// An hour that is written again takes the place of what was there.
pub async fn an_hour_is_replaced_whole(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let held = claim(store, 0).await?;
    let hours = vec![hour(at(0), &[(0, 9, 10), (1, 5, 5)])];
    applied(
        store,
        Changes {
            hours,
            ..changes(&held)
        },
    )
    .await?;
    let fuller = vec![hour(at(0), &[(1, 4, 5), (2, 0, 0)])];
    let next = claim(store, 600).await?;
    applied(
        store,
        Changes {
            hours: fuller.clone(),
            ..changes(&next)
        },
    )
    .await?;
    assert_eq!(hours_of(store, &held, 0, 3_600).await?, fuller);
    Ok(())
}

/// Slices are kept exactly: to the millionth of an event, up to the most a store can hold, and in
/// every width.
pub async fn slices_are_kept_exactly(store: &dyn Store) -> Verdict {
    let slo = slo(1)
        .slices(SliceWidth::TEN_SECONDS)
        .build();
    store
        .insert(
            &slo,
            &Start {
                next_slot: at(0),
                ..start_of(&slo)
            },
        )
        .await?;
    let held = claim(store, 0).await?;
    let most = Count::from_millionths(i64::MAX.unsigned_abs());
    let one = Count::from_millionths(1);
    let mut fine = Hour::unmeasured(at(0), SliceWidth::TEN_SECONDS);
    for (n, (bad, total)) in (0..).zip([
        (one, most),
        (most, most),
        (one, one),
        (<_>::default(), most),
    ]) {
        fine.set(
            at(10 * n),
            Slice::Measured(Counts::with_bad(bad, total).expect("legal")),
        );
    }
    let summed = hour(at(3_600), &[(3, 1, 2)])
        .summed()
        .expect("fits");
    let summed = Hour::unpack(at(3_600), SliceWidth::TEN_SECONDS, &summed.pack()).expect("fits");
    let hours = vec![fine, summed];
    applied(
        store,
        Changes {
            hours: hours.clone(),
            ..changes(&held)
        },
    )
    .await?;
    assert_eq!(hours_of(store, &held, 0, 7_200).await?, hours);
    Ok(())
}

/// Hours belong to one generation of one SLO.
pub async fn hours_belong_to_a_generation(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_due(store, 2, 0).await?;
    let held = claims(store, 0).await?;
    let other = Generation(i64::MIN);
    let written = |good| vec![hour(at(0), &[(0, good, 10)])];
    applied(
        store,
        Changes {
            hours: written(1),
            ..changes(&held[0])
        },
    )
    .await?;
    applied(
        store,
        Changes {
            hours: written(2),
            ..changes(&held[1])
        },
    )
    .await?;
    let next = claims(store, 600).await?;
    let of_other = Changes {
        hours: written(3),
        generation: other,
        ..changes(&next[0])
    };
    applied(store, of_other).await?;
    assert_eq!(hours_of(store, &held[0], 0, 3_600).await?, written(1));
    assert_eq!(hours_of(store, &held[1], 0, 3_600).await?, written(2));
    let (id, width) = (held[0].slo.id, SliceWidth::MINUTE);
    assert_eq!(
        store
            .hours(id, other, width, during(0, 3_600))
            .await?,
        written(3)
    );
    Ok(())
}

/// A commit that folded dirty ranges again raises the revision, and clears them.
pub async fn refolding_raises_the_revision(store: &dyn Store) -> Verdict {
    insert_dirty(store).await?;
    let held = claim(store, 0).await?;
    let folded = Changes {
        refolded: refolded(&held, Vec::new()),
        ..changes(&held)
    };
    let revision = applied(store, folded).await?;
    assert!(revision > held.revision);
    let next = claim(store, 600).await?;
    assert_eq!(next.revision, revision);
    assert_eq!(next.dirty, []);
    Ok(())
}

/// What is left of dirty ranges stays dirty, to be folded by later slots.
pub async fn what_is_left_of_dirty_ranges_stays_dirty(store: &dyn Store) -> Verdict {
    insert_dirty(store).await?;
    let held = claim(store, 0).await?;
    let left = vec![during(-3_600, -600), during(-300, -240)];
    let folded = Changes {
        refolded: refolded(&held, left.clone()),
        ..changes(&held)
    };
    applied(store, folded).await?;
    let next = claim(store, 600).await?;
    assert_eq!(covered(&next.dirty), left);
    let folded = Changes {
        refolded: refolded(&next, Vec::new()),
        ..changes(&next)
    };
    applied(store, folded).await?;
    assert_eq!(claim(store, 1_200).await?.dirty, []);
    Ok(())
}

/// A mark that came after the claim survives its commit, though it marks the same slice as one that
/// was seen: what it marks was folded without it.
pub async fn a_mark_that_came_after_the_claim_survives(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    store
        .append(&[sample(at(61), counts(1, 1))], at(240))
        .await?;
    let held = claim(store, 0).await?;
    assert_eq!(covered(&held.dirty), [during(60, 120)]);
    let late = [sample(at(62), counts(1, 1)), sample(at(200), counts(1, 1))];
    store.append(&late, at(240)).await?;
    let folded = Changes {
        refolded: refolded(&held, Vec::new()),
        ..changes(&held)
    };
    applied(store, folded).await?;
    let next = claim(store, 600).await?;
    assert_eq!(covered(&next.dirty), [during(60, 120), during(180, 240)]);
    Ok(())
}

/// A commit that says nothing of dirty ranges leaves them dirty, and the revision as it is.
pub async fn an_unfolded_range_stays_dirty(store: &dyn Store) -> Verdict {
    insert_dirty(store).await?;
    let held = claim(store, 0).await?;
    assert_eq!(applied(store, changes(&held)).await?, held.revision);
    assert_eq!(
        covered(&claim(store, 600).await?.dirty),
        [during(-3_600, 0)]
    );
    Ok(())
}

/// Inserts SLO number 1, due at noon, with an hour before it to fold.
async fn insert_dirty(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    let backfill = Some(during(-3_600, 0));
    store
        .insert(
            &slo,
            &Start {
                next_slot: at(0),
                backfill,
                ..start_of(&slo)
            },
        )
        .await
}

/// The hours of the claim's generation that touch a stretch of seconds.
async fn hours_of(
    store: &dyn Store,
    claim: &SlotClaim,
    start: i64,
    end: i64,
) -> Result<Vec<Hour>, StoreError> {
    let width = claim.slo.definition.slice;
    store
        .hours(claim.slo.id, claim.generation, width, during(start, end))
        .await
}
