//! An exporter whose counters are known: each scrape finds ten more calls.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The scrape from which on one call of ten fails.
pub(crate) const FIRST_ERROR: u64 = 3;

/// How many of ten calls take at most so many seconds.
const DURATIONS: [(&str, u64); 5] = [("0.1", 7), ("0.25", 8), ("0.5", 9), ("1", 10), ("+Inf", 10)];

/// A running exporter; it ends with the value.
pub(crate) struct Exporter {
    pub(crate) address: String,
    scrapes: Arc<Mutex<Vec<DateTime<Utc>>>>,
    task: JoinHandle<()>,
}

impl Exporter {
    /// Ends by itself after so many scrapes.
    pub(crate) async fn start(scrapes_max: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address")
            .to_string();
        let scrapes = Arc::new(Mutex::new(Vec::new()));
        let counted = Arc::clone(&scrapes);
        let task = tokio::spawn(async move {
            for scrape in 1..=scrapes_max {
                let (mut stream, _) = listener
                    .accept()
                    .await
                    .expect("a connection");
                let mut request = [0; 4_096];
                let _ = stream.read(&mut request).await;
                let page = page(scrape);
                let length = page.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n{page}"
                );
                let _ = stream
                    .write_all(answer.as_bytes())
                    .await;
                counted
                    .lock()
                    .expect("not poisoned")
                    .push(now());
            }
        });
        Self {
            address,
            scrapes,
            task,
        }
    }

    /// When it was scraped.
    pub(crate) fn scrapes(&self) -> Vec<DateTime<Utc>> {
        self.scrapes
            .lock()
            .expect("not poisoned")
            .clone()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "Prometheus stamps its samples by the real clock"
)]
pub(crate) fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn page(scrape: u64) -> String {
    let mut total = format!("calls_total {}\n", scrape * 10);
    for (le, within) in DURATIONS {
        let line = format!("calls_seconds_bucket{{le=\"{le}\"}} {}\n", scrape * within);
        total.push_str(&line);
    }
    let sums = format!(
        "calls_seconds_sum {scrape}\ncalls_seconds_count {}\n",
        scrape * 10
    );
    total.push_str(&sums);
    if scrape < FIRST_ERROR {
        return total;
    }
    format!("{total}errors_total {}\n", scrape - FIRST_ERROR + 1)
}
