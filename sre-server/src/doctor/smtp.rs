//! Whether a mail server answers, and offers what the settings ask for. No mail is sent.

use tokio::io::{AsyncBufReadExt, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::reach::connect;
use super::{Finding, Place, TIME_LIMIT};
use crate::config::MailSecurity;

/// What of mail is looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    /// The server.
    pub place: Place,
    /// How the way to it is secured. From the first byte, nothing can be asked in the clear.
    pub security: MailSecurity,
    /// Whether there is an account.
    pub has_account: bool,
}

/// What a server says of itself is a few lines.
const ANSWER_BYTES_MAX: u64 = 16_384;

/// Greets the server, and leaves.
pub async fn greet(check: &str, mail: &Mail) -> Finding {
    let place = mail.place.shown();
    let stream = match connect(&mail.place).await {
        Ok((stream, _)) => stream,
        Err(why) => return why.finding(check, &mail.place),
    };
    if mail.security == MailSecurity::Implicit {
        return Finding::ok(
            check,
            format!("{place} takes connections; TLS was not tried"),
        );
    }
    let Ok(Some(extensions)) = timeout(TIME_LIMIT, ehlo(stream)).await else {
        return Finding::fault(
            check,
            format!("{place} does not greet as a mail server does"),
            "look at SMTP_PORT, and at SMTP_TLS: 465 wants `implicit`",
        );
    };
    let offers = |what: &str| {
        extensions
            .iter()
            .any(|line| line.split_whitespace().next() == Some(what))
    };
    if mail.security == MailSecurity::StartTls && !offers("STARTTLS") {
        return Finding::fault(
            check,
            format!("{place} does not offer STARTTLS"),
            "set SMTP_TLS=implicit with its port, or SMTP_TLS=none where the way is safe",
        );
    }
    // Most servers offer AUTH only once the connection is secured.
    if mail.has_account && mail.security == MailSecurity::Clear && !offers("AUTH") {
        return Finding::fault(
            check,
            format!("{place} takes no account"),
            "unset SMTP_USERNAME, or set SMTP_TLS as the server wants it",
        );
    }
    Finding::ok(
        check,
        format!("{place} greets; the account and TLS were not tried"),
    )
}

/// The extensions that the server offers, in capitals.
async fn ehlo(stream: TcpStream) -> Option<Vec<String>> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading.take(ANSWER_BYTES_MAX));
    answer(&mut lines, "220").await?;
    writing
        .write_all(b"EHLO doctor.invalid\r\n")
        .await
        .ok()?;
    let extensions = answer(&mut lines, "250").await?;
    // A polite end; whether it is heard does not matter.
    let _ = writing.write_all(b"QUIT\r\n").await;
    Some(extensions)
}

/// The lines of one answer that begins with `code`, without it.
async fn answer(lines: &mut (impl AsyncBufReadExt + Unpin), code: &str) -> Option<Vec<String>> {
    let mut said = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).await.ok()?;
        let rest = line.strip_prefix(code)?;
        said.push(
            rest.get(1..)
                .unwrap_or_default()
                .trim()
                .to_ascii_uppercase(),
        );
        if !rest.starts_with('-') {
            return Some(said);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::doctor::Verdict;

    /// A server that says this, whatever it is told.
    async fn server(says: &'static str) -> Mail {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket
                .write_all(says.as_bytes())
                .await
                .unwrap();
            // Held open until the client has gone.
            let _ = socket
                .read_to_end(&mut Vec::new())
                .await;
        });
        Mail {
            place: Place {
                host: "127.0.0.1".to_owned(),
                port,
            },
            security: MailSecurity::StartTls,
            has_account: true,
        }
    }

    #[tokio::test]
    async fn a_server_must_offer_the_tls_that_the_settings_ask_for() {
        let with = "220 mail\r\n250-mail greets\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";
        let found = greet("channel email", &server(with).await).await;
        assert_eq!(found.verdict, Verdict::Ok, "{found:?}");
        let without = "220 mail\r\n250-mail greets\r\n250 SIZE 1000\r\n";
        let found = greet("channel email", &server(without).await).await;
        assert_eq!(found.verdict, Verdict::Fault);
        assert!(found.seen.contains("STARTTLS"), "{found:?}");
    }

    #[tokio::test]
    async fn a_server_of_another_kind_is_a_fault() {
        let found = greet(
            "channel email",
            &server("HTTP/1.1 400 Bad Request\r\n\r\n").await,
        )
        .await;
        assert_eq!(found.verdict, Verdict::Fault, "{found:?}");
    }
}
