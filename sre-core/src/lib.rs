//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.

pub mod count;
pub mod hour;
pub mod name;
pub mod slice;
pub mod source;
mod decimal;
pub mod target;
pub mod time;
