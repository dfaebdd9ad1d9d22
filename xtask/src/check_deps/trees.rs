//! Rules over what `cargo tree` says that a package is built from.

use anyhow::{Result, ensure};

use super::{CONFORMANCE, Finding};
use crate::tool;

/// What the core must never be built from, by the beginning of the name: runtimes, sockets,
/// drivers, clients, servers, randomness, and formats of the outside.
const IMPURE: [&str; 20] = [
    "async-std",
    "criterion",
    "getrandom",
    "hyper",
    "lettre",
    "libsqlite3-sys",
    "mio",
    "openssl",
    "proptest",
    "rand",
    "reqwest",
    "ring",
    "rustls",
    "serde_json",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tower",
    "tracing-subscriber",
];

/// What a program that embeds the core must not get unless it asks for it: the feature `serde`.
const OPTIONAL: [&str; 2] = ["serde", "serde_json"];

/// The core does no I/O, spawns nothing and draws no random numbers: nothing in its tree can,
/// whatever is asked of it.
pub(super) fn the_core_is_pure() -> Result<Finding> {
    let tree = tree_with("sre-core", &["--all-features"])?;
    Ok(Finding {
        rule: "the core is pure",
        looked_at: format!(
            "{} packages of sre-core, none of {}",
            tree.len(),
            IMPURE.join(", ")
        ),
        faults: built_from(&tree, &IMPURE),
    })
}

/// Without its features the core writes and reads nothing, and is not built from what would.
pub(super) fn the_core_alone_has_no_format() -> Result<Finding> {
    let tree = tree_with("sre-core", &["--no-default-features"])?;
    Ok(Finding {
        rule: "the core alone has no format",
        looked_at: format!(
            "{} packages of sre-core without features, none of {}",
            tree.len(),
            OPTIONAL.join(", ")
        ),
        faults: built_from(&tree, &OPTIONAL),
    })
}

/// Adapters know the core, and neither each other nor the server.
pub(super) fn adapters_know_the_core_alone(adapters: &[&str]) -> Result<Finding> {
    let mut faults = Vec::new();
    for adapter in adapters {
        faults.extend(strangers(adapter, &tree(adapter)?, adapters));
    }
    Ok(Finding {
        rule: "adapters know the core alone",
        looked_at: format!("the trees of {}", adapters.join(", ")),
        faults,
    })
}

/// The laws of storage are stated without any adapter but the model, so that a third party can run
/// them.
pub(super) fn the_laws_know_the_model_alone(adapters: &[&str]) -> Result<Finding> {
    let tree = tree(CONFORMANCE)?;
    Ok(Finding {
        rule: "the laws know no adapter but their model",
        looked_at: format!("{} packages of {CONFORMANCE}", tree.len()),
        faults: strangers(CONFORMANCE, &tree, adapters),
    })
}

/// The names of the packages that `package` is built from, itself among them.
fn tree(package: &str) -> Result<Vec<String>> {
    tree_with(package, &[])
}

fn tree_with(package: &str, features: &[&str]) -> Result<Vec<String>> {
    let arguments = [
        "tree", "--locked", "-p", package, "-e", "normal", "--prefix", "none",
    ];
    let tree = names(&tool::capture(tool::cargo(&arguments).args(features))?);
    // An empty answer would satisfy every rule.
    ensure!(
        tree.iter().any(|name| name == package),
        "cargo tree -p {package} lacks {package}"
    );
    Ok(tree)
}

/// The first word of each line, each once.
fn names(output: &str) -> Vec<String> {
    let mut names: Vec<_> = output
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn built_from(tree: &[String], families: &[&str]) -> Vec<String> {
    tree.iter()
        .filter(|name| {
            families
                .iter()
                .any(|family| is_of(name, family))
        })
        .map(|name| format!("sre-core is built from {name}"))
        .collect()
}

/// Whether `name` is the package `family` or one of its parts, as `sqlx-core` is of `sqlx`.
fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn strangers(package: &str, tree: &[String], adapters: &[&str]) -> Vec<String> {
    tree.iter()
        .filter(|name| *name != package)
        .filter(|name| *name == "sre-server" || adapters.contains(&name.as_str()))
        .map(|name| format!("{package} is built from {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADAPTERS: [&str; 2] = ["sre-collect", "sre-notify"];

    fn of(names: &[&str]) -> Vec<String> {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect()
    }

    #[test]
    fn names_are_read_from_a_tree_without_versions_paths_and_repetitions() {
        let output =
            "sre-core v0.1.0 (/somewhere)\nchrono v0.4.41\nserde v1.0.2 (*)\nserde v1.0.2\n";
        assert_eq!(names(output), ["chrono", "serde", "sre-core"]);
    }

    #[test]
    fn a_driver_in_the_core_is_a_fault_and_a_namesake_is_not() {
        let tree = of(&[
            "sre-core",
            "chrono",
            "sqlx-core",
            "tokio",
            "randomize",
            "mio",
        ]);
        let faults = built_from(&tree, &IMPURE);
        assert_eq!(faults.len(), 3, "{faults:?}");
        let pure = of(&["sre-core", "chrono", "thiserror-impl"]);
        assert!(built_from(&pure, &IMPURE).is_empty());
    }

    #[test]
    fn serde_and_each_of_its_parts_are_found_in_a_tree() {
        let faults = built_from(&of(&["sre-core", "serde_core", "serde"]), &OPTIONAL);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn an_adapter_that_knows_another_or_the_server_is_a_fault() {
        let tree = of(&["sre-collect", "sre-core", "sre-notify", "sre-server"]);
        let faults = strangers("sre-collect", &tree, &ADAPTERS);
        assert_eq!(
            faults,
            [
                "sre-collect is built from sre-notify",
                "sre-collect is built from sre-server"
            ]
        );
    }

    #[test]
    fn an_adapter_may_know_the_core() {
        let tree = of(&["sre-collect", "sre-core", "reqwest"]);
        assert!(strangers("sre-collect", &tree, &ADAPTERS).is_empty());
    }
}
