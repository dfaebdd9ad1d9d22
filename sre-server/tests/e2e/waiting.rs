//! Time, as tests see it: the clock of the machine, deadlines, and figures worth printing.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};

/// The time by the clock that the service and Prometheus read, too.
#[expect(
    clippy::disallowed_methods,
    reason = "other processes are compared by the real clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// When `within` has passed without one.
pub(crate) async fn eventually<T, F>(what: &str, within: Duration, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        sleep(BETWEEN_QUESTIONS.min(within / 50)).await;
    }
}

/// The seconds from one instant to another.
pub(crate) fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).as_seconds_f64()
}

/// Prints a figure of this run.
pub(crate) fn say(text: &str) {
    // A closed output is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Short beside everything that is waited for.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(200);
