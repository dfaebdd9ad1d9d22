//! How much a few events can prove.
//!
//! One failure in ten requests of a night hour is an error ratio of 10 %, and hardly news of the
//! service. Three answers, for events that are taken to be independent (`docs/mathematics.md` 10):
//!
//! - an **interval** says how far the true ratio may lie from the measured one ([`wilson`],
//!   [`clopper_pearson`], [`jeffreys`]); it is for showing, and so is the [`Certainty`] that it
//!   gives. Whether a target is met is decided by [`Target::is_met_by`] alone;
//! - a **significance level** ([`SignificanceLevel`]) holds a burn rule back until so many events are
//!   bad that a service at the rule's line would hardly show as many. It decides, so it is computed in
//!   integers, rounded to the safe side;
//! - **how many events it takes**: [`events_needed`], [`failure_free_events`].

use crate::target::{Factor, Target};

mod beta;
mod bound;
mod interval;
mod significance;

pub use self::interval::{
    Certainty, ConfidenceInterval, Trials, clopper_pearson, jeffreys, wilson,
};
pub use self::significance::{ParseSignificanceError, SignificanceLevel};

/// The fewest events of which one may be bad without exceeding `factor`: `⌈1 ÷ (factor × budget)⌉`.
/// With fewer, one bad event alone burns faster than that.
///
/// ```
/// use sre_core::evidence::events_needed;
///
/// assert_eq!(events_needed("14.4".parse()?, "99.9".parse()?), 70);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn events_needed(factor: Factor, target: Target) -> u64 {
    let line = u128::from(factor.numerator()) * u128::from(target.budget_ppb());
    let all = u128::from(factor.denominator()) * 1_000_000_000;
    u64::try_from(all.div_ceil(line)).unwrap_or(u64::MAX)
}

/// How many events without a failure say with 95 % confidence that the target is met:
/// `⌈ln 0.05 ÷ ln T⌉`, for showing.
///
/// ```
/// use sre_core::evidence::failure_free_events;
///
/// assert_eq!(failure_free_events("99.9".parse()?), 2_995);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most 3e9, and positive"
)]
#[must_use]
pub fn failure_free_events(target: Target) -> u64 {
    let budget = f64::from(target.budget_ppb()) / 1e9;
    (0.05_f64.ln() / (-budget).ln_1p()).ceil() as u64
}

#[cfg(test)]
mod tests;
