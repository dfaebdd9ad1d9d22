//! Benchmarks, each beside its floor: what the machine itself takes for the same work, measured in
//! the same process, so that a ratio means something on any machine.
//!
//! `cargo bench -p sre-benches` measures; `cargo test -p sre-benches --benches` only runs each once.
//! `cargo xtask perf core` compares with the goals.

pub mod fixture;
pub mod measure;
