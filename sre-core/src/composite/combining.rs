//! One slice of every member → one slice of the composite.

use super::{Combine, Composite, Member, MissingMember};
use crate::count::{Count, Counts, Grain};
use crate::slice::Slice;
use crate::target::Target;

/// What one member says of a slice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// What it folded, summed where its own slices are finer.
    pub slice: Slice,
    /// Its target, by which its slice is good or bad as a whole.
    pub target: Target,
}

/// What a composite makes of a slice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Combined {
    /// The slice, before the composite's own budgeting method.
    pub slice: Slice,
    /// How many members were not measured.
    pub missing: u32,
}

/// A member that counts in a slice.
#[derive(Clone, Copy, Debug)]
struct Counting {
    /// Its bad share in 10⁻¹⁸.
    bad: u64,
    /// Whether it misses its own target.
    is_bad: bool,
    weight: u64,
}

/// The whole, in 10⁻¹⁸: how exactly shares are held until they make one. Products of two fit 128
/// bits, and what is cut is nothing beside the last digit of the answer.
const WHOLE: u64 = 1_000_000_000_000_000_000;

impl Composite {
    /// One slice of the composite, of what its members say, in their order; `None` is a member that
    /// said nothing.
    ///
    /// What they make is held to 10⁻¹², bad rounded up: it never lies below the exact fraction, and
    /// above it by no more than that last digit.
    ///
    /// ```
    /// use sre_core::composite::{Combine, Composite, Member, MissingMember, Seen};
    /// use sre_core::count::{Counts, Grain};
    /// use sre_core::name::SloId;
    /// use sre_core::slice::Slice;
    /// # fn id(n: u8) -> SloId { format!("00000000-0000-7000-8000-0000000000{n:02}").parse().expect("an id") }
    ///
    /// let of = vec![
    ///     Member { slo: id(1), weight: "3".parse()? },
    ///     Member { slo: id(2), weight: "1".parse()? },
    /// ];
    /// let composite = Composite::new(of, Combine::WeightedRatio, MissingMember::Exclude)?;
    /// let target = "99".parse()?;
    /// let seen = |good, total| Counts::events(good, total)
    ///     .map(|counts| Some(Seen { slice: Slice::Measured(counts), target }));
    /// let combined = composite.combine(&[seen(8, 10)?, seen(4, 10)?]);
    /// assert_eq!(Grain::Trillionths.shown(combined.slice.counts()).bad().to_string(), "0.3");
    /// // Without the second, the first stands for all.
    /// let combined = composite.combine(&[seen(8, 10)?, None]);
    /// assert_eq!(Grain::Trillionths.shown(combined.slice.counts()).bad().to_string(), "0.2");
    /// assert_eq!(combined.missing, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn combine(&self, seen: &[Option<Seen>]) -> Combined {
        let (mut counting, mut missing) = (Vec::with_capacity(self.of.len()), 0);
        for (place, member) in self.of.iter().enumerate() {
            let said = seen.get(place).copied().flatten();
            if let Some(said) = said.filter(|said| said.slice.is_measured()) {
                counting.extend(counted(member, said));
            } else {
                missing += 1;
                counting.extend(self.in_place_of(member));
            }
        }
        let is_measured = usize::try_from(missing).is_ok_and(|missing| missing < self.of.len());
        let slice = if is_measured {
            Slice::Measured(self.counts(&mut counting))
        } else {
            Slice::Unmeasured
        };
        Combined { slice, missing }
    }

    /// What a member that nobody measured counts for.
    fn in_place_of(&self, member: &Member) -> Option<Counting> {
        let is_bad = match self.missing {
            MissingMember::Exclude => return None,
            MissingMember::Bad => true,
            MissingMember::Good => false,
        };
        Some(Counting {
            bad: if is_bad { WHOLE } else { 0 },
            is_bad,
            weight: member.weight.millionths(),
        })
    }

    /// No events where nobody had any.
    fn counts(&self, counting: &mut [Counting]) -> Counts {
        if counting.is_empty() {
            return Counts::NONE;
        }
        let whole = |is_bad| if is_bad { WHOLE } else { 0 };
        let bad = match self.combine {
            Combine::WeightedRatio => weighted(counting),
            Combine::AnyBad => whole(counting.iter().any(|one| one.is_bad)),
            Combine::AllBad => whole(counting.iter().all(|one| one.is_bad)),
            Combine::Series => in_series(counting),
            Combine::Min => counting
                .iter()
                .map(|one| one.bad)
                .max()
                .unwrap_or(0),
        };
        let unit = Grain::Trillionths.unit();
        let bad = Count::from_millionths(bad.div_ceil(WHOLE / unit.millionths()));
        Counts::with_bad(bad, unit).unwrap_or_default()
    }
}

/// A measured member; `None` without traffic, of which there is no share.
fn counted(member: &Member, said: Seen) -> Option<Counting> {
    let counts = said.slice.counts();
    let (bad, total) = (counts.bad().millionths(), counts.total().millionths());
    // Below 2⁶⁴ × 2⁶⁰.
    let share = u128::from(bad) * u128::from(WHOLE);
    (total > 0).then(|| Counting {
        bad: u64::try_from(share.div_ceil(u128::from(total))).unwrap_or(WHOLE),
        is_bad: !said.target.is_met_by(counts),
        weight: member.weight.millionths(),
    })
}

/// `⌈Σ wᵢqᵢ ÷ Σ wᵢ⌉` of bad shares: twenty products below 2¹⁰⁰.
fn weighted(counting: &[Counting]) -> u64 {
    let (mut sum, mut weights) = (0_u128, 0_u128);
    for one in counting {
        sum += u128::from(one.weight) * u128::from(one.bad);
        weights += u128::from(one.weight);
    }
    u64::try_from(sum.div_ceil(weights.max(1))).unwrap_or(WHOLE)
}

/// `1 − ∏ (1 − qᵢ)`, in order of size, so that the order of members does not matter to the last digit.
fn in_series(counting: &mut [Counting]) -> u64 {
    counting.sort_unstable_by_key(|one| one.bad);
    let whole = u128::from(WHOLE);
    let good = counting
        .iter()
        .fold(whole, |product, one| {
            product * u128::from(WHOLE.saturating_sub(one.bad)) / whole
        });
    WHOLE.saturating_sub(u64::try_from(good).unwrap_or(WHOLE))
}
