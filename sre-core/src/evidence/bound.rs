//! Numbers that err to one side only.
//!
//! A binomial tail takes thousands of products of fractions, none of which fits an integer for long.
//! In floats nobody knows afterwards on which side of the level the sum lies. Here every operation
//! rounds the same way, so that the result is a bound, and the same on every machine.

/// `mantissa × 2^exponent`, never below (`UP`) or never above (`!UP`) what it stands for, and off by
/// at most one part in 2⁶³ an operation. The mantissa has its top bit set, or is zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound<const UP: bool> {
    mantissa: u64,
    exponent: i32,
}

impl<const UP: bool> Bound<UP> {
    pub(super) const ONE: Self = Self {
        mantissa: 1 << 63,
        exponent: -63,
    };

    /// `value × 2^exponent`, and whether something of it was cut away before.
    fn of(value: u128, exponent: i32, is_cut: bool) -> Self {
        let bits = u128::BITS - value.leading_zeros();
        let Some(over) = bits.checked_sub(u64::BITS) else {
            let up = u64::BITS - bits;
            let mantissa = value.checked_shl(up).unwrap_or(0);
            return Self::rounded(mantissa, exponent.saturating_sub_unsigned(up), is_cut);
        };
        let mantissa = value >> over;
        let is_cut = is_cut || (mantissa << over) != value;
        Self::rounded(mantissa, exponent.saturating_add_unsigned(over), is_cut)
    }

    /// A mantissa of 64 bits, and one more of its last places where it has to be above.
    fn rounded(mantissa: u128, exponent: i32, is_cut: bool) -> Self {
        let mantissa = mantissa + u128::from(UP && is_cut);
        match u64::try_from(mantissa) {
            Ok(mantissa) => Self { mantissa, exponent },
            // It was all ones.
            Err(_) => Self {
                mantissa: 1 << 63,
                exponent: exponent.saturating_add(1),
            },
        }
    }

    /// The fraction; `denominator` is not zero.
    pub(super) fn ratio(numerator: u128, denominator: u128) -> Self {
        let dividend = Self::of(numerator, 0, false);
        let (divisor, exponent) = if UP {
            let below = Bound::<false>::of(denominator, 0, false);
            (below.mantissa, below.exponent)
        } else {
            let above = Bound::<true>::of(denominator, 0, false);
            (above.mantissa, above.exponent)
        };
        let quotient = dividend.over(divisor);
        Self {
            exponent: quotient
                .exponent
                .saturating_sub(exponent),
            ..quotient
        }
    }

    pub(super) fn times(self, n: u64) -> Self {
        Self::of(
            u128::from(self.mantissa) * u128::from(n),
            self.exponent,
            false,
        )
    }

    /// The number divided by `n`, which is not zero.
    pub(super) fn over(self, n: u64) -> Self {
        let (dividend, divisor) = (u128::from(self.mantissa) << 64, u128::from(n.max(1)));
        let quotient = dividend / divisor;
        let is_cut = quotient * divisor != dividend;
        Self::of(quotient, self.exponent.saturating_sub(64), is_cut)
    }

    pub(super) fn by(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::of(
            product,
            self.exponent
                .saturating_add(other.exponent),
            false,
        )
    }

    pub(super) fn plus(self, other: Self) -> Self {
        let (large, small) = if (self.exponent, self.mantissa) < (other.exponent, other.mantissa) {
            (other, self)
        } else {
            (self, other)
        };
        if small.mantissa == 0 {
            return large;
        }
        let distance = large.exponent.abs_diff(small.exponent);
        let whole = u128::from(small.mantissa) << 63;
        let part = whole.checked_shr(distance).unwrap_or(0);
        let is_cut = part.checked_shl(distance).unwrap_or(0) != whole;
        let sum = (u128::from(large.mantissa) << 63) + part;
        Self::of(sum, large.exponent.saturating_sub(63), is_cut)
    }

    /// Whether it is less than `2^power`.
    pub(super) const fn is_below(self, power: i32) -> bool {
        self.mantissa == 0 || self.exponent.saturating_add(63) < power
    }

    /// The next whole number that is not below; `u128::MAX` where it does not fit.
    pub(super) fn ceil(self) -> u128 {
        let mantissa = u128::from(self.mantissa);
        match u32::try_from(self.exponent) {
            Ok(up) if up <= u64::BITS => mantissa << up,
            Ok(_) => u128::MAX,
            Err(_) => {
                let down = self.exponent.unsigned_abs();
                let whole = mantissa.checked_shr(down).unwrap_or(0);
                whole + u128::from(whole.checked_shl(down).unwrap_or(0) != mantissa)
            }
        }
    }
}

impl Bound<true> {
    /// Whether what this stands for is certainly not above what `other` stands for.
    pub(super) fn is_at_most(self, other: Bound<false>) -> bool {
        self.mantissa == 0
            || other.mantissa != 0
                && (self.exponent, self.mantissa) <= (other.exponent, other.mantissa)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Brings both to a fraction of 2^-64 and compares with the exact one.
    fn holds<const UP: bool>(bound: Bound<UP>, numerator: u128, denominator: u128) -> bool {
        let exact = (numerator << 64) / denominator;
        let is_cut = exact * denominator != numerator << 64;
        let shift = bound.exponent + 64;
        let mantissa = u128::from(bound.mantissa);
        if UP {
            // Not below: rounding it down at 2^-64 must still reach the exact value.
            let floor = if shift >= 0 {
                mantissa << shift
            } else {
                mantissa >> -shift
            };
            floor + 1 >= exact + u128::from(is_cut)
        } else {
            let floor = if shift >= 0 {
                mantissa << shift
            } else {
                mantissa >> -shift
            };
            floor <= exact
        }
    }

    proptest! {
        #[test]
        fn a_ratio_lies_on_its_side(numerator in 1_u64..1 << 40, denominator in 1_u64..1 << 40) {
            let (n, d) = (u128::from(numerator), u128::from(denominator));
            prop_assert!(holds(Bound::<true>::ratio(n, d), n, d));
            prop_assert!(holds(Bound::<false>::ratio(n, d), n, d));
        }

        #[test]
        fn sums_products_and_quotients_lie_on_their_side(
            a in 1_u64..1 << 20, b in 1_u64..1 << 20, c in 1_u64..1 << 20, d in 1_u64..1 << 20,
        ) {
            let [n, m, p, q] = [a, b, c, d].map(u128::from);
            let (sum, product) = ((n * q + p * m, m * q), (n * p, m * q));
            let (up, other) = (Bound::<true>::ratio(n, m), Bound::<true>::ratio(p, q));
            prop_assert!(holds(up.plus(other), sum.0, sum.1));
            prop_assert!(holds(up.by(other), product.0, product.1));
            prop_assert!(holds(up.times(c).over(d), product.0, product.1));
            let (down, other) = (Bound::<false>::ratio(n, m), Bound::<false>::ratio(p, q));
            prop_assert!(holds(down.plus(other), sum.0, sum.1));
            prop_assert!(holds(down.by(other), product.0, product.1));
            prop_assert!(holds(down.times(c).over(d), product.0, product.1));
        }

        #[test]
        fn whole_numbers_and_halves_are_exact(n in 1_u64..1 << 50) {
            prop_assert_eq!(Bound::<true>::ONE.times(n).ceil(), u128::from(n));
            prop_assert_eq!(Bound::<true>::ONE.times(n).over(2).ceil(), u128::from(n.div_ceil(2)));
            let exactly = Bound::<false>::ONE.times(n);
            prop_assert!(Bound::<true>::ONE.times(n).is_at_most(exactly));
            prop_assert!(!Bound::<true>::ONE.times(n + 1).is_at_most(exactly));
        }
    }

    /// Sums stay exact where they can be, and what is cut away is never lost from an upper bound.
    #[test]
    fn a_sum_is_exact_until_something_is_cut_away() {
        let (up, down) = (Bound::<true>::ONE, Bound::<false>::ONE);
        assert_eq!(up.plus(up).ceil(), 2);
        assert_eq!(up.times(5).plus(up.times(3)).ceil(), 8);
        let (mut dust, mut less) = (up, down);
        for _ in 0..4 {
            dust = dust.over(1 << 63);
            less = less.over(1 << 63);
        }
        assert_eq!((up.plus(dust).ceil(), dust.plus(up).ceil()), (2, 2));
        assert_eq!((down.plus(less).ceil(), less.plus(down).ceil()), (1, 1));
    }

    /// A mantissa of ones that is rounded up is the next power.
    #[test]
    fn what_is_rounded_over_all_ones_is_the_next_power() {
        let up = Bound::<true>::of(u128::MAX, 0, false);
        assert_eq!((up.mantissa, up.exponent), (1 << 63, 65));
        let down = Bound::<false>::of(u128::MAX, 0, false);
        assert_eq!((down.mantissa, down.exponent), (u64::MAX, 64));
    }

    #[test]
    fn a_power_is_not_below_itself() {
        for (bound, power) in [(Bound::<true>::ONE, 0), (Bound::<true>::ONE.over(4), -2)] {
            assert!(
                !bound.is_below(power) && bound.is_below(power + 1) && bound.is_below(power + 9)
            );
            assert!(!bound.is_below(power - 1));
        }
        assert!(Bound::<true>::ratio(0, 1).is_below(-1_000));
    }

    #[test]
    fn the_next_whole_number_is_found_up_to_128_bits() {
        for power in [0, 1, 62, 63, 64, 65, 100, 126, 127] {
            assert_eq!(
                Bound::<true>::of(1 << power, 0, false).ceil(),
                1 << power,
                "{power}"
            );
        }
        assert_eq!(Bound::<true>::of(1 << 127, 1, false).ceil(), u128::MAX);
        assert_eq!(Bound::<true>::ratio(7, 2).ceil(), 4);
    }
}
