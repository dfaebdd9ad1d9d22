//! The verbs, the help and what `sre-monitor config` shows.

use std::process::Command;

use serde_json::Value;
use sre_server::admission::TokenSet;
use sre_server::cli::{self, Exit, OpenapiArgs, Output, TokenVerb, Verb};
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
    let json: Value = serde_json::from_str(&json).expect("JSON");
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
    assert_eq!(
        parse(&["openapi"]),
        Ok(Verb::Openapi(OpenapiArgs::default()))
    );
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
    for verb in ["serve", "migrate", "config", "openapi", "token"] {
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

/// What `sre-monitor token new …` writes to both outputs.
fn new_token(args: &[&str]) -> (String, String) {
    let Ok(Verb::Token(TokenVerb::New(args))) =
        cli::parse([&["sre-monitor", "token", "new"], args].concat())
    else {
        panic!("token new is a verb");
    };
    let now = "2026-11-23T12:00:00Z"
        .parse()
        .expect("an instant");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::new_token(&args, now, &mut out, &mut err).expect("memory takes it");
    assert_eq!(exit, Exit::Done);
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(out), text(err))
}

#[test]
fn a_new_token_is_shown_once_with_the_line_that_the_service_knows_it_by() {
    let (out, err) = new_token(&["--role", "write", "--name", "ci", "--expires", "30d"]);
    let mut lines = out
        .lines()
        .map(|line| line.split_whitespace().skip(1));
    let token = lines
        .next()
        .and_then(|mut words| words.next())
        .expect("a token");
    let line: Vec<_> = lines.next().expect("a line").collect();
    assert!(token.starts_with("sre_write_"), "{token}");
    assert_eq!(
        (line[0], line[1], line[3]),
        ("ci", "write", "2026-12-23T12:00:00Z")
    );
    let set: TokenSet = line
        .join(" ")
        .parse()
        .expect("a line of the file");
    assert!(set.find(token).is_some());
    assert!(!err.contains(token));

    let (out, err) = new_token(&["--role", "read", "--expires", "never", "--output", "json"]);
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    let line = shown["line"].as_str().expect("a line");
    assert!(
        line.starts_with("read-") && line.ends_with(" never"),
        "{line}"
    );
    assert_eq!(err, "");
}

#[test]
fn a_token_that_cannot_be_is_refused_by_name() {
    for (args, why) in [
        (&["--role", "root"][..], "read, ack, write and admin"),
        (&[], "--role"),
        (
            &["--role", "read", "--name", "two words"],
            "letters, digits",
        ),
        (&["--role", "read", "--expires", "soon"], "or `never`"),
    ] {
        let args = [&["sre-monitor", "token", "new"], args].concat();
        let answer = cli::parse(args).expect_err("refused");
        assert_eq!(answer.exit, Exit::Failed);
        assert!(answer.text.contains(why), "{}", answer.text);
    }
}
