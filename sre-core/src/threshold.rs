//! The line that a single value must hold.

use std::hash::{Hash, Hasher};
use std::str::FromStr;

use thiserror::Error;

/// How a value is compared with its threshold.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Operator {
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `==`
    Eq,
}

/// Why a text is not an operator.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an operator is one of gt gte lt lte eq, or > >= < <= ==")]
pub struct ParseOperatorError;

impl Operator {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::Eq => "eq",
        }
    }
}

impl FromStr for Operator {
    type Err = ParseOperatorError;

    fn from_str(text: &str) -> Result<Self, ParseOperatorError> {
        match text {
            "gt" | ">" => Ok(Self::Gt),
            "gte" | ">=" => Ok(Self::Gte),
            "lt" | "<" => Ok(Self::Lt),
            "lte" | "<=" => Ok(Self::Lte),
            "eq" | "==" => Ok(Self::Eq),
            _ => Err(ParseOperatorError),
        }
    }
}

/// The line that a single value must hold.
///
/// ```
/// use sre_core::threshold::{Operator, Threshold};
///
/// let line = Threshold::new(Operator::Lte, 250.0)?;
/// assert!(line.is_held_by(250.0) && !line.is_held_by(250.1));
/// assert!(!line.is_held_by(f64::NAN)); // what is no number holds no line
/// assert!(Threshold::new("<".parse()?, f64::NAN).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "StoredThreshold"))]
pub struct Threshold {
    operator: Operator,
    /// Finite, and never -0, so that equal lines have equal bits.
    value: f64,
}

impl Eq for Threshold {}

impl Hash for Threshold {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.operator.hash(state);
        self.value.to_bits().hash(state);
    }
}

/// [`Threshold`] as it is read back, before its value is known to be finite.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct StoredThreshold {
    operator: Operator,
    value: f64,
}

/// Why a number is not a threshold.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a threshold must be a finite number")]
pub struct ThresholdError;

impl Threshold {
    /// The line `value <operator> threshold`.
    ///
    /// # Errors
    ///
    /// [`ThresholdError`] for NaN and infinities.
    pub fn new(operator: Operator, value: f64) -> Result<Self, ThresholdError> {
        if value.is_finite() {
            // Adding zero makes -0 to 0 and leaves everything else.
            let value = value + 0.0;
            Ok(Self { operator, value })
        } else {
            Err(ThresholdError)
        }
    }

    /// How the value is compared.
    #[must_use]
    pub const fn operator(self) -> Operator {
        self.operator
    }

    /// With what the value is compared.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.value
    }

    /// Whether `sample` holds the line.
    #[expect(
        clippy::float_cmp,
        reason = "the user asked for exact equality by `eq`"
    )]
    #[must_use]
    pub fn is_held_by(self, sample: f64) -> bool {
        match self.operator {
            Operator::Gt => sample > self.value,
            Operator::Gte => sample >= self.value,
            Operator::Lt => sample < self.value,
            Operator::Lte => sample <= self.value,
            Operator::Eq => sample == self.value,
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<StoredThreshold> for Threshold {
    type Error = ThresholdError;

    fn try_from(stored: StoredThreshold) -> Result<Self, ThresholdError> {
        Self::new(stored.operator, stored.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_decides_its_own_side_of_the_line_and_the_line_itself() {
        for (name, sign, below, on, above) in [
            ("gt", ">", false, false, true),
            ("gte", ">=", false, true, true),
            ("lt", "<", true, false, false),
            ("lte", "<=", true, true, false),
            ("eq", "==", false, true, false),
        ] {
            let operator: Operator = name.parse().expect(name);
            assert_eq!(sign.parse(), Ok(operator));
            assert_eq!(operator.as_str(), name);
            let line = Threshold::new(operator, 500.0).expect("finite");
            let held = [499.9, 500.0, 500.1].map(|sample| line.is_held_by(sample));
            assert_eq!(held, [below, on, above], "{name}");
        }
        let zero = |value| Threshold::new(Operator::Lt, value).map(|line| line.value().to_bits());
        assert_eq!(zero(-0.0), zero(0.0));
        assert_eq!("=".parse::<Operator>(), Err(ParseOperatorError));
        assert_eq!(Threshold::new(Operator::Lt, f64::NAN), Err(ThresholdError));
        assert_eq!(
            Threshold::new(Operator::Lt, f64::INFINITY),
            Err(ThresholdError)
        );
    }
}
