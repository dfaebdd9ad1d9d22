//! The end of the process.
//!
//! In this order, each step after the one before:
//!
//! 1. readiness is false ([`Lifecycle::leaving`]), so that nobody sends more;
//! 2. requests: no new connections, idle ones closed, those in flight finished, at most
//!    `REQUESTS_TIME`; then they are cut;
//! 3. workers: each finishes its activation and releases its claims, at most `WORKERS_TIME`;
//! 4. close: telemetry is flushed and pools are closed, at most `CLOSE_TIME`.
//!
//! Requests come before workers, since what a request wrote may still be delivered; workers before
//! pools, since they work through them. All of it takes less than ten seconds. A second signal ends
//! it at once. A task that ends by itself, by panic or not, begins the same end, with another exit
//! code: half a service is worse than none, since a supervisor restarts what is gone only.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may go on. Most take milliseconds.
const REQUESTS_TIME: Duration = Duration::from_secs(4);
/// How long workers have to finish what they do; their activations are bounded batches.
const WORKERS_TIME: Duration = Duration::from_secs(4);
/// How long closing may take.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// How long tasks that are cut have to notice.
const LAST_MOMENT: Duration = Duration::from_millis(250);

/// The life of the process, as those who run tasks in it see it.
#[derive(Debug)]
pub struct Lifecycle {
    leaving: CancellationToken,
    requests: Stage,
    workers: Stage,
    crashed: CancellationToken,
}

/// Tasks that are ended together.
#[derive(Clone, Debug)]
pub struct Stage {
    stop: Stop,
    tasks: TaskTracker,
    crashed: CancellationToken,
}

/// By which a task learns that it is to end.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

/// The signals that end the process, by name, as they come.
pub type Signals = mpsc::Receiver<&'static str>;

/// How the process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It was asked to, and everything was finished.
    Clean,
    /// A task had crashed, or something had to be cut that should have finished.
    Failed,
}

impl Lifecycle {
    /// A process that lives.
    #[expect(clippy::new_without_default, reason = "a life begins by decision")]
    pub fn new() -> Self {
        let crashed = CancellationToken::new();
        let stage = || Stage {
            stop: Stop::default(),
            tasks: TaskTracker::new(),
            crashed: crashed.clone(),
        };
        Self {
            leaving: CancellationToken::new(),
            requests: stage(),
            workers: stage(),
            crashed: crashed.clone(),
        }
    }

    /// Cancelled as soon as the end begins: from then on the process is not ready.
    pub fn leaving(&self) -> CancellationToken {
        self.leaving.clone()
    }

    /// The tasks that serve requests.
    pub fn requests(&self) -> &Stage {
        &self.requests
    }

    /// The tasks in the background.
    pub fn workers(&self) -> &Stage {
        &self.workers
    }

    /// Waits for a signal or a crash, then ends everything in order; `close` is the last step.
    pub async fn run(self, mut signals: Signals, close: impl Future<Output = ()>) -> End {
        tokio::select! {
            signal = next(&mut signals) => tracing::info!(signal, "stopping"),
            () = self.crashed.cancelled() => tracing::error!("stopping, since a task has ended"),
        }
        let finished = tokio::select! {
            biased;
            signal = next(&mut signals) => {
                tracing::warn!(signal, "stopping at once");
                self.requests.stop.hard.cancel();
                self.workers.stop.hard.cancel();
                false
            }
            finished = self.end(close) => finished,
        };
        if finished && !self.crashed.is_cancelled() {
            tracing::info!("stopped");
            End::Clean
        } else {
            End::Failed
        }
    }

    /// The order of the module's documentation.
    async fn end(&self, close: impl Future<Output = ()>) -> bool {
        self.leaving.cancel();
        if !self.requests.end(REQUESTS_TIME).await {
            // A client that is slow now is no failure of ours.
            tracing::warn!("requests were cut");
        }
        let worked = self.workers.end(WORKERS_TIME).await;
        if !worked {
            tracing::error!("workers were cut; their claims will run out");
        }
        let closed = timeout(CLOSE_TIME, close).await.is_ok();
        worked && closed
    }
}

impl Stage {
    /// Runs a task until it is stopped. A task that ends before is taken for crashed.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        // Cancels when it is dropped: by an early return, or by a panic that unwinds.
        let crashed = self.crashed.clone().drop_guard();
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            task.await;
            if stop.soft.is_cancelled() {
                crashed.disarm();
            } else {
                tracing::error!(task = name, "a task has ended by itself");
            }
        });
    }

    /// What the tasks of this stage listen to.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Ends the tasks; false when they had to be cut.
    async fn end(&self, time: Duration) -> bool {
        self.stop.soft.cancel();
        self.tasks.close();
        if timeout(time, self.tasks.wait())
            .await
            .is_ok()
        {
            return true;
        }
        self.stop.hard.cancel();
        // Who does not notice now ends with the runtime.
        let _ = timeout(LAST_MOMENT, self.tasks.wait()).await;
        false
    }
}

impl Stop {
    /// Comes when it is time to finish.
    pub async fn requested(&self) {
        self.soft.cancelled().await;
    }

    /// Whether it is time to finish.
    pub fn is_requested(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Comes when there is no time left to finish.
    pub async fn forced(&self) {
        self.hard.cancelled().await;
    }
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::Clean => Self::SUCCESS,
            End::Failed => Self::FAILURE,
        }
    }
}

/// SIGTERM and SIGINT, as they come. From here on they no longer end the process by themselves.
///
/// # Errors
///
/// When the system lets no handler be set.
pub fn signals() -> io::Result<Signals> {
    let (sender, receiver) = mpsc::channel(2);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if sender.send(name).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The next signal; where none can come any more, it never does.
async fn next(signals: &mut mpsc::Receiver<&'static str>) -> &'static str {
    match signals.recv().await {
        Some(signal) => signal,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::time::{Instant, sleep};

    use super::*;

    type Told = Arc<Mutex<Vec<&'static str>>>;

    /// A task that takes so long to stop, and tells when it has.
    fn spawn(stage: &Stage, name: &'static str, seconds: u64, told: &Told) {
        let (stop, told) = (stage.stop(), Arc::clone(told));
        stage.spawn(name, async move {
            stop.requested().await;
            tokio::select! {
                () = sleep(Duration::from_secs(seconds)) => told.lock().unwrap().push(name),
                () = stop.forced() => told.lock().unwrap().push("cut"),
            }
        });
    }

    /// Runs a life with a request and a worker that take so long, until so many signals have come.
    async fn live(request: u64, worker: u64, signals: &[&'static str]) -> (End, Vec<&'static str>) {
        let (life, told) = (Lifecycle::new(), Told::default());
        spawn(life.requests(), "request", request, &told);
        spawn(life.workers(), "worker", worker, &told);
        let (sender, receiver) = mpsc::channel(2);
        for signal in signals {
            sender.send(*signal).await.unwrap();
        }
        let leaving = life.leaving();
        let end = life
            .run(receiver, async { told.lock().unwrap().push("closed") })
            .await;
        assert!(leaving.is_cancelled() || signals.len() > 1);
        let told = told.lock().unwrap().clone();
        (end, told)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_end_before_workers_and_workers_before_pools_close() {
        let (end, told) = live(2, 1, &["SIGTERM"]).await;
        assert_eq!(
            (end, told),
            (End::Clean, vec!["request", "worker", "closed"])
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_request_is_cut_and_the_end_is_clean() {
        let (end, told) = live(60, 1, &["SIGTERM"]).await;
        assert_eq!((end, told), (End::Clean, vec!["cut", "worker", "closed"]));
    }

    #[tokio::test(start_paused = true)]
    async fn everything_slow_still_ends_within_ten_seconds() {
        let began = Instant::now();
        let (end, told) = live(60, 60, &["SIGTERM"]).await;
        assert_eq!((end, told), (End::Failed, vec!["cut", "cut", "closed"]));
        assert!(began.elapsed() < Duration::from_secs(10));
        let most = REQUESTS_TIME + WORKERS_TIME + CLOSE_TIME + 2 * LAST_MOMENT;
        assert!(most < Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_at_once() {
        let began = Instant::now();
        let (end, _) = live(60, 60, &["SIGINT", "SIGINT"]).await;
        assert_eq!(end, End::Failed);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_by_itself_ends_the_process() {
        let life = Lifecycle::new();
        life.requests()
            .spawn("listener", async {});
        let (_sender, receiver) = mpsc::channel(1);
        assert_eq!(life.run(receiver, async {}).await, End::Failed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_ends_the_process() {
        let life = Lifecycle::new();
        life.workers()
            .spawn("worker", async { panic!("on purpose") });
        let (_sender, receiver) = mpsc::channel(1);
        assert_eq!(life.run(receiver, async {}).await, End::Failed);
    }
}
