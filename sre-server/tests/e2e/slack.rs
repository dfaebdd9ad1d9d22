//! A workspace of Slack, as far as an incoming webhook sees it: it takes JSON and says `ok`.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::sink;

/// A running receiver; it ends with the value.
#[derive(Debug)]
pub(crate) struct Slack {
    pub(crate) url: String,
    messages: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Slack {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address");
        let messages = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let Some((_, body)) = sink::read(&mut socket).await else {
                    continue;
                };
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(serde_json::from_slice(&body).unwrap_or_default());
                let _ = socket
                    .write_all(
                        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\
                          connection: close\r\n\r\nok",
                    )
                    .await;
            }
        });
        Self {
            url: format!("http://{address}/services/T00000000/B00000000/XXXXXXXXXXXXXXXX"),
            messages,
            task,
        }
    }

    /// All that came so far.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.task.abort();
    }
}
