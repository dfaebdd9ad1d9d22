//! `sre-monitor doctor`: looks at everything that the service leans on, before it has to hold.
//!
//! A page that does not go out is found out on the night it was needed. So each thing that can be
//! tried without doing harm is tried: the store is looked at and not opened, sources are asked a
//! question that costs nothing, channels are connected to and sent nothing. Each finding says what
//! was seen and, where it is not well, what to do. No finding holds a secret: of an address it
//! shows the host.

mod clock;
mod listen;
mod reach;
mod render;
mod smtp;
mod source;
mod space;
mod tokens;

use std::time::Duration;

use serde::Serialize;

use crate::config::{Faults, Warning};

pub use self::clock::clock;
pub use self::listen::listen;
pub use self::reach::{Place, reach};
pub use self::render::write;
pub use self::smtp::{Mail, greet};
pub use self::source::prometheus;
pub use self::space::directory;
pub use self::tokens::tokens;

/// How long one thing may take: longer than what works ever does.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How something is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Ok,
    /// It holds, and somebody should know.
    Warning,
    /// It does not.
    Fault,
}

/// What was found out about one thing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Which thing: `store`, `channel webhook`.
    pub check: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do, where something is to be done.
    pub advice: Option<String>,
}

impl Finding {
    /// It holds.
    pub fn ok(check: &str, seen: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            verdict: Verdict::Ok,
            seen: seen.into(),
            advice: None,
        }
    }

    /// It holds, and somebody should know.
    pub fn warning(check: &str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            advice: Some(advice.into()),
            ..Self::ok(check, seen)
        }
    }

    /// It does not hold.
    pub fn fault(check: &str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fault,
            ..Self::warning(check, seen, advice)
        }
    }
}

/// Settings that cannot be used, a finding each.
pub fn faults(faults: &Faults) -> Vec<Finding> {
    let mut findings: Vec<Finding> = faults
        .iter()
        .map(|fault| {
            let seen = match &fault.text {
                Some(text) => format!("{}=\"{}\"", fault.name, text.escape_debug()),
                None => format!("{} is unset", fault.name),
            };
            Finding::fault("settings", seen, fault.cause.clone())
        })
        .collect();
    findings.extend(warnings(faults.warnings()));
    findings
}

/// Settings that are odd, a finding each; one for all when none is.
pub fn warnings(warnings: &[Warning]) -> Vec<Finding> {
    warnings
        .iter()
        .map(|warning| Finding {
            advice: None,
            ..Finding::warning("settings", warning.to_string(), "")
        })
        .collect()
}

/// The gravest of them.
pub fn gravest(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.verdict)
        .max()
        .unwrap_or(Verdict::Ok)
}
