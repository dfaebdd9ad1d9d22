//! Mail servers that refuse, break off, hang and lie, at every step.

use std::time::Duration;

use secrecy::SecretString;
use sre_core::notification::{Answer, MailStep, Notifier};
use sre_notify::{EmailConfig, EmailError, EmailNotifier, SmtpLogin, SmtpSecurity};

use crate::fixtures::{install_tls, now, outgoing};
use crate::smtp::{Script, Turn, WILLING, say};

pub(crate) fn config(port: u16) -> EmailConfig {
    EmailConfig {
        name: "email".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::Clear,
        ca_pem: None,
        login: None,
        from: "alerts@example.org"
            .parse()
            .expect("an address"),
        to: vec![
            "ann@example.org"
                .parse()
                .expect("an address"),
        ],
        timeout: Duration::from_millis(700),
        links_base: None,
        dashboards_url: None,
        templates: None,
    }
}

async fn sent(config: &EmailConfig) -> Answer {
    install_tls();
    let notifiers = EmailNotifier::all(config).expect("mail");
    notifiers[0]
        .send(&outgoing(b"Subject: a\r\n\r\nb\r\n", now()))
        .await
}

/// Which step each turn of a willing server answers.
const STEPS: [MailStep; 6] = [
    MailStep::Session,
    MailStep::Session,
    MailStep::Envelope,
    MailStep::Envelope,
    MailStep::Envelope,
    MailStep::Content,
];

#[tokio::test]
async fn a_refusal_is_reported_with_its_code_and_step_wherever_it_comes() {
    for (at, step) in STEPS.into_iter().enumerate() {
        for code in [421, 450, 452, 550, 554] {
            let script = Script::but(at, say(&format!("{code} 5.0.0 because"))).await;
            let answer = sent(&config(script.port)).await;
            let expected = Answer::Replied {
                code,
                step,
                excerpt: "5.0.0 because".to_owned(),
            };
            assert_eq!(answer, expected, "turn {at}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_is_taken_over_is_reported_so_whatever_is_said_to_the_goodbye() {
    for turn in [say("221 bye"), say("500 what?"), Turn::Hang, Turn::Close] {
        let script = Script::but(6, turn).await;
        let answer = sent(&config(script.port)).await;
        let expected = Answer::Replied {
            code: 250,
            step: MailStep::Content,
            excerpt: "2.0.0 taken over".to_owned(),
        };
        assert_eq!(answer, expected);
    }
}

#[tokio::test]
async fn silence_before_the_content_sent_nothing_and_silence_after_it_is_unknown() {
    for turn in [Turn::Hang, Turn::Close] {
        for at in 0..6 {
            let script = Script::but(at, turn.clone()).await;
            let answer = sent(&config(script.port)).await;
            match (&answer, at) {
                (Answer::NotSent { .. }, 0..5) | (Answer::Unknown { .. }, 5) => {}
                _ => panic!("{turn:?} at {at}: {answer:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_nobody_serves_sent_nothing() {
    let free = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        listener
            .local_addr()
            .expect("bound")
            .port()
    };
    let answer = sent(&config(free)).await;
    assert!(matches!(answer, Answer::NotSent { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_does_not_offer_starttls_gets_neither_password_nor_mail() {
    let script = Script::of(WILLING.map(say).to_vec()).await;
    let config = EmailConfig {
        security: SmtpSecurity::StartTls,
        login: Some(login()),
        ..config(script.port)
    };
    let answer = sent(&config).await;
    let Answer::NotSent { detail } = answer else {
        panic!("{answer:?}");
    };
    assert!(detail.contains("STARTTLS is not supported"), "{detail}");
    let seen = script.seen();
    assert!(
        seen.iter()
            .all(|asked| asked.starts_with("EHLO") || asked == "QUIT"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_is_injected_before_tls_is_not_taken_for_what_comes_by_tls() {
    let script = Script::of(vec![
        say("220 localhost ESMTP"),
        say("250-localhost\r\n250 STARTTLS"),
        // Somebody on the way adds answers to all that will be asked, and swallows the rest.
        say("220 go on\r\n250 localhost\r\n250 ok\r\n250 ok\r\n354 go on\r\n250 taken over"),
        Turn::Hang,
    ])
    .await;
    let config = EmailConfig {
        security: SmtpSecurity::StartTls,
        ..config(script.port)
    };
    let answer = sent(&config).await;
    assert!(matches!(answer, Answer::NotSent { .. }), "{answer:?}");
}

#[tokio::test]
async fn an_endless_reply_is_cut_off_before_the_time_is_up() {
    for words in ["220 ", "220-more\r\n"] {
        let script = Script::but(0, Turn::Endless(words)).await;
        let config = EmailConfig {
            timeout: Duration::from_mins(1),
            ..config(script.port)
        };
        let answer = tokio::time::timeout(Duration::from_secs(30), sent(&config))
            .await
            .expect("cut off");
        assert!(matches!(answer, Answer::NotSent { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn a_password_that_the_server_repeats_is_not_reported() {
    let script = Script::of(vec![
        say("220 localhost ESMTP"),
        say("250-localhost\r\n250 AUTH PLAIN LOGIN"),
        say("535-5.7.8 canary-password AGFubgBjYW5hcnktcGFzc3dvcmQ=\r\n535 5.7.8 is wrong"),
    ])
    .await;
    let config = EmailConfig {
        login: Some(login()),
        ..config(script.port)
    };
    let answer = sent(&config).await;
    let expected = Answer::Replied {
        code: 535,
        step: MailStep::Login,
        excerpt: "5.7.8 [redacted] [redacted] is wrong".to_owned(),
    };
    assert_eq!(answer, expected);
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn a_password_is_not_sent_in_clear_to_another_machine() {
    for host in ["smtp.example.org", "192.0.2.7", "localhost.example.org"] {
        let config = EmailConfig {
            host: host.to_owned(),
            login: Some(login()),
            ..config(25)
        };
        assert!(matches!(
            EmailNotifier::all(&config),
            Err(EmailError::PasswordInClear)
        ));
    }
    let config = EmailConfig {
        timeout: Duration::ZERO,
        ..config(25)
    };
    assert!(matches!(
        EmailNotifier::all(&config),
        Err(EmailError::NoTime)
    ));
}

#[test]
fn each_recipient_is_a_destination_that_keeps_its_identity_by_its_address() {
    install_tls();
    let destinations = |to: &[&str], password: &str| {
        let config = EmailConfig {
            to: to
                .iter()
                .map(|address| address.parse().expect("an address"))
                .collect(),
            login: Some(SmtpLogin {
                password: SecretString::from(password),
                ..login()
            }),
            ..config(25)
        };
        EmailNotifier::all(&config)
            .expect("mail")
            .iter()
            .map(|mail| mail.destination().clone())
            .collect::<Vec<_>>()
    };
    let both = destinations(&["ann@example.org", "bob@example.org"], "a");
    let turned = destinations(&["bob@example.org", "ann@example.org"], "b");
    assert_eq!([&both[0].name, &both[1].name], ["email", "email-2"]);
    assert_eq!((both[0].id, both[1].id), (turned[1].id, turned[0].id));
    // Another password starts a stopped lane again.
    assert_ne!(both[0].fingerprint, turned[1].fingerprint);
    assert!(!format!("{both:?}").contains("example.org"));
}

fn login() -> SmtpLogin {
    SmtpLogin {
        username: "ann".to_owned(),
        password: SecretString::from("canary-password"),
    }
}
