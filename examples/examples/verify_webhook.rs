//! Receives the alerts of SRE Monitor: verifies the signature, tells repeats, prints the message.
//!
//! ```sh
//! export WEBHOOK_SECRET=whsec_$(head -c 32 /dev/urandom | base64)
//! cargo run -p sre-examples --example verify_webhook
//! # and, in another terminal with the same secret:
//! WEBHOOK_URL=http://127.0.0.1:9000/ cargo run --release --bin sre-monitor
//! ```

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::error::Error;
use std::io::{Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

/// What SRE Monitor sends is never longer.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The key, and the messages that were handled. A real receiver keeps these ids where they survive
/// a restart, for some days.
struct Receiver {
    webhook: Webhook,
    handled: Mutex<BTreeSet<String>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let receiver = Arc::new(Receiver {
        webhook: Webhook::new(&secret()?)?,
        handled: Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:9000").await?;
    writeln!(stdout(), "listening on http://{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let receiver = Arc::clone(&receiver);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let receiver = Arc::clone(&receiver);
                async move { Ok::<_, Infallible>(receiver.answer(request).await) }
            });
            // A connection that breaks off is the sender's matter: it tries again.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Receiver {
    /// 2xx says that the message is handled; anything else brings it again, or gives it up.
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX)
            .collect()
            .await
        else {
            return status(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let body = body.to_bytes();
        // Checks the key, and that `webhook-timestamp` is at most five minutes off: verify the
        // bytes as they came, before anything reads them.
        if let Err(error) = self
            .webhook
            .verify(&body, &parts.headers)
        {
            let _ = writeln!(stdout(), "refused: {error}");
            return status(StatusCode::UNAUTHORIZED);
        }
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let id = header("webhook-id")
            .unwrap_or_default()
            .to_owned();
        let is_new = self
            .handled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone());
        let told = if is_new {
            print_message(&id, header("webhook-possible-duplicate").is_some(), &body)
        } else {
            writeln!(stdout(), "repeat of {id}: handled before").map_err(Into::into)
        };
        status(if told.is_ok() {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

fn print_message(id: &str, may_be_repeat: bool, body: &[u8]) -> Result<(), Box<dyn Error>> {
    let message: serde_json::Value = serde_json::from_slice(body)?;
    let mut out = stdout().lock();
    let marked = if may_be_repeat {
        " (possibly a repeat)"
    } else {
        ""
    };
    writeln!(out, "{id}{marked}: {}", message["type"])?;
    for alert in message["data"]["alerts"]
        .as_array()
        .into_iter()
        .flatten()
    {
        writeln!(
            out,
            "  {} {} {}: {}",
            alert["severity"], alert["alert_type"], alert["service_name"], alert["message"]
        )?;
        writeln!(
            out,
            "  budget left: {} %",
            alert["error_budget"]["remaining_percentage"]
        )?;
    }
    Ok(())
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[expect(clippy::disallowed_methods, reason = "the one setting of this program")]
fn secret() -> Result<String, Box<dyn Error + Send + Sync>> {
    std::env::var("WEBHOOK_SECRET")
        .map_err(|_| "set WEBHOOK_SECRET to the key of the sender".into())
}
