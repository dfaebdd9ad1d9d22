//! The forms of a webhook's body: our own, Alertmanager's, and an event.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sre_core::alert::{Alert, AlertState, ResolveReason, Severity};
use sre_core::notification::{AlertNews, Content, Message, Notifier, Reason};
use sre_notify::{BODY_MAX_BYTES, WebhookConfig, WebhookFormat, WebhookNotifier};

use crate::fixtures::{
    config, evaluation, grouped, message, news, now, outgoing, page, posted, slo, webhook,
};
use crate::sink::{Sink, answer};

pub(crate) const FORMATS: [WebhookFormat; 3] = [
    WebhookFormat::Standard,
    WebhookFormat::Alertmanager,
    WebhookFormat::CloudEvents,
];

pub(crate) fn of(format: WebhookFormat, url: &str) -> WebhookNotifier {
    webhook(WebhookConfig {
        format,
        ..config(url)
    })
}

fn rendered(format: WebhookFormat, message: &Message<'_>) -> Value {
    let body = of(format, "http://h/").render(message);
    assert!(body.len() <= BODY_MAX_BYTES);
    serde_json::from_slice(&body).expect("json")
}

fn high_burn(state: AlertState) -> Alert {
    let labels = [("zone", "a"), ("team.name", "pay")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Alert {
        state,
        severity: Severity::Critical,
        ..posted("burn 14.4x", labels)
    }
}

fn over() -> AlertState {
    AlertState::Resolved {
        at: now(),
        reason: ResolveReason::Condition,
        by: None,
    }
}

#[test]
fn a_group_of_alertmanager_has_the_shape_of_alertmanager() {
    let (firing, ended) = (high_burn(AlertState::Firing), high_burn(over()));
    let news = [
        news(&firing, Reason::First),
        news(&ended, Reason::AllResolved),
    ];
    let group = rendered(WebhookFormat::Alertmanager, &message(&news));
    let labels = json!({
        "alertname": "queue_depth", "service": "checkout", "severity": "critical",
        "team_name": "pay", "zone": "a"
    });
    assert_eq!(group["receiver"], "default");
    assert_eq!(group["status"], "firing");
    assert_eq!(group["version"], "4");
    assert_eq!(group["externalURL"], "https://sre.example/monitor/");
    assert_eq!(group["truncatedAlerts"], 0);
    assert_eq!(group["groupLabels"], json!({"service": "checkout"}));
    assert_eq!(group["groupKey"], r#"{}:{service="checkout"}"#);
    assert_eq!(group["commonLabels"], labels);
    assert_eq!(group["commonAnnotations"]["summary"], "burn 14.4x");
    let [first, last] = [0, 1].map(|at| &group["alerts"][at]);
    assert_eq!(first["labels"], labels);
    assert_eq!(first["startsAt"], "2026-03-01T11:59:55.250000Z");
    assert_eq!(first["endsAt"], "0001-01-01T00:00:00Z");
    assert_eq!(first["status"], "firing");
    assert!(
        first["generatorURL"]
            .as_str()
            .is_some_and(|url| url.starts_with("https://sre.example/monitor/ui/alerts/"))
    );
    assert_eq!(last["status"], "resolved");
    assert_eq!(last["endsAt"], "2026-03-01T12:00:00.250000Z");
    assert_eq!(first["fingerprint"], last["fingerprint"]);
    let names: Vec<&String> = group
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(names.len(), 10, "{names:?}");
}

#[test]
fn groups_that_a_route_tells_apart_have_keys_of_their_own() {
    let alert = high_burn(AlertState::Firing);
    let news = [news(&alert, Reason::First)];
    let of = |zone: &str| {
        let by = BTreeMap::from([("zone".to_owned(), zone.to_owned())]);
        rendered(WebhookFormat::Alertmanager, &grouped(&news, &by))
    };
    let (one, other) = (of("a"), of("b"));
    assert_eq!(one["groupKey"], r#"{}:{service="checkout", zone="a"}"#);
    assert_eq!(
        one["groupLabels"],
        json!({"service": "checkout", "zone": "a"})
    );
    assert_ne!(one["groupKey"], other["groupKey"]);
    let (one, other) = (of(&"a".repeat(100_000)), of(&"b".repeat(100_000)));
    assert_ne!(one["groupKey"], other["groupKey"]);
    assert_eq!(one["alerts"].as_array().map(Vec::len), Some(1));
    assert!(one["groupLabels"]["group"].is_string(), "{one}");
}

#[test]
fn another_severity_is_another_alert_and_the_former_ends() {
    let alert = high_burn(AlertState::Firing);
    let raised = AlertNews {
        known_severity: Some(Severity::High),
        ..news(&alert, Reason::SeverityRaised)
    };
    let group = rendered(WebhookFormat::Alertmanager, &message(&[raised]));
    let told: Vec<(&Value, &Value)> = group["alerts"]
        .as_array()
        .expect("alerts")
        .iter()
        .map(|alert| (&alert["labels"]["severity"], &alert["status"]))
        .collect();
    assert_eq!(told[0], (&json!("high"), &json!("resolved")));
    assert_eq!(told[1], (&json!("critical"), &json!("firing")));
    // What ends before its new severity was told ends as it was known.
    let ended = high_burn(over());
    let unseen = AlertNews {
        known_severity: Some(Severity::High),
        ..news(&ended, Reason::AllResolved)
    };
    let group = rendered(WebhookFormat::Alertmanager, &message(&[unseen]));
    assert_eq!(group["status"], "resolved");
    assert_eq!(group["alerts"][0]["labels"]["severity"], "high");
    assert_eq!(group["alerts"][1], Value::Null);
}

#[test]
fn a_group_that_is_too_long_loses_annotations_then_labels_then_alerts() {
    let labels: BTreeMap<String, String> = (0..32)
        .map(|n| (format!("l{n}"), "🔥".repeat(64)))
        .collect();
    let alert = posted(&"m".repeat(4_000), labels);
    let many: Vec<AlertNews<'_>> = (0..200)
        .map(|_| news(&alert, Reason::First))
        .collect();
    let group = rendered(WebhookFormat::Alertmanager, &message(&many));
    let kept = group["alerts"]
        .as_array()
        .map(Vec::len)
        .expect("alerts");
    assert!(kept > 50, "{kept}");
    assert_eq!(group["truncatedAlerts"], 200 - kept);
    assert_eq!(group["alerts"][0]["labels"]["alertname"], "queue_depth");
    assert_eq!(group["alerts"][0]["labels"]["l0"], Value::Null);
}

/// What the schema of `CloudEvents` 1.0 (draft 07) and its specification ask of an event.
fn is_event(event: &Value) {
    let event = event.as_object().expect("an object");
    for name in ["id", "source", "specversion", "type"] {
        let text = event[name].as_str().expect(name);
        assert!(!text.is_empty(), "{name}");
    }
    assert_eq!(event["specversion"], "1.0");
    for (name, value) in event {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(name.bytes().all(is_plain), "{name}");
        assert!(name == "data" || value.is_string(), "{name}");
    }
    let source = event["source"]
        .as_str()
        .expect("a text");
    assert!(source.parse::<url::Url>().is_ok(), "{source}");
    let time = event["time"].as_str().expect("a text");
    assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    assert_eq!(event["datacontenttype"], "application/json");
    assert!(
        event
            .get("subject")
            .is_none_or(|subject| subject.as_str() != Some(""))
    );
    assert!(event["data"].is_object());
}

#[test]
fn an_event_is_what_the_specification_asks_and_holds_our_own_facts() {
    let (slo, evaluation) = (slo(), evaluation());
    let alert = page();
    let news = [AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        ..news(&alert, Reason::First)
    }];
    let message = message(&news);
    let event = rendered(WebhookFormat::CloudEvents, &message);
    is_event(&event);
    assert_eq!(event["type"], "alert.firing");
    assert_eq!(event["subject"], "api-gateway");
    assert_eq!(event["source"], "https://sre.example/monitor/");
    let own = rendered(WebhookFormat::Standard, &message);
    assert_eq!(event["data"], own["data"]);
    let digest = Message {
        content: Content::Digest { news: &news },
        now: now(),
        note: None,
    };
    is_event(&rendered(WebhookFormat::CloudEvents, &digest));
    let minimal = of(WebhookFormat::CloudEvents, "http://h/").render_degraded(&message);
    let minimal: Value = serde_json::from_slice(&minimal).expect("json");
    is_event(&minimal);
    assert_ne!(
        minimal["id"], event["id"],
        "another content is another event"
    );
}

#[test]
fn an_event_has_the_same_id_when_it_is_made_again_and_another_for_the_next_message() {
    let alert = page();
    let first = [news(&alert, Reason::First)];
    let next = [AlertNews {
        sequence: 2,
        ..news(&alert, Reason::First)
    }];
    let id =
        |news: &[AlertNews<'_>]| rendered(WebhookFormat::CloudEvents, &message(news))["id"].clone();
    assert_eq!(id(&first), id(&first));
    assert_ne!(id(&first), id(&next));
}

#[test]
fn an_event_is_never_longer_than_what_is_sure_to_be_forwarded() {
    let labels: BTreeMap<String, String> = (0..32)
        .map(|n| (format!("l{n}"), "🔥".repeat(64)))
        .collect();
    let alert = posted(&"m".repeat(4_000), labels);
    let many: Vec<AlertNews<'_>> = (0..100)
        .map(|_| news(&alert, Reason::First))
        .collect();
    is_event(&rendered(WebhookFormat::CloudEvents, &message(&many)));
}

#[tokio::test]
async fn each_form_says_its_type_and_all_have_the_same_headers() {
    for format in FORMATS {
        let sink = Sink::that(answer("204 No Content", "", "")).await;
        let webhook = of(format, &format!("http://127.0.0.1:{}/hook", sink.port));
        webhook
            .send(&outgoing(b"{}", now()))
            .await;
        let seen = sink.seen();
        let expected = match format {
            WebhookFormat::CloudEvents => "application/cloudevents+json",
            _ => "application/json",
        };
        assert_eq!(seen[0].header("content-type"), Some(expected));
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            assert!(seen[0].header(name).is_some(), "{format}: {name}");
        }
        assert_eq!(format.as_str().parse(), Ok(format));
    }
}
