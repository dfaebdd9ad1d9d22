//! Messages in words of one's own: what they may say, and what no template can do.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use sre_core::alert::Alert;
use sre_core::notification::{AlertNews, Message, Notifier, Reason};
use sre_notify::{
    EmailConfig, EmailNotifier, SlackConfig, SlackNotifier, SmtpSecurity, TemplateFault,
    TemplateFiles, TemplatePart, Templates,
};

use crate::fixtures::{evaluation, incident, install_tls, message, news, page, posted, slo};
use crate::wicked::TEXTS;

use TemplatePart::{MailHtml, MailSubject, MailText, SlackText, SlackTitle};

fn made<const N: usize>(parts: [(TemplatePart, &str); N]) -> Result<Templates, Vec<TemplateFault>> {
    with_files(&[], parts)
}

fn with_files<const N: usize>(
    files: &[(&str, &str)],
    parts: [(TemplatePart, &str); N],
) -> Result<Templates, Vec<TemplateFault>> {
    let mut shared = TemplateFiles::default();
    for (name, text) in files {
        shared
            .add(name, text)
            .map_err(|fault| vec![fault])?;
    }
    Templates::new(
        &shared,
        &parts
            .map(|(part, text)| (part, text.to_owned()))
            .into(),
    )
}

fn slack(templates: Templates) -> SlackNotifier {
    install_tls();
    SlackNotifier::new(SlackConfig {
        name: "slack".to_owned(),
        url: "https://hooks.example/T0/canary-of-the-url"
            .parse()
            .expect("an address"),
        channel: None,
        username: None,
        timeout: Duration::from_secs(1),
        links_base: Some(
            "https://sre.example/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: None,
        templates: Some(templates),
    })
    .expect("a client")
}

fn mail(templates: Templates) -> EmailNotifier {
    install_tls();
    let config = EmailConfig {
        name: "mail".to_owned(),
        host: "localhost".to_owned(),
        port: 25,
        security: SmtpSecurity::Clear,
        ca_pem: None,
        login: None,
        from: "sre@example.org"
            .parse()
            .expect("an address"),
        to: vec![
            "ann@example.org"
                .parse()
                .expect("an address"),
        ],
        timeout: Duration::from_secs(1),
        links_base: None,
        dashboards_url: None,
        templates: Some(templates),
    };
    EmailNotifier::all(&config)
        .expect("mail")
        .remove(0)
}

/// What Slack gets: the header, the sections one after another, and the asides.
fn said(notifier: &SlackNotifier, message: &Message<'_>) -> (String, String, Vec<String>) {
    let body: Value = serde_json::from_slice(&notifier.render(message)).expect("json");
    let (mut header, mut text, mut asides) = (String::new(), String::new(), Vec::new());
    let mut total = body["text"]
        .as_str()
        .map_or(0, str::len);
    for block in body["blocks"]
        .as_array()
        .expect("blocks")
    {
        let of = |text: &Value| {
            text["text"]
                .as_str()
                .expect("a text")
                .to_owned()
        };
        match block["type"].as_str().expect("a type") {
            "header" => header = of(&block["text"]),
            "section" => {
                let part = of(&block["text"]);
                assert!(part.encode_utf16().count() <= 3_000);
                total += part.len();
                text += &part;
            }
            _ => asides.push(of(&block["elements"][0])),
        }
    }
    assert!(header.encode_utf16().count() <= 150 && total <= 4 * 9_000);
    (header, text, asides)
}

/// The mail as a reader shows it.
fn read(notifier: &EmailNotifier, message: &Message<'_>) -> String {
    String::from_utf8(notifier.render(message))
        .expect("ASCII")
        .replace("=\r\n", "")
        .replace("=3D", "=")
}

#[test]
fn a_template_sees_the_names_of_the_webhooks_body() {
    let (slo, evaluation, incident, alert) = (slo(), evaluation(), incident(), page());
    let news = [AlertNews {
        slo: Some(&slo),
        evaluation: Some(&evaluation),
        incident: Some(&incident),
        ..news(&alert, Reason::First)
    }];
    let templates = made([
        (SlackTitle, "{{ state|upper }} {{ severity }} {{ service_name }}"),
        (
            SlackText,
            "{% for alert in alerts %}*{{ alert.message }}* since {{ alert.starts_at }}, {{ alert.reason }}\n\
             left {{ alert.error_budget.remaining_percentage|round(1) if alert.error_budget else '?' }}, \
             {{ alert.rules|length }} rule, <{{ alert.links.runbook|default('https://none.example') }}|runbook> \
             {{ alert.links.nowhere|default('none') }}{% endfor %}\n\
             {{ incident.title if incident }} {{ common_labels.severity }} {{ firing }}/{{ resolved }}/{{ omitted }}",
        ),
    ])
    .expect("templates");
    let (header, text, asides) = said(&slack(templates), &message(&news));
    assert_eq!(header, "FIRING emergency api-gateway");
    assert_eq!(
        text,
        "*burning 15 times too fast over 1h* since 2026-03-01T11:59:55.250Z, first\n\
         left 25, 1 rule, <https://wiki.example/api|runbook> none\n\
         Nobody can pay emergency 1/0/0"
    );
    assert_eq!(asides, [""; 0]);
}

#[test]
fn what_no_template_says_is_built_in() {
    let alert = page();
    let news = [news(&alert, Reason::First)];
    let title = made([(SlackTitle, "payments: {{ headline }}")]).expect("a template");
    let (header, text, _) = said(&slack(title), &message(&news));
    assert_eq!(
        header,
        "payments: [FIRING emergency] api-gateway: burning 15 times too fast over 1h"
    );
    assert!(text.contains("*What:* burning 15 times too fast"), "{text}");

    let subject = made([(MailSubject, "page: {{ headline }}")]).expect("a template");
    let mail_ = read(&mail(subject), &message(&news));
    assert!(
        mail_.contains("Subject: page: [FIRING emergency] api-gateway"),
        "{mail_}"
    );
    assert!(
        mail_.contains("What: burning 15") && mail_.contains("<!DOCTYPE html>"),
        "{mail_}"
    );

    let text = made([(MailText, "own words on {{ service_name }}")]).expect("a template");
    let mail_ = read(&mail(text), &message(&news));
    assert!(
        mail_.contains("own words on api-gateway") && !mail_.contains("html"),
        "{mail_}"
    );
}

#[test]
fn no_label_leaves_the_place_that_a_template_gives_it() {
    let slack_ = slack(
        with_files(
            &[("macros.jinja", "{% macro line(alert) %}{{ alert.message }} {{ alert.labels.a }}{% endmacro %}")],
            [
                (SlackTitle, "{{ alerts[0].labels.a|default('none')|upper }}"),
                (
                    SlackText,
                    "{% from 'macros.jinja' import line %}{{ line(alerts[0]) }}\n\
                     {{ alerts[0].labels.a ~ '<' }}|{{ [line(alerts[0]), alerts[0].labels.a]|join('<') }}\n\
                     {% autoescape false %}{{ alerts[0].labels.a }}{{ line(alerts[0]) }}{% endautoescape %}\n\
                     {{ alerts[0].labels.a|e }}{% set x %}{{ alerts[0].labels.a }}{% endset %}{{ x }}\n\
                     {{ alerts[0].labels|items|list }} {{ common_labels }}",
                ),
            ],
        )
        .expect("templates"),
    );
    let mail_ = mail(
        made([
            (MailSubject, "{{ alerts[0].labels.a|default('none') }} {{ alerts[0].message }}"),
            (MailText, "{{ alerts[0].labels.a }}|{{ alerts[0].message }}"),
            (MailHtml, "<p title=\"{{ alerts[0].labels.a }}\">{{ alerts[0].message }}{% autoescape false %}{{ alerts[0].labels.a }}{% endautoescape %}</p>"),
        ])
        .expect("templates"),
    );
    for wicked in TEXTS {
        let alert = posted(
            wicked,
            BTreeMap::from([("a".to_owned(), wicked.to_owned())]),
        );
        let news = [news(&alert, Reason::First)];
        let (header, text, _) = said(&slack_, &message(&news));
        for shown in [&header, &text] {
            assert!(!shown.contains(['<', '>']), "{shown}");
            assert!(
                !shown.contains(['\r', '\u{1b}', '\u{202e}', '\u{2066}']),
                "{shown}"
            );
        }
        let body = String::from_utf8(mail_.render(&message(&news))).expect("ASCII");
        let (head, parts) = body
            .split_once("\r\n\r\n")
            .expect("a head");
        assert!(
            !head.contains("\r\nBcc") && !head.contains("\r\nMAIL"),
            "{head}"
        );
        assert_eq!(head.matches("Subject:").count(), 1);
        assert_eq!(
            parts
                .matches("--=_sre-monitor-part")
                .count(),
            3,
            "{parts}"
        );
        let html = parts
            .split("--=_sre-monitor-part")
            .nth(2)
            .expect("a part");
        assert!(
            !html.contains("<script") && !html.contains("<img"),
            "{html}"
        );
    }
}

#[test]
fn a_bad_template_is_refused_with_its_place() {
    for (part, text, line, column, cause) in [
        (
            SlackText,
            "fine\n  {{ alerts | nosuch }}",
            2,
            15,
            "unknown filter",
        ),
        (SlackText, "{% for a in alerts %}", 1, 20, "syntax error"),
        (SlackTitle, "x {{ sevrity }}", 1, 0, "undefined value"),
        (
            MailText,
            "{% for a in alerts %}\n{{ a.sevrity }}{% endfor %}",
            2,
            0,
            "undefined value",
        ),
        (MailText, "{{ alerts[1].message }}", 1, 0, "undefined value"),
        (MailHtml, "{{ alerts|safe }}", 1, 0, "unknown filter"),
        (MailText, "{{ debug() }}", 1, 0, "unknown function"),
        (
            MailText,
            "{% include '/etc/passwd' %}",
            1,
            0,
            "template not found",
        ),
        (
            MailText,
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            0,
            0,
            "takes too long",
        ),
        (MailText, "{{ 'x' * 1000000000 }}", 0, 0, "takes too long"),
        (
            MailText,
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            0,
            0,
            "recursion",
        ),
        (
            SlackTitle,
            "{% if severity == 'low' %}low{% endif %}",
            0,
            0,
            "says nothing",
        ),
        (
            SlackText,
            "{{ incident.title }}",
            1,
            0,
            "tried with an alert without an SLO",
        ),
    ] {
        let faults = made([(part, text)]).expect_err(text);
        let [fault] = faults.as_slice() else {
            panic!("{faults:?}");
        };
        assert_eq!(fault.part, Some(part));
        assert!(fault.cause.contains(cause), "{text}: {fault:?}");
        let is_there = fault.line == line && (column == 0 || fault.column == column);
        assert!(line == 0 || is_there, "{text}: {fault:?}");
    }
    let mut files = TemplateFiles::default();
    let fault = files
        .add("macros.jinja", "\n{% macro %}")
        .expect_err("no name");
    assert_eq!(
        (fault.part, fault.file.as_deref(), fault.line),
        (None, Some("macros.jinja"), 2)
    );
    let faults = with_files(
        &[(
            "m.jinja",
            "{% macro line(a) %}\n{{ a.nosuch }}{% endmacro %}",
        )],
        [(
            SlackText,
            "{% from 'm.jinja' import line %}{{ line(alerts[0]) }}",
        )],
    )
    .expect_err("a name that is not there");
    assert_eq!(
        (faults[0].file.as_deref(), faults[0].line),
        (Some("m.jinja"), 2)
    );
}

#[test]
fn a_template_that_fails_yields_the_built_in_words_with_a_note_and_is_counted() {
    // No sample has a value, so that only an alert that comes can meet this.
    let text = "{% if alerts[0].value is not none %}{{ alerts[0].nosuch }}{% endif %}fine";
    let templates = made([(SlackText, text)]).expect("it says every sample");
    let errors = templates.errors();
    let notifier = slack(templates);
    let (fine, failing) = (page(), posted("a queue is full", BTreeMap::new()));
    let (_, text, _) = said(&notifier, &message(&[news(&fine, Reason::First)]));
    assert_eq!((text.as_str(), errors.count()), ("fine", 0));
    let (header, text, _) = said(&notifier, &message(&[news(&failing, Reason::First)]));
    assert_eq!(header, "[FIRING high] checkout: a queue is full");
    assert!(
        text.contains("The template of this message failed (undefined value"),
        "{text}"
    );
    assert!(text.contains("*What:* a queue is full"), "{text}");
    assert_eq!(errors.count(), 1);

    let text = "{% if alerts[0].value is not none %}{{ alerts[0].nosuch }}{% endif %}fine";
    let templates = made([(MailText, text)]).expect("it says every sample");
    let mail_ = read(&mail(templates), &message(&[news(&failing, Reason::First)]));
    assert!(
        mail_.contains("The template of this message failed"),
        "{mail_}"
    );
    assert!(
        mail_.contains("What: a queue is full") && mail_.contains("<!DOCTYPE html>"),
        "{mail_}"
    );
}

#[test]
fn what_does_not_fit_is_counted_and_nothing_is_cut_in_half() {
    let templates = made([(
        SlackText,
        "{% for alert in alerts %}<{{ alert.links.alert }}|{{ alert.message }}> & more\n{% endfor %}",
    )])
    .expect("a template");
    let notifier = slack(templates);
    let alerts: Vec<Alert> = (0..500)
        .map(|n| posted(&format!("{n} {}", "&🔥".repeat(300)), BTreeMap::new()))
        .collect();
    let all: Vec<AlertNews<'_>> = alerts
        .iter()
        .map(|alert| news(alert, Reason::First))
        .collect();
    let (_, text, asides) = said(&notifier, &message(&all));
    let told = text.matches('|').count();
    assert!(told >= 1);
    assert_eq!(asides, [format!("{} more alerts", 500 - told)]);
    assert_eq!(text.matches('<').count(), text.matches('>').count());
    for (at, _) in text.match_indices('&') {
        let rest = &text[at..];
        assert!(
            rest.starts_with("&amp;") || rest.starts_with("& more"),
            "{rest:.10}"
        );
    }

    let alert = posted(&"&".repeat(1_000), BTreeMap::new());
    let templates = made([(
        SlackText,
        "{% for n in range(9) %}{{ alerts[0].message }}{% endfor %}",
    )]);
    let (_, text, asides) = said(
        &slack(templates.expect("a template")),
        &message(&[news(&alert, Reason::First)]),
    );
    assert!(text.ends_with("&amp;…") && asides.is_empty(), "{text:.20}");

    let html = "<table>{% for n in range(9) %}{% for a in alerts %}<td>{{ a.message }}</td>{% endfor %}{% endfor %}</table></body>";
    let mail_ = read(
        &mail(made([(MailHtml, html)]).expect("a template")),
        &message(&all),
    );
    assert!(mail_.contains("</table><p>") && mail_.contains(" more alerts</p></body>"));
}

#[test]
fn a_note_on_why_a_message_comes_this_way_stays_whatever_a_template_says() {
    let alert = page();
    let news = [news(&alert, Reason::First)];
    let message = Message {
        note: Some("sent in place of slack"),
        ..message(&news)
    };
    let (_, text, _) = said(
        &slack(made([(SlackText, "own")]).expect("a template")),
        &message,
    );
    assert_eq!(text, "sent in place of slackown");
    let mail_ = read(
        &mail(made([(MailText, "own"), (MailHtml, "<b>own</b>")]).expect("templates")),
        &message,
    );
    assert!(
        mail_.contains("sent in place of slack\r\n\r\nown"),
        "{mail_}"
    );
    assert!(
        mail_.contains("<b>own</b><p>sent in place of slack</p>"),
        "{mail_}"
    );
}
