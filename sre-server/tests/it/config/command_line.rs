//! The verbs, the help and what `sre-monitor config` shows.

use std::process::Command;

use sre_server::cli::{self, Exit, Output, Verb};
use sre_server::config::SETTINGS;

use super::{Given, KEY, shown};

#[test]
fn config_shows_what_each_setting_comes_to_and_where_it_comes_from() {
    let given = Given::new(&[
        ("SRE_MONITOR_PORT", "9000"),
        ("WEBHOOK_SECRET_FILE", "/run/key"),
    ])
    .file("/run/key", KEY);
    let (table, err, _) = shown(&given, Output::Table);
    let line = |name: &str| {
        let line = table
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        line.expect(name)
            .split_whitespace()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        line("SRE_MONITOR_PORT"),
        ["SRE_MONITOR_PORT", "9000", "environment"]
    );
    assert_eq!(
        line("SRE_MONITOR_HOST"),
        ["SRE_MONITOR_HOST", "127.0.0.1", "default"]
    );
    assert_eq!(
        line("WEBHOOK_SECRET"),
        ["WEBHOOK_SECRET", "***", "file", "/run/key"]
    );
    assert_eq!(line("WEBHOOK_URL"), ["WEBHOOK_URL", "-", "default"]);
    assert_eq!(line("REQUEST_TIMEOUT")[1], "30s");
    assert_eq!(line("SRE_MONITOR_REPLICA_ID")[1], "box-7");
    assert_eq!(line("DATABASE_URL")[1], "sqlite://./data/sre-monitor.db");
    assert!(
        err.contains("warning: WEBHOOK_SECRET has no effect"),
        "{err}"
    );

    let (json, _, _) = shown(&given, Output::Json);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let items = json["items"].as_array().expect("items");
    assert_eq!(items.len(), SETTINGS.len());
    let port = items
        .iter()
        .find(|item| item["name"] == "SRE_MONITOR_PORT")
        .expect("port");
    assert_eq!(
        (&port["value"], &port["origin"]),
        (&"9000".into(), &"environment".into())
    );
    let key = items
        .iter()
        .find(|item| item["name"] == "WEBHOOK_SECRET")
        .expect("key");
    assert_eq!(
        (&key["origin"], &key["file"]),
        (&"file".into(), &"/run/key".into())
    );
}

#[test]
fn no_verb_serves_and_the_verbs_are_understood() {
    let parse = |args: &[&str]| cli::parse([&["sre-monitor"], args].concat());
    assert_eq!(parse(&[]), Ok(Verb::Serve));
    assert_eq!(parse(&["serve"]), Ok(Verb::Serve));
    assert_eq!(parse(&["migrate"]), Ok(Verb::Migrate));
    assert_eq!(parse(&["openapi"]), Ok(Verb::Openapi));
    let Ok(Verb::Config(args)) = parse(&["config", "--output", "json"]) else {
        panic!("config is a verb");
    };
    assert_eq!(args.output, Output::Json);
}

#[test]
fn a_command_line_that_is_not_understood_ends_with_1_and_help_with_0() {
    let answer = |args: &[&str]| {
        cli::parse([&["sre-monitor"], args].concat()).expect_err("an answer, no verb")
    };
    for args in [
        &["fly"][..],
        &["config", "--output", "xml"],
        &["--port", "1"],
    ] {
        assert_eq!(answer(args).exit, Exit::Failed, "{args:?}");
    }
    assert_eq!(answer(&["--version"]).exit, Exit::Done);
    assert_eq!(
        answer(&["--version"]).text.trim(),
        concat!("sre-monitor ", env!("CARGO_PKG_VERSION"))
    );
    let help = answer(&["--help"]);
    assert_eq!(help.exit, Exit::Done);
    for setting in SETTINGS {
        assert!(
            help.text
                .contains(&format!("    {}", setting.name)),
            "{}",
            setting.name
        );
    }
    for verb in ["serve", "migrate", "config", "openapi"] {
        assert!(
            help.text
                .contains(&format!("\n  {verb} ")),
            "{verb}"
        );
    }
    assert!(
        help.text
            .lines()
            .all(|line| line.chars().count() <= 120),
        "{}",
        help.text
    );
}

#[test]
fn the_documentation_of_settings_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == cli::markdown(),
        "docs/configuration.md differs from the table of settings; write it anew:\n\
         cargo run --bin sre-monitor -- config --markdown > docs/configuration.md"
    );
}

#[test]
fn the_process_ends_with_78_when_a_setting_cannot_be_used() {
    for (args, variable, status) in [
        (&["config"][..], ("SRE_MONITOR_HOST", "0.0.0.0"), 78),
        (&["config"], ("SRE_MONITOR_HOST", "127.0.0.1"), 0),
        (&["--help"], ("SRE_MONITOR_HOST", "0.0.0.0"), 0),
        (&["fly"], ("SRE_MONITOR_HOST", "127.0.0.1"), 1),
    ] {
        let (name, text) = variable;
        let output = Command::new(env!("CARGO_BIN_EXE_sre-monitor"))
            .args(args)
            .env_clear()
            .env(name, text)
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(status), "{args:?} {text}");
        assert_eq!(output.stdout.is_empty(), status != 0, "{args:?} {text}");
        let told = String::from_utf8_lossy(&output.stderr).contains("SRE_MONITOR_HOST=\"0.0.0.0\"");
        assert_eq!(told, status == 78, "{args:?} {text}");
    }
}
