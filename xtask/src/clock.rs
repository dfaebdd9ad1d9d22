//! The only clock of these commands: how long a leg took, and when a file was touched.

use std::time::SystemTime;

/// The present, as the file system counts it.
#[expect(
    clippy::disallowed_methods,
    reason = "a development command decides nothing by the time"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// How long `what` took since `start`, as a line for the log.
pub(crate) fn took(what: &str, start: SystemTime) -> String {
    // Nothing, when the clock was set back in between.
    let took = now()
        .duration_since(start)
        .unwrap_or_default();
    format!("--- {what} took {:.1} s", took.as_secs_f64())
}
