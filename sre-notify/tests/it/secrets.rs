//! Address and key are secrets: nothing that is shown, stored or logged has any of them.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use sre_core::notification::{Notifier, Reason};
use sre_notify::{EmailConfig, EmailNotifier, SmtpLogin};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::fixtures::{SECRET, config, message, news, now, outgoing, page, webhook};
use crate::sink::{Reply, Sink, answer};
use crate::smtp::{Script, say};

const CANARIES: [&str; 6] = [
    "canary-path",
    "canary-query",
    "canary-user",
    "canary-password",
    "MfKQ9r8G",
    "Y2FuYXJ5",
];

fn address(host: &str) -> String {
    format!("http://canary-user:canary-password@{host}/hooks/canary-path?key=canary-query")
}

fn assert_clean(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary} in {text}");
    }
}

/// Keeps every event of every target and level as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = self
            .0
            .lock()
            .expect("no panic while held");
        write!(text, "{}={value:?} ", field.name()).expect("a text takes everything");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, record: &Record<'_>) {
        record.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn debug_shows_neither_address_nor_key() {
    let config = config(&address("hooks.example:8443"));
    let text = format!("{config:?} {:#?}", webhook(config.clone()));
    assert_clean(&text);
    assert!(text.contains("http://hooks.example:8443/[redacted]") && text.contains("[REDACTED]"));
    let refusals = [
        format!(
            "{:?}",
            "ftp://canary-user@h/canary-path".parse::<sre_notify::WebhookUrl>()
        ),
        format!(
            "{:?}",
            "whsec_MfKQ9r8G".parse::<sre_notify::WebhookSecret>()
        ),
    ];
    for text in &refusals {
        assert_clean(text);
    }
}

#[test]
fn bodies_have_neither_address_nor_key() {
    let webhook = webhook(config(&address("hooks.example")));
    let alert = page();
    let news = [news(&alert, Reason::First)];
    let message = message(&news);
    for body in [webhook.render(&message), webhook.render_degraded(&message)] {
        assert_clean(&String::from_utf8(body).expect("text"));
    }
}

#[tokio::test]
async fn answers_and_logs_have_neither_address_nor_key() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    // A receiver that repeats all that it was sent.
    let echo = format!(
        "{} {SECRET} Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk",
        address("h")
    );
    let echo_cut = b"HTTP/1.1 500 Error\r\ncontent-length: 99\r\n\r\n/hooks/canary-pa".to_vec();
    for reply in [
        answer("404 Not Found", "", &echo),
        Reply::BytesThenReset(echo_cut),
        Reply::BytesThenReset(Vec::new()),
        Reply::Bytes(echo.clone().into_bytes()),
        Reply::Hang,
    ] {
        let sink = Sink::that(reply).await;
        let webhook = webhook(config(&address(&format!("127.0.0.1:{}", sink.port))));
        let answer = webhook
            .send(&outgoing(b"{}", now()))
            .await;
        assert!(
            sink.seen()[0]
                .line
                .contains("canary-path")
        );
        assert_clean(&format!("{answer:?}"));
    }
    for host in ["no-such-host.invalid", "127.0.0.1:1"] {
        let answer = webhook(config(&address(host)))
            .send(&outgoing(b"{}", now()))
            .await;
        assert_clean(&format!("{answer:?}"));
    }
    let logged = log
        .0
        .lock()
        .expect("no panic while held")
        .clone();
    assert!(
        logged.contains("a webhook was tried") && logged.contains("unknown"),
        "{logged}"
    );
    assert_clean(&logged);
}

#[tokio::test]
async fn slack_and_mail_log_and_answer_without_address_recipient_or_password() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let sink = Sink::that(answer("404 Not Found", "", "/services/canary-path")).await;
    let slack = crate::slack::slack(&address(&format!("127.0.0.1:{}", sink.port)));
    let script = Script::of(vec![
        say("220 localhost ESMTP"),
        say("250-localhost\r\n250 AUTH PLAIN"),
        say("535 canary-password of canary-user is wrong"),
    ])
    .await;
    let mail = crate::smtp_faults::config(script.port);
    let mail = EmailConfig {
        login: Some(SmtpLogin {
            username: "alerts".to_owned(),
            password: "canary-password".into(),
        }),
        to: vec![
            "canary-user@example.org"
                .parse()
                .expect("an address"),
        ],
        ..mail
    };
    let mail = EmailNotifier::all(&mail)
        .expect("mail")
        .remove(0);
    let answers = [
        slack
            .send(&outgoing(b"{}", now()))
            .await,
        mail.send(&outgoing(b"a", now())).await,
    ];
    let logged = log
        .0
        .lock()
        .expect("no panic while held")
        .clone();
    assert!(logged.contains("Slack was tried") && logged.contains("a mail was tried"));
    // The server may name the account; that is no secret, and it says what is wrong.
    let text =
        format!("{answers:?} {slack:?} {mail:?} {logged}").replace("of canary-user is", "is");
    assert_clean(&text);
}

#[tokio::test]
async fn pagerduty_and_alertmanager_log_and_answer_without_key_or_address() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let mut said = Vec::new();
    let key = crate::pagerduty::KEY;
    // Receivers that repeat all that they were sent.
    let echo = address("h");
    let echo_of_key = format!("routing_key {key} {echo}");
    for (event, alerts) in [
        (
            answer("400 Bad Request", "", &echo_of_key),
            answer("400 Bad Request", "", &echo),
        ),
        (
            Reply::BytesThenReset(format!("HTTP/1.1 500 E\r\n\r\n{key}").into_bytes()),
            Reply::BytesThenReset(Vec::new()),
        ),
    ] {
        let (events, alertmanager) = (Sink::that(event).await, Sink::that(alerts).await);
        let pagerduty =
            crate::pagerduty::pagerduty(&address(&format!("127.0.0.1:{}", events.port)));
        let alertmanager = crate::with_alertmanager::alertmanager(&address(&format!(
            "127.0.0.1:{}",
            alertmanager.port
        )));
        let event = outgoing(b"{\"a\":1}", now());
        let answers = [
            pagerduty.send(&event).await,
            alertmanager
                .send(&outgoing(b"[]", now()))
                .await,
        ];
        assert!(String::from_utf8_lossy(&events.seen()[0].body).contains(key));
        said.push(format!("{answers:?} {pagerduty:?} {alertmanager:?}"));
    }
    said.push(
        log.0
            .lock()
            .expect("no panic while held")
            .clone(),
    );
    let said = said.join(" ");
    assert!(said.contains("PagerDuty was tried") && said.contains("Alertmanager was tried"));
    assert_clean(&said);
    assert!(!said.contains(key), "{said}");
}
