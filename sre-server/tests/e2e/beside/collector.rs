//! Receivers of webhooks in Alertmanager's form, each of which answers as its script says.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::scenario::{Answers, Clock};
use super::told::Told;
use crate::sink::read;
use crate::waiting::now;

/// A message that was taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// When it had come, in units since the script began.
    pub(super) at: f64,
    /// What it says.
    pub(super) alerts: BTreeSet<Told>,
}

/// A running receiver; it ends with the value.
#[derive(Debug)]
pub(super) struct Collector {
    pub(super) url: String,
    came: Arc<Mutex<Came>>,
    task: JoinHandle<()>,
}

/// What came so far.
#[derive(Debug, Default)]
struct Came {
    /// When the script began; nothing comes before.
    began: Option<DateTime<Utc>>,
    /// What was answered well, when it came.
    taken: Vec<(DateTime<Utc>, Value)>,
    /// How many came, however they were answered.
    tries: usize,
}

impl Collector {
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address");
        let came = Arc::<Mutex<Came>>::default();
        let kept = Arc::clone(&came);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(take(socket, answers, Arc::clone(&kept)));
            }
        });
        Self {
            url: format!("http://{address}/"),
            came,
            task,
        }
    }

    /// The script begins.
    pub(super) fn begin(&self, at: DateTime<Utc>) {
        lock(&self.came).began = Some(at);
    }

    /// Everything that was taken, in the order in which it came.
    pub(super) fn taken(&self, clock: Clock) -> Vec<Taken> {
        let mut taken: Vec<Taken> = lock(&self.came)
            .taken
            .iter()
            .map(|(at, body)| Taken {
                at: clock.units(*at),
                alerts: Told::all(body, clock),
            })
            .collect();
        taken.sort_by(|one, other| one.at.total_cmp(&other.at));
        taken
    }

    /// How often somebody tried.
    pub(super) fn tries(&self) -> usize {
        lock(&self.came).tries
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(came: &Mutex<Came>) -> MutexGuard<'_, Came> {
    came.lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Takes one message, unless its sender gave up before it was answered.
async fn take(mut socket: TcpStream, answers: Answers, came: Arc<Mutex<Came>>) {
    let Some((_, body)) = read(&mut socket).await else {
        return;
    };
    let at = now();
    let since = {
        let mut came = lock(&came);
        came.tries += 1;
        came.began
            .and_then(|began| (at - began).to_std().ok())
            .unwrap_or_default()
    };
    let answer = answers.at(since);
    if is_left(&mut socket, answer.after).await {
        return;
    }
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        answer.status
    );
    let is_answered = socket
        .write_all(head.as_bytes())
        .await
        .is_ok();
    if is_answered && answer.is_good() {
        let body = serde_json::from_slice(&body).expect("JSON");
        lock(&came).taken.push((at, body));
    }
}

/// Waits so long; whether the other side hung up meanwhile.
async fn is_left(socket: &mut TcpStream, time: Duration) -> bool {
    if time.is_zero() {
        return false;
    }
    let mut byte = [0; 1];
    matches!(
        timeout(time, socket.read(&mut byte)).await,
        Ok(Ok(0) | Err(_))
    )
}
