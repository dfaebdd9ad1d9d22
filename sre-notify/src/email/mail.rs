//! A briefing as a mail, and what each try adds to it.
//!
//! What is frozen is the whole mail but for its id, which is that of the delivery. Headers are encoded
//! by the mail library, and hold no text that is not one line already.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use sre_core::notification::Outgoing;

use super::address::MailAddress;
use crate::render::{Briefing, html, html_aside, more, text};
use crate::template::{TemplatePart, Words};

/// A mail with more alerts is read by nobody.
pub(crate) const ALERTS_MAX: usize = 50;

/// Between the parts: no part can hold it, for `=` is always encoded in quoted-printable (RFC 2045,
/// 6.7).
const BOUNDARY: &str = "=_sre-monitor-part";

/// Whose mail it is.
pub(super) struct Envelope {
    pub(super) from: MailAddress,
    /// Whom this copy goes to.
    pub(super) to: MailAddress,
    /// Everybody who gets one.
    pub(super) all: Vec<MailAddress>,
}

/// The mail in text and HTML.
pub(super) fn whole(briefing: &Briefing, envelope: &Envelope, now: DateTime<Utc>) -> Vec<u8> {
    let parts = MultiPart::alternative()
        .boundary(BOUNDARY)
        .singlepart(part(ContentType::TEXT_PLAIN, text(briefing)))
        .singlepart(part(ContentType::TEXT_HTML, html(briefing)));
    headed(briefing, envelope, now)
        .multipart(parts)
        .expect("it has a sender and a recipient")
        .formatted()
}

/// The mail in the words of templates. Who gives a text and no HTML wants the text read, so there is no
/// HTML beside it; a subject alone leaves the rest as it is built in.
pub(super) fn worded(
    briefing: &Briefing,
    words: &Words,
    envelope: &Envelope,
    now: DateTime<Utc>,
) -> Vec<u8> {
    let subject = words
        .get(TemplatePart::MailSubject)
        .unwrap_or(&briefing.headline);
    let head = headed_by(subject, briefing, envelope, now);
    let (own_text, own_html) = (
        words.get(TemplatePart::MailText),
        words.get(TemplatePart::MailHtml),
    );
    let left_out = (words.more > 0).then(|| more(words.more));
    let notes: Vec<&str> = briefing
        .notes
        .iter()
        .map(|note| note.text.as_str())
        .collect();
    let told = own_text.map_or_else(
        || text(briefing),
        |own| {
            let lines = notes
                .iter()
                .copied()
                .chain([own.trim_end()]);
            let lines: Vec<&str> = lines
                .chain(left_out.as_deref())
                .collect();
            lines.join("\n\n") + "\n"
        },
    );
    let plain = part(ContentType::TEXT_PLAIN, told);
    let shown = match (own_text, own_html) {
        (Some(_), None) => None,
        (_, Some(own)) => {
            let asides: Vec<&str> = notes
                .iter()
                .copied()
                .chain(left_out.as_deref())
                .collect();
            Some(html_aside(own, &asides))
        }
        (None, None) => Some(html(briefing)),
    };
    let message = match shown {
        None => head.singlepart(plain),
        Some(shown) => head.multipart(
            MultiPart::alternative()
                .boundary(BOUNDARY)
                .singlepart(plain)
                .singlepart(part(ContentType::TEXT_HTML, shown)),
        ),
    };
    message
        .expect("it has a sender and a recipient")
        .formatted()
}

/// The headline alone, in text.
pub(super) fn minimal(briefing: &Briefing, envelope: &Envelope, now: DateTime<Utc>) -> Vec<u8> {
    let line = format!("{}\n", briefing.headline);
    headed(briefing, envelope, now)
        .singlepart(part(ContentType::TEXT_PLAIN, line))
        .expect("it has a sender and a recipient")
        .formatted()
}

/// The frozen mail with its id, and with a mark when an earlier try may have arrived.
pub(super) fn addressed(outgoing: &Outgoing<'_>, envelope: &Envelope) -> Vec<u8> {
    let domain = envelope.from.domain();
    let mut head = format!("Message-ID: <{}@{domain}>\r\n", outgoing.id);
    if outgoing.is_possible_duplicate {
        head.push_str("X-Possible-Duplicate: true\r\n");
    }
    let mut mail = head.into_bytes();
    mail.extend_from_slice(outgoing.body);
    mail
}

/// In ASCII whatever it says, so that every server takes it and the boundary is safe.
fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text)
}

fn headed(briefing: &Briefing, envelope: &Envelope, now: DateTime<Utc>) -> MessageBuilder {
    headed_by(&briefing.headline, briefing, envelope, now)
}

fn headed_by(
    subject: &str,
    briefing: &Briefing,
    envelope: &Envelope,
    now: DateTime<Utc>,
) -> MessageBuilder {
    let mailbox = |address: &MailAddress| Mailbox::new(None, address.inner().clone());
    let mut head = lettre::Message::builder()
        .date(now.into())
        .from(mailbox(&envelope.from))
        // ASCII goes as it is, and a reader would decode what looks encoded (RFC 2047).
        .subject(subject.replace("=?", "= ?"))
        // Nobody's holiday answers a page (RFC 3834).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    for address in &envelope.all {
        head = head.to(mailbox(address));
    }
    let ids = thread_ids(briefing, envelope.from.domain());
    if !ids.is_empty() {
        head = head.references(ids.clone());
        if briefing.is_follow_up {
            head = head.in_reply_to(ids);
        }
    }
    head
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The ids that mails about the same have in common: of no mail that was sent, but the same for all.
fn thread_ids(briefing: &Briefing, domain: &str) -> String {
    let mut ids = String::new();
    for thread in &briefing.threads {
        let thread: String = thread
            .chars()
            .map(|char| {
                if char.is_ascii_alphanumeric() {
                    char
                } else {
                    '-'
                }
            })
            .collect();
        let separator = if ids.is_empty() { "" } else { " " };
        let _ = write!(ids, "{separator}<{thread}.thread@{domain}>");
    }
    ids
}
