//! A database that has a store's tables and nothing in them.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Store;
use crate::tool;

/// Creates a database below `folder`, applies the store's migrations, and answers its address.
pub(super) fn create(store: &Store, folder: &Path) -> Result<String> {
    let url = format!("sqlite://{}", folder.join("store.db").display());
    let migrator = build_migrator()?;
    tool::run(&mut tool::program(&migrator, &[&url, store.migrations]))?;
    Ok(url)
}

/// Builds `sqlx-migrate` and answers where it is.
///
/// It is an example with the whole workspace selected, so that the driver gets the features it has
/// in the tests, those of development dependencies included, and is compiled once for both.
fn build_migrator() -> Result<String> {
    let arguments = [
        "build",
        "--workspace",
        "--all-features",
        "--locked",
        "--example=sqlx-migrate",
        "--message-format=json-render-diagnostics",
    ];
    let messages = tool::capture(&mut tool::cargo(&arguments))?;
    messages
        .lines()
        .find_map(executable)
        .context("cargo does not say where it put sqlx-migrate")
}

/// The program's path, when this message of cargo's is about it.
fn executable(message: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    (message.pointer("/target/name")? == "sqlx-migrate")
        .then(|| {
            message
                .get("executable")?
                .as_str()
                .map(str::to_owned)
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrator_is_found_among_the_messages_of_cargo() {
        let other = r#"{"target":{"name":"sqlx"},"executable":null}"#;
        let ours =
            r#"{"target":{"name":"sqlx-migrate"},"executable":"/t/debug/examples/sqlx-migrate"}"#;
        assert_eq!(executable(other), None);
        assert_eq!(
            executable(ours).as_deref(),
            Some("/t/debug/examples/sqlx-migrate")
        );
        assert_eq!(executable("not a message"), None);
    }
}
