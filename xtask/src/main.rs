//! Development commands: cargo xtask test, check-deps, ci.

fn main() {}
