//! Shares in thousandths.

use std::str::FromStr;

use thiserror::Error;

/// A share between 0 and 1 in thousandths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Permille(pub(super) u16);

/// Why a text is not a share in thousandths.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be a share between 0 and 1 with at most 3 decimals, such as 0.8")]
pub(super) struct PermilleError;

impl FromStr for Permille {
    type Err = PermilleError;

    fn from_str(text: &str) -> Result<Self, PermilleError> {
        let (whole, fraction) = text
            .split_once('.')
            .unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        if whole.len() != 1 || fraction.len() > 3 {
            return Err(PermilleError);
        }
        let digits = format!("{whole}{fraction:0<3}");
        let is_plain = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        let permille = digits
            .parse()
            .map_err(|_| PermilleError)?;
        if is_plain && permille <= 1_000 {
            Ok(Self(permille))
        } else {
            Err(PermilleError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_three_decimals_and_lies_between_nothing_and_everything() {
        for (text, permille) in [
            ("0", 0),
            ("0.8", 800),
            ("0.805", 805),
            ("1", 1_000),
            ("1.0", 1_000),
        ] {
            assert_eq!(text.parse(), Ok(Permille(permille)), "{text}");
        }
        for text in ["", "1.001", "2", "-1", "0.0005", "+0", "0.+5", "é"] {
            assert_eq!(text.parse::<Permille>(), Err(PermilleError), "{text}");
        }
    }
}
