//! SLOs, error budgets, burn rates and alert decisions: pure, exact, without a clock.
