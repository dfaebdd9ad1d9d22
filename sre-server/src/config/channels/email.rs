//! Alerts by mail.

use std::net::IpAddr;

use super::{Switch, enabled, is_given};
use crate::config::parse;
use crate::config::reader::Reader;
use crate::secret::Secret;

/// Alerts by mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EmailConfig {
    /// The mail server, a name or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is secured.
    pub security: MailSecurity,
    /// CA certificates in PEM, beside those of the system.
    pub ca_pem: Option<String>,
    /// The account.
    pub login: Option<MailLogin>,
    /// Who writes.
    pub from: String,
    /// Who is written to, each once.
    pub to: Vec<String>,
}

/// The account of a mail server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailLogin {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

/// How the way to the mail server is secured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MailSecurity {
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// In clear.
    Clear,
}

const SWITCH: Switch = Switch {
    channel: "mail",
    enable: "ENABLE_EMAIL_ALERTS",
    addresses: &["SMTP_HOST", "TO_EMAILS"],
    others: &[
        "SMTP_PORT",
        "SMTP_TLS",
        "SMTP_CA_FILE",
        "SMTP_USERNAME",
        "SMTP_PASSWORD",
        "FROM_EMAIL",
    ],
};

pub(super) fn read(reader: &mut Reader<'_>) -> Option<EmailConfig> {
    let enabled = enabled(reader, SWITCH.enable);
    let host = reader.optional("SMTP_HOST", parse::host);
    let port = reader.value("SMTP_PORT", parse::port);
    let security = match reader.value("SMTP_TLS", parse::choice) {
        "implicit" => MailSecurity::Implicit,
        "none" => MailSecurity::Clear,
        _ => MailSecurity::StartTls,
    };
    let ca_file = reader.optional("SMTP_CA_FILE", parse::path);
    let ca_pem = ca_file.and_then(|path| reader.file("SMTP_CA_FILE", &path));
    let username = reader.optional("SMTP_USERNAME", parse::text);
    let password = reader.optional("SMTP_PASSWORD", parse::text);
    let from = reader.optional("FROM_EMAIL", parse::email);
    let to = reader.optional("TO_EMAILS", parse::emails);
    if !SWITCH.is_on(reader, enabled) {
        return None;
    }
    for (name, lacks) in [
        ("SMTP_HOST", "no mail server; set SMTP_HOST"),
        ("FROM_EMAIL", "no sender; set FROM_EMAIL"),
        ("TO_EMAILS", "nobody to write to; set TO_EMAILS"),
    ] {
        if !is_given(reader, name) {
            let why = why_on(reader, enabled);
            reader.refuse(name, format!("mail is on, since {why}, and has {lacks}"));
        }
    }
    check_account(reader, host.as_deref(), security);
    warn_of_port(reader, port, security);
    let login = username
        .zip(password)
        .map(|(username, password)| MailLogin {
            username,
            password: Secret::new(password),
        });
    Some(EmailConfig {
        host: host?,
        port,
        security,
        ca_pem,
        login,
        from: from?,
        to: to?,
    })
}

/// What switched mail on.
fn why_on(reader: &Reader<'_>, enabled: Option<bool>) -> String {
    let mut names = SWITCH
        .addresses
        .iter()
        .filter(|name| is_given(reader, name));
    match (enabled, names.next()) {
        (Some(true), _) | (_, None) => format!("{} is true", SWITCH.enable),
        (_, Some(name)) => format!("{name} is set"),
    }
}

/// An account has a name and a password, and neither goes to another machine in clear.
fn check_account(reader: &mut Reader<'_>, host: Option<&str>, security: MailSecurity) {
    let names = ["SMTP_USERNAME", "SMTP_PASSWORD"];
    let [has_name, has_password] = names.map(|name| is_given(reader, name));
    if has_name != has_password {
        let (at, lacks) = if has_name {
            ("SMTP_USERNAME", "SMTP_PASSWORD")
        } else {
            ("SMTP_PASSWORD", "SMTP_USERNAME")
        };
        reader.refuse(at, format!("is set without {lacks}; set both or neither"));
    }
    let is_far = host.is_some_and(|host| !is_loopback(host));
    if has_password && is_far && security == MailSecurity::Clear {
        reader.refuse(
            "SMTP_TLS",
            "the password would be sent in clear to another machine; use starttls or implicit, or \
             unset SMTP_USERNAME and SMTP_PASSWORD",
        );
    }
}

/// The two usual ports each speak one way; the other way around nothing would ever be sent.
fn warn_of_port(reader: &mut Reader<'_>, port: u16, security: MailSecurity) {
    match (port, security) {
        (587, MailSecurity::Implicit) => {
            reader.warn("SMTP_TLS is implicit on port 587, where servers expect starttls; is SMTP_PORT=465 meant?");
        }
        (465, MailSecurity::StartTls) => {
            reader.warn("SMTP_TLS is starttls on port 465, where servers expect TLS at once; is SMTP_TLS=implicit meant?");
        }
        _ => {}
    }
}

pub(in crate::config) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
