//! What good service is promised, and what may go wrong: targets and burn factors, exact.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::count::Counts;
use crate::decimal::Decimal;

/// The promised share of good events, held as its error budget in parts per billion of all events.
///
/// In floats `1 − 0.999` is `0.0010000000000000009`, and data exactly on budget is then judged
/// wrong; here 99.9 % is the integer 1 000 000 and every comparison is exact.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::target::Target;
///
/// let target: Target = "99.9".parse()?;
/// assert_eq!(target.budget_ppb(), 1_000_000);
/// assert!(target.is_met_by(Counts::events(999, 1_000)?));   // exactly on budget is met
/// assert!(!target.is_met_by(Counts::events(998, 1_000)?));
/// assert!("100".parse::<Target>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "String", try_from = "String"))]
pub struct Target {
    budget_ppb: u32,
}

/// Why a percentage is not a target.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ParseTargetError {
    /// Not a plain decimal, or above 100.
    #[error("a target is a percentage such as 99.9: more than 0 and less than 100")]
    NotAPercentage,
    /// More than six decimals.
    #[error("a target has at most 6 decimals")]
    TooFine,
    /// 100 %.
    #[error(
        "a target of 100 % leaves no error budget: every burn rate would be a division by zero"
    )]
    Everything,
    /// 0 %.
    #[error("a target of 0 % can never be missed, so it says nothing")]
    Nothing,
}

impl Target {
    /// The target that leaves `budget_ppb` parts per billion of all events to go wrong; `None` for
    /// none or all of them.
    #[must_use]
    pub const fn from_budget_ppb(budget_ppb: u32) -> Option<Self> {
        if budget_ppb == 0 || budget_ppb >= BILLION {
            None
        } else {
            Some(Self { budget_ppb })
        }
    }

    /// The error budget in parts per billion of all events, `0 < ppb < 10⁹`.
    #[must_use]
    pub const fn budget_ppb(self) -> u32 {
        self.budget_ppb
    }

    /// Whether `good / total ≥ target`, exactly: `bad × 10⁹ ≤ ppb × total`. True without events.
    #[must_use]
    pub fn is_met_by(self, counts: Counts) -> bool {
        let bad = u128::from(counts.bad().millionths()) * u128::from(BILLION);
        bad <= u128::from(self.budget_ppb) * u128::from(counts.total().millionths())
    }

    /// The target as a percentage, for showing.
    #[must_use]
    pub fn as_percentage(self) -> f64 {
        f64::from(BILLION - self.budget_ppb) / 1e7
    }
}

/// Reads the percentage, `99.9`.
impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, ParseTargetError> {
        let percentage = Decimal::parse(text).map_err(|_| ParseTargetError::NotAPercentage)?;
        if percentage.scale > 6 {
            return Err(ParseTargetError::TooFine);
        }
        let good_ppb = percentage
            .shifted(7)
            .and_then(|ppb| u32::try_from(ppb).ok())
            .ok_or(ParseTargetError::NotAPercentage)?;
        match good_ppb {
            0 => Err(ParseTargetError::Nothing),
            BILLION => Err(ParseTargetError::Everything),
            _ => BILLION
                .checked_sub(good_ppb)
                .and_then(Self::from_budget_ppb)
                .ok_or(ParseTargetError::NotAPercentage),
        }
    }
}

/// Prints the percentage with every digit and no more, so that a round trip keeps the target.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good_ppb = BILLION - self.budget_ppb;
        write_decimal(f, u128::from(good_ppb), 10_000_000)
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = ParseTargetError;

    fn try_from(text: String) -> Result<Self, ParseTargetError> {
        text.parse()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} %")
    }
}

/// How many times faster than sustainable a budget burns at which a rule fires: an exact fraction.
///
/// ```
/// use sre_core::target::Factor;
///
/// let factor: Factor = "14.4".parse()?;
/// assert_eq!((factor.numerator(), factor.denominator()), (72, 5));
/// assert!("0.9".parse::<Factor>()? < "1".parse()?);
/// # Ok::<(), sre_core::target::ParseFactorError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "(u64, u64)", try_from = "(u64, u64)"))]
pub struct Factor {
    numerator: u64,
    denominator: u64,
}

/// Why a text is not a factor.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a burn factor is a positive decimal below 1000000000 with at most 6 decimals, such as 14.4"
)]
pub struct ParseFactorError;

impl Factor {
    /// A sustainable pace: the budget lasts exactly its window.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// `n` times the sustainable pace; clamped to 1 and 10⁹, for constants.
    #[must_use]
    pub const fn whole(n: u32) -> Self {
        let n = match n {
            0 => 1,
            BILLION.. => BILLION,
            n => n,
        };
        Self {
            numerator: n as u64,
            denominator: 1,
        }
    }

    /// The numerator of the reduced fraction, below 2³⁴.
    #[must_use]
    pub const fn numerator(self) -> u64 {
        self.numerator
    }

    /// The denominator of the reduced fraction, below 2³⁴.
    #[must_use]
    pub const fn denominator(self) -> u64 {
        self.denominator
    }

    /// The factor times `numerator / denominator`, `None` when the reduced fraction does not fit, or is
    /// none.
    #[must_use]
    pub fn scaled(self, numerator: u32, denominator: u32) -> Option<Self> {
        let numerator = self
            .numerator
            .checked_mul(u64::from(numerator))?;
        let denominator = self
            .denominator
            .checked_mul(u64::from(denominator))?;
        Self::reduced(numerator, denominator)
    }

    /// Whether the burn of `counts` against `target` lies strictly above this factor; equality does
    /// not. False without events.
    ///
    /// `bad × 10⁹ × denominator > numerator × ppb × total`, in integers.
    #[must_use]
    pub fn is_exceeded_by(self, counts: Counts, target: Target) -> bool {
        let (burn, line) = self.sides(counts, target);
        burn > line
    }

    /// Whether the burn has reached this factor; equality has. False without events.
    #[must_use]
    pub fn is_reached_by(self, counts: Counts, target: Target) -> bool {
        let (burn, line) = self.sides(counts, target);
        !counts.total().is_zero() && burn >= line
    }

    /// Whether a service whose events are all bad burns no faster than this, so that a rule of this
    /// factor can never fire: `factor × budget ≥ 1`.
    #[must_use]
    pub fn is_unreachable_for(self, target: Target) -> bool {
        u128::from(self.numerator) * u128::from(target.budget_ppb())
            >= u128::from(self.denominator) * u128::from(BILLION)
    }

    /// The value as a float, for showing.
    #[expect(
        clippy::cast_precision_loss,
        reason = "only ever shown; both sides lie below 2^34"
    )]
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The fraction in lowest terms; `None` where a part is zero, or too large for a comparison to fit
    /// 128 bits.
    fn reduced(numerator: u64, denominator: u64) -> Option<Self> {
        let divisor = greatest_common_divisor(numerator, denominator);
        let (numerator, denominator) = (
            numerator.checked_div(divisor)?,
            denominator.checked_div(divisor)?,
        );
        let parts = 1..FACTOR_LIMIT;
        (parts.contains(&numerator) && parts.contains(&denominator)).then_some(Self {
            numerator,
            denominator,
        })
    }

    /// [`Factor::is_exceeded_by`] of plain millionths, under a budget in parts per billion.
    #[inline]
    pub(crate) fn is_exceeded(self, bad: u64, total: u64, ppb: u32) -> bool {
        let (burn, line) = self.scales(ppb);
        u128::from(bad) * u128::from(burn) > u128::from(total) * u128::from(line)
    }

    /// What a part per billion of budget allows of a whole at this pace, `factor ÷ 10⁹` in parts of 2⁶⁴:
    /// rounded down, and cut where it is the whole or more.
    pub(crate) fn per_billion_of_budget(self) -> u64 {
        let (burn, line) = self.scales(1);
        let rate = (u128::from(line) << 64) / u128::from(burn);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// Both sides of `burn ? factor`, brought to integers: each one product of two numbers below 2^64,
    /// for which a processor has an instruction.
    fn sides(self, counts: Counts, target: Target) -> (u128, u128) {
        let (burn, line) = self.scales(target.budget_ppb);
        (
            u128::from(counts.bad().millionths()) * u128::from(burn),
            u128::from(counts.total().millionths()) * u128::from(line),
        )
    }

    /// What bad and total are multiplied by. `10⁹` and budgets lie below 2^30 and the parts of a factor
    /// below 2^34.
    #[inline]
    fn scales(self, ppb: u32) -> (u64, u64) {
        (
            u64::from(BILLION).wrapping_mul(self.denominator),
            u64::from(ppb).wrapping_mul(self.numerator),
        )
    }
}

impl FromStr for Factor {
    type Err = ParseFactorError;

    fn from_str(text: &str) -> Result<Self, ParseFactorError> {
        let decimal = Decimal::parse(text).map_err(|_| ParseFactorError)?;
        decimal
            .shifted(6)
            .and_then(|millionths| u64::try_from(millionths).ok())
            .filter(|millionths| *millionths < u64::from(BILLION) * 1_000_000)
            .and_then(|millionths| Self::reduced(millionths, 1_000_000))
            .ok_or(ParseFactorError)
    }
}

impl Ord for Factor {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let left = u128::from(self.numerator) * u128::from(other.denominator);
        let right = u128::from(other.numerator) * u128::from(self.denominator);
        left.cmp(&right)
    }
}

impl PartialOrd for Factor {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The decimal where the fraction has one of at most six digits, else numerator and denominator.
impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scaled = u128::from(self.numerator) * 1_000_000;
        let denominator = u128::from(self.denominator);
        if scaled.is_multiple_of(denominator) {
            write_decimal(f, scaled / denominator, 1_000_000)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl From<Factor> for (u64, u64) {
    fn from(factor: Factor) -> Self {
        (factor.numerator, factor.denominator)
    }
}

impl TryFrom<(u64, u64)> for Factor {
    type Error = ParseFactorError;

    fn try_from((numerator, denominator): (u64, u64)) -> Result<Self, ParseFactorError> {
        Self::reduced(numerator, denominator).ok_or(ParseFactorError)
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes `value / unit` as a decimal, `unit` a power of ten, without trailing zeros.
pub(crate) fn write_decimal(f: &mut fmt::Formatter<'_>, value: u128, unit: u128) -> fmt::Result {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let width = usize::try_from(unit.ilog10()).unwrap_or(0);
    let fraction = format!("{rest:0width$}");
    write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
}

/// The largest number that divides both; never zero for a positive argument.
const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Parts of the whole in which budgets are held.
const BILLION: u32 = 1_000_000_000;
/// Both parts of a factor lie below this, so that comparisons fit 128 bits.
const FACTOR_LIMIT: u64 = 1 << 34;

#[cfg(test)]
mod tests;
