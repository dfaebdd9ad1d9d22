//! The configuration file: what it comes to, and every fault with its place.

use sre_core::routing::{GroupBy, Pace};
use sre_core::time::Span;
use sre_server::cli::{self, Exit, Output, RoutesVerb, TestArgs, TreeArgs};
use sre_server::config::{ChannelConfig, Config, Secrets, read_file};

use super::Given;

const EXAMPLE: &str = include_str!("../../../../deploy/routing/routes.yaml");

/// The smallest file that leads somewhere, with `more` behind it.
fn file(more: &str) -> String {
    format!(
        "receivers:\n- name: ops\n  webhook_configs:\n  - url: http://127.0.0.1:9/x\nroute:\n  \
         receiver: ops\n{more}"
    )
}

fn given(text: &str) -> Given {
    Given::new(&[
        ("SRE_MONITOR_CONFIG", "/etc/routes.yaml"),
        (
            "PAYMENTS_SLACK_URL",
            "https://hooks.slack.com/services/CANARY-1",
        ),
    ])
    .file("/etc/routes.yaml", text)
    .file("/run/secrets/smtp-password", "CANARY-2\n")
    .file(
        "/run/secrets/slack-on-call",
        "https://hooks.slack.com/services/CANARY-3",
    )
    .file(
        "/run/secrets/pager-key",
        "whsec_Q0FOQVJZLUNBTkFSWS1DQU5BUlktQ0FOQVJZLTQ=",
    )
}

fn faults(text: &str) -> Vec<String> {
    read_file(text, Secrets::Unread, &[])
        .map(|_| ())
        .expect_err("something is wrong")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_example_is_taken_and_shows_no_secret() {
    let config: Config = given(EXAMPLE).config();
    let names: Vec<&str> = config
        .file
        .receivers
        .iter()
        .flat_map(|receiver| &receiver.channels)
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        "tickets",
        "day-shift",
        "night-shift",
        "second-line",
        "payments-email",
        "payments-slack",
    ];
    assert_eq!(names, expected);
    let shown = format!("{config:?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    for (_, channel) in config
        .file
        .receivers
        .iter()
        .flat_map(|receiver| &receiver.channels)
    {
        assert!(!channel.to_string().contains("CANARY"), "{channel}");
    }
    let ChannelConfig::Email(mail) = &config.file.receivers[0].channels[0].1 else {
        panic!("the tickets go by mail");
    };
    assert_eq!((mail.host.as_str(), mail.port), ("mail.example.org", 587));
    assert!(mail.login.is_some());
}

#[test]
fn a_file_that_is_missing_is_refused() {
    let mut given = Given::default();
    given.set("SRE_MONITOR_CONFIG", "/etc/missing.yaml");
    let faults = given
        .read()
        .expect_err("it is not there")
        .to_string();
    assert!(
        faults.contains("SRE_MONITOR_CONFIG=\"/etc/missing.yaml\": the file cannot be read"),
        "{faults}"
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_line_and_column() {
    let text = "\
receivers:
- name: ops
  webhook_configs:
  - url: ftp://example.org
  pager_configs: []
- name: ops
slos: []
time_intervals:
- name: night
  time_intervals:
  - times:
    - start_time: '22:00'
      end_time: '06:00'
    weekdays: [someday]
    location: Europe/Atlantis
route:
  receiver: nobody
  group_interval: soon
  routes:
  - matchers: ['severity=~\"(\"']
    mute_time_intervals: [day]
    continue: perhaps
    escalate:
    - after: 5m
";
    let told = faults(text);
    let places: Vec<&str> = told
        .iter()
        .map(|fault| {
            fault
                .split(": ")
                .next()
                .expect("a place")
        })
        .collect();
    let expected = [
        "4:10", "5:3", "6:9", "7:1", "12:7", "14:16", "15:15", "17:13", "18:19", "20:16", "21:27",
        "22:15", "24:7",
    ];
    assert_eq!(places, expected, "{told:#?}");
    for (place, words) in [
        (
            1,
            "a receiver has no key pager_configs; it has name, fallback",
        ),
        (2, "two receivers are called ops"),
        (3, "slos is not in this version"),
        (4, "the end lies before the start"),
        (7, "no receiver is called nobody"),
        (10, "no time interval is called day"),
        (12, "a step of an escalation has to"),
    ] {
        assert!(told[place].contains(words), "{}", told[place]);
    }
}

#[test]
fn what_is_no_yaml_is_told_with_its_place() {
    let told = faults("route:\n  receiver: [ops\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("this is not YAML"), "{}", told[0]);
    assert!(faults("receivers: []\nreceivers: []\n")[0].starts_with("2:1: "));
}

#[test]
fn a_secret_does_not_stand_in_the_file() {
    let text =
        "receivers:\n- name: ops\n  slack_configs:\n  - api_url: https://hooks.slack.com/CANARY\n";
    let told = faults(text);
    assert!(
        told[0].starts_with("4:14: a secret does not stand in the file"),
        "{told:?}"
    );
    assert!(!told.concat().contains("CANARY"));
}

#[test]
fn a_secret_that_is_not_there_is_a_fault_of_its_key() {
    let text = file("").replace(
        "  - url: http://127.0.0.1:9/x\n",
        "  - url_env: NOWHERE\n    secret_file: /nowhere\n",
    );
    let told = given(&text)
        .read()
        .expect_err("nothing is there")
        .to_string();
    assert!(
        told.contains("routes.yaml:4:14\": the variable NOWHERE is unset"),
        "{told}"
    );
    assert!(
        told.contains("routes.yaml:5:18\": the file cannot be read"),
        "{told}"
    );
}

#[test]
fn receivers_do_not_fall_back_in_a_circle() {
    let text = "\
receivers:
- name: a
  fallback: b
- name: b
  fallback: a
- name: c
  fallback: z
";
    let told = faults(text);
    assert_eq!(
        told,
        [
            "3:13: a falls back to itself",
            "5:13: b falls back to itself",
            "7:13: no receiver is called z"
        ]
    );
}

#[test]
fn the_root_takes_everything_and_tells_somebody() {
    let told = faults("receivers:\n- name: ops\nroute:\n  matchers: [a=b]\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("4:3: the root names a receiver"),
        "{told:?}"
    );
    assert!(told[1].contains("the root takes every alert"), "{told:?}");
}

#[test]
fn a_route_says_how_its_messages_are_grouped() {
    let text = file("  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1m30s\n");
    let config = read_file(&text, Secrets::Unread, &[]).expect("a file");
    let tree = config
        .tree(config.nameplates(&[]))
        .expect("a tree")
        .expect("a route");
    let (_, leaf) = tree.routes().remove(0);
    assert_eq!(leaf.group_by, GroupBy::All);
    assert_eq!(
        leaf.pace,
        Pace::Written {
            wait: None,
            interval: Span::seconds(90)
        }
    );
    assert!(faults(&file("  group_interval: 2h\n"))[0].contains("at most 1h"));
}

#[test]
fn the_channels_of_variables_are_receivers_and_alone_the_default_route() {
    let routes = "route:\n  receiver: webhook\n";
    let mut by_variable = given(routes);
    by_variable.set("WEBHOOK_URL", "http://127.0.0.1:9/x");
    assert!(
        by_variable
            .config()
            .file
            .route
            .is_some()
    );
    let told = given(routes)
        .read()
        .expect_err("there is no webhook")
        .to_string();
    assert!(told.contains("no receiver is called webhook"), "{told}");
    let taken = file("").replace("ops", "webhook");
    by_variable = by_variable.file("/etc/routes.yaml", &taken);
    assert!(by_variable.read().is_err(), "the name is taken");
}

fn asked(labels: &[(&str, &str)], at: &str, owner: Option<&str>) -> (Exit, String) {
    let verb = RoutesVerb::Test(TestArgs {
        tree: TreeArgs { config: None },
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        owner: owner.map(str::to_owned),
        at: None,
        expect: None,
        output: Output::Table,
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let now = at.parse().expect("an instant");
    let exit = cli::routes(&verb, &given(EXAMPLE), now, &mut out, &mut err).expect("it is written");
    (exit, String::from_utf8(out).expect("text"))
}

#[test]
fn routes_test_says_who_is_told_and_why() {
    let page = [("service", "checkout"), ("severity", "critical")];
    // A Monday morning, and the night after it.
    let (exit, by_day) = asked(&page, "2026-11-23T09:00:00Z", None);
    assert_eq!(exit, Exit::Done);
    let expected = "\
day-shift
  because of      everything > severity=~\"critical|emergency|page\" > everything
  grouped by      service
  group_wait      30s
  group_interval  5m
  repeat_interval 4h
  after 15m       second-line
night-shift
  because of      everything > severity=~\"critical|emergency|page\" > everything
  grouped by      service
  group_wait      30s
  group_interval  5m
  repeat_interval 4h
  after 15m       second-line
  mute            at least until 2026-11-23T15:00:00+00:00
";
    assert_eq!(by_day, expected);
    let (_, by_night) = asked(&page, "2026-11-23T22:00:00Z", Some("payments"));
    let told: Vec<&str> = by_night
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert_eq!(told, ["payments", "day-shift", "night-shift"]);
    assert_eq!(by_night.matches("  mute ").count(), 1);
}

#[test]
fn rules_of_inhibition_are_read_and_refused_with_their_place() {
    let text = file(
        "inhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: \
         ['severity=~\"medium|high\"', zone=a]\n  equal: [service]\n- name: all\n  source_matchers: \
         [alertname=down]\n  target_matchers: [severity=emergency]\n  inhibit_emergency: true\n",
    );
    let config = read_file(&text, Secrets::Unread, &[]).expect("a file");
    let names: Vec<&str> = config
        .inhibit_rules
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            r#"{severity="critical"} over {severity=~"medium|high",zone="a"} by service"#,
            "all"
        ]
    );

    let wrong = "inhibit_rules:\n- target_matchers: [zone=a]\n  equal: [zone, zone]\n- source_match: \
                 {zone: a}\n  source_matchers: ['zone=~\"(\"']\n  target_matchers: [severity=emergency]\n\
                 - {name: a, source_matchers: [x=y], target_matchers: []}\n";
    let told = faults(&file(wrong));
    let places: Vec<(&str, &str)> = told
        .iter()
        .map(|fault| fault.split_once(": ").expect("a place"))
        .collect();
    let found = |place: &str, words: &str| {
        places
            .iter()
            .any(|(known, cause)| *known == place && cause.contains(words))
    };
    for (place, words) in [
        ("8:3", "has source_matchers"),
        ("9:17", "zone stands here a second time"),
        ("10:3", "source_match is written as source_matchers"),
        ("11:21", "zone=~"),
        ("13:54", "has at least one matcher"),
    ] {
        assert!(found(place, words), "{place} {words}: {told:#?}");
    }
    let exempt =
        "inhibit_rules:\n- source_matchers: [zone=a]\n  target_matchers: [severity=emergency]\n";
    assert!(faults(&file(exempt))[0].contains("inhibit_emergency: true"));
}
