//! Messages of several alerts, of a storm, and of what is announced beside them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sre_core::alert::{Alert, Severity};
use sre_core::incident::Incident;
use sre_core::name::{DestinationId, IncidentId, NoticeId};
use sre_core::notification::{AlertNews, Content, Message, Notice, NoticeKind, Notifier, Reason};
use sre_notify::{BODY_MAX_BYTES, WebhookConfig};
use uuid::Uuid;

use crate::fixtures::{config, incident, message, news, now, page, posted, webhook};

fn json_of(body: &[u8]) -> Value {
    assert!(body.len() <= BODY_MAX_BYTES, "{} bytes", body.len());
    serde_json::from_slice(body).expect("json")
}

fn rendered(message: &Message<'_>) -> Value {
    json_of(&webhook(config("http://h/")).render(message))
}

fn degraded(message: &Message<'_>) -> Value {
    let body = webhook(config("http://h/")).render_degraded(message);
    assert!(body.len() <= 4_096);
    json_of(&body)
}

/// Alerts of `services` services in turn.
fn alerts(count: usize, services: usize) -> Vec<Alert> {
    (0..count)
        .map(|n| {
            let labels = BTreeMap::from([("number".to_owned(), n.to_string())]);
            let mut alert = posted(&format!("trouble {n}"), labels);
            alert.identity.service_name = format!("service-{:03}", n % services)
                .parse()
                .expect("a name");
            alert.id = alert.identity.episode_id(1);
            alert
        })
        .collect()
}

fn news_of(alerts: &[Alert]) -> Vec<AlertNews<'_>> {
    alerts
        .iter()
        .map(|alert| news(alert, Reason::First))
        .collect()
}

#[test]
fn several_alerts_have_the_type_of_what_matters_most() {
    let (one, other) = (page(), page());
    let ordered = [
        (Reason::First, "alert.firing"),
        (Reason::SeverityFell, "alert.updated"),
        (Reason::Repeat, "alert.repeated"),
        (Reason::AllResolved, "alert.resolved"),
    ];
    for (place, (first, kind)) in ordered.into_iter().enumerate() {
        for (second, _) in &ordered[place..] {
            let said = [news(&one, *second), news(&other, first)];
            let body = rendered(&message(&said));
            assert_eq!(body["type"], kind);
            assert_eq!(
                body["data"]["alerts"]
                    .as_array()
                    .map(Vec::len),
                Some(2)
            );
            assert_eq!(degraded(&message(&said))["type"], kind);
        }
    }
}

#[test]
fn each_alert_of_a_message_has_its_own_number_and_reason() {
    let (one, other) = (page(), page());
    let said = [
        AlertNews {
            sequence: 3,
            ..news(&one, Reason::First)
        },
        AlertNews {
            sequence: 7,
            ..news(&other, Reason::AllResolved)
        },
    ];
    let body = rendered(&message(&said));
    let entry = |n: usize| {
        (
            &body["data"]["alerts"][n]["sequence"],
            &body["data"]["alerts"][n]["reason"],
        )
    };
    assert_eq!(entry(0), (&json!(3), &json!("first")));
    assert_eq!(entry(1), (&json!(7), &json!("all_resolved")));
    assert_eq!(body["data"]["service_name"], "api-gateway");
    assert_eq!(body["data"]["omitted"], 0);
}

#[test]
fn a_message_names_the_incident_that_all_its_alerts_share() {
    let (alert, incident) = (page(), incident());
    let other = Incident {
        id: IncidentId(Uuid::from_u128(5)),
        ..incident.clone()
    };
    let of = |incident| AlertNews {
        incident,
        ..news(&alert, Reason::First)
    };
    let id = json!(incident.id.to_string());
    for (all, shared) in [
        (vec![of(Some(&incident)), of(Some(&incident))], &id),
        (vec![of(Some(&incident)), of(Some(&other))], &Value::Null),
        (vec![of(Some(&incident)), of(None)], &Value::Null),
        (vec![of(None), of(Some(&incident))], &Value::Null),
    ] {
        let digest = Message {
            content: Content::Digest { news: &all },
            now: now(),
            note: None,
        };
        for said in [message(&all), digest] {
            assert_eq!(&rendered(&said)["data"]["incident"]["id"], shared);
        }
    }
}

#[test]
fn more_alerts_than_there_is_room_for_are_counted() {
    let mut alerts = alerts(500, 1);
    for alert in &mut alerts {
        alert.message = "🔥\u{202e}<!channel>\r\n".repeat(200);
    }
    let said = news_of(&alerts);
    let body = rendered(&message(&said));
    let kept = body["data"]["alerts"]
        .as_array()
        .map(Vec::len)
        .expect("alerts");
    assert!(kept >= 20, "{kept}");
    assert_eq!(body["data"]["omitted"], 500 - kept);
    let minimal = degraded(&message(&said));
    assert_eq!(minimal["data"]["omitted"], 500 - 32);
}

#[test]
fn a_digest_counts_by_severity_and_service_and_tells_the_gravest_first() {
    let mut alerts = alerts(40, 8);
    alerts[5].severity = Severity::Emergency;
    let mut said = news_of(&alerts);
    said[7].reason = Reason::AllResolved;
    said.sort_by_key(|news| std::cmp::Reverse(news.alert.severity));
    let digest = Message {
        content: Content::Digest { news: &said },
        now: now(),
        note: None,
    };
    let body = rendered(&digest);
    assert_eq!(body["type"], "digest");
    let counts = &body["data"]["counts"];
    assert_eq!(
        (&counts["firing"], &counts["resolved"]),
        (&json!(39), &json!(1))
    );
    assert_eq!(counts["by_severity"], json!({"emergency": 1, "high": 38}));
    assert_eq!(counts["services"], 8);
    let first = json!({
        "service_name": "service-005", "firing": 5, "resolved": 0, "severity": "emergency"
    });
    assert_eq!(counts["by_service"][0], first);
    assert_eq!(counts["by_service"][7]["resolved"], 1);
    assert_eq!(body["data"]["alerts"][0]["severity"], "emergency");
    assert_eq!(
        body["data"]["alerts"]
            .as_array()
            .map(Vec::len),
        Some(40)
    );
    let text = degraded(&digest)["data"]["text"].clone();
    let text = text.as_str().expect("a text");
    assert!(
        text.starts_with("[DIGEST] 39 firing, 1 resolved on 8 services: service-005 "),
        "{text}"
    );
}

#[test]
fn a_digest_of_a_thousand_wicked_alerts_stays_within_bounds() {
    let mut alerts = alerts(1_000, 1_000);
    for alert in &mut alerts {
        alert.message = "🔥\u{0}\"\\".repeat(100);
    }
    let said = news_of(&alerts);
    let body = rendered(&Message {
        content: Content::Digest { news: &said },
        now: now(),
        note: None,
    });
    let kept = body["data"]["alerts"]
        .as_array()
        .map(Vec::len)
        .expect("alerts");
    assert_eq!(body["data"]["omitted"], 1_000 - kept);
    assert_eq!(body["data"]["counts"]["firing"], 1_000);
    assert_eq!(body["data"]["counts"]["services"], 1_000);
    assert!(kept >= 50, "{kept}");
}

fn notice(kind: NoticeKind) -> Notice {
    Notice {
        id: NoticeId(Uuid::from_u128(7)),
        destination_id: DestinationId(Uuid::from_u128(8)),
        kind,
        service_name: "checkout".parse().ok(),
        severity: Some(Severity::High),
        title: "Checkout is slow".to_owned(),
        text: "ada looks".to_owned(),
        link_path: Some("incidents/0197".to_owned()),
        data: BTreeMap::from([("status".to_owned(), "open".to_owned())]),
        created_at: now(),
    }
}

#[test]
fn a_notice_says_what_it_announces() {
    let config = WebhookConfig {
        links_base: "https://sre.example/base/".parse().ok(),
        ..config("http://h/")
    };
    for kind in NoticeKind::ALL {
        let notice = notice(kind);
        let message = Message {
            content: Content::Notice(&notice),
            now: now(),
            note: None,
        };
        let body = json_of(&webhook(config.clone()).render(&message));
        assert_eq!(body["type"], kind.as_str());
        let data = &body["data"];
        assert_eq!(data["title"], "Checkout is slow");
        assert_eq!(data["link"], "https://sre.example/base/incidents/0197");
        let (facts, other) = if kind.is_incident() {
            ("incident", "details")
        } else {
            ("details", "incident")
        };
        assert_eq!(data[facts], json!({"status": "open"}));
        assert_eq!(data[other], Value::Null);
        let minimal = degraded(&message);
        assert_eq!(
            minimal["data"]["text"],
            format!("[{kind}] Checkout is slow ada looks")
        );
    }
}

#[test]
fn a_notice_too_long_for_a_body_is_cut() {
    let notice = Notice {
        text: "🔥".repeat(100_000),
        ..notice(NoticeKind::IncidentUpdated)
    };
    let body = rendered(&Message {
        content: Content::Notice(&notice),
        now: now(),
        note: None,
    });
    let text = body["data"]["text"]
        .as_str()
        .expect("a text");
    assert!(text.ends_with('…') && text.chars().count() == 1_000);
}
