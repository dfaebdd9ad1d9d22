//! Words of receivers in the file: what they come to, and every fault with its place.

use sre_server::app;
use sre_server::cli::{Exit, RenderArgs, TreeArgs};

use super::Given;

const MACROS: &str = "{% macro line(alert) %}{{ alert.labels.team|default('nobody') }}: \
                      {{ alert.message }}{% endmacro %}";

/// A Slack channel with these words, and mail with these.
fn file(slack: &str, mail: &str) -> String {
    format!(
        "templates: [words/macros.jinja]\nglobal:\n  smtp_smarthost: localhost:25\n  \
         smtp_from: sre@example.org\nreceivers:\n- name: ops\n  slack_configs:\n  \
         - api_url_env: SLACK_URL\n    {slack}\n  email_configs:\n  - to: ann@example.org\n    \
         {mail}\nroute:\n  receiver: ops\n"
    )
}

fn given(text: &str) -> Given {
    Given::new(&[
        ("SRE_MONITOR_CONFIG", "/etc/routes.yaml"),
        ("SLACK_URL", "https://hooks.slack.com/services/CANARY"),
    ])
    .file("/etc/routes.yaml", text)
    .file("/etc/words/macros.jinja", MACROS)
}

fn faults(given: &Given) -> Vec<String> {
    let faults = given
        .read()
        .expect_err("something is wrong");
    faults
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn words_may_use_the_macros_of_a_file_that_is_named_beside() {
    let slack = "title: \"{{ headline }}\"\n    text: \"{% from 'macros.jinja' import line %}{{ line(alerts[0]) }}\"";
    let config = given(&file(slack, "subject: \"{{ severity }}\"")).config();
    let words: Vec<(&str, &str, Vec<&str>)> = config.file.receivers[0]
        .wordings
        .iter()
        .map(|words| {
            (
                words.channel,
                words.name.as_str(),
                words.wording.keys().copied().collect(),
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            ("email", "ops-email", vec!["subject"]),
            ("slack", "ops-slack", vec!["text", "title"])
        ]
    );
}

#[test]
fn every_template_that_is_wrong_is_told_with_its_place_in_the_file_and_in_itself() {
    let text = file(
        "title: \"{{ sevrity }}\"\n    text: |\n      fine\n      {% nosuch %}",
        "html: \"{{ alerts|safe }}\"",
    );
    let faults = faults(&given(&text));
    let places = [
        "routes.yaml:9:12\"",
        "routes.yaml:11:7\"",
        "routes.yaml:15:11\"",
    ];
    let causes = ["title:1:", "text:2:", "html:1:"];
    assert_eq!(faults.len(), 3, "{faults:?}");
    for ((fault, place), cause) in faults.iter().zip(places).zip(causes) {
        assert!(fault.contains(cause), "{fault}");
        let line = place.split(':').nth(1).expect("a line");
        assert!(
            fault.contains(&format!("routes.yaml:{line}:")),
            "{fault} at {place}"
        );
    }
}

#[test]
fn a_file_of_macros_that_is_missing_or_wrong_is_refused_where_it_is_named() {
    let text = file("title: \"{{ headline }}\"", "subject: \"{{ headline }}\"");
    let wrong = given(&text).file("/etc/words/macros.jinja", "{% macro %}");
    let missing = given(&text.replace("words/macros", "words/none"));
    for (given, cause) in [(wrong, "macros.jinja:1:"), (missing, "cannot be read")] {
        let faults = faults(&given);
        let [fault] = faults.as_slice() else {
            panic!("{faults:?}");
        };
        assert!(
            fault.contains("routes.yaml:1:13") && fault.contains(cause),
            "{fault}"
        );
    }
    let twice = text.replace("[words/macros.jinja]", "[words/macros.jinja, macros.jinja]");
    assert!(faults(&given(&twice))[0].contains("two files have this name"));
}

#[test]
fn a_webhook_has_no_words_of_its_own() {
    let text = "receivers:\n- name: ops\n  webhook_configs:\n  - url: http://h/\n    text: x\nroute:\n  receiver: ops\n";
    let faults = faults(&given(text));
    assert!(
        faults[0].contains("a webhook has no key text"),
        "{faults:?}"
    );
}

#[test]
fn what_a_receiver_would_say_is_shown_without_its_secrets() {
    let slack =
        "text: \"{% from 'macros.jinja' import line %}{{ line(alerts[0]) }} <{{ service_name }}>\"";
    let text = file(slack, "subject: \"{{ severity }} {{ state }}\"");
    let given = Given::new(&[("SRE_MONITOR_CONFIG", "/etc/routes.yaml")])
        .file("/etc/routes.yaml", &text)
        .file("/etc/words/macros.jinja", MACROS);
    let args = RenderArgs {
        tree: TreeArgs { config: None },
        receiver: "ops".to_owned(),
        labels: [
            ("team", "pay<ments"),
            ("severity", "high"),
            ("service", "checkout"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        resolved: true,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = app::render(&args, &given, &mut out, &mut err).expect("written");
    let [out, err] = [out, err].map(|text| String::from_utf8(text).expect("text"));
    assert_eq!((exit, err.as_str()), (Exit::Done, ""));
    assert_eq!(
        out,
        "ops-email subject:\nhigh resolved\n\n\
         ops-slack text:\npay&lt;ments: burning 15 times too fast over 1h <checkout>\n\n"
    );
    let other = RenderArgs {
        receiver: "nobody".to_owned(),
        ..args
    };
    let exit = app::render(&other, &given, &mut Vec::new(), &mut Vec::new()).expect("written");
    assert_eq!(exit, Exit::Failed);
}
