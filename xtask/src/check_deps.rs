//! `cargo xtask check-deps`: the direction of dependencies, proved.
//!
//! Two kinds of rules: over the trees of dependencies that cargo resolves ([`trees`]), and over
//! the text of the sources ([`sources`]). Each rule says what it looked at, so that a rule that
//! found nothing to look at is seen.

mod sources;
mod trees;

use std::process::ExitCode;

use anyhow::Result;

use crate::{files, say};

/// Packages that implement a port, beside the stores.
const CHANNELS_AND_SOURCES: [&str; 2] = ["sre-collect", "sre-notify"];

/// Not an adapter, though its name begins like that of one.
const CONFORMANCE: &str = "sre-store-conformance";

/// The one store without a database, and the model that the laws of storage compare others with.
const MODEL: &str = "sre-store-memory";

/// For programs that embed the core; the service counts its own requests where it logs them.
const LAYER: &str = "sre-tower";

/// What a rule looked at, and what it found wrong.
#[derive(Debug)]
struct Finding {
    rule: &'static str,
    looked_at: String,
    faults: Vec<String>,
}

/// Checks every rule and says what each looked at.
pub(crate) fn run() -> Result<ExitCode> {
    let stores = stores(&files::folders_at_root("sre-store-")?);
    let outside: Vec<_> = CHANNELS_AND_SOURCES
        .into_iter()
        .chain(stores.iter().map(String::as_str))
        .collect();
    let adapters = [&outside[..], &[MODEL, LAYER]].concat();

    let findings = [
        trees::the_core_is_pure()?,
        trees::the_core_alone_has_no_format()?,
        trees::adapters_know_the_core_alone(&adapters)?,
        trees::the_laws_know_the_model_alone(&outside)?,
        sources::only_the_app_names_adapters(&adapters)?,
        sources::only_stores_speak_sql(&stores)?,
        sources::sql_never_reads_a_clock(&stores)?,
    ];
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        let verdict = if finding.faults.is_empty() {
            "ok  "
        } else {
            "FAIL"
        };
        say::line(&format!(
            "{verdict} {}: {}",
            finding.rule, finding.looked_at
        ))?;
        for fault in &finding.faults {
            say::line(&format!("     {fault}"))?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// The stores with a database among the folders whose name begins with `sre-store-`.
fn stores(folders: &[String]) -> Vec<String> {
    folders
        .iter()
        .filter(|folder| ![CONFORMANCE, MODEL].contains(&folder.as_str()))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_laws_nor_their_model_have_a_database() {
        let folders = [CONFORMANCE, MODEL, "sre-store-sqlite"].map(str::to_owned);
        assert_eq!(stores(&folders), ["sre-store-sqlite"]);
    }
}
