//! Programs a user would want.
