//! Numbers as they are shown: unrounded, exact where they are exact, and `20` rather than `20.0`.

use serde::Serialize;
use serde_json::Number;
use sre_core::composite::MemberWeight;
use sre_core::count::Count;
use sre_core::health::Points;
use sre_core::service::Weight;
use sre_core::target::Target;
use utoipa::ToSchema;

/// A number, unrounded.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(value_type = f64)]
pub(super) struct Figure(Number);

impl Figure {
    /// A float, whole numbers without a fraction; `None` for NaN and infinities, which JSON does not
    /// have.
    pub(super) fn new(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        Self::read(&value.to_string())
    }

    /// The number that a decimal text is; `None` where it is none.
    fn read(text: &str) -> Option<Self> {
        // Of a negative zero nobody wants to see the sign.
        let text = if text == "-0" { "0" } else { text };
        text.parse().ok().map(Self)
    }
}

/// The percentage, exact: `99.9` is printed as `99.9`.
impl From<Target> for Figure {
    fn from(target: Target) -> Self {
        Self::read(&target.to_string()).unwrap_or_else(zero)
    }
}

/// Events or slices, exact to the millionth of one below 9 × 10⁹ and to 16 digits above.
impl From<Count> for Figure {
    fn from(count: Count) -> Self {
        Self::read(&count.to_string()).unwrap_or_else(zero)
    }
}

/// Exact.
impl From<Weight> for Figure {
    fn from(weight: Weight) -> Self {
        Self::read(&weight.to_string()).unwrap_or_else(zero)
    }
}

/// Exact.
impl From<MemberWeight> for Figure {
    fn from(weight: MemberWeight) -> Self {
        Self::read(&weight.to_string()).unwrap_or_else(zero)
    }
}

/// Exact to the tenth.
impl From<Points> for Figure {
    fn from(points: Points) -> Self {
        Self::read(&points.to_string()).unwrap_or_else(zero)
    }
}

/// Never needed: every count, target, weight and score prints as a decimal.
fn zero() -> Figure {
    Figure(Number::from(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(figure: &Figure) -> String {
        serde_json::to_string(figure).unwrap()
    }

    #[test]
    fn whole_numbers_have_no_fraction_and_fractions_have_all_of_theirs() {
        for (value, text) in [
            (20.0, "20"),
            (-4.95, "-4.95"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-0.0, "0"),
            (1e21, "1e+21"),
            (1e-9, "1e-9"),
        ] {
            assert_eq!(shown(&Figure::new(value).unwrap()), text);
        }
    }

    #[test]
    fn what_json_does_not_have_is_no_figure() {
        assert_eq!(Figure::new(f64::NAN), None);
        assert_eq!(Figure::new(f64::INFINITY), None);
    }

    #[test]
    fn targets_and_counts_are_shown_exactly() {
        for text in ["99.9", "99.999999", "0.0001", "50"] {
            assert_eq!(shown(&Figure::from(text.parse::<Target>().unwrap())), text);
        }
        assert_eq!(
            shown(&Figure::from(Count::from_millionths(2_500_001))),
            "2.500001"
        );
        assert_eq!(shown(&Figure::from(Count::SAMPLE_MAX)), "1000000000000");
    }
}
