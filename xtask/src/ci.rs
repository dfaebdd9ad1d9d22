//! `cargo xtask ci [leg…]`: what CI asks, each leg a command that a person can run.
//!
//! The order lets later legs use what earlier ones compiled: `clippy`, `docs` and `sqlx-prepare`
//! need only metadata of dependencies, `bench` and `test` their code.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::{check_deps, clock, deploy, files, say, sqlx_prepare, test, tool};

/// A question that CI asks of the tree.
struct Leg {
    name: &'static str,
    run: fn() -> Result<ExitCode>,
}

const LEGS: &[Leg] = &[
    Leg {
        name: "fmt",
        run: fmt,
    },
    Leg {
        name: "check-deps",
        run: check_deps::run,
    },
    Leg {
        name: "deny",
        run: deny,
    },
    Leg {
        name: "clippy",
        run: clippy,
    },
    Leg {
        name: "features",
        run: features,
    },
    Leg {
        name: "docs",
        run: docs,
    },
    Leg {
        name: "sqlx-prepare",
        run: || sqlx_prepare::run(sqlx_prepare::Mode::Check),
    },
    Leg {
        name: "deploy",
        run: deploy::run,
    },
    Leg {
        name: "bench",
        run: bench,
    },
    // Last, so that the output of a whole run closes with its summary line.
    Leg {
        name: "test",
        run: test::run,
    },
];

/// Runs the named legs, or all, until one fails.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode> {
    for leg in chosen(names)? {
        say::heading(leg.name)?;
        let start = clock::now();
        let code = (leg.run)().with_context(|| format!("leg `{}`", leg.name))?;
        // The tests say so themselves, before their summary, which stays the last line.
        if leg.name != "test" {
            say::line(&clock::took(leg.name, start))?;
        }
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Leg>> {
    if names.is_empty() {
        return Ok(LEGS.iter().collect());
    }
    names
        .iter()
        .map(|name| named(name))
        .collect()
}

fn named(name: &str) -> Result<&'static Leg> {
    let Some(leg) = LEGS.iter().find(|leg| leg.name == name) else {
        let known: Vec<_> = LEGS
            .iter()
            .map(|leg| leg.name)
            .collect();
        bail!("no leg is called `{name}`; there are {}", known.join(", "));
    };
    Ok(leg)
}

fn fmt() -> Result<ExitCode> {
    cargo(&["fmt", "--all", "--", "--check"])
}

fn clippy() -> Result<ExitCode> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
    ];
    cargo(&[&arguments[..], &["--", "-D", "warnings"]].concat())
}

/// The core without its features, and without those that other members would turn on: without a
/// lint, and with its tests passing. All other legs have them all, and `test` asks each law of
/// enough random cases, so a few do here but for two that count their own.
fn features() -> Result<ExitCode> {
    let core = ["-p", "sre-core", "--no-default-features", "--locked"];
    let clippy = [
        &["clippy"],
        &core[..],
        &["--all-targets", "--", "-D", "warnings"],
    ];
    cargo(&clippy.concat())?;
    let test = [&["test"], &core[..], &["--lib"]].concat();
    tool::run(tool::cargo(&test).env("PROPTEST_CASES", "16"))?;
    Ok(ExitCode::SUCCESS)
}

fn docs() -> Result<ExitCode> {
    let arguments = [
        "doc",
        "--workspace",
        "--all-features",
        "--no-deps",
        "--locked",
    ];
    let arguments = [&arguments[..], &["--document-private-items"]].concat();
    tool::run(tool::cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs each case of each benchmark once: that it works, not how fast it is.
///
/// The whole workspace is selected, so that dependencies have the features they have in `test`
/// and are compiled once for both.
fn bench() -> Result<ExitCode> {
    if files::below("benches/benches", "rs")?.is_empty() {
        say::line("there is no benchmark yet")?;
        return Ok(ExitCode::SUCCESS);
    }
    cargo(&[
        "test",
        "--workspace",
        "--all-features",
        "--locked",
        "--bench",
        "*",
    ])
}

/// Advisories need a network and a current database, and have a place of their own.
fn deny() -> Result<ExitCode> {
    if !tool::has_cargo("deny") {
        say::line("NOT CHECKED: cargo-deny is not installed (`cargo install cargo-deny`)")?;
        return Ok(ExitCode::SUCCESS);
    }
    cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"])
}

fn cargo(arguments: &[&str]) -> Result<ExitCode> {
    tool::run(&mut tool::cargo(arguments))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(legs: &[&Leg]) -> Vec<&'static str> {
        legs.iter()
            .map(|leg| leg.name)
            .collect()
    }

    #[test]
    fn without_a_name_all_legs_run_and_the_tests_last() {
        let all = chosen(&[]).unwrap();
        assert_eq!(all.len(), LEGS.len());
        assert_eq!(names(&all).last(), Some(&"test"));
    }

    #[test]
    fn named_legs_run_in_the_order_of_their_names() {
        assert_eq!(names(&chosen(&["docs", "fmt"]).unwrap()), ["docs", "fmt"]);
    }

    #[test]
    fn an_unknown_leg_is_refused_with_the_known_ones() {
        let error = chosen(&["fmt", "dosc"])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("dosc") && error.contains("docs"), "{error}");
    }
}
