//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.

pub mod count;
mod decimal;
pub mod target;
pub mod time;
