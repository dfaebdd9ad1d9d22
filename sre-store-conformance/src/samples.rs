//! The laws of [`Samples`](sre_core::store::Samples).

mod appended;
mod late;
mod targets;

pub use appended::*;
pub use late::*;
pub use targets::*;
