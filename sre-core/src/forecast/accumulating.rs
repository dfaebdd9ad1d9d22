//! The end of a budget from which nothing leaves before its window ends.

use super::Pace;
use crate::budget::ErrorBudget;

/// After how long nothing is left of a calendar window's budget at this pace, in whole seconds, rounded
/// down; `None` when something is left for as long as the window lasts on, `to_come` seconds.
///
/// The allowance grows with the traffic, `n` events in a second of which `b` are bad, and nothing
/// leaves: `t = remaining ÷ (b − a × n)`, where `a` is the share that may be bad. With `r = n` and
/// `e = b ÷ n` that is `remaining ÷ (r × (e − a))`; at a pace within the target there is no end.
///
/// ```
/// use sre_core::budget::ErrorBudget;
/// use sre_core::count::Counts;
/// use sre_core::forecast::{Pace, time_left_until};
///
/// // 500 of a million were bad at 99.9 %, so 500 are left. A million a day with 0.2 % bad:
/// let (budget, day) = (ErrorBudget::new(Counts::events(999_500, 1_000_000)?, "99.9".parse()?), 86_400);
/// let pace = |bad: u64| Pace::new(Counts::events(1_000_000 - bad, 1_000_000).ok()?, day);
/// let end = |bad, to_come: u32| time_left_until(budget, to_come, pace(bad)?);
/// assert_eq!(end(2_000, 20 * day), Some(12 * 3_600));
/// // With 0.1 % it lasts, and a month that ends in twelve hours ends before its budget.
/// assert_eq!(end(1_000, 20 * day), None);
/// assert_eq!(end(2_000, 12 * 3_600), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn time_left_until(budget: ErrorBudget, to_come: u32, pace: Pace) -> Option<u32> {
    let remaining = budget.remaining_exactly();
    if remaining <= 0 {
        return Some(0);
    }
    // Allowances lie below 2^94 and seconds below 2^32, so the product fits.
    let loss = -ErrorBudget::new(pace.counts, budget.target()).remaining_exactly();
    if loss <= 0 {
        return None;
    }
    let seconds = u32::try_from(remaining * i128::from(pace.seconds) / loss).ok()?;
    (seconds < to_come).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::count::Counts;

    const DAY: u32 = 86_400;

    fn counts(bad: u64, total: u64) -> Counts {
        Counts::events(total - bad, total).expect("legal")
    }

    fn budget(bad: u64, total: u64) -> ErrorBudget {
        ErrorBudget::new(counts(bad, total), "99.9".parse().expect("a target"))
    }

    fn pace(bad: u64, total: u64, seconds: u32) -> Pace {
        Pace::new(counts(bad, total), seconds).expect("some time")
    }

    /// `docs/mathematics.md` 7.2, the second model: 500 bad of 1e6, 1e6 a day, 99.9 %.
    #[test]
    fn published_figures_of_the_accumulating_model() {
        let left =
            |bad| time_left_until(budget(500, 1_000_000), 30 * DAY, pace(bad, 1_000_000, DAY));
        assert_eq!(left(2_000), Some(DAY / 2));
        assert_eq!(left(1_000), None);
        assert_eq!(left(0), None);
    }

    #[test]
    fn what_is_spent_has_ended_and_what_ends_at_the_edge_has_not() {
        let fast = pace(2_000, 1_000_000, DAY);
        assert_eq!(
            time_left_until(budget(1_000, 1_000_000), 30 * DAY, fast),
            Some(0)
        );
        assert_eq!(
            time_left_until(budget(1_001, 1_000_000), 30 * DAY, fast),
            Some(0)
        );
        let before = |to_come| time_left_until(budget(500, 1_000_000), to_come, fast);
        assert_eq!(before(DAY / 2 + 1), Some(DAY / 2));
        assert_eq!(before(DAY / 2), None);
        assert_eq!(before(0), None);
    }

    proptest! {
        /// L30: the end does not move away when more is bad, nor nearer when more is left.
        #[test]
        fn l30_more_bad_never_puts_the_end_off_and_more_left_never_brings_it_on(
            total in 1..10_000_000_u64, spent in 0..10_000_u64, less in 0..10_000_u64,
            n in 1..1_000_000_u64, bad in 0..1_000_000_u64, more in 0..1_000_000_u64, seconds in 1..10 * DAY,
        ) {
            let end = |spent: u64, bad: u64| {
                let left = time_left_until(budget(spent.min(total), total), u32::MAX, pace(bad.min(n), n, seconds));
                left.unwrap_or(u32::MAX)
            };
            prop_assert!(end(spent, bad + more) <= end(spent, bad));
            prop_assert!(end(spent.saturating_sub(less), bad) >= end(spent, bad));
        }

        /// L30: at a constant pace, time that passes is time less.
        #[test]
        fn l30_at_a_constant_pace_an_end_comes_as_near_as_time_passes(
            total in 1_000_000_000..10_000_000_000_u64, n in 1..1_000_u64, bad in 1..1_000_u64, permille in 1..1_000_u32,
        ) {
            let bad = bad.min(n);
            let pace = pace(bad, n, 1);
            let Some(left) = time_left_until(budget(0, total), u32::MAX, pace) else {
                return Ok(());
            };
            let passed = left / 1_000 * permille;
            let (bad, n) = (bad * u64::from(passed), n * u64::from(passed));
            let later = time_left_until(budget(bad, total + n), u32::MAX, pace);
            prop_assert_eq!(later, Some(left - passed));
        }
    }
}
