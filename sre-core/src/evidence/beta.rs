//! The beta distribution, for showing: its share below a value, and the value below which a share is.
//!
//! A continued fraction and a bisection; the logarithm of Γ by Stirling's series. Good to ten digits up
//! to ten million events, which is more than anybody reads.

/// The value below which `share` of `Beta(a, b)` lies; both parameters are above zero.
pub(super) fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    if a <= 0.0 || b <= 0.0 {
        return if a <= 0.0 { 0.0 } else { 1.0 };
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if beta_share(middle, a, b) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The share of `Beta(a, b)` that lies below `x`: the regularised incomplete beta function.
pub(super) fn beta_share(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log = a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    let front = log.exp();
    // The fraction converges quickly on this side of the mean; the other is its complement.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(x, a, b) / a
    } else {
        1.0 - front * continued_fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's method, for the continued fraction of the incomplete beta function.
#[expect(clippy::many_single_char_names, reason = "the names of the formula")]
fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..=STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    result
}

/// The logarithm of Γ, by Stirling's series where it converges at once: from 10 on.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 1.0_f64);
    while x < 10.0 {
        below *= x;
        x += 1.0;
    }
    let (inverse, square) = (1.0 / x, 1.0 / (x * x));
    let series = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
    ]
    .iter()
    .rev()
    .fold(0.0, |sum, term| sum * square + term)
        * inverse;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - below.ln()
}

/// Halvings of the unit interval: past the last digit of a float.
const BISECTIONS: u32 = 60;
/// The fraction takes about the square root of its larger parameter: 3200 steps for ten million.
const STEPS_MAX: u32 = 10_000;
/// What stands for zero in a denominator.
const TINY: f64 = 1e-300;

#[cfg(test)]
mod tests {
    use super::*;

    /// `Γ(n) = (n − 1)!`, and `Γ(½) = √π`; to the last digit but one of a float.
    #[test]
    fn the_logarithm_of_gamma_is_that_of_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..30 {
            let found = ln_gamma(f64::from(n));
            let exact = factorial.ln();
            assert!(
                (found - exact).abs() <= 1e-15 * exact.max(14.0),
                "{n}: {found} {exact}"
            );
            factorial *= f64::from(n);
        }
        let half = std::f64::consts::PI.sqrt().ln();
        assert!((ln_gamma(0.5) - half).abs() < 2e-14);
    }

    /// Without anything bad, or good, the distribution is a point.
    #[test]
    fn a_parameter_of_nothing_leaves_one_value() {
        for share in [0.025, 0.975] {
            assert!(beta_quantile(share, 0.0, 5.0) <= 0.0);
            assert!(beta_quantile(share, 5.0, 0.0) >= 1.0);
        }
    }
}
