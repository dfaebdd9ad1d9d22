//! The laws of [`Services`](sre_core::store::Services).

mod declarations;
mod lists;
mod named;

pub use declarations::*;
pub use lists::*;
pub use named::*;
