//! Figures as people read them, never rounded onto a figure that would mean something else.

/// The most decimals that are shown.
const PLACES_MAX: usize = 9;
/// Two figures this close are the same figure, computed in floating point.
const NOISE: f64 = 1e-9;

/// `value` with at most `places` decimals; with more of them, where it would otherwise read as one of
/// `landmarks`: 99.996 is not 100.
///
/// Two decimals tell what people decide by; the landmarks are where they decide.
pub(super) fn figure(value: f64, places: usize, landmarks: &[f64]) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    let near = |landmark: f64, value: f64| (landmark - value).abs() < NOISE;
    let landmark = landmarks
        .iter()
        .copied()
        .find(|landmark| near(*landmark, value));
    if let Some(landmark) = landmark {
        return grouped(&trimmed(&format!("{landmark:.PLACES_MAX$}")));
    }
    let shown = (places..=PLACES_MAX)
        .map(|places| trimmed(&format!("{value:.places$}")))
        .find(|shown| {
            let read: f64 = shown.parse().unwrap_or(value);
            !landmarks
                .iter()
                .any(|landmark| near(*landmark, read))
        });
    grouped(&shown.unwrap_or_else(|| trimmed(&value.to_string())))
}

/// A percentage: 0 and 100 are read as *none* and *all*.
pub(super) fn percentage(value: f64) -> String {
    format!("{} %", figure(value, 2, &[0.0, 100.0]))
}

/// A number of events or slices: 0 is read as *none*.
pub(super) fn count(value: f64) -> String {
    figure(value, 2, &[0.0])
}

/// How many times faster than sustainable, beside the factor that it is compared with.
pub(super) fn times(value: f64, factor: f64) -> String {
    format!("{}×", figure(value, 2, &[0.0, factor]))
}

/// `12.50` as `12.5`, `-0` as `0`.
fn trimmed(text: &str) -> String {
    let text = if text.contains('.') {
        text.trim_end_matches('0')
            .trim_end_matches('.')
    } else {
        text
    };
    if text == "-0" { "0" } else { text }.to_owned()
}

/// Thousands apart from ten thousand on: `20,000`.
fn grouped(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("−", digits));
    let (whole, rest) = digits
        .find('.')
        .map_or((digits, ""), |dot| digits.split_at(dot));
    if whole.len() < 5 {
        return format!("{sign}{whole}{rest}");
    }
    let mut groups: Vec<&str> = Vec::new();
    let mut left = whole;
    while left.len() > 3 {
        let (head, tail) = left.split_at(left.len() - 3);
        groups.push(tail);
        left = head;
    }
    groups.push(left);
    groups.reverse();
    format!("{sign}{}{rest}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_short_and_never_rounded_onto_none_or_all() {
        for (value, shown) in [
            (25.000_000_000_000_004, "25 %"),
            (99.95, "99.95 %"),
            (99.996, "99.996 %"),
            (99.999_999, "99.999999 %"),
            (100.0, "100 %"),
            (0.0, "0 %"),
            (-0.0, "0 %"),
            (0.004, "0.004 %"),
            (-12.345, "−12.35 %"),
            (-0.001, "−0.001 %"),
            (33.333_333, "33.33 %"),
        ] {
            assert_eq!(percentage(value), shown, "{value}");
        }
    }

    #[test]
    fn a_burn_is_never_rounded_onto_the_factor_that_it_exceeds() {
        assert_eq!(times(14.4, 14.4), "14.4×");
        assert_eq!(times(14.401, 14.4), "14.401×");
        assert_eq!(times(9.999_9, 10.0), "9.9999×");
        assert_eq!(times(83.333_333_3, 10.0), "83.33×");
        assert_eq!(times(1_000.0, 10.0), "1000×");
    }

    #[test]
    fn large_counts_are_grouped_and_what_is_not_a_number_is_said_so() {
        assert_eq!(count(20_000.0), "20,000");
        assert_eq!(count(1_234_567.25), "1,234,567.25");
        assert_eq!(count(9_999.0), "9999");
        assert_eq!(count(-20_000.5), "−20,000.5");
        assert_eq!(count(1e12), "1,000,000,000,000");
        assert_eq!(count(f64::NAN), "unknown");
    }
}
