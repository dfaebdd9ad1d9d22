//! The file of tokens is read again and again, so that a token is taken back without a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sre_core::time::Clock;

use super::{Admission, TokenSet};
use crate::config::Settings;
use crate::lifecycle::Stop;

/// How soon a token that is taken out of the file is refused. The file is a few kilobytes, and
/// reading it whole sees what a change of its time does not, such as the swap of a mounted secret.
pub const READ_EVERY: Duration = Duration::from_secs(2);

/// Reads the file until it is time to stop. A file that is broken, empty or gone changes nothing and
/// is logged once: a slip in an editor must lock nobody out, and let nobody in.
pub async fn watch(
    path: PathBuf,
    settings: impl Settings,
    admission: Arc<Admission>,
    clock: Arc<dyn Clock>,
    stop: Stop,
) {
    let mut seen = None;
    loop {
        let text = read(&settings, &path);
        if seen.as_ref() != Some(&text) {
            take(&text, &path, &admission, clock.now());
            seen = Some(text);
        }
        tokio::select! {
            () = stop.requested() => return,
            () = tokio::time::sleep(READ_EVERY) => {}
        }
    }
}

fn take(text: &Result<String, String>, path: &Path, admission: &Admission, now: DateTime<Utc>) {
    match text
        .as_deref()
        .map_err(Clone::clone)
        .and_then(parse)
    {
        Ok(tokens) => {
            tracing::info!(
                tokens = tokens.len(),
                expired = tokens.expired(now).count(),
                path = %path.display(),
                "the file of tokens was read"
            );
            admission.replace(tokens);
        }
        Err(why) => tracing::error!(
            path = %path.display(),
            why,
            "the file of tokens cannot be used; those that were read before still hold"
        ),
    }
}

fn read(settings: &impl Settings, path: &Path) -> Result<String, String> {
    settings
        .read_file(path)
        .map_err(|error| format!("the file cannot be read: {error}"))
}

fn parse(text: &str) -> Result<TokenSet, String> {
    text.parse()
        .map_err(|faults: super::TokenFaults| faults.to_string())
}
