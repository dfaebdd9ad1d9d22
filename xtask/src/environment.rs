//! All that is read from the environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The words after `cargo xtask`.
pub(crate) fn arguments() -> Vec<String> {
    env::args().skip(1).collect()
}

/// Whether this is an unattended run, in which nothing may be left out.
pub(crate) fn is_ci() -> bool {
    variable("CI").is_some_and(|value| value != "false" && !value.is_empty())
}

/// Where `binary` would be started from, looking through `PATH`.
pub(crate) fn find_on_path(binary: &str) -> Option<PathBuf> {
    env::split_paths(&variable("PATH")?)
        .map(|folder| folder.join(binary))
        .find(|file| file.is_file())
}

/// `PATH` with more folders at its end.
pub(crate) fn path_with(more: impl Iterator<Item = PathBuf>) -> OsString {
    let path = variable("PATH").unwrap_or_default();
    // A folder whose name holds a colon cannot stand in `PATH`.
    env::join_paths(env::split_paths(&path).chain(more)).unwrap_or(path)
}

/// The variables that `cargo run` set for this process.
///
/// Handed on to a cargo below, they look to some build scripts like a changed environment, and
/// what was built outside `cargo xtask` would be built again inside, and the other way round.
pub(crate) fn set_by_cargo() -> impl Iterator<Item = OsString> {
    env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| describes_a_package(name))
}

fn describes_a_package(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || [
                "CARGO_BIN_NAME",
                "CARGO_CRATE_NAME",
                "CARGO_PRIMARY_PACKAGE",
                "OUT_DIR",
            ]
            .contains(&name)
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place of xtask that reads variables"
)]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_describes_a_package_is_told_from_what_configures_cargo() {
        assert!(describes_a_package(OsStr::new("CARGO_PKG_NAME")));
        assert!(describes_a_package(OsStr::new("CARGO_MANIFEST_DIR")));
        assert!(!describes_a_package(OsStr::new("CARGO_INCREMENTAL")));
        assert!(!describes_a_package(OsStr::new("CARGO_HOME")));
        assert!(!describes_a_package(OsStr::new("PATH")));
    }

    #[test]
    fn a_shell_is_found_and_nonsense_is_not() {
        assert!(find_on_path("sh").is_some());
        assert_eq!(find_on_path("no-such-program-anywhere"), None);
    }
}
