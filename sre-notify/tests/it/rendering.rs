//! What a message says, whole and in the worst case.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sre_core::alert::{Alert, AlertState, ResolveReason};
use sre_core::notification::{AlertNews, Notifier, Reason};
use sre_core::time::Span;
use sre_core::window::{CalendarUnit, CalendarWindow, Window};
use sre_notify::BODY_MAX_BYTES;

use crate::fixtures::{
    config, evaluation, incident, message, news, now, page, posted, slo, webhook,
};
use crate::slack::slack;

fn rendered(news: &AlertNews<'_>) -> Value {
    let news = [*news];
    let body = webhook(config("http://h/")).render(&message(&news));
    assert!(body.len() <= BODY_MAX_BYTES);
    serde_json::from_slice(&body).expect("json")
}

fn degraded(news: &AlertNews<'_>) -> Value {
    let news = [*news];
    let body = webhook(config("http://h/")).render_degraded(&message(&news));
    assert!(body.len() <= 4_096);
    serde_json::from_slice(&body).expect("json")
}

#[test]
fn a_page_says_its_rules_its_slo_what_is_left_and_where_to_read_on() {
    let (slo, evaluation, incident) = (slo(), evaluation(), incident());
    let alert = Alert {
        incident_id: Some(incident.id),
        ..page()
    };
    let news = AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        incident: Some(&incident),
        suppressed_episodes: 2,
        ..news(&alert, Reason::First)
    };
    let expected: Value = serde_json::from_str(include_str!("page.json")).expect("json");
    assert_eq!(rendered(&news), expected);
    let minimal = degraded(&news);
    assert_eq!(minimal["type"], "alert.firing");
    assert_eq!(
        minimal["data"],
        json!({
            "service_name": "api-gateway",
            "text": "[FIRING emergency] api-gateway: burning 15 times too fast over 1h",
            "alerts": [{ "id": alert.id.to_string(), "sequence": 1 }],
            "omitted": 0
        })
    );
}

#[test]
fn a_month_is_named_with_its_zone_and_told_as_it_is_written() {
    let (mut slo, mut evaluation, alert) = (slo(), evaluation(), page());
    let month = CalendarWindow::new(CalendarUnit::Month);
    slo.definition.window =
        Window::Calendar(month.in_zone("Europe/Zurich".parse().expect("a zone")));
    evaluation.window = Span::days(31);
    let news = AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        ..news(&alert, Reason::First)
    };
    let body = rendered(&news);
    let (data, text) = (&body["data"], body.to_string());
    let written =
        json!({"calendar": "month", "time_zone": "Europe/Zurich", "count": 1, "anchor": null});
    assert!(
        text.contains(&format!("\"time_window\":{written}")),
        "{text}"
    );
    assert!(text.contains(&format!("\"window\":{written}")), "{text}");
    let end = evaluation
        .window_end()
        .format("%Y-%m-%dT%H:%M:%S")
        .to_string();
    assert!(text.contains(&format!("\"window_end\":\"{end}")), "{data}");
    let body = slack("http://h/").render(&message(&[news]));
    let text = String::from_utf8(body).expect("text");
    assert!(
        text.contains("allowed so far in the month (Europe/Zurich)"),
        "{text}"
    );
}

#[test]
fn a_reported_alert_without_an_slo_has_nulls_and_not_gaps() {
    let labels = BTreeMap::from([("queue".to_owned(), "mail".to_owned())]);
    let alert = Alert {
        state: AlertState::Acknowledged {
            at: now() - TimeDelta::nanoseconds(1_001),
            by: Some("ada".to_owned()),
            until: now(),
        },
        ..posted("812.5 messages wait", labels)
    };
    let body = rendered(&news(&alert, Reason::SeverityRaised));
    assert_eq!(body["type"], "alert.updated");
    let entry = &body["data"]["alerts"][0];
    let some = [
        ("value", json!(812.5)),
        ("threshold", json!(500)),
        ("labels", json!({"queue": "mail"})),
        ("alert_type", json!("queue_depth")),
        ("state", json!("acknowledged")),
        ("acknowledged_at", json!("2026-03-01T12:00:00.249998Z")),
        ("acknowledged_by", json!("ada")),
        ("occurred_at", json!("2026-03-01T12:00:00.250Z")),
        ("reason", json!("severity_raised")),
        ("rules", json!([])),
    ];
    for (name, value) in some {
        assert_eq!(entry[name], value, "{name}");
    }
    let entry = entry.as_object().expect("an object");
    for name in [
        "slo_id",
        "ends_at",
        "resolve_reason",
        "slo",
        "error_budget",
        "incident_id",
    ] {
        assert_eq!(entry.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(entry["links"]["slo"], Value::Null);
    assert_eq!(entry["links"]["runbook"], Value::Null);
}

#[test]
fn a_resolve_says_when_and_why_it_ended() {
    let ended = now() - TimeDelta::seconds(3);
    let state = AlertState::Resolved {
        at: ended,
        reason: ResolveReason::Condition,
        by: None,
    };
    let alert = Alert { state, ..page() };
    let news = AlertNews {
        sequence: 4,
        ..news(&alert, Reason::AllResolved)
    };
    let body = rendered(&news);
    assert_eq!(body["type"], "alert.resolved");
    let entry = &body["data"]["alerts"][0];
    for (name, value) in [
        ("state", json!("resolved")),
        ("reason", json!("all_resolved")),
        ("resolve_reason", json!("condition")),
        ("ends_at", json!("2026-03-01T11:59:57.250Z")),
        ("occurred_at", json!("2026-03-01T11:59:57.250Z")),
        ("sequence", json!(4)),
    ] {
        assert_eq!(entry[name], value, "{name}");
    }
    let text = degraded(&news)["data"]["text"].clone();
    assert_eq!(
        text,
        "[RESOLVED] api-gateway: burning 15 times too fast over 1h"
    );
}

#[test]
fn every_reason_has_its_type() {
    let alert = page();
    for (reason, kind) in [
        (Reason::First, "alert.firing"),
        (Reason::SeverityRaised, "alert.updated"),
        (Reason::SeverityFell, "alert.updated"),
        (Reason::AckTimeout, "alert.updated"),
        (Reason::Escalated, "alert.escalated"),
        (Reason::Recurred, "alert.repeated"),
        (Reason::Repeat, "alert.repeated"),
        (Reason::AllResolved, "alert.resolved"),
    ] {
        let news = news(&alert, reason);
        assert_eq!(rendered(&news)["type"], kind);
        assert_eq!(degraded(&news)["type"], kind);
        assert_eq!(
            rendered(&news)["data"]["alerts"][0]["reason"],
            reason.as_str()
        );
    }
}

#[test]
fn an_slo_without_data_has_a_budget_of_nulls() {
    let (alert, slo) = (page(), slo());
    let evaluation = sre_core::evaluation::Evaluation {
        budget: None,
        ..evaluation()
    };
    let news = AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        ..news(&alert, Reason::First)
    };
    let body = rendered(&news);
    let budget = &body["data"]["alerts"][0]["error_budget"];
    for name in [
        "sli_percentage",
        "total",
        "remaining",
        "remaining_percentage",
        "burn_rate",
    ] {
        assert_eq!(budget.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(budget["coverage"], 0.98);
}

/// The worst that the API lets in, and worse.
#[test]
fn whatever_people_write_stays_json_and_within_bounds() {
    for nasty in [
        "plain ",
        "🔥👩‍👩‍👧",
        "\u{202e}שלום",
        "<script>alert(1)</script><!channel>",
        "a\r\nb\u{2028}\t\"\\\0\u{7}",
    ] {
        let text = |bytes: usize| nasty.repeat(bytes / nasty.len() + 1);
        for (bytes, labels) in [(4_096, 0), (4_096, 32), (100_000, 32), (4_096, 500)] {
            let labels = (0..labels).map(|n| (format!("{n}{}", text(100)), text(4_096)));
            let alert = posted(&text(bytes), labels.collect());
            let mut slo = slo();
            slo.definition.name = text(700);
            slo.definition
                .links
                .extend((0..64).map(|n| (n.to_string(), text(2_000))));
            let news = AlertNews {
                slo: Some(&slo),
                ..news(&alert, Reason::First)
            };
            let body = rendered(&news);
            let said = body["data"]["alerts"][0]["message"]
                .as_str()
                .expect("a message");
            let kept = said.strip_suffix('…').unwrap_or(said);
            assert!(alert.message.starts_with(kept));
            let minimal = degraded(&news);
            let said = minimal["data"]["text"]
                .as_str()
                .expect("a text");
            assert!(said.starts_with("[FIRING high] checkout: ") && said.ends_with('…'));
            assert!(!said.contains(char::is_control));
        }
    }
}

#[test]
fn labels_are_given_up_before_the_message() {
    let labels: BTreeMap<_, _> = (0..32)
        .map(|n| (format!("label{n:02}"), "v".repeat(4_096)))
        .collect();
    let alert = posted(&"m".repeat(4_096), labels);
    let body = rendered(&news(&alert, Reason::First));
    let entry = &body["data"]["alerts"][0];
    assert_eq!(entry["message"].as_str().map(str::len), Some(4_096));
    let cut = entry["labels"]["label31"]
        .as_str()
        .expect("a label");
    assert!(cut.chars().count() == 256 && cut.ends_with('…'), "{cut}");
}

#[test]
fn the_documentation_shows_what_is_sent() {
    let documented = include_str!("../../../docs/channels.md");
    let mut lines = include_str!("page.txt")
        .lines()
        .filter(|line| !line.contains(": https://"));
    assert!(lines.all(|line| documented.contains(line)));
}
