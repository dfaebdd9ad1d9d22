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
/// let pace = |bad| Pace::new(Counts::events(1_000_000 - bad, 1_000_000).ok()?, day);
/// let end = |bad, to_come| time_left_until(budget, to_come, pace(bad)?);
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
