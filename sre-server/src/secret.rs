//! Values that must not be seen in logs, faults or answers.

use std::fmt;

/// A value whose `Debug` is `***`, and that has no `Display`.
///
/// ```
/// use sre_server::secret::Secret;
///
/// let key = Secret::new("whsec_c2VjcmV0".to_owned());
/// assert_eq!(format!("{key:?}"), "***");
/// assert_eq!(key.expose(), "whsec_c2VjcmV0");
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Takes `value` out of sight.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that uses it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";
