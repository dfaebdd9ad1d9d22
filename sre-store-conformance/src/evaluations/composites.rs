//! Composites: what their members do reaches them in the transaction that does it.

use sre_core::composite::{Combine, Composite, Member, MemberWeight, MissingMember};
use sre_core::indicator::Indicator;
use sre_core::method::BudgetingMethod;
use sre_core::name::SloId;
use sre_core::slo::{Definition, Slo};
use sre_core::store::{Changes, SloChange, SlotClaim, Start, Store, StoreError};
use sre_core::time::{Interval, Span};
use uuid::Uuid;

use super::{applied, claims, insert_due, superseded};
use crate::Verdict;
use crate::fixtures::{at, changes, during, slo, start_of};
use crate::tools::covered;

/// A claim of a composite brings its members as they stand, deleted ones too, with how often they are
/// measured where that is declared; one of another SLO none.
pub async fn a_claim_of_a_composite_brings_its_members(store: &dyn Store) -> Verdict {
    let first = insert_due(store, 1, 0).await?;
    let second = insert_due(store, 2, LATER).await?;
    let mut gone = Slo {
        version: 2,
        deleted_at: Some(at(0)),
        ..second.clone()
    };
    gone.definition.expected_interval = Some(Span::minutes(5));
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
    let intervals = of_composite
        .members
        .iter()
        .map(|member| member.expected_interval);
    let declared = gone.definition.expected_interval;
    assert_eq!(intervals.collect::<Vec<_>>(), [None, declared]);
    let other = held
        .iter()
        .find(|claim| claim.slo.id == first.id);
    assert_eq!(other.expect("is due").members, []);
    Ok(())
}

/// What slots have learned of how often a member is measured comes with it.
pub async fn a_claim_of_a_composite_brings_what_was_learned_of_its_members(
    store: &dyn Store,
) -> Verdict {
    insert_due(store, 1, 0).await?;
    insert_composite(store, &[1], LATER).await?;
    let mut learned = changes(&claims(store, 0).await?[0]);
    learned.progress.gaps = vec![300; 3];
    applied(store, learned).await?;
    let later = claims(store, LATER).await?;
    let members = &composite_among(&later).members;
    assert_eq!(members[0].expected_interval, Some(Span::minutes(5)));
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

/// A change of a member that makes other slices of it (its generation, what covers a slice, or its target
/// where its slices are bad as a whole by it) makes all dirty that the windows of its composites can hold.
pub async fn a_member_with_other_slices_makes_the_windows_of_its_composites_dirty(
    store: &dyn Store,
) -> Verdict {
    for (n, combine, change_member) in [
        (1, Combine::Series, counted_otherwise as fn(&mut Definition)),
        (2, Combine::AnyBad, promised_otherwise),
        (3, Combine::Series, covered_by_less),
        (4, Combine::Series, measured_more_seldom),
    ] {
        let composite = insert_changed_member(store, n, combine, change_member).await?;
        let window = composite
            .definition
            .refolds_up_to(at(0));
        assert_eq!(dirty_of(store, &composite).await?, [window], "{combine:?}");
    }
    Ok(())
}

/// A change of a member that makes the same slices of it, such as another name or label, makes nothing
/// dirty; nor does another target where shares are combined.
pub async fn a_member_with_the_same_slices_makes_nothing_of_its_composites_dirty(
    store: &dyn Store,
) -> Verdict {
    for (n, combine, change_member) in [
        (1, Combine::AnyBad, renamed as fn(&mut Definition)),
        (2, Combine::Series, promised_otherwise),
    ] {
        let composite = insert_changed_member(store, n, combine, change_member).await?;
        assert_eq!(dirty_of(store, &composite).await?, [], "{combine:?}");
    }
    Ok(())
}

fn counted_otherwise(definition: &mut Definition) {
    definition.method = BudgetingMethod::RatioTimeslices;
}

fn promised_otherwise(definition: &mut Definition) {
    definition.target = "95".parse().expect("a target");
}

fn covered_by_less(definition: &mut Definition) {
    definition.min_coverage_permille = Some(200);
}

fn measured_more_seldom(definition: &mut Definition) {
    definition.expected_interval = Some(Span::minutes(5));
}

fn renamed(definition: &mut Definition) {
    "another name".clone_into(&mut definition.name);
    definition
        .labels
        .insert("tier".to_owned(), "1".to_owned());
}

/// A composite of SLO number `n`, and then the change.
async fn insert_changed_member(
    store: &dyn Store,
    n: u128,
    combine: Combine,
    change_member: fn(&mut Definition),
) -> Result<Slo, StoreError> {
    let before = insert_due(store, n, LATER).await?;
    let mut composite = composite(COMPOSITE + n, &[n]);
    let Indicator::Composite(held) = &composite.definition.indicator else {
        panic!("is a composite");
    };
    let held = Composite::new(held.members().to_vec(), combine, held.missing());
    composite.definition.indicator = Indicator::Composite(held.expect("one member"));
    let start = Start {
        next_slot: at(LATER),
        last_slice: at(0),
        ..start_of(&composite)
    };
    store.insert(&composite, &start).await?;
    let mut after = before.clone();
    after.version += 1;
    change_member(&mut after.definition);
    store
        .update(&change(&after, before.version))
        .await?;
    Ok(composite)
}

/// What is dirty of a composite that is due later.
async fn dirty_of(store: &dyn Store, composite: &Slo) -> Result<Vec<Interval>, StoreError> {
    let held = claims(store, LATER).await?;
    let claim = held
        .iter()
        .find(|claim| claim.slo.id == composite.id);
    Ok(claim.expect("is due").dirty.clone())
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
