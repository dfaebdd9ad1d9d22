//! Laws of this store alone.
