//! Slack: what it is sent, within what it takes, and what its answers mean.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use sre_core::alert::{Alert, Severity};
use sre_core::incident::Incident;
use sre_core::name::IncidentId;
use sre_core::notification::{
    AlertNews, Answer, Content, Message, Notice, NoticeKind, Notifier, Outgoing, Reason,
};
use sre_core::time::Span;
use sre_notify::{SlackConfig, SlackNotifier};
use uuid::Uuid;

use crate::fixtures::{
    evaluation, foreseen, incident, install_tls, message, news, now, outgoing, page, posted, slo,
};
use crate::sink::{Reply, Sink, answer};
use crate::wicked;

fn config(url: &str) -> SlackConfig {
    SlackConfig {
        name: "slack".to_owned(),
        url: url.parse().expect("an address"),
        channel: Some("#alerts".to_owned()),
        username: Some("SRE Monitor".to_owned()),
        timeout: Duration::from_millis(1_500),
        links_base: Some(
            "https://sre.example/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: None,
        templates: None,
    }
}

pub(crate) fn slack(url: &str) -> SlackNotifier {
    install_tls();
    SlackNotifier::new(config(url)).expect("a client")
}

fn rendered(message: &Message<'_>) -> Value {
    let body = slack("http://h/").render(message);
    serde_json::from_slice(&body).expect("json")
}

/// What Slack documents that it takes, and what was found where it does not.
fn within_limits(payload: &Value) {
    let length = |text: &Value| {
        text["text"]
            .as_str()
            .expect("a text")
            .encode_utf16()
            .count()
    };
    let line = payload["text"]
        .as_str()
        .expect("a line");
    assert!(!line.is_empty() && line.chars().count() <= 4_000);
    let empty = Vec::new();
    let blocks = payload["blocks"]
        .as_array()
        .unwrap_or(&empty);
    assert!(blocks.len() <= 50, "{}", blocks.len());
    let mut total = line.encode_utf16().count();
    for block in blocks {
        let texts = match block["type"].as_str().expect("a type") {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                assert!((1..=150).contains(&length(&block["text"])));
                vec![&block["text"]]
            }
            "section" => {
                assert!((1..=3_000).contains(&length(&block["text"])));
                vec![&block["text"]]
            }
            "context" => {
                let elements = block["elements"]
                    .as_array()
                    .expect("elements");
                assert!((1..=10).contains(&elements.len()));
                elements.iter().collect()
            }
            other => panic!("a block of type {other}"),
        };
        for text in texts {
            total += length(text);
            has_no_mention(text["text"].as_str().expect("a text"));
        }
    }
    assert!(total <= 9_000, "{total}");
    has_no_mention(line);
}

/// Every `<` begins a link, and every link leads to a page by HTTP.
fn has_no_mention(text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let link = &rest[at + 1..];
        assert!(
            link.starts_with("https://") || link.starts_with("http://"),
            "{text}"
        );
        let end = link.find('>').expect("a link ends");
        assert_eq!(link[..end].matches('|').count(), 1, "{text}");
        rest = &link[end + 1..];
    }
}

/// The texts of all blocks, one after the other.
fn said(payload: &Value) -> String {
    let mut said = String::new();
    for block in payload["blocks"]
        .as_array()
        .expect("blocks")
    {
        for text in std::iter::once(&block["text"]).chain(
            block["elements"]
                .as_array()
                .into_iter()
                .flatten(),
        ) {
            said.push_str(
                text["text"]
                    .as_str()
                    .unwrap_or_default(),
            );
            said.push('\n');
        }
    }
    said
}

#[test]
fn a_page_says_what_burns_since_when_how_much_is_left_which_windows_fired_and_where_to_look() {
    let (slo, evaluation, incident) = (slo(), foreseen(), incident());
    let alert = Alert {
        incident_id: Some(incident.id),
        ..page()
    };
    let news = [AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        incident: Some(&incident),
        suppressed_episodes: 2,
        ..news(&alert, Reason::First)
    }];
    let payload = rendered(&message(&news));
    within_limits(&payload);
    let expected: Value = serde_json::from_str(include_str!("page.slack.json")).expect("json");
    assert_eq!(payload, expected, "{payload:#}");
}

#[test]
fn an_incident_that_all_alerts_share_is_said_once() {
    let (alert, incident) = (page(), incident());
    let with = AlertNews {
        incident: Some(&incident),
        ..news(&alert, Reason::First)
    };
    let line = "*Incident:* acknowledged, critical: Nobody can pay";
    let other = Incident {
        id: IncidentId(Uuid::from_u128(5)),
        ..incident.clone()
    };
    let elsewhere = AlertNews {
        incident: Some(&other),
        ..with
    };
    let without = news(&alert, Reason::First);
    for (all, times) in [
        (vec![with], 1),
        (vec![with, with, with], 1),
        (vec![with, elsewhere], 2),
        (vec![with, without], 1),
        (vec![without], 0),
    ] {
        let said = said(&rendered(&message(&all)));
        assert_eq!(said.matches(line).count(), times, "{said}");
        assert_eq!(said.matches("|incident>").count(), times, "{said}");
    }
}

#[test]
fn whatever_people_write_is_within_the_limits_and_mentions_nobody() {
    let slo = {
        let mut slo = slo();
        let links = &mut slo.definition.links;
        for (n, text) in wicked::TEXTS.iter().enumerate() {
            links.insert((*text).to_owned(), format!("https://h/{n}?a=<b>|c&d"));
            links.insert(format!("{n}"), format!("javascript:alert({n})"));
        }
        links.insert(
            "long".to_owned(),
            format!("https://h/{}", "x".repeat(1_900)),
        );
        slo
    };
    let (evaluation, incident) = (evaluation(), incident());
    let long = wicked::TEXTS.concat().repeat(20);
    for text in wicked::TEXTS
        .into_iter()
        .chain([long.as_str()])
    {
        let labels = (0..40)
            .map(|n| (format!("{n}{text}"), text.to_owned()))
            .collect();
        let alert = posted(text, labels);
        for count in [1, 3, 4, 20, 21, 500] {
            let wicked = Incident {
                title: alert.message.clone(),
                ..incident.clone()
            };
            let one = AlertNews {
                slo: Some(&slo),
                evaluation: Some(&evaluation),
                incident: Some(&wicked),
                ..news(&alert, Reason::First)
            };
            let all = vec![one; count];
            let whole = message(&all);
            let payload = rendered(&whole);
            within_limits(&payload);
            let more = format!("{} more alerts", count.saturating_sub(20));
            assert_eq!(said(&payload).contains(&more), count > 21, "{count}");
            let digest = Message {
                content: Content::Digest { news: &all },
                ..whole
            };
            within_limits(&rendered(&digest));
            let minimal = slack("http://h/").render_degraded(&whole);
            let minimal: Value = serde_json::from_slice(&minimal).expect("json");
            within_limits(&minimal);
            assert!(minimal.get("channel").is_none() && minimal.get("blocks").is_none());
        }
        let notice = notice(text);
        within_limits(&rendered(&Message {
            content: Content::Notice(&notice),
            now: now(),
            note: None,
        }));
    }
}

fn notice(text: &str) -> Notice {
    let destination_id = slack("http://h/").destination().id;
    let kind = NoticeKind::IncidentOpened;
    Notice {
        id: Notice::id(kind, b"7", destination_id),
        destination_id,
        kind,
        service_name: Some("checkout".parse().expect("a name")),
        severity: Some(Severity::High),
        title: text.to_owned(),
        text: format!("{text}\n\n{text}"),
        link_path: Some("incidents/7".to_owned()),
        data: [("a".to_owned(), text.to_owned())].into(),
        created_at: now(),
    }
}

#[test]
fn twenty_alerts_of_one_service_are_told_each_and_the_rest_counted() {
    let alerts: Vec<Alert> = (0..23)
        .map(|n| {
            posted(
                &format!("queue {n:02} is long"),
                [("queue".to_owned(), n.to_string())].into(),
            )
        })
        .collect();
    let news: Vec<AlertNews<'_>> = alerts
        .iter()
        .map(|alert| news(alert, Reason::First))
        .collect();
    let payload = rendered(&message(&news));
    within_limits(&payload);
    assert_eq!(
        payload["text"],
        "[FIRING high] checkout: 23 alerts firing: queue 00 is long"
    );
    let said = said(&payload);
    for n in 0..20 {
        assert!(said.contains(&format!("queue {n:02} is long")), "{said}");
    }
    assert!(!said.contains("queue 20") && said.contains("3 more alerts"));
}

#[test]
fn a_notice_of_an_incident_links_it() {
    let notice = notice("the database is full");
    let payload = rendered(&Message {
        content: Content::Notice(&notice),
        now: now(),
        note: None,
    });
    assert_eq!(
        payload["text"],
        "[INCIDENT OPENED high] checkout: the database is full"
    );
    assert!(said(&payload).contains("<https://sre.example/incidents/7|incident>"));
}

/// The answer to one try.
async fn answered(status: &str, headers: &str, body: &str) -> Answer {
    let sink = Sink::that(answer(status, headers, body)).await;
    let url = format!("http://127.0.0.1:{}/services/T0/B0/token", sink.port);
    slack(&url)
        .send(&outgoing(b"{\"text\":\"a\"}", now()))
        .await
}

fn responded(status: u16, retry_after: Option<i64>, excerpt: &str) -> Answer {
    Answer::Responded {
        status,
        retry_after: retry_after.map(TimeDelta::seconds),
        excerpt: excerpt.to_owned(),
    }
}

#[tokio::test]
async fn success_is_200_and_ok_and_anything_else_is_what_its_words_mean() {
    for said in ["ok", "ok\n", r#"{"ok":true}"#] {
        let answer = answered("200 OK", "", said).await;
        assert_eq!(answer, responded(200, None, said.trim()));
    }
    let limited = r#"{"retry_after":7,"ok":false,"error":"rate_limited"}"#;
    for (said, meaning, wait) in [
        ("invalid_payload", 400, None),
        ("action_prohibited", 403, None),
        ("invalid_token", 403, None),
        ("no_service", 404, None),
        ("channel_is_archived", 410, None),
        ("rollup_error", 500, None),
        (limited, 429, Some(7)),
        ("<html>please log in</html>", 400, None),
        ("", 400, None),
    ] {
        let expected = Answer::FailedInWords {
            status: 200,
            meaning,
            retry_after: wait.map(TimeDelta::seconds),
            excerpt: said.to_owned(),
        };
        assert_eq!(answered("200 OK", "", said).await, expected);
    }
}

#[tokio::test]
async fn documented_errors_are_reported_by_their_status() {
    for (line, status, said) in [
        ("400 Bad Request", 400, "invalid_blocks"),
        ("403 Forbidden", 403, "action_prohibited"),
        ("404 Not Found", 404, "channel_not_found"),
        ("410 Gone", 410, "channel_is_archived"),
        ("500 Error", 500, "rollup_error"),
    ] {
        let answer = answered(line, "", said).await;
        assert_eq!(answer, responded(status, None, said));
    }
    let said = r#"{"retry_after":1,"ok":false,"error":"rate_limited"}"#;
    let limited = "429 Too Many Requests";
    let by_header = answered(limited, "retry-after: 9\r\n", said).await;
    assert_eq!(by_header, responded(429, Some(9), said));
    let by_body = answered(limited, "", said).await;
    assert_eq!(by_body, responded(429, Some(1), said));
}

#[tokio::test]
async fn a_repeat_says_so_at_its_two_places_and_is_the_same_otherwise() {
    let sink = Sink::that(answer("200 OK", "", "ok")).await;
    let slack = slack(&format!("http://127.0.0.1:{}/", sink.port));
    let alert = page();
    let body = slack.render(&message(&[news(&alert, Reason::First)]));
    for is_possible_duplicate in [false, true] {
        let outgoing = Outgoing {
            is_possible_duplicate,
            ..outgoing(&body, now())
        };
        slack.send(&outgoing).await;
    }
    let seen = sink.seen();
    assert_eq!(seen[0].body, body);
    let first: Value = serde_json::from_slice(&seen[0].body).expect("json");
    let mut second: Value = serde_json::from_slice(&seen[1].body).expect("json");
    within_limits(&second);
    let line = format!(
        "{} (possible duplicate)",
        first["text"].as_str().expect("a line")
    );
    assert_eq!(second["text"], line);
    second["text"] = first["text"].clone();
    let blocks = second["blocks"]
        .as_array_mut()
        .expect("blocks");
    let mark = blocks.pop().expect("a mark");
    assert!(
        mark["elements"][0]["text"]
            .as_str()
            .expect("words")
            .contains("possible duplicate")
    );
    assert_eq!(second, first);
    assert_eq!(
        (&first["channel"], &first["username"]),
        (&json!("#alerts"), &json!("SRE Monitor"))
    );
}

#[tokio::test]
async fn a_try_that_hangs_or_never_begins_is_told_apart() {
    let sink = Sink::that(Reply::Hang).await;
    let slack = slack(&format!("http://127.0.0.1:{}/", sink.port));
    let answer = slack
        .send(&outgoing(b"{}", now()))
        .await;
    assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    assert!(!slack.can_tell_repeats());
    assert_eq!(
        slack
            .destination()
            .spacing
            .map(Span::as_seconds),
        Some(1)
    );
}

#[tokio::test]
async fn the_address_is_in_no_answer_and_no_debug() {
    let echo = "no such hook: /services/T0/B0/canary-token";
    let sink = Sink::that(answer("404 Not Found", "", echo)).await;
    let slack = slack(&format!(
        "http://127.0.0.1:{}/services/T0/B0/canary-token",
        sink.port
    ));
    let answer = slack
        .send(&outgoing(b"{}", now()))
        .await;
    assert_eq!(answer, responded(404, None, "no such hook: [redacted]"));
    assert!(!format!("{slack:?} {answer:?}").contains("canary"));
    let config = config("https://hooks.slack.com/services/T0/B0/canary-token");
    assert!(!format!("{config:?}").contains("canary"));
}
