//! `sre-monitor routes`: where an alert would go, and why, without a store and without a message.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;
use sre_core::routing::{GroupBy, Leaf, Pace, Route, RouteTree};

use super::{Exit, Output};
use crate::app::Language;
use crate::config::{FileConfig, Secrets, Settings, read_file};

/// What is asked of routes.
#[derive(Clone, Debug, Eq, PartialEq, Subcommand)]
pub enum RoutesVerb {
    /// Says who would be told of an alert with these labels, and which routes lead there
    Test(TestArgs),
    /// Draws the tree of routes
    Show(TreeArgs),
    /// Shows what the templates of a receiver say of a sample, with these labels where they are given
    Render(RenderArgs),
}

/// Which tree.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct TreeArgs {
    /// The configuration file; `SRE_MONITOR_CONFIG` where left out. Its secrets are not read
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// Which alert.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct TestArgs {
    /// Which tree
    #[command(flatten)]
    pub tree: TreeArgs,
    /// The alert's labels, such as service=checkout severity=critical `alertname=burn_rate`
    #[arg(value_name = "LABEL=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Who looks after the service, where routes ask for it
    #[arg(long)]
    pub owner: Option<String>,
    /// When, for mute times; now where left out
    #[arg(long)]
    pub at: Option<DateTime<Utc>>,
    /// Fails unless exactly these receivers are told, in this order, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "RECEIVERS")]
    pub expect: Option<Vec<String>>,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// Whose words, and of what.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct RenderArgs {
    /// Which file
    #[command(flatten)]
    pub tree: TreeArgs,
    /// The receiver
    pub receiver: String,
    /// Labels of the sample, such as service=checkout severity=critical team=payments
    #[arg(value_name = "LABEL=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// Tells the end of the alert
    #[arg(long)]
    pub resolved: bool,
}

fn label(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected LABEL=VALUE".to_owned())
}

/// Answers what `verb` asks to `out`; what is wrong with the file goes to `err`.
///
/// # Errors
///
/// Writing failed.
pub fn routes(
    verb: &RoutesVerb,
    settings: &dyn Settings,
    now: DateTime<Utc>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    let (RoutesVerb::Test(TestArgs { tree: args, .. })
    | RoutesVerb::Show(args)
    | RoutesVerb::Render(RenderArgs { tree: args, .. })) = verb;
    let tree = match tree(args, settings) {
        Ok(tree) => tree,
        Err(faults) => {
            for fault in faults {
                writeln!(err, "{fault}")?;
            }
            return Ok(Exit::Misconfigured);
        }
    };
    match verb {
        RoutesVerb::Show(_) => {
            for (route, leaf) in tree.routes() {
                let indent = "  ".repeat(leaf.path.len());
                writeln!(out, "{indent}{}", line(route, leaf))?;
            }
            Ok(Exit::Done)
        }
        RoutesVerb::Render(args) => crate::app::render(args, settings, out, err),
        RoutesVerb::Test(args) => test(&tree, args, now, out, err),
    }
}

/// The tree of the file, without anybody behind its receivers.
fn tree(args: &TreeArgs, settings: &dyn Settings) -> Result<RouteTree, Vec<String>> {
    let path = path(args, settings)?;
    let file = file_of_routes(args, settings)?;
    match file.tree(file.nameplates(&others(settings))) {
        Ok(Some(tree)) => Ok(tree),
        Ok(None) => Err(vec![format!(
            "{}: it has no route: everything goes to the channels that variables switch on",
            path.display()
        )]),
        Err(error) => Err(vec![format!("{}: {error}", path.display())]),
    }
}

/// The file, its templates looked through and its secrets not read.
pub(crate) fn file_of_routes(
    args: &TreeArgs,
    settings: &dyn Settings,
) -> Result<FileConfig, Vec<String>> {
    let path = path(args, settings)?;
    let text = settings
        .read_file(&path)
        .map_err(|error| vec![format!("{}: {error}", path.display())])?;
    read_file(&text, Secrets::Unread, &others(settings))
        .and_then(|mut file| {
            file.proofread(settings, &path, &Language)?;
            Ok(file)
        })
        .map_err(|faults| {
            faults
                .iter()
                .map(|fault| format!("{}:{fault}", path.display()))
                .collect()
        })
}

fn path(args: &TreeArgs, settings: &dyn Settings) -> Result<PathBuf, Vec<String>> {
    let variable = || {
        settings
            .get("SRE_MONITOR_CONFIG")
            .map(PathBuf::from)
    };
    args.config
        .clone()
        .or_else(variable)
        .ok_or_else(|| vec!["no file: give --config, or set SRE_MONITOR_CONFIG".to_owned()])
}

/// The receivers that variables make.
fn others(settings: &dyn Settings) -> Vec<&'static str> {
    let is_set = |variable: &str| settings.get(variable).is_some();
    BY_VARIABLES
        .iter()
        .filter(|(_, variable)| is_set(variable) || is_set(&format!("{variable}_FILE")))
        .map(|(receiver, _)| *receiver)
        .collect()
}

fn test(
    tree: &RouteTree,
    args: &TestArgs,
    now: DateTime<Utc>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    let now = args.at.unwrap_or(now);
    let labels: BTreeMap<String, String> = args.labels.iter().cloned().collect();
    let leaves = tree.leaves(&labels, args.owner.as_deref());
    match args.output {
        Output::Table => {
            for leaf in &leaves {
                write_leaf(tree, leaf, now, out)?;
            }
        }
        Output::Json => {
            let items: Vec<_> = leaves
                .iter()
                .map(|leaf| view(tree, leaf, now))
                .collect();
            serde_json::to_writer_pretty(&mut *out, &json!({ "items": items }))?;
            writeln!(out)?;
        }
    }
    let told: Vec<&str> = leaves
        .iter()
        .map(|leaf| leaf.receiver.as_str())
        .collect();
    match &args.expect {
        Some(expected) if *expected != told => {
            writeln!(
                err,
                "expected {}, and {} is told",
                expected.join(","),
                told.join(",")
            )?;
            Ok(Exit::Failed)
        }
        _ => Ok(Exit::Done),
    }
}

fn write_leaf(
    tree: &RouteTree,
    leaf: &Leaf,
    now: DateTime<Utc>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "{}", leaf.receiver)?;
    writeln!(out, "  because of      {}", why(tree, leaf).join(" > "))?;
    writeln!(out, "  grouped by      {}", grouped(leaf).join(", "))?;
    let (wait, interval) = pace(leaf);
    writeln!(out, "  group_wait      {wait}")?;
    writeln!(out, "  group_interval  {interval}")?;
    writeln!(out, "  repeat_interval {}", leaf.repeat_interval)?;
    for step in &leaf.escalate {
        writeln!(out, "  after {:<9} {}", step.after.to_string(), step.to)?;
    }
    match tree.muted_until(leaf, now) {
        Some(until) => writeln!(
            out,
            "  mute            at least until {}",
            until.to_rfc3339()
        ),
        None => Ok(()),
    }
}

fn view(tree: &RouteTree, leaf: &Leaf, now: DateTime<Utc>) -> serde_json::Value {
    let (wait, interval) = pace(leaf);
    let escalate: Vec<_> = leaf
        .escalate
        .iter()
        .map(|step| json!({ "after": step.after.to_string(), "to": step.to }))
        .collect();
    json!({
        "receiver": leaf.receiver,
        "path": why(tree, leaf),
        "group_by": grouped(leaf),
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": leaf.repeat_interval.to_string(),
        "escalate": escalate,
        "muted_until": tree.muted_until(leaf, now).map(|until| until.to_rfc3339()),
    })
}

/// The routes that lead to a leaf, from the root on, each by what it takes.
fn why(tree: &RouteTree, leaf: &Leaf) -> Vec<String> {
    tree.routes()
        .into_iter()
        .filter(|(_, above)| leaf.path.starts_with(&above.path))
        .map(|(route, _)| takes(route))
        .collect()
}

fn takes(route: &Route) -> String {
    let mut conditions: Vec<String> = route
        .matchers
        .iter()
        .map(ToString::to_string)
        .collect();
    conditions.extend(
        route
            .owner
            .as_ref()
            .map(|owner| format!("owner {owner}")),
    );
    if conditions.is_empty() {
        "everything".to_owned()
    } else {
        conditions.join(", ")
    }
}

fn line(route: &Route, leaf: &Leaf) -> String {
    let mut line = format!("{} -> {}", takes(route), leaf.receiver);
    if route.continues {
        line.push_str(", and goes on");
    }
    for name in &leaf.mute_time_intervals {
        line += ", not within ";
        line += name;
    }
    for name in &leaf.active_time_intervals {
        line += ", within ";
        line += name;
    }
    if route.escalate.is_some() {
        for step in &leaf.escalate {
            line += ", after ";
            line += &step.after.to_string();
            line.push(' ');
            line += &step.to;
        }
    }
    line
}

fn grouped(leaf: &Leaf) -> Vec<String> {
    match &leaf.group_by {
        GroupBy::All => vec!["...".to_owned()],
        GroupBy::Labels(labels) => std::iter::once("service".to_owned())
            .chain(
                labels
                    .iter()
                    .filter(|label| *label != "service")
                    .cloned(),
            )
            .collect(),
    }
}

fn pace(leaf: &Leaf) -> (String, String) {
    match leaf.pace {
        Pace::Prompt => ("0s".to_owned(), "30s".to_owned()),
        Pace::Written { wait, interval } => (
            wait.map_or_else(|| "0s".to_owned(), |wait| wait.to_string()),
            interval.to_string(),
        ),
    }
}

/// The receivers that variables make, and the variable by which one is meant.
const BY_VARIABLES: [(&str, &str); 3] = [
    ("webhook", "WEBHOOK_URL"),
    ("email", "SMTP_HOST"),
    ("slack", "SLACK_WEBHOOK_URL"),
];
