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

/// A message that has not arrived so long after it was frozen has another way to go as well.
pub const SLOW: Span = Span::minutes(1);

/// The type of the alert that a destination does not take what it is owed.
pub const DESTINATION_BROKEN: &str = "destination_broken";

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
