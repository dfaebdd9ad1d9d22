//! What a system of parts can promise, and what it can if its parts fail together.
//!
//! The product of availabilities is right for parts that fail independently, which parts seldom do. So
//! each figure comes with its Fréchet bounds, which hold whatever the parts have to do with each
//! other: promise the low one, hope for the middle one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::decimal::Decimal;

/// The share of time or events that a part is good, from nothing to all, held to 10⁻¹⁸.
///
/// ```
/// use sre_core::composite::Availability;
///
/// let three_nines: Availability = "99.9".parse()?;
/// assert_eq!(three_nines.as_percentage(), 99.9);
/// assert_eq!(three_nines.to_string(), "99.9");
/// assert!("100.1".parse::<Availability>().is_err());
/// # Ok::<(), sre_core::composite::ParseAvailabilityError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Availability(u64);

/// Why a text is no availability.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an availability is a percentage between 0 and 100 with at most 16 decimals, such as 99.9")]
pub struct ParseAvailabilityError;

/// What a system of parts has, at worst, if they are independent, and at best.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Bounds {
    /// The least, whatever the parts have to do with each other.
    pub low: Availability,
    /// What independent parts give.
    pub independent: Availability,
    /// The most.
    pub high: Availability,
}

/// All, in 10⁻¹⁸: products of two fit 128 bits with room for thousands.
const ALL: u64 = 1_000_000_000_000_000_000;

impl Availability {
    /// Never good.
    pub const NONE: Self = Self(0);
    /// Always good.
    pub const ALL: Self = Self(ALL);

    /// The share in 10⁻¹⁸; `None` above all.
    #[must_use]
    pub const fn from_attos(attos: u64) -> Option<Self> {
        if attos <= ALL {
            Some(Self(attos))
        } else {
            None
        }
    }

    /// The share in 10⁻¹⁸.
    #[must_use]
    pub const fn attos(self) -> u64 {
        self.0
    }

    /// The percentage, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_percentage(self) -> f64 {
        self.0 as f64 / 1e16
    }

    fn capped(attos: u128) -> Self {
        u64::try_from(attos).map_or(Self::ALL, |attos| Self(attos.min(ALL)))
    }

    const fn complement(self) -> Self {
        Self(ALL.saturating_sub(self.0))
    }
}

impl FromStr for Availability {
    type Err = ParseAvailabilityError;

    fn from_str(text: &str) -> Result<Self, ParseAvailabilityError> {
        Decimal::in_parts(text, 16)
            .and_then(Self::from_attos)
            .ok_or(ParseAvailabilityError)
    }
}

/// The percentage, every digit of it.
impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = ALL / 100;
        let (whole, rest) = (self.0 / percent, self.0 % percent);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{rest:016}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

/// All parts are needed: `∏ aᵢ`, between `max(0, 1 − Σ(1 − aᵢ))` and `min aᵢ`. `None` without a part.
///
/// ```
/// use sre_core::composite::{Availability, series};
///
/// let part: Availability = "99.9".parse()?;
/// let bounds = series(&[part; 3]).expect("three parts");
/// assert_eq!(bounds.low.to_string(), "99.7");
/// assert_eq!(bounds.independent.to_string(), "99.7002999");
/// assert_eq!(bounds.high.to_string(), "99.9");
/// # Ok::<(), sre_core::composite::ParseAvailabilityError>(())
/// ```
#[must_use]
pub fn series(parts: &[Availability]) -> Option<Bounds> {
    k_of_n(parts.len(), parts)
}

/// One part is enough: `1 − ∏ (1 − aᵢ)`, between `max aᵢ` and `min(1, Σ aᵢ)`. `None` without a part.
///
/// ```
/// use sre_core::composite::{Availability, parallel};
///
/// let bounds = parallel(&["99".parse::<Availability>()?; 2]).expect("two parts");
/// assert_eq!(bounds.low.to_string(), "99");
/// assert_eq!(bounds.independent.to_string(), "99.99");
/// assert_eq!(bounds.high.to_string(), "100");
/// # Ok::<(), sre_core::composite::ParseAvailabilityError>(())
/// ```
#[must_use]
pub fn parallel(parts: &[Availability]) -> Option<Bounds> {
    k_of_n(1, parts)
}

/// At least `k` of the parts are needed; `None` for `k` of 0 or more than there are.
///
/// Independent parts are counted by dynamic programming. At best `k` of them are good for
/// `min over j < k of (sum of all but the j largest) ÷ (k − j)` (Rüger); at worst, all but what is
/// left when at least `n − k + 1` are bad, at best for being bad.
///
/// ```
/// use sre_core::composite::{Availability, k_of_n};
///
/// let bounds = k_of_n(2, &["99".parse::<Availability>()?; 3]).expect("two of three");
/// assert_eq!(bounds.independent.to_string(), "99.9702");
/// # Ok::<(), sre_core::composite::ParseAvailabilityError>(())
/// ```
#[must_use]
pub fn k_of_n(k: usize, parts: &[Availability]) -> Option<Bounds> {
    if k == 0 || k > parts.len() {
        return None;
    }
    let high = at_best(k, parts);
    let bad: Vec<Availability> = parts
        .iter()
        .map(|part| part.complement())
        .collect();
    let low = at_best(parts.len() - k + 1, &bad).complement();
    // The bounds are exact to the last digit, the product is cut at each step.
    let independent = independently(k, parts).clamp(low, high.max(low));
    Some(Bounds {
        low,
        independent,
        high,
    })
}

/// The largest probability of at least `k` of events with these probabilities, rounded up.
fn at_best(k: usize, parts: &[Availability]) -> Availability {
    let mut sorted: Vec<u64> = parts
        .iter()
        .map(|part| part.0)
        .collect();
    sorted.sort_unstable();
    let mut least = u128::from(ALL);
    let mut sum: u128 = sorted
        .iter()
        .map(|part| u128::from(*part))
        .sum();
    for (needed, largest) in (1..=k as u128)
        .rev()
        .zip(sorted.iter().rev())
    {
        least = least.min(sum.div_ceil(needed));
        sum -= u128::from(*largest);
    }
    Availability::capped(least)
}

/// The probability of at least `k` of independent events: `chances[j]` is that of exactly `j` of those
/// seen so far, and of at least `k` in the last place.
fn independently(k: usize, parts: &[Availability]) -> Availability {
    let mut chances = vec![0_u128; k + 1];
    if let Some(none) = chances.first_mut() {
        *none = u128::from(ALL);
    }
    let mut sorted: Vec<u64> = parts
        .iter()
        .map(|part| part.0)
        .collect();
    sorted.sort_unstable();
    for part in sorted {
        let (good, bad) = (u128::from(part), u128::from(ALL - part));
        let mut from_below = 0;
        let last = chances.len() - 1;
        for (place, chance) in chances.iter_mut().enumerate() {
            let held = *chance;
            let stays = if place == last {
                held
            } else {
                held * bad / u128::from(ALL)
            };
            *chance = stays + from_below;
            from_below = held * good / u128::from(ALL);
        }
    }
    Availability::capped(chances.last().copied().unwrap_or(0))
}
