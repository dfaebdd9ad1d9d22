//! What has to be asked, and who asks it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sre_core::store::{Samples, Start, Store, StoreError, Target, TargetClaim};
use sre_core::time::Span;

use super::appended::series;
use crate::Verdict;
use crate::fixtures::{at, counts, during, labels, sample, slo, start_of, target};
use crate::tools::{MANY, a_minute_after, covered, is_applied, taken_by_many};

/// A new target is due at once.
pub async fn a_registered_target_is_due(store: &dyn Samples) -> Verdict {
    let mut unusual = target("probe:zähler 'a\"/%");
    unusual.parameters = labels(&[("url", "https://example.org/?q='\"&ä=%20"), ("", "")]);
    store
        .register_targets(&[unusual.clone()], at(0))
        .await?;
    let [claim] = claims(store, 0)
        .await?
        .try_into()
        .expect("one target");
    assert_eq!((claim.target, claim.due_at), (unusual, at(0)));
    Ok(())
}

/// A target is not due before its instant.
pub async fn a_target_is_not_due_before_its_instant(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(5))
        .await?;
    assert_eq!(claims(store, 4).await?, []);
    assert_eq!(claims(store, 5).await?.len(), 1);
    Ok(())
}

/// Registering again keeps the place of a target, and takes on what it now needs.
pub async fn a_target_that_stays_keeps_its_place(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let changed = Target {
        interval: Span::minutes(1),
        ..target("a")
    };
    store
        .register_targets(&[changed.clone(), target("b")], at(9))
        .await?;
    let claims = claims(store, 9).await?;
    let seen: Vec<(&Target, DateTime<Utc>)> = claims
        .iter()
        .map(|claim| (&claim.target, claim.due_at))
        .collect();
    assert_eq!(seen, [(&changed, at(0)), (&target("b"), at(9))]);
    Ok(())
}

/// A target that is no longer registered is not asked any more, and what was asked of it is not
/// taken.
pub async fn a_target_that_is_removed_is_not_asked(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let [claim] = claims(store, 0)
        .await?
        .try_into()
        .expect("one target");
    store
        .register_targets(&[], at(5))
        .await?;
    assert!(!is_applied(complete(store, &claim, 30).await?));
    assert_eq!(claims(store, 600).await?, []);
    assert_eq!(series(store, during(0, 60)).await?, []);
    Ok(())
}

/// A target that was removed and registered again is another one: an old claim does not move it.
pub async fn a_claim_does_not_outlive_its_target(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let [old] = claims(store, 0)
        .await?
        .try_into()
        .expect("one target");
    store
        .register_targets(&[], at(5))
        .await?;
    store
        .register_targets(&[target("a")], at(5))
        .await?;
    let [new] = claims(store, 5)
        .await?
        .try_into()
        .expect("one target");
    assert!(!is_applied(complete(store, &old, 30).await?));
    assert!(is_applied(complete(store, &new, 35).await?));
    Ok(())
}

/// The longest due are claimed first, and no more than asked for.
pub async fn the_longest_due_targets_are_claimed_first(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("c")], at(0))
        .await?;
    store
        .register_targets(&[target("c"), target("a")], at(2))
        .await?;
    store
        .register_targets(&[target("c"), target("a"), target("b")], at(1))
        .await?;
    let mut names = Vec::new();
    for limit in [2, 2] {
        let until = a_minute_after(at(9));
        let claims = store
            .claim_targets("a", at(9), until, limit)
            .await?;
        names.extend(
            claims
                .into_iter()
                .map(|claim| claim.target.name),
        );
    }
    assert_eq!(names, ["c", "b", "a"]);
    Ok(())
}

/// A claimed target is nobody else's until the claim ends: at that instant it is free.
pub async fn a_claimed_target_is_hidden_until_the_claim_ends(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let first = store
        .claim_targets("a", at(0), at(10), MANY)
        .await?;
    assert_eq!(
        store
            .claim_targets("b", at(9), at(99), MANY)
            .await?,
        []
    );
    let second = store
        .claim_targets("b", at(10), at(99), MANY)
        .await?;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(second[0].epoch > first[0].epoch);
    Ok(())
}

/// A holder whose target another has taken is superseded: neither its samples nor its instant are
/// stored.
pub async fn a_late_holder_of_a_target_is_superseded(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let first = store
        .claim_targets("a", at(0), at(10), MANY)
        .await?;
    let second = store
        .claim_targets("b", at(10), at(20), MANY)
        .await?;
    assert!(!is_applied(complete(store, &first[0], 30).await?));
    assert_eq!(series(store, during(0, 60)).await?, []);
    assert!(is_applied(complete(store, &second[0], 30).await?));
    Ok(())
}

/// A holder that is late, but whose target nobody has taken, is still heard.
pub async fn a_late_holder_of_an_untaken_target_is_heard(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let claims = store
        .claim_targets("a", at(0), at(10), MANY)
        .await?;
    assert!(is_applied(complete(store, &claims[0], 30).await?));
    Ok(())
}

/// What a target gave and its next instant are stored together; the claim is free, and is used up.
pub async fn completing_a_target_appends_and_moves_it(store: &dyn Samples) -> Verdict {
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let [claim] = claims(store, 0)
        .await?
        .try_into()
        .expect("one target");
    assert!(is_applied(complete(store, &claim, 30).await?));
    assert_eq!(
        series(store, during(0, 60)).await?,
        [sample(at(1), counts(1, 1))]
    );
    assert!(!is_applied(complete(store, &claim, 60).await?));
    assert_eq!(claims(store, 29).await?, []);
    let [next] = claims(store, 30)
        .await?
        .try_into()
        .expect("due again");
    assert_eq!(next.due_at, at(30));
    Ok(())
}

/// What a target gave too late marks its slice, like any other sample.
pub async fn completing_a_target_marks_late_samples(store: &dyn Store) -> Verdict {
    let slo = slo(1).build();
    store
        .insert(
            &slo,
            &Start {
                next_slot: at(0),
                ..start_of(&slo)
            },
        )
        .await?;
    store
        .register_targets(&[target("a")], at(0))
        .await?;
    let [claim] = claims(store, 0)
        .await?
        .try_into()
        .expect("one target");
    store
        .complete_target(&claim, &[sample(at(1), counts(1, 1))], at(200), at(120))
        .await?;
    let slots = store
        .claim_slots("a", at(0), at(60), MANY)
        .await?;
    assert_eq!(covered(&slots[0].dirty), [during(0, 60)]);
    Ok(())
}

/// Of many who take at the same time no two get the same target, and each target is taken.
pub async fn concurrent_takers_never_share_a_target(store: &dyn Samples) -> Verdict {
    let targets: Vec<Target> = (0..60)
        .map(|n| target(&format!("target {n}")))
        .collect();
    store
        .register_targets(&targets, at(0))
        .await?;
    let taken = taken_by_many(4, async |taker| {
        let holder = format!("taker {taker}");
        let claims = store
            .claim_targets(&holder, at(0), at(60), 3)
            .await;
        claims
            .expect("claims")
            .into_iter()
            .map(|claim| claim.target.name)
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

async fn claims(store: &dyn Samples, second: i64) -> Result<Vec<TargetClaim>, StoreError> {
    store
        .claim_targets("a", at(second), a_minute_after(at(second)), MANY)
        .await
}

/// Completes with one sample, moving the target to this second.
async fn complete(
    store: &dyn Samples,
    claim: &TargetClaim,
    second: i64,
) -> Result<sre_core::store::Commit, StoreError> {
    store
        .complete_target(claim, &[sample(at(1), counts(1, 1))], at(second), at(0))
        .await
}
