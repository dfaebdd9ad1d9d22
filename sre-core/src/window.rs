//! How long an SLO looks back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// How long an SLO looks back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Window {
    /// The last so long, at every instant.
    Rolling(Span),
}

impl Window {
    /// The longest window, 400 days: what hour sums are kept for.
    pub const MAX: Span = Span::days(400);

    /// The length; nominal for a calendar window.
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::Rolling(span) => span,
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.span(), f)
    }
}
