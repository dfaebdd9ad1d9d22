//! Who is told where a destination does not take what it is owed.

use crate::name::DestinationId;
use crate::time::Span;

/// The destinations that are told in place of another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fallback {
    /// In place of whom.
    pub of: DestinationId,
    /// Who is told: all of them. What falls back once does not fall back again, so there are no loops.
    pub to: Vec<DestinationId>,
    /// The tries beyond the first before they are told, where those end sooner than [`SLOW`].
    pub quick_retries: u32,
}

impl Fallback {
    /// One for each destination that has any, in the order in which they are first named: where several
    /// are named for one, all of theirs are told. Nobody is told in place of themselves.
    ///
    /// ```
    /// use sre_core::notification::{Destination, Fallback};
    ///
    /// let [mail, chat, phone] = ["mail", "chat", "phone"].map(|name| Destination::id("webhook", name));
    /// let to = |to: &[_]| Fallback { of: mail, to: to.to_vec(), quick_retries: 3 };
    /// let merged = Fallback::merged([to(&[mail, chat]), to(&[phone, chat]), to(&[mail])]);
    /// assert_eq!(merged, [to(&[chat, phone])]);
    /// assert_eq!(Fallback::merged([to(&[mail])]), []);
    /// ```
    #[must_use]
    pub fn merged(fallbacks: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for mut fallback in fallbacks {
            let (of, to) = (fallback.of, std::mem::take(&mut fallback.to));
            let known = merged
                .iter()
                .position(|known| known.of == of);
            let place = known.unwrap_or(merged.len());
            if known.is_none() {
                merged.push(fallback);
            }
            if let Some(all) = merged.get_mut(place) {
                for other in to {
                    if other != of && !all.to.contains(&other) {
                        all.to.push(other);
                    }
                }
            }
        }
        merged.retain(|fallback| !fallback.to.is_empty());
        merged
    }
}

/// A message that has not arrived so long after it was frozen has another way to go as well.
pub const SLOW: Span = Span::minutes(1);

/// The type of the alert that a destination does not take what it is owed.
pub const DESTINATION_BROKEN: &str = "destination_broken";

/// The label of such an alert that holds the id of the destination: what people call it may be another
/// thing than what its id is made of, such as an address.
pub(crate) const DESTINATION_ID: &str = "destination_id";

/// What a destination did with a message, for people: `reason` is that of a dead message, or of a
/// stopped lane; none where it is still tried.
pub(crate) fn did_not_take(name: &str, reason: Option<&str>) -> String {
    let did = match reason {
        Some("unauthorized") => "refused the credentials",
        Some("gone") => "is gone",
        Some("refused") => "refused the message",
        Some("redirected") => "points elsewhere",
        Some("expired") => "did not take the message while it was of use",
        Some("unknown") => "may not have got the message",
        Some("destination_removed") => "is not configured any more",
        _ => "has not taken the message",
    };
    format!("{name} {did}")
}
