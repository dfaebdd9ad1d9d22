//! The SRE Monitor service: configuration, HTTP, workers.
