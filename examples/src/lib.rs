//! Programs a user would want, each a file of `examples/`:
//!
//! | program | shows |
//! | --- | --- |
//! | `embedded` | SLOs inside a program of your own, with `sre-core` alone |
//! | `verify_webhook` | a receiver of alerts that verifies signatures and tells repeats |
//!
//! ```sh
//! cargo run -p sre-examples --example embedded
//! ```
