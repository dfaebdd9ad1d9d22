//! Mail by SMTP: text and HTML, one recipient a destination.
//!
//! Its guarantee: every message at least once to every recipient, in order for each alert; each try
//! carries the same `Message-ID`, by which a mail server or reader can tell a repeat, and one that may
//! be a repeat says so in `X-Possible-Duplicate`.
//!
//! **A recipient is a destination of its own**, with its own lane and ledger. One that is greylisted is
//! tried again alone, one that is refused is given up alone, and neither delays, repeats or hides what
//! the others are told. What one mail to all would come to when the server takes it for one and refuses
//! it for the other, no mail can say.
//!
//! Mails about the same alert refer to one message-id that is made of the alert's id. Readers that
//! thread by `References` show them together; those that also compare subjects (Gmail) show what
//! changes its state apart.

mod address;
mod mail;
mod session;
mod wire;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use thiserror::Error;
use url::Url;

pub use address::{MailAddress, MailAddressError, SmtpLogin, SmtpSecurity};
pub(crate) use mail::ALERTS_MAX;

use crate::body::Bases;
use crate::render::Briefing;
use crate::template::{Said, Templates};
use mail::Envelope;
use session::Server;

/// How mail is sent, and to whom.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// What people call the channel. The first recipient's destination has this name, the others have
    /// their position behind it; the identity of each is its address.
    pub name: String,
    /// The mail server, a name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is secured.
    pub security: SmtpSecurity,
    /// CA certificates in PEM that are trusted beside those of the system.
    pub ca_pem: Option<Vec<u8>>,
    /// The account, where the server wants one.
    pub login: Option<SmtpLogin>,
    /// Who writes.
    pub from: MailAddress,
    /// Who is written to.
    pub to: Vec<MailAddress>,
    /// How long one try may take, the reply included.
    pub timeout: Duration,
    /// Where this service is reached by people, for the links to alerts and SLOs.
    pub links_base: Option<Url>,
    /// Where the dashboards are, for SLOs that do not link one of their own.
    pub dashboards_url: Option<Url>,
    /// The words of its messages, where they are not the built-in ones.
    pub templates: Option<Templates>,
}

/// Why there is no mail.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmailError {
    /// A try of no length can only fail.
    #[error("the timeout of mail must be longer than nothing")]
    NoTime,
    /// Whoever listens on the way would read the password.
    #[error("a password is not sent in clear to another machine; use TLS, or no account")]
    PasswordInClear,
    /// TLS could not be set up: no CA certificates, or some that cannot be read.
    #[error("TLS could not be set up for the mail server")]
    Tls {
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Mail to one recipient, ready to send.
pub struct EmailNotifier {
    destination: Destination,
    envelope: Envelope,
    bases: Bases,
    templates: Option<Templates>,
    server: Server,
}

impl EmailNotifier {
    /// Mail as `config` says, a notifier a recipient.
    ///
    /// # Errors
    ///
    /// [`EmailError::NoTime`] for a timeout of zero, [`EmailError::PasswordInClear`] for an account of
    /// another machine without TLS, [`EmailError::Tls`] when TLS cannot be set up.
    pub fn all(config: &EmailConfig) -> Result<Vec<Self>, EmailError> {
        if config.timeout.is_zero() {
            return Err(EmailError::NoTime);
        }
        let is_clear = config.security == SmtpSecurity::Clear;
        if is_clear && config.login.is_some() && !address::is_loopback(&config.host) {
            return Err(EmailError::PasswordInClear);
        }
        config
            .to
            .iter()
            .zip(1..)
            .map(|(to, position)| Self::one(config, to, position))
            .collect()
    }

    fn one(config: &EmailConfig, to: &MailAddress, position: usize) -> Result<Self, EmailError> {
        let server = Server::new(
            (config.host.clone(), config.port),
            config.security,
            config.ca_pem.as_deref(),
            config.login.clone(),
            config.timeout,
        )
        .map_err(|error| EmailError::Tls {
            source: Box::new(error),
        })?;
        let address = to.inner().to_string();
        let name = match position {
            1 => config.name.clone(),
            _ => format!("{}-{position}", config.name),
        };
        Ok(Self {
            destination: Destination {
                name,
                ..Destination::new("email", &address, &fingerprinted(config))
            },
            envelope: Envelope {
                from: config.from.clone(),
                to: to.clone(),
                all: config.to.clone(),
            },
            bases: Bases {
                links: config.links_base.clone(),
                dashboards: config.dashboards_url.clone(),
            },
            templates: config.templates.clone(),
            server,
        })
    }
}

/// What makes a stopped lane start again when it changes. The fingerprint is stored, and a password
/// may be a word: only so much of its hash goes in as tells a new one from the old, and no more than
/// helps nobody to guess it.
fn fingerprinted(config: &EmailConfig) -> Vec<u8> {
    let mark = config.login.as_ref().map(|login| {
        let hash = Sha256::digest(login.password.expose_secret());
        (&login.username, hash[0], hash[1])
    });
    let server = (&config.host, config.port, config.security);
    format!("{:?}", (server, &config.ca_pem, mark, &config.from)).into_bytes()
}

#[async_trait]
impl Notifier for EmailNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        let briefing = Briefing::of(message, &self.bases, ALERTS_MAX);
        let said = self
            .templates
            .as_ref()
            .map(|own| own.say(message, &self.bases, &self.destination.name));
        match said {
            None | Some(Said::BuiltIn) => mail::whole(&briefing, &self.envelope, message.now),
            Some(Said::Failed(note)) => {
                mail::whole(&briefing.noted(&note), &self.envelope, message.now)
            }
            Some(Said::Own(words)) => mail::worded(&briefing, &words, &self.envelope, message.now),
        }
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        let briefing = Briefing::of(message, &self.bases, 0);
        mail::minimal(&briefing, &self.envelope, message.now)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let mail = mail::addressed(outgoing, &self.envelope);
        let answer = self
            .server
            .send(&self.envelope.from, &self.envelope.to, &mail)
            .await;
        let code = match &answer {
            Answer::Replied { code, .. } => Some(*code),
            _ => None,
        };
        tracing::debug!(
            delivery.id = %outgoing.id,
            destination.name = %self.destination.name,
            smtp.code = code,
            "a mail was tried"
        );
        answer
    }
}

impl fmt::Debug for EmailNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailNotifier")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}
