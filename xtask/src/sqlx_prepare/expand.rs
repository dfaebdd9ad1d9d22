//! Lets sqlx's macros look at every statement of a store again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Store;
use crate::{clock, say, tool};

/// How often another cargo may come between the touch and our compilation.
const ATTEMPTS_MAX: u32 = 5;

/// Checks the store's crate and its tests against the database at `url`; the macros write what
/// they learn into `folder`.
pub(super) fn into(store: &Store, url: &str, folder: &Path) -> Result<()> {
    let source = tool::root()
        .join(store.package)
        .join("src/lib.rs");
    for _ in 0..ATTEMPTS_MAX {
        touch(&source)?;
        if was_compiled(&check(store, url, folder)?, &source) {
            return Ok(());
        }
        say::line("another cargo compiled the crate in between: once more")?;
    }
    bail!(
        "{} is always compiled by another cargo: wait for it to end",
        store.package
    );
}

/// Cargo does not know that the macros look at a database: only a newer file makes it compile.
fn touch(source: &PathBuf) -> Result<()> {
    File::options()
        .append(true)
        .open(source)
        .and_then(|file| file.set_modified(clock::now()))
        .with_context(|| format!("touching {}", source.display()))
}

/// Answers the messages of cargo; its diagnostics are shown as ever.
fn check(store: &Store, url: &str, folder: &Path) -> Result<String> {
    let arguments = [
        "check",
        "--locked",
        "--all-targets",
        "--all-features",
        "-p",
        store.package,
    ];
    let mut command = tool::cargo(&arguments);
    command
        .arg("--message-format=json-render-diagnostics")
        .env(store.url_variable, url)
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", folder);
    say::line(&format!("$ {}", tool::shown(&command)))?;
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    if !output.status.success() {
        bail!("{} does not compile against its migrations", store.package);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether every target with this source was compiled now, instead of found compiled.
fn was_compiled(messages: &str, source: &Path) -> bool {
    let fresh: Vec<_> = messages
        .lines()
        .filter_map(|message| serde_json::from_str::<Value>(message).ok())
        .filter(|message| {
            let path = message.pointer("/target/src_path");
            path.and_then(Value::as_str)
                .map(Path::new)
                == Some(source)
        })
        .filter_map(|message| message.get("fresh")?.as_bool())
        .collect();
    !fresh.is_empty() && !fresh.contains(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "/w/store/src/lib.rs";

    fn message(source: &str, fresh: bool) -> String {
        format!("{{\"target\":{{\"src_path\":\"{source}\"}},\"fresh\":{fresh}}}\n")
    }

    #[test]
    fn the_crate_was_compiled_when_none_of_its_targets_was_found_compiled() {
        let ours = Path::new(OURS);
        let dependency = message("/elsewhere/src/lib.rs", true);
        assert!(was_compiled(
            &format!("{dependency}{}", message(OURS, false)),
            ours
        ));
        let mixed = format!("{}{}", message(OURS, false), message(OURS, true));
        assert!(!was_compiled(&mixed, ours));
        assert!(!was_compiled(&dependency, ours));
        assert!(!was_compiled("", ours));
    }
}
