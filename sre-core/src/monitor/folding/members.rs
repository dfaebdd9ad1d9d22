//! From the slices of members to the slices of a composite.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::composite::{Composite, Seen};
use crate::evaluation::Coverage;
use crate::hour::Hour;
use crate::monitor::folding::{Read, Reader, slices};
use crate::slice::{Slice, SliceWidth, Sums};
use crate::slo::Slo;
use crate::store::{MemberStanding, SlotClaim, StoreError};
use crate::time::{Interval, Span};

/// Up to where the slices of a claim can be read when `closed` is the end of the last that has closed.
///
/// A composite reads what its members have folded, so it waits for the slowest that is evaluated at
/// all: by as much as its own slot precedes theirs, as a rule, which is less than a slice. It does not
/// wait for ever: after [`MEMBER_WAIT_SLICES`] a member is missing, and folded again when it is back.
pub(in crate::monitor) fn readable_until(
    claim: &SlotClaim,
    closed: DateTime<Utc>,
) -> DateTime<Utc> {
    let width = claim.slo.definition.slice;
    let slowest = claim
        .members
        .iter()
        .filter(|member| member.slo.is_live() && fits(member, width))
        .map(|member| width.floor(member.last_slice))
        .min()
        .unwrap_or(closed);
    let wait = (width.span().as_delta() * MEMBER_WAIT_SLICES).max(MEMBER_WAIT_MIN.as_delta());
    slowest
        .max(width.floor(closed - wait))
        .min(closed)
        .max(claim.last_slice)
}

/// Whether the slices of the member tile those of the composite. Those of one that was changed since
/// may not: then there is nothing to be said of it, and it is missing.
fn fits(member: &MemberStanding, width: SliceWidth) -> bool {
    let finer = member.slo.definition.slice.span();
    width
        .span()
        .as_seconds()
        .is_multiple_of(finer.as_seconds())
}

/// The stored hours of one member, by their beginning.
struct MemberHours<'a> {
    member: &'a MemberStanding,
    hours: BTreeMap<DateTime<Utc>, Hour>,
    min_coverage_permille: u16,
}

impl Reader<'_> {
    /// What the members have folded, combined slice by slice.
    pub(super) async fn read_members(
        &self,
        slo: &Slo,
        composite: &Composite,
        during: Interval,
    ) -> Result<Read, StoreError> {
        let width = slo.definition.slice;
        let mut known = Vec::with_capacity(composite.members().len());
        for member in composite.members() {
            known.push(
                self.member_hours(member.slo, width, during)
                    .await?,
            );
        }
        let mut read = Read::default();
        for slice in slices(during, width) {
            let is_summed = known
                .iter()
                .flatten()
                .any(|member| member.is_summed(slice));
            if is_summed {
                // What was folded while the member's slices were kept is better than any guess.
                read.kept.push(slice);
                read.slices.push(Slice::Unmeasured);
                continue;
            }
            let seen: Vec<Option<Seen>> = known
                .iter()
                .map(|member| member.as_ref()?.seen(slice))
                .collect();
            let combined = composite.combine(&seen);
            read.missing = Some(combined.missing);
            read.slices.push(
                slo.definition
                    .method
                    .judge_shares(combined.slice),
            );
        }
        Ok(read)
    }

    /// The hours of a member that touch `during`; `None` for one that cannot be a part.
    async fn member_hours(
        &self,
        id: crate::name::SloId,
        width: SliceWidth,
        during: Interval,
    ) -> Result<Option<MemberHours<'_>>, StoreError> {
        let standing = self
            .members
            .iter()
            .find(|member| member.slo.id == id);
        let Some(member) = standing.filter(|member| fits(member, width)) else {
            return Ok(None);
        };
        let hours = self
            .evaluations
            .hours(id, member.generation, member.slo.definition.slice, during)
            .await?;
        let hours = hours
            .into_iter()
            .map(|hour| (hour.start(), hour))
            .collect();
        let own = member
            .slo
            .definition
            .min_coverage_permille;
        Ok(Some(MemberHours {
            member,
            hours,
            min_coverage_permille: own.unwrap_or(self.min_coverage_permille),
        }))
    }
}

impl MemberHours<'_> {
    fn hour(&self, slice: Interval) -> Option<&Hour> {
        self.hours
            .get(&Hour::floor(slice.start()))
    }

    fn is_summed(&self, slice: Interval) -> bool {
        self.hour(slice)
            .is_some_and(|hour| !hour.is_fine())
    }

    /// What the member says of a slice of the composite: the sum of its own slices in it that were
    /// measured, if those cover as much of it as the member's windows have to be covered. A minute does
    /// not speak for the four beside it that nobody measured. A sum that does not fit is a data error,
    /// and says nothing.
    fn seen(&self, slice: Interval) -> Option<Seen> {
        let hour = self.hour(slice)?;
        let finer = self.member.slo.definition.slice;
        let sums = slices(slice, finer)
            .map(|part| hour.slice_at(part.start()))
            .try_fold(Sums::default(), Sums::checked_add_slice)?;
        let pace = self
            .member
            .expected_interval
            .map_or(finer.span(), |expected| expected.max(finer.span()));
        let coverage = Coverage {
            measured: sums.measured,
            expected: (slice.seconds() / pace.as_seconds()).max(1),
        };
        let is_covered = sums.measured > 0 && coverage.reaches(self.min_coverage_permille);
        let slice = if is_covered {
            Slice::Measured(sums.counts)
        } else {
            Slice::Unmeasured
        };
        let target = self.member.slo.definition.target;
        Some(Seen { slice, target })
    }
}

/// A member folds its slice within a quarter of it, and another replica takes over within a slot:
/// whoever is three slices behind is in trouble of its own.
const MEMBER_WAIT_SLICES: i32 = 3;
/// Ten-second slices leave a member as long as a claim of another replica takes to end, and twice.
const MEMBER_WAIT_MIN: Span = Span::minutes(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::composite::{Combine, Member, MemberWeight, MissingMember};
    use crate::evaluation::Progress;
    use crate::indicator::Indicator;
    use crate::slo::Definition;
    use crate::slo::tests::slo;
    use crate::time::at_second;

    fn member(n: u128, last_slice: i64, change: impl FnOnce(&mut Definition)) -> MemberStanding {
        let mut slo = slo();
        slo.id = crate::name::SloId(uuid::Uuid::from_u128(n));
        change(&mut slo.definition);
        MemberStanding {
            generation: slo.definition.generation(),
            last_slice: at_second(last_slice),
            expected_interval: None,
            slo,
        }
    }

    /// What a member of one-minute slices that is measured this often says of five minutes of which so
    /// many were measured.
    fn seen(measured: u32, expected: Option<Span>, min_coverage_permille: u16) -> Slice {
        let standing = MemberStanding {
            expected_interval: expected,
            ..member(1, 6_000, |_| ())
        };
        let mut hour = Hour::unmeasured(at_second(3_600), SliceWidth::MINUTE);
        for minute in 0..i64::from(measured) {
            let counts = crate::count::Counts::events(9, 10).unwrap();
            hour.set(at_second(3_600 + 60 * minute), Slice::Measured(counts));
        }
        let held = MemberHours {
            member: &standing,
            hours: [(hour.start(), hour)].into(),
            min_coverage_permille,
        };
        let five = Interval::new(at_second(3_600), at_second(3_900));
        held.seen(five).unwrap().slice
    }

    /// One minute of five is no measurement of them, unless the member is measured as seldom as that.
    #[test]
    fn a_member_speaks_for_a_longer_slice_that_it_covers() {
        let of = |minutes: u64| {
            let counts = crate::count::Counts::events(9 * minutes, 10 * minutes);
            Slice::Measured(counts.unwrap())
        };
        assert_eq!(seen(0, None, 0), Slice::Unmeasured);
        assert_eq!(seen(1, None, 800), Slice::Unmeasured);
        assert_eq!(seen(3, None, 800), Slice::Unmeasured);
        assert_eq!(seen(4, None, 800), of(4));
        assert_eq!(seen(5, None, 1_000), of(5));
        assert_eq!(seen(1, None, 200), of(1));
        for seldom in [Span::minutes(5), Span::minutes(15)] {
            assert_eq!(seen(1, Some(seldom), 1_000), of(1));
        }
        assert_eq!(seen(1, Some(Span::minutes(2)), 800), Slice::Unmeasured);
        assert_eq!(seen(2, Some(Span::minutes(2)), 800), of(2));
        assert_eq!(seen(1, Some(Span::SECOND), 800), Slice::Unmeasured);
    }

    fn claim(last_slice: i64, members: Vec<MemberStanding>) -> SlotClaim {
        let of = members.iter().map(|member| Member {
            slo: member.slo.id,
            weight: MemberWeight::ONE,
        });
        let composite = Composite::new(of.collect(), Combine::Min, MissingMember::Exclude);
        let mut slo = slo();
        slo.definition.indicator = Indicator::Composite(composite.unwrap());
        SlotClaim {
            generation: slo.definition.generation(),
            slo,
            slot: at_second(last_slice),
            epoch: 1,
            revision: 0,
            last_slice: at_second(last_slice),
            progress: Progress::default(),
            last: None,
            recorded_at: None,
            budget_at: None,
            dirty: Vec::new(),
            mark: 0,
            corrections: Vec::new(),
            members,
        }
    }

    fn until(members: Vec<MemberStanding>, closed: i64) -> i64 {
        readable_until(&claim(6_000, members), at_second(closed)).timestamp()
    }

    #[test]
    fn a_composite_folds_what_all_of_its_members_have_folded() {
        let members = |first, second| vec![member(1, first, |_| ()), member(2, second, |_| ())];
        assert_eq!(until(members(6_060, 6_120), 6_120), 6_060);
        assert_eq!(until(members(6_120, 6_120), 6_120), 6_120);
        // What a member is ahead by has not closed for the composite.
        assert_eq!(until(members(6_180, 6_180), 6_120), 6_120);
    }

    #[test]
    fn a_composite_waits_for_three_slices_and_no_longer() {
        let members = |first| vec![member(1, first, |_| ()), member(2, 6_600, |_| ())];
        assert_eq!(until(members(6_420), 6_600), 6_420);
        assert_eq!(until(members(6_360), 6_600), 6_420);
        assert_eq!(until(members(0), 6_600), 6_420);
    }

    #[test]
    fn nobody_waits_for_a_member_that_is_not_evaluated_or_does_not_fit() {
        let disabled = member(1, 0, |definition| definition.enabled = false);
        let coarse = member(1, 0, |definition| {
            definition.slice = SliceWidth::new(Span::minutes(5)).unwrap();
        });
        for idle in [disabled, coarse] {
            assert_eq!(until(vec![idle, member(2, 6_600, |_| ())], 6_600), 6_600);
        }
    }

    #[test]
    fn what_was_folded_stays_folded_when_a_member_begins_anew() {
        assert_eq!(until(vec![member(1, 5_940, |_| ())], 6_060), 6_000);
    }
}
