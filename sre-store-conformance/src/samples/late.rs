//! Samples of slices that have closed: what was folded without them is folded again.

use sre_core::indicator::Indicator;
use sre_core::sample::Sample;
use sre_core::slice::SliceWidth;
use sre_core::slo::Slo;
use sre_core::source::{CounterPart, CounterRatio, Query};
use sre_core::store::{Appended, SlotClaim, Start, Store, StoreError};
use sre_core::time::{Interval, Span};

use super::appended::series;
use crate::Verdict;
use crate::fixtures::{at, at_micros, counts, during, sample, slo, start_of};
use crate::tools::{MANY, a_minute_after, covered};

/// A sample of a slice that has closed marks exactly that slice of the SLO dirty.
pub async fn a_late_sample_marks_its_slice(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let answers = store
        .append(&[sample(at(61), counts(1, 1))], at(120))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: true }]);
    assert_eq!(dirty(store, 1).await?, [during(60, 120)]);
    Ok(())
}

/// A slice whose end lies beyond `closed_before` has not closed: its samples are folded by its own
/// slot and mark nothing.
pub async fn a_sample_in_time_marks_nothing(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let answers = store
        .append(&[sample(at(61), counts(1, 1))], at_micros(119, 999_999))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: false }]);
    assert_eq!(dirty(store, 1).await?, []);
    Ok(())
}

/// A sample of a slice that a slot has folded marks it, however long ago its caller looked at the
/// clock: it may have waited for its turn to write.
pub async fn a_sample_of_a_folded_slice_marks_it(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    let start = Start {
        next_slot: at(0),
        last_slice: at(120),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await?;
    let answers = store
        .append(&[sample(at(61), counts(1, 1))], at(0))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: true }]);
    assert_eq!(dirty(store, 1).await?, [during(60, 120)]);
    Ok(())
}

/// While a slot is under way nobody can tell whether it has read a slice yet, so a sample marks it;
/// it is not called late for that.
pub async fn a_sample_beside_a_claim_marks_its_slice(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let claims = store
        .claim_slots("a", at(100_000), at(100_020), MANY)
        .await?;
    assert_eq!(claims.len(), 1);
    let answers = store
        .append(&[sample(at(61), counts(1, 1))], at(0))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: false }]);
    store.release(&claims).await?;
    assert_eq!(dirty(store, 1).await?, [during(60, 120)]);
    Ok(())
}

/// A late duplicate changes nothing and marks nothing.
pub async fn a_late_duplicate_marks_nothing(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let sample = sample(at(61), counts(1, 1));
    store
        .append(std::slice::from_ref(&sample), at(0))
        .await?;
    assert_eq!(
        store.append(&[sample], at(120)).await?,
        [Appended::Duplicate]
    );
    assert_eq!(dirty(store, 1).await?, []);
    Ok(())
}

/// A late correction marks its slice, and a late sample of the wrong kind does not.
pub async fn a_late_correction_marks_its_slice(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    store
        .append(&[sample(at(61), counts(1, 2))], at(0))
        .await?;
    let late = [
        sample(at(61), counts(2, 2)),
        sample(at(200), crate::fixtures::number(1.0)),
    ];
    let answers = store.append(&late, at(600)).await?;
    assert_eq!(
        answers,
        [Appended::Replaced { is_late: true }, Appended::KindRefused]
    );
    assert_eq!(dirty(store, 1).await?, [during(60, 120)]);
    Ok(())
}

/// Each SLO on the metric is marked by its own slices, and a wide slice may be open where a narrow
/// one has closed.
pub async fn a_late_sample_marks_each_slo_by_its_own_slices(store: &dyn Store) -> Verdict {
    let quarter = SliceWidth::new(Span::minutes(15)).expect("a width");
    insert(
        store,
        &slo(1)
            .slices(SliceWidth::TEN_SECONDS)
            .build(),
    )
    .await?;
    insert(store, &slo(2).build()).await?;
    insert(store, &slo(3).slices(quarter).build()).await?;
    let answers = store
        .append(&[sample(at(65), counts(1, 1))], at(120))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: true }]);
    assert_eq!(dirty(store, 1).await?, [during(60, 70)]);
    assert_eq!(dirty(store, 2).await?, [during(60, 120)]);
    assert_eq!(dirty(store, 3).await?, []);
    Ok(())
}

/// An SLO of another service, of another metric or with a source of its own is not marked, and
/// without an SLO of its own no sample is late.
pub async fn a_late_sample_marks_no_other_slo(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).service("search").build()).await?;
    insert(store, &slo(2).metric("error_rate").build()).await?;
    let mut sourced = slo(3).build();
    sourced.definition.indicator = Indicator::Prometheus(Query::Counters(CounterRatio {
        part: CounterPart::Bad("errors_total".to_owned()),
        total: "requests_total".to_owned(),
    }));
    insert(store, &sourced).await?;
    let answers = store
        .append(&[sample(at(61), counts(1, 1))], at(120))
        .await?;
    assert_eq!(answers, [Appended::Stored { is_late: false }]);
    for n in 1..=3 {
        assert_eq!(dirty(store, n).await?, [], "slo {n}");
    }
    Ok(())
}

/// An SLO that is not evaluated is not marked: it starts anew when it is enabled.
pub async fn a_late_sample_marks_live_slos_only(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).disabled().build()).await?;
    store
        .append(&[sample(at(61), counts(1, 1))], at(120))
        .await?;
    let enabled = slo(1).version(2).build();
    store
        .update(&crate::catalog::change(&enabled, 1))
        .await?;
    assert_eq!(dirty(store, 1).await?, []);
    Ok(())
}

/// Many late samples of one slice mark it once: what is dirty does not grow with the samples.
pub async fn many_late_samples_of_a_slice_mark_it_once(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let late: Vec<Sample> = (60..120)
        .map(|n| sample(at(n), counts(1, 1)))
        .collect();
    store.append(&late, at(600)).await?;
    for n in 0..5 {
        store
            .append(&[sample(at_micros(60, 1 + n), counts(1, 1))], at(600))
            .await?;
    }
    let claim = claim(store, 1).await?;
    assert_eq!(claim.dirty, [during(60, 120)]);
    Ok(())
}

/// A mark does not raise the revision: no slice has changed yet.
pub async fn a_mark_does_not_raise_the_revision(store: &dyn Store) -> Verdict {
    insert(store, &slo(1).build()).await?;
    let before = claim(store, 1).await?;
    store
        .release(std::slice::from_ref(&before))
        .await?;
    store
        .append(&[sample(at(61), counts(1, 1))], at(120))
        .await?;
    assert_eq!(claim(store, 1).await?.revision, before.revision);
    assert_eq!(
        series(store, during(0, 120))
            .await?
            .len(),
        1
    );
    Ok(())
}

async fn insert(store: &dyn Store, slo: &Slo) -> Verdict {
    store
        .insert(
            slo,
            &Start {
                next_slot: at(0),
                ..start_of(slo)
            },
        )
        .await
}

/// What is dirty of SLO number `n`.
async fn dirty(store: &dyn Store, n: u128) -> Result<Vec<Interval>, StoreError> {
    Ok(covered(&claim(store, n).await?.dirty))
}

/// The claim of SLO number `n`; all others are given back.
async fn claim(store: &dyn Store, n: u128) -> Result<SlotClaim, StoreError> {
    let claims = store
        .claim_slots("a", at(0), a_minute_after(at(0)), MANY)
        .await?;
    let (mut wanted, others): (Vec<SlotClaim>, Vec<SlotClaim>) = claims
        .into_iter()
        .partition(|claim| claim.slo.id == slo(n).build().id);
    store.release(&others).await?;
    Ok(wanted.pop().expect("the slot is due"))
}
