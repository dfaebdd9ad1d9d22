//! Fields of which others ask whether they are there.

use crate::http::Fields;
use crate::http::field::Field;

/// What became of an optional field. A wrong one was noted, so whoever asks for it stays silent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Given<T> {
    /// It was left out, or is `null`.
    Not,
    /// It is there and cannot be read.
    Wrong,
    /// It is there.
    There(T),
}

impl<T> Given<T> {
    /// Reads an optional field by `read`.
    pub(super) fn read<'a>(
        fields: &'a mut Fields,
        name: &str,
        read: impl FnOnce(Field<'a>) -> Option<T>,
    ) -> Self {
        let is_there = fields.is_given(name);
        match read(fields.optional(name)) {
            Some(value) => Self::There(value),
            None if is_there => Self::Wrong,
            None => Self::Not,
        }
    }

    /// The value, or `default` where the field was left out; `None` where it is wrong.
    pub(super) fn or(self, default: T) -> Option<T> {
        match self {
            Self::There(value) => Some(value),
            Self::Not => Some(default),
            Self::Wrong => None,
        }
    }

    /// The value made into another.
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::There(value) => Given::There(make(value)),
            Self::Not => Given::Not,
            Self::Wrong => Given::Wrong,
        }
    }

    /// Whether the field was left out.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Not)
    }
}
