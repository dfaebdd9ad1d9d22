//! A service with counters whose truth is known, and with every trouble that one can have.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::waiting::{eventually, now};

/// Requests, as a service counts them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Requests {
    pub(crate) good: u64,
    pub(crate) failed: u64,
}

/// What a service is asked, and how it fares.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) per_second: u64,
    /// How many of a thousand fail.
    pub(crate) failing: u64,
}

/// A running service; it ends with the value.
#[derive(Debug)]
pub(crate) struct Exporter {
    /// The name of the service, and of its job.
    pub(crate) service: &'static str,
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug, Default)]
struct State {
    service: &'static str,
    traffic: Traffic,
    /// Thousandths of a request, and of a failure, that are due.
    due: (u64, u64),
    /// All that ever was.
    truth: Requests,
    /// What the counters showed when they were reset last, to be taken off.
    reset: Requests,
    /// What the counters showed before anything was counted here.
    before: u64,
    is_dead: bool,
    scraped_at: Option<DateTime<Utc>>,
}

impl Exporter {
    /// A service without traffic, whose counter of good requests stands at `before`.
    pub(crate) async fn start(service: &'static str, before: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address")
            .to_string();
        let state = Arc::new(Mutex::new(State {
            service,
            before,
            ..State::default()
        }));
        let (served, counted) = (Arc::clone(&state), Arc::clone(&state));
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, Arc::clone(&served)));
            }
        });
        let counting = tokio::spawn(async move {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                ticks.tick().await;
                lock(&counted).tick();
            }
        });
        Self {
            service,
            address,
            state,
            tasks: [serving, counting],
        }
    }

    /// Asks it so much from now on.
    pub(crate) fn ask(&self, per_second: u64, failing: u64) {
        lock(&self.state).traffic = Traffic {
            per_second,
            failing,
        };
    }

    /// Asks it these requests, now.
    pub(crate) fn count(&self, good: u64, failed: u64) {
        let mut state = lock(&self.state);
        state.truth.good += good;
        state.truth.failed += failed;
    }

    /// All that it was ever asked.
    pub(crate) fn truth(&self) -> Requests {
        lock(&self.state).truth
    }

    /// Asks it nothing any more and waits until that has been scraped; what was counted so far.
    pub(crate) async fn rest(&self) -> (Requests, DateTime<Utc>) {
        self.ask(0, 0);
        let began = now();
        let scraped = self.scraped_after(began).await;
        (self.truth(), scraped)
    }

    /// Waits for a scrape after `instant`.
    pub(crate) async fn scraped_after(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let what = format!("a scrape of {}", self.service);
        eventually(&what, Duration::from_secs(40), || async {
            lock(&self.state)
                .scraped_at
                .filter(|scraped| *scraped > instant)
        })
        .await
    }

    /// From now on every connection is cut; its counters are forgotten, as a process forgets them.
    pub(crate) fn die(&self) {
        let mut state = lock(&self.state);
        state.is_dead = true;
        state.forget();
    }

    /// It answers again.
    pub(crate) fn revive(&self) {
        lock(&self.state).is_dead = false;
    }

    /// It begins to count at 0, as after a restart.
    pub(crate) fn reset(&self) {
        lock(&self.state).forget();
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl State {
    fn tick(&mut self) {
        let tick_ms = u64::try_from(TICK.as_millis()).unwrap_or_default();
        self.due.0 += self.traffic.per_second * tick_ms;
        while self.due.0 >= 1_000 {
            self.due.0 -= 1_000;
            self.due.1 += self.traffic.failing;
            if self.due.1 >= 1_000 {
                self.due.1 -= 1_000;
                self.truth.failed += 1;
            } else {
                self.truth.good += 1;
            }
        }
    }

    fn forget(&mut self) {
        self.reset = self.truth;
        self.before = 0;
    }

    /// What a scrape finds. As with most libraries, failures have no series before the first.
    fn page(&self) -> String {
        let service = self.service;
        let mut page = String::from("# TYPE shop_requests_total counter\n");
        let mut line = |code, count| {
            let labels = format!("service=\"{service}\",code=\"{code}\"");
            writeln!(page, "shop_requests_total{{{labels}}} {count}").expect("a string");
        };
        line(200, self.before + self.truth.good - self.reset.good);
        if self.truth.failed > self.reset.failed {
            line(500, self.truth.failed - self.reset.failed);
        }
        page
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

async fn answer(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    let mut request = [0; 4_096];
    if !matches!(socket.read(&mut request).await, Ok(1..)) {
        return;
    }
    let page = {
        let mut state = lock(&state);
        if state.is_dead {
            return;
        }
        state.scraped_at = Some(now());
        state.page()
    };
    let length = page.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = socket
        .write_all((head + &page).as_bytes())
        .await;
}

/// How often requests come.
const TICK: Duration = Duration::from_millis(100);
