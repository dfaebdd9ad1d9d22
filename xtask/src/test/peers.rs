//! The real programs that some tests talk to.
//!
//! A test that needs one lives in a module named after it ([`Peer::needed_by`]) and starts its
//! own instance, on a free port. It does not look whether the program is there: without it the
//! test fails, unless `cargo xtask test` left it out and said so.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{apt, pypi};
use crate::{environment, say};

/// A program that tests start, and how a machine gets it.
#[derive(Debug)]
pub(crate) struct Peer {
    /// What people call it.
    pub(crate) name: &'static str,
    /// The program that must be on `PATH`.
    pub(crate) binary: &'static str,
    /// The package of Debian that brings it.
    pub(crate) debian_package: &'static str,
    /// What stands in the path of every test that needs it, as `with_prometheus::`.
    pub(crate) needed_by: &'static str,
}

/// Everything that tests need beside Rust; one line each.
#[rustfmt::skip]
const PEERS: &[Peer] = &[
    Peer { name: "Alertmanager", binary: "prometheus-alertmanager", debian_package: "prometheus-alertmanager", needed_by: "with_alertmanager::" },
    Peer { name: "Chromium",   binary: "chromedriver", debian_package: "chromium-driver", needed_by: "with_chromium::" },
    Peer { name: "Prometheus", binary: "prometheus",   debian_package: "prometheus", needed_by: "with_prometheus::" },
    Peer { name: "aiosmtpd",   binary: "aiosmtpd",     debian_package: "python3-aiosmtpd", needed_by: "with_smtp::" },
    Peer { name: "promtool",   binary: "promtool",     debian_package: "prometheus", needed_by: "with_promtool::" },
    // From PyPI: what Debian brings is the means to install it.
    Peer { name: "Schemathesis", binary: "schemathesis", debian_package: "python3-venv", needed_by: "with_schemathesis::" },
    Peer { name: "Standard Webhooks", binary: "standardwebhooks-python", debian_package: "python3-venv", needed_by: "with_standardwebhooks::" },
];

/// Makes the peers available, as far as that is possible, and answers which are still missing.
///
/// # Errors
///
/// In CI a missing peer is an error: a green run there means that everything ran.
pub(crate) fn provide() -> Result<Vec<&'static Peer>> {
    say::heading("what tests need")?;
    let packages = packages_of(&missing());
    if !packages.is_empty()
        && let Err(error) = apt::install(&packages)
    {
        say::complaint(&format!(
            "could not install {}: {error:#}",
            packages.join(", ")
        ));
    }

    for peer in missing() {
        if let Err(error) = pypi::install(peer.binary) {
            say::complaint(&format!("could not install {}: {error:#}", peer.name));
        }
    }

    let missing = missing();
    for peer in PEERS {
        match find(peer.binary) {
            Some(path) => say::line(&format!("{}: {}", peer.name, path.display()))?,
            None => say::line(&format!(
                "{}: MISSING; tests named `{}` will be skipped. Install `{}` to run them.",
                peer.name, peer.needed_by, peer.debian_package
            ))?,
        }
    }
    if environment::is_ci() && !missing.is_empty() {
        let names: Vec<_> = missing
            .iter()
            .map(|peer| peer.name)
            .collect();
        bail!(
            "in CI no test may be skipped, and these could not be had: {}",
            names.join(", ")
        );
    }
    Ok(missing)
}

fn missing() -> Vec<&'static Peer> {
    PEERS
        .iter()
        .filter(|peer| find(peer.binary).is_none())
        .collect()
}

/// Where a program is, whoever brought it.
fn find(binary: &str) -> Option<PathBuf> {
    environment::find_on_path(binary).or_else(|| pypi::find(binary))
}

/// The packages that bring `peers`, each once.
fn packages_of(peers: &[&Peer]) -> Vec<&'static str> {
    let mut packages: Vec<_> = peers
        .iter()
        .map(|peer| peer.debian_package)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_brings_two_peers_is_installed_once() {
        let all: Vec<_> = PEERS.iter().collect();
        let packages = [
            "chromium-driver",
            "prometheus",
            "prometheus-alertmanager",
            "python3-aiosmtpd",
            "python3-venv",
        ];
        assert_eq!(packages_of(&all), packages);
        assert!(packages_of(&[]).is_empty());
    }

    #[test]
    fn each_peer_has_a_module_name_of_its_own() {
        for peer in PEERS {
            assert!(peer.needed_by.starts_with("with_"), "{}", peer.name);
            assert!(peer.needed_by.ends_with("::"), "{}", peer.name);
            let namesakes = PEERS
                .iter()
                .filter(|other| other.needed_by.contains(peer.needed_by));
            assert_eq!(namesakes.count(), 1, "{}", peer.name);
        }
    }
}
