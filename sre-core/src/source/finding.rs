//! What is found of a query when somebody writes it.

/// Something worth telling the author of a query.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// Which part of the query it concerns.
    pub place: Place,
    /// What is the matter with it, and what would be right.
    pub detail: String,
    /// Whether the query is refused for it.
    pub is_fault: bool,
}

/// A part of a query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// What counts good or bad events.
    Part,
    /// What counts all events.
    Total,
    /// The name of a histogram.
    Histogram,
    /// Which of its series.
    Selector,
    /// The longest time that is good.
    Threshold,
    /// The expression whose values hold a line.
    Query,
}

impl Finding {
    /// Something that makes the query useless.
    pub fn fault(place: Place, detail: impl Into<String>) -> Self {
        Self {
            place,
            detail: detail.into(),
            is_fault: true,
        }
    }

    /// Something that may be meant, or may come right by itself.
    pub fn warning(place: Place, detail: impl Into<String>) -> Self {
        Self {
            is_fault: false,
            ..Self::fault(place, detail)
        }
    }
}
