//! Exact decimals: text in, a fraction out, never through a float.

use thiserror::Error;

/// A plain decimal, `digits / 10^scale`, with trailing zeros of the fraction removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Decimal {
    pub(crate) digits: u128,
    pub(crate) scale: u32,
}

/// Why a text is not a plain decimal.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("expected a plain decimal such as 99.9")]
pub(crate) struct ParseDecimalError;

impl Decimal {
    /// Parses digits with at most one point; no sign, exponent, comma or white space.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseDecimalError> {
        let (whole, fraction) = text
            .split_once('.')
            .unwrap_or((text, "0"));
        let is_digits = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
        };
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(ParseDecimalError);
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        // 38 digits is what a `u128` is sure to hold.
        if whole.len() + fraction.len() > 38 {
            return Err(ParseDecimalError);
        }
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_u128, |sum, byte| sum * 10 + u128::from(byte - b'0'));
        let scale = u32::try_from(fraction.len()).map_err(|_| ParseDecimalError)?;
        Ok(Self { digits, scale })
    }

    /// The decimal in `text`, counted in parts of `10^-places`; nothing where it is no whole number of
    /// them, or more than fit.
    pub(crate) fn in_parts<N: TryFrom<u128>>(text: &str, places: u32) -> Option<N> {
        let parts = Self::parse(text)
            .ok()?
            .shifted(places)?;
        N::try_from(parts).ok()
    }

    /// The value times `10^shift` when that is a whole number that fits.
    pub(crate) fn shifted(self, shift: u32) -> Option<u128> {
        let up = shift.checked_sub(self.scale)?;
        self.digits
            .checked_mul(10_u128.checked_pow(up)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_keeps_every_digit_and_drops_trailing_zeros() {
        assert_eq!(
            Decimal::parse("99.90"),
            Ok(Decimal {
                digits: 999,
                scale: 1
            })
        );
        assert_eq!(
            Decimal::parse("007"),
            Ok(Decimal {
                digits: 7,
                scale: 0
            })
        );
        assert_eq!(
            Decimal::parse("0.000001"),
            Ok(Decimal {
                digits: 1,
                scale: 6
            })
        );
    }

    #[test]
    fn signs_exponents_commas_and_words_are_no_decimals() {
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "1e2", "99,9", "NaN", "inf", " 1", "1.2.3",
        ] {
            assert_eq!(Decimal::parse(text), Err(ParseDecimalError), "{text}");
        }
        assert_eq!(Decimal::parse(&"9".repeat(39)), Err(ParseDecimalError));
    }

    #[test]
    fn shifting_gives_a_whole_number_or_nothing() {
        let decimal = Decimal::parse("14.4").expect("a decimal");
        assert_eq!(decimal.shifted(1), Some(144));
        assert_eq!(decimal.shifted(0), None);
        assert_eq!(Decimal::in_parts("14.4", 2), Some(1_440_u32));
        for refused in ["14.444", "429496729.6", "x"] {
            assert_eq!(Decimal::in_parts::<u32>(refused, 2), None, "{refused}");
        }
    }
}
