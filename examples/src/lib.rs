//! Programs a user would want, each a file of `examples/`:
//!
//! | program | shows |
//! | --- | --- |
//! | `plain_service` | one SLO counted and judged in a program, with `sre-core` alone |
//! | `hyper_service` | a hyper service whose requests a layer counts |
//! | `in_process` | the whole engine in a program: a store, burn rules, pages to a receiver of one's own |
//! | `journal_store` | a store of one's own, on a file, that passes the laws of storage |
//! | `simulate_policies` | a month through several burn policies, side by side |
//! | `embedded` | the parts by hand: ledger, evaluation, decisions |
//! | `verify_webhook` | a receiver of alerts that verifies signatures and tells repeats |
//!
//! ```sh
//! cargo run -p sre-examples --example plain_service
//! ```

/// Every block of code of the chapter on embedding is compiled, and run where it can be.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
pub mod embedding {}
