//! PagerDuty: one event an alert, one key an episode, within what it documents.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sre_core::alert::{Alert, AlertState, ResolveReason, Severity};
use sre_core::name::{DestinationId, NoticeId};
use sre_core::notification::{
    AlertNews, Answer, Content, Message, Notice, NoticeKind, Notifier, Reason,
};
use sre_notify::{PagerDutyConfig, PagerDutyNotifier, RoutingKey, RoutingKeyError};
use uuid::Uuid;

use crate::fixtures::{
    evaluation, incident, install_tls, message, news, now, outgoing, page, posted, slo,
};
use crate::sink::{Sink, answer};
use crate::wicked;

pub(crate) const KEY: &str = "canary0123456789abcdef0123456789";

pub(crate) fn pagerduty(url: &str) -> PagerDutyNotifier {
    install_tls();
    PagerDutyNotifier::new(PagerDutyConfig {
        name: "pagerduty".to_owned(),
        url: url.parse().expect("an address"),
        routing_key: KEY.parse().expect("a key"),
        timeout: Duration::from_millis(1_500),
        links_base: Some(
            "https://sre.example/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: None,
    })
    .expect("a client")
}

fn rendered(news: &AlertNews<'_>) -> Value {
    let news = [*news];
    json_of(&pagerduty("http://h/").render(&message(&news)))
}

fn json_of(body: &[u8]) -> Value {
    assert!(body.len() <= 512_000);
    serde_json::from_slice(body).expect("json")
}

#[test]
fn a_page_triggers_with_what_is_known_and_where_to_look() {
    let (slo, evaluation, incident) = (slo(), evaluation(), incident());
    let alert = page();
    let event = rendered(&AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        incident: Some(&incident),
        ..news(&alert, Reason::First)
    });
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(event["dedup_key"], alert.id.to_string());
    let payload = &event["payload"];
    assert_eq!(
        payload["summary"],
        "[FIRING emergency] api-gateway: burning 15 times too fast over 1h"
    );
    assert_eq!(payload["source"], "api-gateway");
    assert_eq!(payload["class"], "burn_rate");
    assert_eq!(payload["timestamp"], "2026-03-01T11:59:55.250Z");
    assert_eq!(payload["custom_details"]["sequence"], 1);
    let details = payload["custom_details"]
        .as_object()
        .expect("details");
    assert!(
        details["Fires"]
            .as_str()
            .is_some_and(|text| text.starts_with("emergency: 15×"))
    );
    assert_eq!(event["client_url"], event["links"][0]["href"]);
    assert_eq!(event["links"][0]["text"], "alert");
}

#[test]
fn every_severity_is_mapped_and_none_is_defaulted() {
    for (severity, expected) in [
        (Severity::Emergency, "critical"),
        (Severity::Critical, "critical"),
        (Severity::High, "error"),
        (Severity::Medium, "warning"),
        (Severity::Low, "info"),
    ] {
        let alert = Alert { severity, ..page() };
        let event = rendered(&news(&alert, Reason::First));
        assert_eq!(event["payload"]["severity"], expected);
    }
}

#[test]
fn all_news_of_an_episode_have_one_key_and_its_end_resolves() {
    let alert = page();
    for reason in [
        Reason::First,
        Reason::SeverityRaised,
        Reason::SeverityFell,
        Reason::AckTimeout,
        Reason::Recurred,
        Reason::Repeat,
    ] {
        let event = rendered(&news(&alert, reason));
        assert_eq!(event["event_action"], "trigger", "{reason:?}");
        assert_eq!(event["dedup_key"], alert.id.to_string());
    }
    let over = Alert {
        state: AlertState::Resolved {
            at: now(),
            reason: ResolveReason::Condition,
            by: None,
        },
        ..alert.clone()
    };
    let event = rendered(&news(&over, Reason::AllResolved));
    assert_eq!(event["event_action"], "resolve");
    assert_eq!(event["dedup_key"], alert.id.to_string());
    assert_eq!(event["payload"], Value::Null, "nothing of it is read");
    let next = Alert {
        id: alert.identity.episode_id(2),
        ..alert
    };
    assert_ne!(
        rendered(&news(&next, Reason::First))["dedup_key"],
        event["dedup_key"]
    );
}

#[test]
fn the_worst_case_is_within_the_limits_and_details_go_first() {
    for text in wicked::TEXTS {
        let labels: BTreeMap<String, String> = (0..500)
            .map(|n| (format!("{n}{text}"), text.repeat(200)))
            .collect();
        let alert = posted(&text.repeat(2_000), labels);
        let news = [news(&alert, Reason::First)];
        let message = message(&news);
        let pagerduty = pagerduty("http://h/");
        for body in [
            pagerduty.render(&message),
            pagerduty.render_degraded(&message),
        ] {
            let event = json_of(&body);
            let summary = event["payload"]["summary"]
                .as_str()
                .expect("a summary");
            assert!((1..=1_024).contains(&summary.chars().count()));
            assert!(
                event["dedup_key"]
                    .as_str()
                    .is_some_and(|key| key.len() <= 255)
            );
        }
    }
    let huge: BTreeMap<String, String> = (0..600)
        .map(|n| (n.to_string(), "x".repeat(1_000)))
        .collect();
    let alert = posted("all labels", huge);
    let event = rendered(&news(&alert, Reason::First));
    assert_eq!(event["payload"]["custom_details"], Value::Null);
    assert_eq!(event["payload"]["severity"], "error");
}

#[tokio::test]
async fn the_key_joins_the_event_when_it_is_sent_and_is_in_no_frozen_body() {
    let accepted = json!({
        "status": "success", "message": "Event processed", "dedup_key": "k"
    });
    let sink = Sink::that(answer("202 Accepted", "", &accepted.to_string())).await;
    let pagerduty = pagerduty(&format!("http://127.0.0.1:{}/v2/enqueue", sink.port));
    let alert = page();
    let news = [news(&alert, Reason::First)];
    let body = pagerduty.render(&message(&news));
    assert!(!String::from_utf8_lossy(&body).contains(KEY));
    let answer = pagerduty
        .send(&outgoing(&body, now()))
        .await;
    assert!(matches!(answer, Answer::Responded { status: 202, .. }));
    let seen = sink.seen();
    assert_eq!(seen[0].line, "POST /v2/enqueue HTTP/1.1");
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let mut sent = json_of(&seen[0].body);
    assert_eq!(sent["routing_key"], KEY);
    sent.as_object_mut()
        .expect("an object")
        .remove("routing_key");
    assert_eq!(sent, json_of(&body));
    assert!(pagerduty.takes_one_alert() && pagerduty.can_tell_repeats());
}

#[tokio::test]
async fn a_key_that_is_refused_stops_the_channel_and_an_event_is_tried_in_its_minimal_form() {
    let said = |errors: &str| {
        json!({
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": [errors],
        })
        .to_string()
    };
    let key = said("Length of 'routing_key' is incorrect (should be 32 characters)");
    let event = said("'payload.summary' is missing or blank");
    let answered = async |body: &str| {
        let sink = Sink::that(answer("400 Bad Request", "", body)).await;
        pagerduty(&format!("http://127.0.0.1:{}/", sink.port))
            .send(&outgoing(b"{\"event_action\":\"trigger\"}", now()))
            .await
    };
    assert!(matches!(
        answered(&key).await,
        Answer::FailedInWords {
            status: 400,
            meaning: 401,
            ..
        }
    ));
    assert!(matches!(
        answered(&event).await,
        Answer::Responded { status: 400, .. }
    ));
}

fn notice(kind: NoticeKind, data: &[(&str, &str)]) -> Value {
    let notice = Notice {
        id: NoticeId(Uuid::from_u128(7)),
        destination_id: DestinationId(Uuid::from_u128(8)),
        kind,
        service_name: "checkout".parse().ok(),
        severity: kind
            .is_incident()
            .then_some(Severity::Critical),
        title: "Nobody can pay".to_owned(),
        text: "ada looks".to_owned(),
        link_path: Some("ui/incidents/0197".to_owned()),
        data: data
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        created_at: now(),
    };
    let message = Message {
        content: Content::Notice(&notice),
        now: now(),
        note: None,
    };
    json_of(&pagerduty("http://h/").render(&message))
}

#[test]
fn an_incident_is_opened_acknowledged_and_resolved_under_one_key() {
    for (kind, status, action) in [
        (NoticeKind::IncidentOpened, "open", "trigger"),
        (NoticeKind::IncidentUpdated, "acknowledged", "acknowledge"),
        (NoticeKind::IncidentUpdated, "mitigated", "acknowledge"),
        (NoticeKind::IncidentUpdated, "open", "trigger"),
        (NoticeKind::IncidentUpdated, "dismissed", "resolve"),
        (NoticeKind::IncidentResolved, "resolved", "resolve"),
    ] {
        let event = notice(kind, &[("id", "0197"), ("status", status)]);
        assert_eq!(event["event_action"], action, "{kind} {status}");
        assert_eq!(event["dedup_key"], "incident 0197");
    }
}

#[test]
fn blindness_ends_under_the_key_under_which_it_began_and_a_test_wakes_nobody() {
    let of = |kind| notice(kind, &[("replica", "a-1")]);
    let (blind, recovered) = (
        of(NoticeKind::MonitorBlind),
        of(NoticeKind::MonitorRecovered),
    );
    assert_eq!(blind["payload"]["severity"], "critical");
    assert_eq!(recovered["event_action"], "resolve");
    assert_eq!(blind["dedup_key"], recovered["dedup_key"]);
    assert_eq!(of(NoticeKind::ChannelTest)["payload"]["severity"], "info");
}

#[test]
fn a_key_has_exactly_32_letters_and_digits() {
    for text in [
        "",
        &KEY[1..],
        &format!("{KEY}0"),
        "canary0123456789abcdef012345678\"",
        "canary0123456789abcdef01234567ä",
    ] {
        assert_eq!(
            text.parse::<RoutingKey>().err(),
            Some(RoutingKeyError),
            "{text}"
        );
    }
}
