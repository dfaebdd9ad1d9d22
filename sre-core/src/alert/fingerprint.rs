//! The name that Alertmanager has for a set of labels.

use std::collections::BTreeMap;
use std::fmt;

/// FNV-1a of 64 bits over the labels in the order of their names, each as `name 0xFF value 0xFF`:
/// what Prometheus, Alertmanager and all that speak with them show for a set of labels.
///
/// ```
/// use sre_core::alert::Fingerprint;
///
/// let labels = [("alertname", "HighBurn"), ("service", "checkout"), ("severity", "critical")]
///     .map(|(name, value)| (name.to_owned(), value.to_owned()))
///     .into();
/// assert_eq!(Fingerprint::of(&labels).to_string(), "4051cf239955e8ae");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of these labels.
    #[must_use]
    pub fn of(labels: &BTreeMap<String, String>) -> Self {
        let hash = labels
            .iter()
            .flat_map(|(name, value)| [name, value])
            .flat_map(|text| text.bytes().chain([END]))
            .fold(OFFSET_BASIS, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(PRIME)
            });
        Self(hash)
    }
}

/// As Alertmanager writes it: 16 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What no text of UTF-8 holds.
const END: u8 = 0xFF;
/// Both of FNV-1a, 64 bits.
const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn no_labels_are_the_basis_and_a_border_moves_the_sum() {
        assert_eq!(
            Fingerprint::of(&BTreeMap::new()).to_string(),
            "cbf29ce484222325"
        );
        assert_ne!(
            Fingerprint::of(&labels(&[("a", "bc")])),
            Fingerprint::of(&labels(&[("ab", "c")]))
        );
    }
}
