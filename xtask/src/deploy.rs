//! `cargo xtask ci deploy`: whether those who run the service can use what is made for them.
//!
//! Each file is judged by the tool that its users would reject it with: the image by hadolint, the
//! compose file by its specification, manifests by the schemas of Kubernetes, the chart by Helm's own
//! engine, rules by promtool. What cannot be tried without a container engine is named. (Dashboards
//! are tried against a real Prometheus by a test, `with_prometheus`.)

mod tools;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::{environment, say, tool};
use tools::{Tools, files, not_checked};

/// Runs every validator.
///
/// # Errors
///
/// When one finds something; in CI also when one cannot be had.
pub(crate) fn run() -> Result<ExitCode> {
    prometheus()?;
    context()?;
    match Tools::provide() {
        Ok(tools) => {
            image_and_compose(&tools)?;
            manifests(&tools)?;
            chart(&tools)?;
        }
        Err(error) if environment::is_ci() => return Err(error),
        Err(error) => not_checked(
            "the image, the compose file, manifests and chart",
            &format!("{error:#}"),
        )?,
    }
    not_checked(
        "that the image builds and runs",
        "it takes a container engine",
    )?;
    not_checked(
        "how Grafana shows the dashboards",
        "there is no Grafana here",
    )?;
    Ok(ExitCode::SUCCESS)
}

fn prometheus() -> Result<()> {
    if environment::find_on_path("promtool").is_none() {
        return not_checked("rules", "promtool is not installed");
    }
    let check = ["check", "config", "monitoring/prometheus/prometheus.yml"];
    tool::run(&mut tool::program("promtool", &check))?;
    let test = [
        "test",
        "rules",
        "monitoring/prometheus/tests/sre-monitor.yml",
    ];
    tool::run(&mut tool::program("promtool", &test))
}

fn image_and_compose(tools: &Tools) -> Result<()> {
    tool::run(&mut tools.program("hadolint", &["Dockerfile"]))?;
    let yaml = ["--strict", "docker-compose.yml", "monitoring", "deploy"];
    tool::run(&mut tools.program("yamllint", &yaml))?;
    let compose = [
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ];
    tool::run(&mut tools.program("check-jsonschema", &compose))
}

fn manifests(tools: &Tools) -> Result<()> {
    let mut all = files(Path::new("deploy/kubernetes/sqlite"), ".yaml")?;
    // A kustomization is for kubectl, and no resource.
    all.retain(|file| !file.ends_with("/kustomization.yaml"));
    validate(tools, &all)?;
    if environment::find_on_path("kubectl").is_none() {
        return not_checked("kustomizations", "kubectl is not installed");
    }
    for name in ["sqlite", "postgres"] {
        let folder = format!("deploy/kubernetes/{name}");
        let made = tool::capture(&mut tool::program("kubectl", &["kustomize", &folder]))?;
        let file = tool::root().join(format!("target/deploy/kubernetes-{name}.yaml"));
        std::fs::create_dir_all(tool::root().join("target/deploy"))?;
        std::fs::write(&file, made)?;
        validate(tools, &[file.to_string_lossy().into_owned()])?;
    }
    Ok(())
}

fn chart(tools: &Tools) -> Result<()> {
    let schema = "deploy/helm/sre-monitor/values.schema.json";
    tool::run(&mut tools.program("check-jsonschema", &["--check-metaschema", schema]))?;
    let arguments = [
        "xtask/src/deploy/helm.py",
        "deploy/helm/sre-monitor",
        "target/deploy/helm",
    ];
    tool::run(&mut tools.program("python3", &arguments))?;
    validate(tools, &files(Path::new("target/deploy/helm"), ".yaml")?)
}

/// By the schemas of Kubernetes: of the oldest version that is promised, and of a new one.
fn validate(tools: &Tools, files: &[String]) -> Result<()> {
    for version in ["1.25", "1.37"] {
        let mut arguments = vec!["--strict", "--quiet", "-k", version];
        arguments.extend(files.iter().map(String::as_str));
        tool::run(&mut tools.program("kubernetes-validate", &arguments))?;
    }
    Ok(())
}

/// Whether what `.dockerignore` lets through is a workspace that cargo understands: a folder that it
/// forgets would be found out when the image is built.
fn context() -> Result<()> {
    let room = tool::root().join("target/deploy/context");
    if room.exists() {
        std::fs::remove_dir_all(&room)?;
    }
    std::fs::create_dir_all(&room)?;
    let listed = tool::capture(&mut tool::program("git", &["ls-files"]))?;
    let ignore = std::fs::read_to_string(tool::root().join(".dockerignore"))?;
    let mut copied = 0_u32;
    for file in listed
        .lines()
        .filter(|file| is_sent(&ignore, file))
    {
        let (from, to) = (tool::root().join(file), room.join(file));
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if from.is_file() {
            std::fs::copy(from, to)?;
            copied += 1;
        }
    }
    let metadata = [
        "metadata",
        "--locked",
        "--offline",
        "--no-deps",
        "--format-version",
        "1",
    ];
    tool::capture(tool::cargo(&metadata).current_dir(&room))?;
    say::line(&format!(
        "{copied} files are sent to the builder, and are a workspace"
    ))?;
    Ok(())
}

/// Whether `.dockerignore`, of which we use a little, lets a file through.
fn is_sent(ignore: &str, file: &str) -> bool {
    let mut is_sent = true;
    for line in ignore
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        if line == "*" {
            is_sent = false;
        } else if let Some(name) = line.strip_prefix("**/") {
            let inside = file.split('/').any(|part| part == name);
            is_sent &= !inside;
        } else if let Some(name) = line.strip_prefix('!') {
            let first = file
                .split('/')
                .next()
                .unwrap_or_default();
            is_sent |= match name.strip_suffix('*') {
                Some(start) => first.starts_with(start),
                None => first == name,
            };
        }
    }
    is_sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builds_the_program_is_sent_and_nothing_else() {
        let ignore = include_str!("../../.dockerignore");
        for file in [
            "Cargo.lock",
            "sre-core/src/lib.rs",
            "sre-store-sqlite/.sqlx/query-1.json",
        ] {
            assert!(is_sent(ignore, file), "{file}");
        }
        for file in [
            ".git/config",
            "README.md",
            "docs/operations.md",
            "sre-server/tests/it/main.rs",
        ] {
            assert!(!is_sent(ignore, file), "{file}");
        }
    }
}
