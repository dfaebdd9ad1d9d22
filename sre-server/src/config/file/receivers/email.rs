//! `email_configs`, and what `global` says of mail for all of them.

use super::super::yaml::{Key, Map, Node, Reader};
use super::ends::SEND_RESOLVED;
use super::{ChannelConfig, Globals};
use crate::config::channels::is_loopback;
use crate::config::table::setting;
use crate::config::{EmailConfig, MailLogin, MailSecurity, parse};
use crate::secret::Secret;

/// What is said of mail, in one place or another.
#[derive(Clone, Debug, Default)]
pub(super) struct MailSettings {
    smarthost: Option<(String, u16)>,
    from: Option<String>,
    username: Option<String>,
    password: Option<Secret<String>>,
    security: Option<MailSecurity>,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    globals: &Globals,
) -> Option<ChannelConfig> {
    let keys = [
        "to",
        "smarthost",
        "from",
        "auth_username",
        "auth_password",
        "auth_password_file",
        "auth_password_env",
        "tls",
        "subject",
        "text",
        "html",
        SEND_RESOLVED,
    ];
    let map = reader.map(node, "a mail", &keys.map(Key::known))?;
    let own = settings(reader, &map, "");
    let common = &globals.mail;
    let to = if let Some(node) = map.get("to") {
        reader.read_by(node, |text| parse::emails(setting("TO_EMAILS"), text))
    } else {
        reader.refuse(node, "a mail has to: addresses, separated by commas");
        None
    };
    let smarthost = own
        .smarthost
        .or_else(|| common.smarthost.clone());
    let from = own.from.or_else(|| common.from.clone());
    for (is_there, what) in [
        (
            smarthost.is_some(),
            "smarthost, or smtp_smarthost in global",
        ),
        (from.is_some(), "from, or smtp_from in global"),
    ] {
        if !is_there {
            reader.refuse(node, format!("a mail has {what}"));
        }
    }
    let username = own
        .username
        .or_else(|| common.username.clone());
    let password = own
        .password
        .or_else(|| common.password.clone());
    if username.is_some() != password.is_some() {
        reader.refuse(
            node,
            "an account has both auth_username and auth_password_file or …_env",
        );
    }
    let security = own
        .security
        .or(common.security)
        .unwrap_or(MailSecurity::StartTls);
    let (host, port) = smarthost?;
    if password.is_some() && security == MailSecurity::Clear && !is_loopback(&host) {
        reader.refuse(
            node,
            "the password would be sent in clear to another machine; use starttls or implicit",
        );
    }
    let login = username
        .zip(password)
        .map(|(username, password)| MailLogin { username, password });
    Some(ChannelConfig::Email(EmailConfig {
        host,
        port,
        security,
        ca_pem: None,
        login,
        from: from?,
        to: to?,
    }))
}

pub(super) fn settings(reader: &mut Reader<'_>, map: &Map<'_, '_>, prefix: &str) -> MailSettings {
    let key = |name: &str| format!("{prefix}{name}");
    let get = |name: &str| map.get(&key(name));
    let [inline, file, variable] =
        ["auth_password", "auth_password_file", "auth_password_env"].map(key);
    MailSettings {
        smarthost: get("smarthost").and_then(|node| reader.read_by(node, smarthost)),
        from: get("from").and_then(|node| {
            reader.read_by(node, |text| parse::email(setting("FROM_EMAIL"), text))
        }),
        username: get("auth_username").and_then(|node| reader.text(node).map(str::to_owned)),
        password: reader.secret(map, [&inline, &file, &variable]),
        security: get("tls").and_then(|node| {
            reader.read_by(node, |text| match text {
                "starttls" => Ok(MailSecurity::StartTls),
                "implicit" => Ok(MailSecurity::Implicit),
                "none" => Ok(MailSecurity::Clear),
                _ => Err("expected starttls, implicit or none"),
            })
        }),
    }
}

/// `host:port`.
fn smarthost(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text
        .rsplit_once(':')
        .ok_or("expected a host and a port, such as mail.example.org:587")?;
    let host = parse::host(setting("SMTP_HOST"), host)?;
    let port = parse::port(setting("SMTP_PORT"), port)?;
    Ok((host, port))
}
