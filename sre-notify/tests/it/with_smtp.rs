//! Mail as a real server takes it over, and as a parser that is not ours reads it.

mod certificates;
mod server;

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use sre_core::alert::{Alert, AlertState, ResolveReason};
use sre_core::notification::{AlertNews, Answer, MailStep, Notifier, Outgoing, Reason};
use sre_notify::{EmailConfig, EmailNotifier, SmtpLogin, SmtpSecurity};

use crate::fixtures::{
    foreseen, incident, install_tls, message, news, now, outgoing, page, posted, slo,
};
use certificates::Authority;
use server::{Mail, Server, Settings};

fn config(server: &Server, authority: &Authority) -> EmailConfig {
    EmailConfig {
        name: "email".to_owned(),
        host: "localhost".to_owned(),
        port: server.port,
        security: SmtpSecurity::StartTls,
        ca_pem: Some(authority.pem().into_bytes()),
        login: Some(SmtpLogin {
            username: "alerts".to_owned(),
            password: SecretString::from("canary password"),
        }),
        from: "alerts@ai-core.dev"
            .parse()
            .expect("an address"),
        to: ["team@ai-core.dev", "oncall@ai-core.dev"]
            .map(|address| address.parse().expect("an address"))
            .to_vec(),
        timeout: Duration::from_secs(10),
        links_base: Some(
            "https://sre.example/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: None,
        templates: None,
    }
}

fn notifiers(config: &EmailConfig) -> Vec<EmailNotifier> {
    install_tls();
    EmailNotifier::all(config).expect("mail")
}

/// The mail of one alert, sent to the first recipient.
async fn told(config: &EmailConfig, alert: &Alert, reason: Reason) -> Answer {
    let mail = notifiers(config).remove(0);
    let (slo, evaluation, incident) = (slo(), foreseen(), incident());
    let news = [AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        incident: Some(&incident),
        ..news(alert, reason)
    }];
    let body = mail.render(&message(&news));
    mail.send(&outgoing(&body, now())).await
}

fn replied(code: u16, step: MailStep, excerpt: &str) -> Answer {
    Answer::Replied {
        code,
        step,
        excerpt: excerpt.to_owned(),
    }
}

fn taken_over() -> Answer {
    replied(250, MailStep::Content, "2.0.0 taken over")
}

#[tokio::test]
async fn a_page_arrives_by_starttls_and_login_in_text_and_html() {
    let authority = Authority::new();
    let server = Server::start(&Settings::starttls(&authority)).await;
    let answer = told(&config(&server, &authority), &page(), Reason::First).await;
    assert_eq!(answer, taken_over());
    let mail = server.mail().await;
    assert!(
        mail.is_tls && mail.is_ascii && mail.defects.is_empty(),
        "{mail:?}"
    );
    assert_eq!(mail.login.as_deref(), Some("alerts"));
    assert_eq!(mail.from, "alerts@ai-core.dev");
    assert_eq!(mail.to, ["team@ai-core.dev"]);
    assert_eq!(mail.kind, "multipart/alternative");
    for (name, value) in [
        (
            "subject",
            "[FIRING emergency] api-gateway: burning 15 times too fast over 1h",
        ),
        ("from", "alerts@ai-core.dev"),
        ("to", "team@ai-core.dev, oncall@ai-core.dev"),
        ("date", "Sun, 01 Mar 2026 12:00:00 +0000"),
        (
            "message-id",
            "<0198c0de-0000-7000-8000-000000000001@ai-core.dev>",
        ),
        ("auto-submitted", "auto-generated"),
        ("mime-version", "1.0"),
    ] {
        assert_eq!(mail.header(name), Some(value), "{name}");
    }
    assert_eq!(mail.header("x-possible-duplicate"), None);
    let kinds: Vec<&str> = mail
        .parts
        .iter()
        .map(|(kind, _)| kind.as_str())
        .collect();
    assert_eq!(kinds, ["text/plain", "text/html"]);
    let text = mail.parts[0].1.replace("\r\n", "\n");
    assert_eq!(text, include_str!("page.txt"));
    // What the text says, the HTML says.
    for line in text.lines().skip(2) {
        let (name, said) = line
            .split_once(": ")
            .expect("a fact or a link");
        let html = &mail.parts[1].1;
        assert!(html.contains(name) && html.contains(said), "{line}");
    }
}

#[tokio::test]
async fn a_mail_arrives_by_tls_from_the_first_byte_and_in_clear_on_this_machine() {
    let authority = Authority::new();
    for (tls, security) in [
        ("implicit", SmtpSecurity::Implicit),
        ("none", SmtpSecurity::Clear),
    ] {
        let settings = Settings {
            tls,
            ..Settings::starttls(&authority)
        };
        let server = Server::start(&settings).await;
        let config = EmailConfig {
            security,
            ..config(&server, &authority)
        };
        let answer = told(&config, &page(), Reason::First).await;
        assert_eq!(answer, taken_over(), "{tls}");
        let mail = server.mail().await;
        assert_eq!(mail.login.as_deref(), Some("alerts"), "{tls}");
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_ends_it_before_password_and_mail() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (tls, security) in [
        ("starttls", SmtpSecurity::StartTls),
        ("implicit", SmtpSecurity::Implicit),
    ] {
        let settings = Settings {
            tls,
            ..Settings::starttls(&authority)
        };
        let server = Server::start(&settings).await;
        let right = EmailConfig {
            security,
            ..config(&server, &authority)
        };
        let untrusted = EmailConfig {
            ca_pem: Some(stranger.pem().into_bytes()),
            ..right.clone()
        };
        // The certificate is that of `localhost`.
        let misnamed = EmailConfig {
            host: "127.0.0.1".to_owned(),
            ..right.clone()
        };
        for config in [untrusted, misnamed] {
            let answer = told(&config, &page(), Reason::First).await;
            let Answer::NotSent { detail } = &answer else {
                panic!("{tls}: {answer:?}");
            };
            assert!(detail.contains("certificate"), "{tls}: {detail}");
        }
        // The server still works, and has seen nothing before.
        assert_eq!(told(&right, &page(), Reason::First).await, taken_over());
        server.mail().await;
        assert!(server.is_quiet());
    }
}

#[tokio::test]
async fn a_refused_login_says_so_without_the_password() {
    let authority = Authority::new();
    let settings = Settings {
        password: "another",
        ..Settings::starttls(&authority)
    };
    let server = Server::start(&settings).await;
    let answer = told(&config(&server, &authority), &page(), Reason::First).await;
    let expected = replied(535, MailStep::Login, "5.7.8 no such login: [redacted]");
    assert_eq!(answer, expected);
    assert!(server.is_quiet());
}

#[tokio::test]
async fn a_recipient_that_is_refused_or_greylisted_concerns_nobody_else() {
    let authority = Authority::new();
    for (greylist, refuse, code, excerpt, second_try) in [
        (
            &["team@ai-core.dev"][..],
            &[][..],
            450,
            "4.2.0 greylisted, come back later",
            taken_over(),
        ),
        (
            &[],
            &["team@ai-core.dev"],
            550,
            "5.1.1 no such mailbox",
            replied(550, MailStep::Envelope, "5.1.1 no such mailbox"),
        ),
    ] {
        let settings = Settings {
            greylist,
            refuse,
            ..Settings::starttls(&authority)
        };
        let server = Server::start(&settings).await;
        let [team, oncall] = notifiers(&config(&server, &authority))
            .try_into()
            .expect("a notifier a recipient");
        let alert = page();
        let news = [news(&alert, Reason::First)];
        let [for_team, for_oncall] = [&team, &oncall].map(|mail| mail.render(&message(&news)));
        let refused = replied(code, MailStep::Envelope, excerpt);
        assert_eq!(
            team.send(&outgoing(&for_team, now()))
                .await,
            refused
        );
        assert_eq!(
            oncall
                .send(&outgoing(&for_oncall, now()))
                .await,
            taken_over()
        );
        assert_eq!(server.mail().await.to, ["oncall@ai-core.dev"]);
        assert_eq!(
            team.send(&outgoing(&for_team, now()))
                .await,
            second_try
        );
    }
}

#[tokio::test]
async fn a_repeat_has_the_same_id_and_content_and_a_mark_when_it_may_be_one() {
    let authority = Authority::new();
    let server = Server::start(&Settings::starttls(&authority)).await;
    let mail = notifiers(&config(&server, &authority)).remove(0);
    let alert = page();
    let body = mail.render(&message(&[news(&alert, Reason::First)]));
    let mut mails: Vec<Mail> = Vec::new();
    for is_possible_duplicate in [false, false, true] {
        let outgoing = Outgoing {
            is_possible_duplicate,
            now: now() + TimeDelta::hours(3),
            ..outgoing(&body, now())
        };
        assert_eq!(mail.send(&outgoing).await, taken_over());
        mails.push(server.mail().await);
    }
    assert_eq!(mails[0], mails[1]);
    let marked = mails.pop().expect("three");
    assert_eq!(marked.header("x-possible-duplicate"), Some("true"));
    let unmarked = Mail {
        headers: marked
            .headers
            .into_iter()
            .filter(|(name, _)| name != "x-possible-duplicate")
            .collect(),
        ..marked
    };
    assert_eq!(unmarked, mails[0]);
}

#[tokio::test]
async fn mails_about_one_alert_refer_to_the_same_id_and_only_later_ones_are_replies() {
    let authority = Authority::new();
    let server = Server::start(&Settings::starttls(&authority)).await;
    let config = config(&server, &authority);
    let over = Alert {
        state: AlertState::Resolved {
            at: now(),
            reason: ResolveReason::Condition,
            by: None,
        },
        ..page()
    };
    told(&config, &page(), Reason::First).await;
    let first = server.mail().await;
    told(&config, &over, Reason::AllResolved).await;
    let last = server.mail().await;
    let thread = format!("<{}.thread@ai-core.dev>", over.id);
    assert_eq!(first.header("references"), Some(thread.as_str()));
    assert_eq!(first.header("in-reply-to"), None);
    assert_eq!(last.header("references"), Some(thread.as_str()));
    assert_eq!(last.header("in-reply-to"), Some(thread.as_str()));
    assert_eq!(
        last.header("subject"),
        Some("[RESOLVED] api-gateway: burning 15 times too fast over 1h")
    );
}

#[tokio::test]
async fn no_text_becomes_a_header_a_part_or_an_end() {
    let authority = Authority::new();
    let server = Server::start(&Settings::starttls(&authority)).await;
    let config = config(&server, &authority);
    for text in crate::wicked::TEXTS {
        let labels = [(text.to_owned(), text.to_owned())].into();
        let alert = posted(text, labels);
        told(&config, &alert, Reason::First).await;
        let mail = server.mail().await;
        assert!(mail.is_ascii && mail.defects.is_empty(), "{mail:?}");
        let mut names: Vec<&str> = mail
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        let expected = [
            "auto-submitted",
            "content-type",
            "date",
            "from",
            "message-id",
            "mime-version",
            "references",
            "subject",
            "to",
            "x-auto-response-suppress",
        ];
        assert_eq!(names, expected, "{text:?}");
        assert_eq!((mail.to.len(), mail.parts.len()), (1, 2), "{text:?}");
        let headline = mail.parts[0]
            .1
            .lines()
            .next()
            .expect("a headline");
        // Readers of mail fold runs of spaces in a subject.
        let folded = |text: &str| text.replace(char::is_whitespace, "");
        let subject = mail
            .header("subject")
            .expect("a subject");
        assert_eq!(folded(subject), folded(headline), "{text:?}");
        assert!(!mail.parts[1].1.contains("<script"), "{text:?}");
    }
}
