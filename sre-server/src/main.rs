//! The SRE Monitor service: configuration, HTTP, workers.

fn main() {}
