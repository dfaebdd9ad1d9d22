//! One mail to one recipient over one connection, and what came of it, said honestly.
//!
//! The line that matters is the content: before it begins nothing was sent, whatever breaks; from
//! there on only the server's reply tells. Every command is given by hand, since the answer depends on
//! which of them was refused.

use std::io;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use sre_core::notification::{Answer, MailStep};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::address::{MailAddress, SmtpLogin, SmtpSecurity};
use super::wire::Wire;
use crate::redaction::Redactor;

/// No mail server that is there takes longer to say so; the next of its addresses is tried then.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A goodbye is worth so long a wait: the mail is taken over already.
const QUIT_WAIT: Duration = Duration::from_millis(500);

/// A mail server and how to speak with it.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<SmtpLogin>,
    timeout: Duration,
    redactor: Redactor,
}

/// How the way is secured, with what a certificate is checked by.
enum Tls {
    Start(TlsParameters),
    Implicit(TlsParameters),
    Clear,
}

/// What kept a mail from being taken over.
enum Broken {
    /// The server could not be reached.
    Connect(io::Error),
    /// The conversation failed, or the server refused.
    Smtp(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Smtp(error)
    }
}

impl Server {
    /// A server whose certificate is checked by the system's roots and those of `ca_pem`.
    pub(super) fn new(
        (host, port): (String, u16),
        security: SmtpSecurity,
        ca_pem: Option<&[u8]>,
        login: Option<SmtpLogin>,
        timeout: Duration,
    ) -> Result<Self, Error> {
        let tls = match security {
            SmtpSecurity::StartTls => Tls::Start(parameters(&host, ca_pem)?),
            SmtpSecurity::Implicit => Tls::Implicit(parameters(&host, ca_pem)?),
            SmtpSecurity::Clear => Tls::Clear,
        };
        let redactor = login
            .as_ref()
            .map_or_else(Redactor::none, SmtpLogin::redactor);
        Ok(Self {
            host,
            port,
            tls,
            login,
            timeout,
            redactor,
        })
    }

    /// One try to hand `mail` over.
    pub(super) async fn send(&self, from: &MailAddress, to: &MailAddress, mail: &[u8]) -> Answer {
        let mut step = MailStep::Session;
        let handed_over = self.hand_over(from, to, mail, &mut step);
        match timeout(self.timeout, handed_over).await {
            Ok(Ok(reply)) => self.replied(&reply, step),
            Ok(Err(Broken::Connect(error))) => self.broken(step, &error.to_string()),
            Ok(Err(Broken::Smtp(error))) => self.failed(step, &error),
            Err(_) => self.broken(step, "no reply in time"),
        }
    }

    /// The conversation; `step` is what the server was asked last.
    async fn hand_over(
        &self,
        from: &MailAddress,
        to: &MailAddress,
        mail: &[u8],
        step: &mut MailStep,
    ) -> Result<Response, Broken> {
        let mut connection = self.open().await?;
        if let Some(login) = &self.login {
            *step = MailStep::Login;
            let password = login
                .password
                .expose_secret()
                .to_owned();
            let credentials = Credentials::new(login.username.clone(), password);
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await?;
        }
        *step = MailStep::Envelope;
        let sender = Some(from.inner().clone());
        connection
            .command(Mail::new(sender, Vec::new()))
            .await?;
        connection
            .command(Rcpt::new(to.inner().clone(), Vec::new()))
            .await?;
        connection.command(Data).await?;
        *step = MailStep::Content;
        let reply = connection.message(mail).await?;
        // What it says to the goodbye changes nothing.
        let _ = timeout(QUIT_WAIT, connection.quit()).await;
        Ok(reply)
    }

    /// A connection on which the server has said what it can do, secured as it must be.
    async fn open(&self) -> Result<AsyncSmtpConnection, Broken> {
        let hello = ClientId::default();
        match &self.tls {
            Tls::Implicit(parameters) => {
                let address = (self.host.as_str(), self.port);
                let (limit, tls) = (Some(CONNECT_TIMEOUT), Some(parameters.clone()));
                Ok(AsyncSmtpConnection::connect_tokio1(address, limit, &hello, tls, None).await?)
            }
            Tls::Start(parameters) => {
                let mut connection = self.open_in_clear(&hello).await?;
                connection
                    .starttls(parameters.clone(), &hello)
                    .await?;
                Ok(connection)
            }
            Tls::Clear => self.open_in_clear(&hello).await,
        }
    }

    async fn open_in_clear(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, Broken> {
        let tcp = connect(&self.host, self.port)
            .await
            .map_err(Broken::Connect)?;
        let wire = Box::new(Wire::new(tcp));
        Ok(AsyncSmtpConnection::connect_with_transport(wire, hello).await?)
    }

    fn replied(&self, reply: &Response, step: MailStep) -> Answer {
        let words: Vec<&str> = reply.message().collect();
        Answer::Replied {
            code: reply.code().into(),
            step,
            excerpt: self
                .redactor
                .excerpt(&words.join(" "), true),
        }
    }

    fn failed(&self, step: MailStep, error: &Error) -> Answer {
        let words = words(error);
        match error.status() {
            Some(code) => Answer::Replied {
                code: code.into(),
                step,
                excerpt: self.redactor.excerpt(&words, true),
            },
            None => self.broken(step, &words),
        }
    }

    /// There is no reply: what that means depends on how far the mail had come.
    fn broken(&self, step: MailStep, words: &str) -> Answer {
        let said = |what: &str| {
            self.redactor
                .excerpt(&format!("{what}: {words}"), true)
        };
        match step {
            MailStep::Session => Answer::NotSent {
                detail: said("no session with the mail server"),
            },
            MailStep::Login => Answer::NotSent {
                detail: said("no login at the mail server"),
            },
            MailStep::Envelope => Answer::NotSent {
                detail: said("the mail server broke off before the content"),
            },
            MailStep::Content => Answer::Unknown {
                detail: said("no reply to the content"),
            },
        }
    }
}

/// What a certificate for `host` is checked by.
fn parameters(host: &str, ca_pem: Option<&[u8]>) -> Result<TlsParameters, Error> {
    let builder = TlsParametersBuilder::new(host.to_owned());
    match ca_pem {
        Some(pem) => builder
            .add_root_certificate(Certificate::from_pem(pem)?)
            .build(),
        None => builder.build(),
    }
}

/// A connection to the first address of `host` that answers.
async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("the name has no address");
    for address in lookup_host((host, port)).await? {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failure)
}

/// The causes of an error; its own text only says of which kind it is.
fn words(error: &Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    if texts.is_empty() {
        texts.push(error.to_string());
    }
    texts.dedup();
    texts.join(": ")
}
