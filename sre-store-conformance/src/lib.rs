//! The laws of storage as named tests, and the in-memory reference store.
