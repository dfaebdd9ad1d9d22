//! Packages of Debian, for their programs alone: no service is started by installing them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::{environment, say, tool};

/// What Debian's maintainer scripts ask before they start a service.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Says that nothing may be started (101 = forbidden by policy).
const FORBID: &str = "#!/bin/sh\nexit 101\n";

/// Installs `packages`, as root on a Debian.
///
/// # Errors
///
/// When there is no `apt-get`, we are not root, or the packages cannot be had.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if environment::find_on_path("apt-get").is_none() {
        bail!("there is no apt-get on this machine");
    }
    if tool::capture(&mut tool::program("id", &["-u"]))?.trim() != "0" {
        bail!("only root may install packages");
    }
    let _quiet = NoServices::begin(Path::new(POLICY))?;
    apt(&["update", "-qq"])?;
    let mut arguments = vec!["install", "-qq", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)?;
    if Path::new("/run/systemd/system").is_dir() {
        for package in packages {
            keep_off(package)?;
        }
    }
    Ok(())
}

fn apt(arguments: &[&str]) -> Result<()> {
    tool::run(tool::program("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// The package's service would otherwise come up with the machine's next start.
fn keep_off(package: &str) -> Result<()> {
    say::line(&format!(
        "keeping the service `{package}` off: tests start their own"
    ))?;
    tool::run(&mut tool::program(
        "systemctl",
        &["disable", "--quiet", package],
    ))
}

/// While this lives, installing a package starts no service.
struct NoServices<'a> {
    /// The policy that we wrote and take away again; `None` when the machine has its own.
    ours: Option<&'a Path>,
}

impl<'a> NoServices<'a> {
    fn begin(policy: &'a Path) -> Result<Self> {
        if policy.exists() {
            return Ok(Self { ours: None });
        }
        fs::OpenOptions::new()
            .create_new(true)
            .mode(0o755)
            .write(true)
            .open(policy)
            .and_then(|mut file| file.write_all(FORBID.as_bytes()))
            .with_context(|| format!("writing {}", policy.display()))?;
        Ok(Self { ours: Some(policy) })
    }
}

impl Drop for NoServices<'_> {
    fn drop(&mut self) {
        if let Some(policy) = self.ours
            && let Err(error) = fs::remove_file(policy)
        {
            say::complaint(&format!("{} stays behind: {error}", policy.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_policy_is_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy-rc.d");
        let quiet = NoServices::begin(&policy).unwrap();
        assert_eq!(fs::read_to_string(&policy).unwrap(), FORBID);
        drop(quiet);
        assert!(!policy.exists());
    }

    #[test]
    fn a_policy_of_the_machine_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy-rc.d");
        fs::write(&policy, "theirs").unwrap();
        drop(NoServices::begin(&policy).unwrap());
        assert_eq!(fs::read_to_string(&policy).unwrap(), "theirs");
    }
}
