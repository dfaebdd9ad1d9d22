//! A receiver of an Alertmanager's webhooks that notes what came, and when.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A message of one group.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    pub(crate) at: Instant,
    pub(crate) job: String,
    pub(crate) is_firing: bool,
}

/// The receiver; it ends with the value.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) url: String,
    called: Arc<Mutex<Vec<Called>>>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}/", socket.local_addr().expect("an address"));
        let called = Arc::<Mutex<Vec<Called>>>::default();
        let kept = Arc::clone(&called);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = socket.accept().await {
                tokio::spawn(take(socket, Arc::clone(&kept)));
            }
        });
        Self { url, called, task }
    }

    /// Everything so far, in the order in which it came.
    pub(crate) fn called(&self) -> Vec<Called> {
        lock(&self.called).clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(called: &Mutex<Vec<Called>>) -> std::sync::MutexGuard<'_, Vec<Called>> {
    called
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Takes the messages of one connection.
async fn take(mut socket: TcpStream, called: Arc<Mutex<Vec<Called>>>) {
    while let Some(body) = read(&mut socket).await {
        let at = Instant::now();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let job = body["groupLabels"]["job"]
            .as_str()
            .expect("a group");
        lock(&called).push(Called {
            at,
            job: job.to_owned(),
            is_firing: body["status"] == "firing",
        });
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        if socket.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// The body of the next request; `None` when there is none.
async fn read(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            break end + 4;
        }
    };
    let mut body = bytes.split_off(head_end);
    let head = String::from_utf8(bytes)
        .ok()?
        .to_lowercase();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse()
        .ok()?;
    while body.len() < length {
        if socket.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(body)
}
