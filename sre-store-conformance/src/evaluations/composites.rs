//! Composites: what their members do reaches them in the transaction that does it.

use sre_core::composite::{Combine, Composite, Member, MemberWeight, MissingMember};
use sre_core::indicator::Indicator;
use sre_core::name::SloId;
use sre_core::slo::Slo;
use sre_core::store::{Changes, SloChange, SlotClaim, Start, Store, StoreError};
use uuid::Uuid;

use super::{applied, claims, insert_due, superseded};
use crate::Verdict;
use crate::fixtures::{at, changes, during, slo, start_of};
use crate::tools::covered;

/// A claim of a composite brings its members as they stand, deleted ones too; one of another SLO none.
pub async fn a_claim_of_a_composite_brings_its_members(store: &dyn Store) -> Verdict {
    let first = insert_due(store, 1, 0).await?;
    let second = insert_due(store, 2, LATER).await?;
    let gone = Slo {
        version: 2,
        deleted_at: Some(at(0)),
        ..second.clone()
    };
    store
        .update(&change(&gone, second.version))
        .await?;
    insert_composite(store, &[2, 1], 0).await?;
    let held = claims(store, 0).await?;
    let of_composite = composite_among(&held);
    let members: Vec<_> = of_composite
        .members
        .iter()
        .map(|member| (&member.slo, member.generation, member.last_slice))
        .collect();
    let standing = |slo| (slo, start_of(slo).generation, start_of(slo).last_slice);
    assert_eq!(members, [standing(&first), standing(&gone)]);
    let other = held
        .iter()
        .find(|claim| claim.slo.id == first.id);
    assert_eq!(other.expect("is due").members, []);
    Ok(())
}

/// What a member folds again is dirty for its composites, up to where they have folded; what it folds
/// beyond they will read in their turn.
pub async fn what_a_member_folds_again_is_dirty_for_its_composites(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_composite(store, &[1], LATER).await?;
    let held = claims(store, 0).await?;
    let folded = vec![during(-600, -300), during(-60, 120)];
    applied(
        store,
        Changes {
            folded,
            ..changes(&held[0])
        },
    )
    .await?;
    let later = claims(store, LATER).await?;
    let dirty = covered(&composite_among(&later).dirty);
    assert_eq!(dirty, [during(-600, -300), during(-60, 0)]);
    Ok(())
}

/// While a slot of the composite is under way nobody can tell what it has read: all that a member
/// folds meanwhile is dirty, and survives the commit of that slot.
pub async fn what_a_member_folds_while_a_composite_is_claimed_is_dirty(
    store: &dyn Store,
) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_composite(store, &[1], 0).await?;
    let held = claims(store, 0).await?;
    let (composite, member) = (composite_among(&held), &held[0]);
    let folded = Changes {
        folded: vec![during(0, 60)],
        ..changes(member)
    };
    applied(store, folded).await?;
    applied(store, changes(composite)).await?;
    let later = claims(store, LATER).await?;
    assert_eq!(covered(&composite_among(&later).dirty), [during(0, 60)]);
    Ok(())
}

/// A member whose commit is superseded marks nothing.
pub async fn a_superseded_member_marks_nothing(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_composite(store, &[1], LATER).await?;
    let held = claims(store, 0).await?;
    let late = Changes {
        folded: vec![during(-600, -300)],
        epoch: held[0].epoch + 1,
        ..changes(&held[0])
    };
    superseded(store, late).await?;
    let later = claims(store, LATER).await?;
    assert_eq!(composite_among(&later).dirty, []);
    Ok(())
}

/// Whatever is changed of a member, its composites fold all that their windows can hold again.
pub async fn a_changed_member_makes_the_windows_of_its_composites_dirty(
    store: &dyn Store,
) -> Verdict {
    let before = insert_due(store, 1, LATER).await?;
    let composite = insert_composite(store, &[1], LATER).await?;
    let after = slo(1)
        .named("stricter")
        .version(2)
        .build();
    store
        .update(&change(&after, before.version))
        .await?;
    let later = claims(store, LATER).await?;
    let window = composite
        .definition
        .refolds_up_to(at(0));
    assert_eq!(composite_among(&later).dirty, [window]);
    Ok(())
}

/// An SLO that is a member no more marks nothing.
pub async fn a_member_that_left_marks_nothing(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_due(store, 2, LATER).await?;
    let before = insert_composite(store, &[1, 2], LATER).await?;
    let after = Slo {
        version: before.version + 1,
        ..composite(COMPOSITE, &[2])
    };
    store
        .update(&change(&after, before.version))
        .await?;
    let held = claims(store, 0).await?;
    let folded = Changes {
        folded: vec![during(-600, -300)],
        ..changes(&held[0])
    };
    applied(store, folded).await?;
    let later = claims(store, LATER).await?;
    let claim = composite_among(&later);
    assert_eq!((claim.dirty.as_slice(), claim.members.len()), (&[][..], 1));
    Ok(())
}

/// A composite of what is not stored is refused, and not stored itself.
pub async fn a_composite_of_an_unknown_slo_is_refused(store: &dyn Store) -> Verdict {
    insert_due(store, 1, 0).await?;
    let of_unknown = composite(COMPOSITE, &[1, 7]);
    refused(
        &store
            .insert(&of_unknown, &start_of(&of_unknown))
            .await,
    );
    assert_eq!(store.find(of_unknown.id).await?, None);
    Ok(())
}

/// No composite is within itself, at any depth: two changes that would each be right close no circle
/// together.
pub async fn a_composite_within_itself_is_refused(store: &dyn Store) -> Verdict {
    let own = composite(COMPOSITE, &[COMPOSITE]);
    refused(
        &store
            .insert(&own, &start_of(&own))
            .await,
    );
    insert_due(store, 1, 0).await?;
    for (n, member) in [(2, 1), (3, 2), (4, 3)] {
        let outer = composite(n, &[member]);
        store
            .insert(&outer, &start_of(&outer))
            .await?;
    }
    let circle = Slo {
        version: 2,
        ..composite(2, &[1, 4])
    };
    refused(&store.update(&change(&circle, 1)).await);
    let kept = store.find(circle.id).await?;
    assert_eq!(kept, Some(composite(2, &[1])));
    Ok(())
}

/// The number of the composite in these laws: higher than those of its members.
const COMPOSITE: u128 = 100;
/// A second at which every slot is due again.
const LATER: i64 = 10_000;

/// SLO number `n`, made of those with these numbers.
fn composite(n: u128, members: &[u128]) -> Slo {
    let of = members.iter().map(|n| Member {
        slo: SloId(Uuid::from_u128(*n)),
        weight: MemberWeight::ONE,
    });
    let made = Composite::new(of.collect(), Combine::AnyBad, MissingMember::Exclude);
    let mut slo = slo(n).build();
    slo.definition.indicator = Indicator::Composite(made.expect("legal members"));
    slo
}

/// Inserts the composite, which has folded until noon and is due at this second.
async fn insert_composite(
    store: &dyn Store,
    members: &[u128],
    second: i64,
) -> Result<Slo, StoreError> {
    let slo = composite(COMPOSITE, members);
    let start = Start {
        next_slot: at(second),
        last_slice: at(0),
        ..start_of(&slo)
    };
    store.insert(&slo, &start).await?;
    Ok(slo)
}

fn composite_among(claims: &[SlotClaim]) -> &SlotClaim {
    claims
        .iter()
        .find(|claim| claim.slo.id == SloId(Uuid::from_u128(COMPOSITE)))
        .expect("the composite is due")
}

fn change(slo: &Slo, expected_version: u64) -> SloChange<'_> {
    SloChange {
        slo,
        expected_version,
        restart: None,
        backfill: None,
        alerts: &[],
    }
}

fn refused(answer: &Result<(), StoreError>) {
    assert!(
        matches!(answer, Err(StoreError::Conflict { what: "members" })),
        "{answer:?}"
    );
}
