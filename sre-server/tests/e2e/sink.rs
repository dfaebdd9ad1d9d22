//! A receiver of webhooks: it keeps all that comes, checks signatures, and answers by a script.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::waiting::now;

/// The key that signs what the sink takes.
pub(crate) const SECRET: &str = "whsec_c3JlLW1vbml0b3ItZW5kLXRvLWVuZC10ZXN0";

/// A message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// When it had come whole.
    pub(crate) at: DateTime<Utc>,
    /// When it was answered, whether or not anybody was left to hear it.
    pub(crate) answered_at: Option<DateTime<Utc>>,
    /// `webhook-id`
    pub(crate) id: String,
    /// `webhook-possible-duplicate: true`
    pub(crate) is_marked: bool,
    /// Whether the reference verifier takes it.
    pub(crate) is_signed: bool,
    /// Exactly as it came.
    pub(crate) body: Vec<u8>,
    /// The same, read.
    pub(crate) json: Value,
}

impl Message {
    /// `alert.firing`
    pub(crate) fn kind(&self) -> &str {
        self.json["type"]
            .as_str()
            .unwrap_or_default()
    }

    /// The alerts that it speaks of.
    pub(crate) fn alerts(&self) -> &[Value] {
        self.json["data"]["alerts"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }

    /// Whether it tells this of an alert of this type of the service.
    pub(crate) fn tells(&self, kind: &str, service: &str, alert_type: &str) -> bool {
        self.kind() == kind
            && self
                .alerts()
                .iter()
                .any(|alert| alert["service_name"] == service && alert["alert_type"] == alert_type)
    }
}

/// A running receiver; it ends with the value.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) url: String,
    messages: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

impl Sink {
    /// One that takes everything at once.
    pub(crate) async fn new() -> Self {
        Self::slow_by(|| Duration::ZERO).await
    }

    /// One that takes everything, each message after the time that the script says.
    pub(crate) async fn slow_by(mut script: impl FnMut() -> Duration + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!(
            "http://{}/alerts",
            listener
                .local_addr()
                .expect("an address")
        );
        let messages = Arc::<Mutex<Vec<Message>>>::default();
        let kept = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(take(socket, script(), Arc::clone(&kept)));
            }
        });
        Self {
            url,
            messages,
            task,
        }
    }

    /// All that came so far, in the order in which it came.
    pub(crate) fn messages(&self) -> Vec<Message> {
        lock(&self.messages).clone()
    }

    /// All that came so far about a service.
    pub(crate) fn about(&self, service: &str) -> Vec<Message> {
        let mut messages = self.messages();
        messages.retain(|message| message.json["data"]["service_name"] == service);
        messages
    }

    /// How many wait for an answer.
    pub(crate) fn unanswered(&self) -> usize {
        lock(&self.messages)
            .iter()
            .filter(|message| message.answered_at.is_none())
            .count()
    }

    /// What holds of all messages ever: each is signed; a message is sent once, or what comes again
    /// is the same and says that it may be; what a receiver hears of an episode is numbered upwards.
    ///
    /// Answers how many came again.
    pub(crate) fn assert_honest(&self) -> usize {
        let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut sequences: BTreeMap<String, u64> = BTreeMap::new();
        let mut repeats = 0;
        for message in self.messages() {
            let text = String::from_utf8_lossy(&message.body).into_owned();
            assert!(message.is_signed, "a signature that does not hold: {text}");
            if let Some(first) = bodies.get(&message.id) {
                repeats += 1;
                assert!(
                    message.is_marked,
                    "{} came again without a mark",
                    message.id
                );
                assert!(
                    *first == message.body,
                    "{} came again with another body",
                    message.id
                );
                continue;
            }
            for alert in message.alerts() {
                let id = alert["id"]
                    .as_str()
                    .expect("an id")
                    .to_owned();
                let sequence = alert["sequence"]
                    .as_u64()
                    .expect("a sequence");
                let last = sequences
                    .insert(id, sequence)
                    .unwrap_or_default();
                assert!(sequence > last, "sequence {sequence} after {last}: {text}");
            }
            bodies.insert(message.id, message.body);
        }
        repeats
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(messages: &Mutex<Vec<Message>>) -> MutexGuard<'_, Vec<Message>> {
    messages
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Takes one message.
async fn take(mut socket: TcpStream, pause: Duration, messages: Arc<Mutex<Vec<Message>>>) {
    let Some((headers, body)) = read(&mut socket).await else {
        return;
    };
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let verifier = Webhook::new(SECRET).expect("a key");
    let message = Message {
        at: now(),
        answered_at: None,
        id: text("webhook-id").to_owned(),
        is_marked: text("webhook-possible-duplicate") == "true",
        is_signed: verifier.verify(&body, &headers).is_ok(),
        json: serde_json::from_slice(&body).unwrap_or_default(),
        body,
    };
    let index = {
        let mut messages = lock(&messages);
        messages.push(message);
        messages.len() - 1
    };
    sleep(pause).await;
    // Whoever sent it may have died meanwhile.
    let _ = socket
        .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        .await;
    if let Some(message) = lock(&messages).get_mut(index) {
        message.answered_at = Some(now());
    }
}

/// One whole request; `None` when it breaks off.
pub(crate) async fn read(socket: &mut TcpStream) -> Option<(HeaderMap, Vec<u8>)> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
        {
            break at;
        }
    };
    let mut body = bytes.split_off(head_end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let headers: HeaderMap = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            Some((name, value.parse::<HeaderValue>().ok()?))
        })
        .collect();
    let length: usize = headers
        .get("content-length")?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    while body.len() < length {
        if socket.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((headers, body))
}
