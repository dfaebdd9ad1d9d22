//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.

pub mod alert;
pub mod budget;
pub mod count;
pub mod counter;
pub mod decide;
mod decimal;
pub mod evaluate;
pub mod evaluation;
pub mod hour;
pub mod ledger;
pub mod monitor;
pub mod name;
pub mod notification;
pub mod policy;
pub mod recorder;
pub mod sample;
pub mod schedule;
pub mod slice;
pub mod slo;
pub mod source;
pub mod store;
pub mod target;
pub mod time;
