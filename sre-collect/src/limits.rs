//! How much is asked and read at most, each with its reason.
//!
//! A source is not trusted with this process' memory: whatever it answers, a question costs at most
//! [`BODY_MAX_BYTES`] for each query in flight, and a few times that while it is decoded.

use std::time::Duration;

use chrono::TimeDelta;

/// The most bytes of one answer: 50,000 samples are about 1.5 MiB, labels of 1,000 series less than
/// 1 MiB, so a legal answer never comes near.
pub const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// The most bytes read of an answer that is not a success: enough for its reason.
pub const ERROR_BODY_MAX_BYTES: usize = 64 * 1024;

/// The most bytes read of what a probed service answers; the rest is never asked for.
pub const PROBE_BODY_MAX_BYTES: usize = 64 * 1024;

/// The most samples of one answer; more are aggregated by the source.
pub const SAMPLES_MAX: usize = 50_000;

/// The most series of one answer; more are aggregated by the source.
pub const SERIES_MAX: usize = 1_000;

/// The most characters of a selector.
pub const SELECTOR_MAX_BYTES: usize = 4 * 1024;

/// The most bytes of an expression that somebody wrote: as much as a selector.
pub const EXPRESSION_MAX_BYTES: usize = SELECTOR_MAX_BYTES;

/// The most services that are discovered: each is asked for once a minute.
pub const SERVICES_MAX: usize = 1_000;

/// The most targets that a query for `up` names, so that its text stays short; with more, their
/// jobs are named.
pub const TARGETS_NAMED_MAX: usize = 50;

/// The most characters of a source's own words that are passed on.
pub const WORDS_MAX_CHARS: usize = 300;

/// The most warnings of one answer that are passed on.
pub const WARNINGS_MAX: usize = 8;

/// How long to wait for a connection: a peer that is there answers within a round trip, and a second
/// and third try of the handshake fit.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a query may take unless configured otherwise; ten times the slowest that a healthy
/// backend takes for an hour of raw samples.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept: shorter than what servers and proxies in between keep
/// theirs, so that no query is written to a connection that has just been closed.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Queries in flight at once, unless configured otherwise: each may hold an answer of
/// [`BODY_MAX_BYTES`], and a backend evaluates 20 at once by default.
pub const IN_FLIGHT_DEFAULT: usize = 8;

/// The longest stretch of slices in one query.
pub const STEP_MAX: TimeDelta = TimeDelta::hours(1);

/// The shortest stretch that an overlong answer is halved down to before the source is asked to
/// aggregate; the look-back is as long, so halving further would save little.
pub const STEP_MIN: TimeDelta = TimeDelta::minutes(5);

/// How far before the last measured slice samples are fetched at first: five scrapes of the usual
/// interval, and as long as the backend itself looks back.
pub const FIRST_LOOK: TimeDelta = TimeDelta::minutes(5);

/// The shortest stretch of the second look that is still halved.
pub const LOOK_MIN: TimeDelta = TimeDelta::minutes(1);

/// How many scrapes the source's own estimate of an increase spans at least: with fewer it
/// extrapolates from next to nothing.
pub const ESTIMATE_SCRAPES: u32 = 4;
