//! The same file, read by us and by Alertmanager's `amtool`: an alert goes to the same receivers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use proptest::prelude::*;
use sre_server::config::{Secrets, read_file};

/// A route that any of both takes.
#[derive(Clone, Debug)]
struct Written {
    receiver: Option<usize>,
    matchers: Vec<String>,
    continues: bool,
    routes: Vec<Self>,
}

const RECEIVERS: [&str; 4] = ["nobody", "ops", "team", "boss"];

/// Conditions on labels that may be missing, of every operator.
fn matcher() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["service", "severity", "zone"]);
    let operator = prop::sample::select(vec!["=", "!=", "=~", "!~"]);
    let value = prop::sample::select(vec!["", "a", "b", "ab", "a|b", "a.*", "(a+)+b?"]);
    (name, operator, value)
        .prop_map(|(name, operator, value)| format!("{name}{operator}\"{value}\""))
}

fn route() -> impl Strategy<Value = Written> {
    let leaf = (
        prop::option::of(0..RECEIVERS.len()),
        prop::collection::vec(matcher(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(receiver, matchers, continues)| Written {
            receiver,
            matchers,
            continues,
            routes: Vec::new(),
        });
    leaf.prop_recursive(3, 20, 4, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(route, routes)| Written { routes, ..route })
    })
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = || prop::option::of(prop::sample::select(vec!["a", "b", "ab", "abb"]));
    (value(), value(), value()).prop_map(|(service, severity, zone)| {
        [("service", service), ("severity", severity), ("zone", zone)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect()
    })
}

impl Written {
    fn write(&self, indent: usize, text: &mut String) {
        let space = " ".repeat(indent);
        let _ = writeln!(text, "{space}continue: {}", self.continues);
        self.write_rest(indent, text);
    }

    fn write_rest(&self, indent: usize, text: &mut String) {
        let space = " ".repeat(indent);
        if let Some(receiver) = self.receiver {
            let _ = writeln!(text, "{space}receiver: {}", RECEIVERS[receiver]);
        }
        if !self.matchers.is_empty() {
            let _ = writeln!(text, "{space}matchers:");
            for matcher in &self.matchers {
                let _ = writeln!(text, "{space}- '{matcher}'");
            }
        }
        if !self.routes.is_empty() {
            let _ = writeln!(text, "{space}routes:");
            for route in &self.routes {
                let _ = writeln!(text, "{space}-");
                route.write(indent + 2, text);
            }
        }
    }
}

fn file(routes: Vec<Written>) -> String {
    let mut text = "receivers:\n".to_owned();
    for name in RECEIVERS {
        let _ = writeln!(text, "- name: {name}");
    }
    text.push_str("route:\n");
    let root = Written {
        receiver: Some(0),
        matchers: Vec::new(),
        continues: false,
        routes,
    };
    root.write_rest(2, &mut text);
    text
}

fn ours(text: &str, labels: &[(String, String)]) -> String {
    let config = read_file(text, Secrets::Unread, &[]).expect("the file is right");
    let tree = config
        .tree(config.nameplates(&[]))
        .expect("a tree")
        .expect("a route");
    let labels: BTreeMap<String, String> = labels.iter().cloned().collect();
    tree.leaves(&labels, None)
        .iter()
        .map(|leaf| leaf.receiver.as_str())
        .collect::<Vec<_>>()
        .join(",")
}

fn theirs(text: &str, labels: &[(String, String)]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("it is written");
    let output = Command::new("amtool")
        .args(["config", "routes", "test", "--config.file"])
        .arg(file.path())
        .args(
            labels
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .output()
        .expect("amtool runs");
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_alert_goes_where_alertmanager_would_send_it(
        routes in prop::collection::vec(route(), 0..4),
        labels in labels(),
    ) {
        let text = file(routes);
        prop_assert_eq!(ours(&text, &labels), theirs(&text, &labels), "{}", text);
    }
}
