//! The laws of [`Catalog`](sre_core::store::Catalog).

mod definitions;
mod lists;
mod updates;

pub use definitions::*;
pub use lists::*;
pub use updates::*;
