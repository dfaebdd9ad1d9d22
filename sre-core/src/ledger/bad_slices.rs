//! How many slices were bad at all: what sums of shares do not say.

use super::{Ledger, LedgerError};
use crate::count::Grain;
use crate::hour::Hour;
use crate::time::{Interval, Span};

impl Ledger {
    /// How many slices of `during` were bad at all, of slices counted in shares
    /// ([`Grain::Trillionths`]), and counted no further than `enough`.
    ///
    /// The last hours and the one in which `during` begins are held slice by slice, and counted so. Of
    /// an hour between, of which only the sum is held, it is the least number of slices that make its
    /// bad sum, `⌈bad⌉`: never more than there were.
    ///
    /// # Errors
    ///
    /// [`LedgerError::MissingHour`] when a bound lies inside an hour that is not attached.
    pub fn bad_slices(&self, during: Interval, enough: u64) -> Result<u64, LedgerError> {
        let hour = Span::hours(1).as_delta();
        let width = self.width.span().as_delta();
        let end = self
            .width
            .floor(during.end())
            .min(self.end());
        let mut start = self
            .width
            .floor(during.start())
            .max(self.begin());
        let fine_from = self
            .width
            .interval(self.first_fine)
            .start();
        let unit = Grain::Trillionths.unit().millionths();
        let (mut slices, mut before) = (0_u64, self.before(start)?);
        while start < end && slices < enough {
            let is_hour = start < fine_from && Hour::floor(start) == start;
            start += if is_hour { hour } else { width };
            let after = self.before(start.min(end))?;
            let bad = after.minus(&before).bad;
            slices = slices.saturating_add(if is_hour {
                bad.div_ceil(unit)
            } else {
                u64::from(bad > 0)
            });
            before = after;
        }
        Ok(slices)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::count::{Count, Counts};
    use crate::slice::{Slice, SliceWidth};
    use crate::time::at_second;

    /// A slice of which so many thousandths are bad; unmeasured above all of it.
    fn share(thousandths: u64) -> Slice {
        let unit = Grain::Trillionths.unit();
        let bad = Count::from_millionths(unit.millionths() / 1_000 * thousandths);
        Counts::with_bad(bad, unit).map_or(Slice::Unmeasured, Slice::Measured)
    }

    fn ledger(slices: &[u64]) -> Ledger {
        let width = SliceWidth::new(Span::minutes(5)).expect("a width");
        let mut ledger = Ledger::new(width, Span::days(2), at_second(0));
        for (start, thousandths) in (0..).step_by(300).zip(slices) {
            ledger
                .append(at_second(start), share(*thousandths))
                .expect("in order, and fits");
        }
        ledger
    }

    proptest! {
        /// Never more than there were, none only where there was none, and all of them in the last hours.
        #[test]
        fn slices_that_were_bad_at_all_are_counted_or_less(
            slices in prop::collection::vec(prop_oneof![Just(0_u64), 1_u64..1_200], 1..150),
            back in 1_usize..150, enough in 0_u64..200,
        ) {
            let ledger = ledger(&slices);
            let back = back.min(slices.len());
            let begin = (slices.len() - back) / 12 * 12;
            let seen = slices.get(begin..).expect("within");
            let bad = seen.iter().filter(|share| (1..=1_000).contains(*share)).count() as u64;
            let start = at_second(300 * i64::try_from(begin).expect("few"));
            let found = ledger.bad_slices(Interval::new(start, ledger.end()), u64::MAX).expect("on the hour");
            prop_assert!(found <= bad);
            prop_assert_eq!(found == 0, bad == 0);
            if seen.len() <= 36 {
                prop_assert_eq!(found, bad);
            }
            let some = ledger.bad_slices(Interval::new(start, ledger.end()), enough).expect("on the hour");
            prop_assert_eq!(some >= enough, found >= enough);
            prop_assert!(some < enough + 12, "one hour too many at most");
            prop_assert_eq!(ledger.bad_slices(Interval::new(start, ledger.end()), 0), Ok(0));
        }
    }
}
