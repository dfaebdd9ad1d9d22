//! A client of the API, as a user's script is one.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Speaks to one address.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// `http://127.0.0.1:1234`
    pub(crate) base: String,
}

/// What the service answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As JSON, where it is any; otherwise a text.
    pub(crate) body: Value,
}

impl Answer {
    /// The body of an answer of this status.
    ///
    /// # Panics
    ///
    /// When the status is another.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        install_tls();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(40))
            .build()
            .expect("a client");
        Self {
            http,
            base: base.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.try_send(Method::GET, path, None)
            .await
            .expect("an answer")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_send(Method::POST, path, Some(body))
            .await
            .expect("an answer")
    }

    /// One request; an error when no whole answer came.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }

    /// All items of a list, page after page.
    pub(crate) async fn items(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let after = cursor
                .map(|cursor| format!("&cursor={cursor}"))
                .unwrap_or_default();
            let mut page = self
                .get(&format!("{path}{joint}limit=1000{after}"))
                .await
                .expect(200);
            let items = page["items"].take();
            all.extend(
                items
                    .as_array()
                    .expect("items")
                    .iter()
                    .cloned(),
            );
            cursor = page["next_cursor"]
                .as_str()
                .map(str::to_owned);
            if cursor.is_none() {
                return all;
            }
        }
    }

    /// Where it speaks to, without the scheme.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Sends bytes as they are on a connection of their own, and reads until the service closes.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut socket = TcpStream::connect(self.address())
            .await
            .expect("it listens");
        // It may answer and close before it has read everything.
        let _ = socket.write_all(bytes.as_ref()).await;
        read_all(&mut socket).await
    }
}

/// What comes until the other side closes; a reset is a close, after what came before.
pub(crate) async fn read_all(socket: &mut TcpStream) -> String {
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = socket.read(&mut part).await {
        all.extend_from_slice(&part[..length]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// The status in what came over a socket; 0 when nothing did.
pub(crate) fn status(answer: &str) -> u16 {
    answer
        .get(9..12)
        .and_then(|status| status.parse().ok())
        .unwrap_or_default()
}

/// Clients of this process use the TLS stack of the service.
fn install_tls() {
    // Another test of this process may have been here before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
