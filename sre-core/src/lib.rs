//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.

pub mod count;
pub mod hour;
pub mod name;
pub mod policy;
pub mod sample;
pub mod schedule;
pub mod slice;
pub mod slo;
pub mod source;
mod decimal;
pub mod target;
pub mod time;
