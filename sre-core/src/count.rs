//! Counts of events, exact: integer millionths, so that sums have no order and no error.
//!
//! Sources answer fractions (a percentage, Prometheus' estimate of an increase), services count
//! whole events. Both become millionths of an event **once**, at the door; from there on every sum,
//! difference and comparison is integer arithmetic. Floats return only when something is shown.

use std::fmt;

use thiserror::Error;

use crate::decimal::Decimal;

/// An unsigned number of events in millionths of one.
///
/// ```
/// use sre_core::count::Count;
///
/// let three = Count::events(3).expect("fits");
/// assert_eq!(three.millionths(), 3_000_000);
/// assert_eq!(three.to_string(), "3");
/// assert_eq!(Count::from_millionths(2_500_000).to_string(), "2.5");
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Count(u64);

/// Which way a fraction finer than a millionth is rounded; chosen so that bad is never understated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rounding {
    /// Towards zero: for good.
    Down,
    /// Away from zero: for bad and total.
    Up,
}

/// Why a number is not a count.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CountError {
    /// NaN or an infinity.
    #[error("a count must be a finite number")]
    NotFinite,
    /// Below zero.
    #[error("a count must not be negative")]
    Negative,
    /// More than a sample may hold.
    #[error("a sample may count at most 1000000000000 events")]
    TooLarge,
    /// Good (or bad) exceeds total by more than floating noise.
    #[error("good must not exceed total")]
    GoodAboveTotal,
}

impl Count {
    /// No events.
    pub const ZERO: Self = Self(0);
    /// One event.
    pub const ONE: Self = Self(MILLION);
    /// The most one sample may count, 10¹² events: far above any service's minute, and a stored sum
    /// (`bigint`) still has room for nine such samples.
    pub const SAMPLE_MAX: Self = Self(1_000_000_000_000 * MILLION);

    /// `n` whole events, `None` above 2⁶⁴ millionths.
    #[must_use]
    pub const fn events(n: u64) -> Option<Self> {
        match n.checked_mul(MILLION) {
            Some(millionths) => Some(Self(millionths)),
            None => None,
        }
    }

    /// A count of so many millionths of an event.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// The number of millionths of an event.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// Whole events, rounded down: for formulas that need a number of events.
    #[must_use]
    pub const fn whole_events(self) -> u64 {
        self.0 / MILLION
    }

    /// Whether nothing was counted.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, `None` when it does not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, zero where `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads a number that arrived as a float, by its shortest decimal text, so that `0.1` is a
    /// tenth.
    ///
    /// # Errors
    ///
    /// [`CountError::NotFinite`], [`CountError::Negative`] and [`CountError::TooLarge`]; a count
    /// never holds any of these.
    pub fn from_f64(value: f64, rounding: Rounding) -> Result<Self, CountError> {
        Self::scaled(value, 6, rounding)
    }

    /// The good part of one event of which `percentage` percent was good: a bare percentage weighs
    /// one event.
    ///
    /// # Errors
    ///
    /// As [`Count::from_f64`]; above 100 [`CountError::GoodAboveTotal`].
    pub fn from_percentage(percentage: f64, rounding: Rounding) -> Result<Self, CountError> {
        let count = Self::scaled(percentage, 4, rounding)?;
        if count > Self::ONE {
            Err(CountError::GoodAboveTotal)
        } else {
            Ok(count)
        }
    }

    /// The value as a float, by one division, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / MILLION as f64
    }

    /// `value × 10^shift` millionths.
    fn scaled(value: f64, shift: u32, rounding: Rounding) -> Result<Self, CountError> {
        if !value.is_finite() {
            return Err(CountError::NotFinite);
        }
        if value < 0.0 {
            return Err(CountError::Negative);
        }
        // Above the limit the text may be too long to parse; below, it has at most 330 characters,
        // of which what lies beyond the millionths only decides the rounding.
        if value > 1e12 {
            return Err(CountError::TooLarge);
        }
        let text = value.abs().to_string();
        let (whole, fraction) = text
            .split_once('.')
            .unwrap_or((&text, ""));
        let kept = fraction
            .get(..shift as usize)
            .unwrap_or(fraction);
        let rest = fraction
            .get(shift as usize..)
            .unwrap_or("");
        let text = if kept.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{kept}")
        };
        let floor = Decimal::parse(&text)
            .ok()
            .and_then(|decimal| decimal.shifted(shift))
            .ok_or(CountError::TooLarge)?;
        let cut = rest.bytes().any(|byte| byte != b'0');
        let millionths = if cut && rounding == Rounding::Up {
            floor + 1
        } else {
            floor
        };
        u64::try_from(millionths)
            .ok()
            .map(Self)
            .filter(|count| *count <= Self::SAMPLE_MAX)
            .ok_or(CountError::TooLarge)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / MILLION, self.0 % MILLION);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{rest:06}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How finely one unit of a budget, an event or a slice, is counted.
///
/// Sums of events and of slices that are good or bad as a whole are exact in millionths. The share of
/// a slice that was good is held to 10⁻¹², so there a unit is 10¹² counts wide: 400 days of ten-second
/// slices are 3.5 × 10¹⁸ of them, and fit a stored sum (`bigint`). Every comparison is indifferent to
/// the width; **what is shown, and what is compared with a number of units, is not**.
///
/// ```
/// use sre_core::count::{Count, Counts, Grain};
///
/// let third = Counts::with_bad(Count::from_millionths(333_333_333_334), Grain::Trillionths.unit())?;
/// assert_eq!(Grain::Trillionths.shown(third).bad().to_string(), "0.333334");
/// assert_eq!(Grain::Trillionths.shown(third).total(), Count::ONE);
/// # Ok::<(), sre_core::count::CountError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Grain {
    /// In millionths: events, and slices that are good or bad as a whole.
    #[default]
    Millionths,
    /// In 10⁻¹²: slices of which a share is good.
    Trillionths,
}

impl Grain {
    /// One unit, as it is counted.
    #[must_use]
    pub const fn unit(self) -> Count {
        Count(MILLION * self.width())
    }

    /// So many units, as they are counted; `None` where that does not fit.
    #[must_use]
    pub const fn units(self, n: u64) -> Option<Count> {
        match self.unit().0.checked_mul(n) {
            Some(count) => Some(Count(count)),
            None => None,
        }
    }

    /// How many whole units were counted, rounded down.
    #[must_use]
    pub const fn whole_units(self, count: Count) -> u64 {
        count.0 / self.unit().0
    }

    /// Units as a float, by one division, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_f64(self, count: Count) -> f64 {
        count.0 as f64 / self.unit().0 as f64
    }

    /// Counts in millionths of a unit, for showing and for records: what is finer is rounded so that
    /// bad is never understated.
    #[must_use]
    pub const fn shown(self, counts: Counts) -> Counts {
        // Rounding up is monotone, so bad still does not exceed total.
        Counts {
            bad: Count(counts.bad.0.div_ceil(self.width())),
            total: Count(counts.total.0.div_ceil(self.width())),
        }
    }

    /// Counts in a millionth of a unit.
    const fn width(self) -> u64 {
        match self {
            Self::Millionths => 1,
            Self::Trillionths => MILLION,
        }
    }

    /// Whether it is the grain of events.
    #[cfg(feature = "serde")]
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks it so")]
    pub(crate) const fn is_millionths(&self) -> bool {
        matches!(self, Self::Millionths)
    }
}

/// Good and total events of some stretch of time; good never exceeds total.
///
/// ```
/// use sre_core::count::{Count, Counts};
///
/// let counts = Counts::events(998, 1_000)?;
/// assert_eq!(counts.bad(), Count::events(2).expect("fits"));
/// assert!(Counts::events(2, 1).is_err());
/// # Ok::<(), sre_core::count::CountError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "StoredCounts"))]
pub struct Counts {
    bad: Count,
    total: Count,
}

impl Counts {
    /// Nothing happened.
    pub const NONE: Self = Self {
        bad: Count::ZERO,
        total: Count::ZERO,
    };

    /// So many good among `total`.
    ///
    /// # Errors
    ///
    /// [`CountError::GoodAboveTotal`].
    pub fn new(good: Count, total: Count) -> Result<Self, CountError> {
        match total.0.checked_sub(good.0) {
            Some(bad) => Ok(Self {
                bad: Count(bad),
                total,
            }),
            None => Err(CountError::GoodAboveTotal),
        }
    }

    /// So many bad among `total`.
    ///
    /// # Errors
    ///
    /// [`CountError::GoodAboveTotal`] when bad exceeds total.
    pub fn with_bad(bad: Count, total: Count) -> Result<Self, CountError> {
        if bad > total {
            Err(CountError::GoodAboveTotal)
        } else {
            Ok(Self { bad, total })
        }
    }

    /// So many bad among `total`, all of it where that is less: for sums of what was checked before.
    #[inline]
    #[must_use]
    pub(crate) fn with_bad_of(bad: Count, total: Count) -> Self {
        Self {
            bad: bad.min(total),
            total,
        }
    }

    /// Whole events.
    ///
    /// # Errors
    ///
    /// [`CountError::TooLarge`] above 10¹² events, [`CountError::GoodAboveTotal`].
    pub fn events(good: u64, total: u64) -> Result<Self, CountError> {
        let count = |n| {
            Count::events(n)
                .filter(|count| *count <= Count::SAMPLE_MAX)
                .ok_or(CountError::TooLarge)
        };
        Self::new(count(good)?, count(total)?)
    }

    /// Good and total as they arrive from a source. An excess of good within 10⁻⁶ of total is
    /// floating noise and is cut; more is an error.
    ///
    /// # Errors
    ///
    /// Those of [`Count::from_f64`], and [`CountError::GoodAboveTotal`].
    pub fn from_good_and_total(good: f64, total: f64) -> Result<Self, CountError> {
        let good = Count::from_f64(good, Rounding::Down)?;
        let total = Count::from_f64(total, Rounding::Up)?;
        Self::new(good.cut_noise(total), total)
    }

    /// Bad and total as they arrive from a source; noise is cut as in
    /// [`Counts::from_good_and_total`].
    ///
    /// # Errors
    ///
    /// As [`Counts::from_good_and_total`].
    pub fn from_bad_and_total(bad: f64, total: f64) -> Result<Self, CountError> {
        let bad = Count::from_f64(bad, Rounding::Up)?;
        let total = Count::from_f64(total, Rounding::Up)?;
        Self::with_bad(bad.cut_noise(total), total)
    }

    /// The good events.
    #[must_use]
    pub const fn good(self) -> Count {
        Count(self.total.0 - self.bad.0)
    }

    /// The bad events.
    #[must_use]
    pub const fn bad(self) -> Count {
        self.bad
    }

    /// All events.
    #[must_use]
    pub const fn total(self) -> Count {
        self.total
    }

    /// The sum, `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            bad: self.bad.checked_add(other.bad)?,
            total: self.total.checked_add(other.total)?,
        })
    }
}

/// [`Counts`] as they are read back, before bad is known not to exceed total.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct StoredCounts {
    bad: Count,
    total: Count,
}

#[cfg(feature = "serde")]
impl TryFrom<StoredCounts> for Counts {
    type Error = CountError;

    fn try_from(stored: StoredCounts) -> Result<Self, CountError> {
        Self::with_bad(stored.bad, stored.total)
    }
}

impl Count {
    /// `limit` when this exceeds it by no more than a millionth of it, else unchanged.
    fn cut_noise(self, limit: Self) -> Self {
        let excess = self.0.saturating_sub(limit.0);
        if u128::from(excess) * u128::from(MILLION) <= u128::from(limit.0) && excess > 0 {
            limit
        } else {
            self
        }
    }
}

/// Millionths in one event.
const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests;
