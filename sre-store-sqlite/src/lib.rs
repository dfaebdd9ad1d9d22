//! The embedded store of SRE Monitor.
