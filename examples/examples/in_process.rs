//! The whole engine in a program: SLOs in a store, burn rules, pages, a receiver of one's own.
//!
//! `Monitor` does what is due when it is called and says when it wants to be called again. A program
//! waits until then; this one moves its clock there, so that two hours are over at once. In the second
//! hour one request in ten fails, for twenty minutes.
//!
//! ```sh
//! cargo run -p sre-examples --example in_process
//! ```

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sre_core::monitor::Monitor;
use sre_core::notification::{Answer, Content, Destination, Message, Notifier, Outgoing};
use sre_core::recorder::Event;
use sre_core::slo::Slo;
use sre_core::time::{Span, at_second};
use sre_store_memory::MemoryStore;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for line in watch().await? {
        writeln!(stdout(), "{line}")?;
    }
    Ok(())
}

/// Watches for two hours; answers what was told.
async fn watch() -> Result<Vec<String>, Box<dyn Error>> {
    let diary = Arc::new(Diary::new());
    let monitor = Monitor::builder(Arc::new(MemoryStore::new()))
        .notifier(Arc::<Diary>::clone(&diary))
        .build();
    // Monday, 2026-03-02 00:00 UTC.
    let begin = at_second(1_772_409_600);
    let slo = Slo::builder("checkout", "availability")
        .name("Checkout answers")
        .target_percentage("99.9")?
        .rolling(Span::days(30))
        .build()?;
    monitor.declare(&slo, begin).await?;
    let requests = monitor
        .recorder(&slo)
        .ok_or("the SLO counts a metric")?;

    let mut now = begin;
    while now < begin + Span::hours(2).as_delta() {
        let ran = monitor.run_due(now).await?;
        let seconds = (ran.next_at - now).num_seconds();
        let minute = (now - begin).num_minutes();
        for second in 0..10 * seconds {
            let fails = (60..80).contains(&minute) && second % 10 == 0;
            requests.record(Event::good_if(!fails));
        }
        now = ran.next_at;
    }
    let status = monitor
        .status(slo.id)
        .await?
        .ok_or("it was evaluated")?;
    let mut told = diary.lines();
    told.push(format!("in the end: {}", status.state));
    Ok(told)
}

/// A channel: what it is told, it writes down.
#[derive(Debug)]
struct Diary {
    destination: Destination,
    lines: Mutex<Vec<String>>,
}

impl Diary {
    fn new() -> Self {
        Self {
            destination: Destination::new("diary", "ours", b""),
            lines: Mutex::default(),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Notifier for Diary {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    /// One line an alert; frozen from here on.
    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        let (Content::Alerts { news, .. } | Content::Digest { news }) = message.content else {
            return Vec::new();
        };
        let lines: Vec<_> = news
            .iter()
            .map(|news| {
                let alert = news.alert;
                let (at, kind) = (message.now.format("%H:%M:%S"), alert.alert_type());
                format!("{at} {} {kind}, {}", alert.state.as_str(), alert.severity)
            })
            .collect();
        lines.join("\n").into_bytes()
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.render(message)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let mut lines = self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        lines.push(String::from_utf8_lossy(outgoing.body).into_owned());
        Answer::Responded {
            status: 200,
            retry_after: None,
            excerpt: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_outage_is_one_page_and_its_end() {
        let told = watch().await.expect("it runs");
        let pages: Vec<_> = told
            .iter()
            .filter(|line| line.contains("burn_rate"))
            .collect();
        let ends = pages
            .iter()
            .filter(|line| line.contains("resolved"));
        assert_eq!(ends.count(), 1, "{told:#?}");
        assert!(pages[0].contains("firing burn_rate"), "{told:#?}");
        assert!(
            pages
                .iter()
                .any(|line| line.contains("emergency")),
            "{told:#?}"
        );
        assert!(pages[pages.len() - 1].contains("resolved"), "{told:#?}");
    }
}
