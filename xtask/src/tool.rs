//! Programs that the commands start.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{environment, say};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A program that is started at the root, without standard input.
pub(crate) fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    command
}

/// Cargo, as if it had been called from a shell.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program("cargo", arguments);
    for name in environment::set_by_cargo() {
        command.env_remove(name);
    }
    command
}

/// Whether cargo knows the subcommand `name`, as `nextest` or `deny`.
pub(crate) fn has_cargo(name: &str) -> bool {
    environment::find_on_path(&format!("cargo-{name}")).is_some()
}

/// Runs `command` to its end, with its output as ours.
///
/// # Errors
///
/// When it cannot be started, or says that it failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    say::line(&format!("$ {}", shown(command)))?;
    let status = command
        .status()
        .with_context(|| format!("could not start {}", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed with {status}", shown(command));
    }
    Ok(())
}

/// Runs `command` to its end and answers what it wrote to standard output.
///
/// # Errors
///
/// When it cannot be started, or says that it failed; what it complained of is shown.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("could not start {}", shown(command)))?;
    if !output.status.success() {
        std::io::stderr()
            .lock()
            .write_all(&output.stderr)?;
        bail!("`{}` failed with {}", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command line, as a person would type it (but for quotes).
pub(crate) fn shown(command: &Command) -> String {
    let mut line = command
        .get_program()
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
