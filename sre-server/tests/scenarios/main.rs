//! What users of alerts compare services by: the same faults, ours beside Prometheus with the rules
//! that Sloth writes and an Alertmanager, each at its defaults. `docs/scenarios.md` says how it is
//! measured and holds the table.
//!
//! Time is an argument of ours and of Prometheus, so no test waits for a fault to last: what a day of
//! scrapes would have read is written into a real Prometheus at once, and the engine is led through it
//! slot by slot. Only the Alertmanager reads a clock of its own; what it is fed, and its times, are
//! scaled ([`with_alertmanager::alertmanager::SCALE`]).
//!
//! The table is printed, and is written into the document where `SCENARIOS_WRITE` is set:
//!
//! ```text
//! SCENARIOS_WRITE=docs/scenarios.md cargo nextest run --workspace --all-features -E 'binary(scenarios)'
//! ```

mod given;
mod readings;
mod scenario;
mod with_alertmanager;
