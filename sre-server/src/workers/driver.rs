//! What runs a worker: a period, a wake-up, a stop between activations.

use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sre_core::time::Clock;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::lifecycle::Stage;
use crate::metrics::Metrics;
use crate::workers::board::{Board, Outcome};

/// A background activity of this process.
pub trait Worker: Send + 'static {
    /// The name on the board, in logs and in metrics.
    const NAME: &'static str;

    /// Does one bounded batch of what is due.
    fn activate(
        &mut self,
    ) -> impl Future<Output = Result<Activity, Box<dyn Error + Send + Sync>>> + Send;
}

/// What an activation has to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Activity {
    /// Whether more is due at once.
    pub has_more: bool,
    /// How far behind its schedule the work was.
    pub lag: Option<Duration>,
}

/// Runs workers in one stage of the process's life.
#[derive(Clone, Debug)]
pub struct Driver {
    stage: Stage,
    board: Arc<Board>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Driver {
    /// A driver whose workers end with `stage`.
    pub fn new(
        stage: Stage,
        board: Arc<Board>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            stage,
            board,
            metrics,
            clock,
        }
    }

    /// Activates `worker` every `period`, and when `wake` is notified, until the stage ends. Stop is
    /// looked at between activations only, so that none is cut in half.
    pub fn spawn<W: Worker>(&self, mut worker: W, period: Duration, wake: Arc<Notify>) {
        self.board.register(W::NAME, period);
        let (this, stop) = (self.clone(), self.stage.stop());
        self.stage.spawn(W::NAME, async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                // Registered before the work is looked at, so that no wake-up is lost.
                let woken = wake.notified();
                tokio::select! {
                    biased;
                    () = stop.requested() => return,
                    () = woken => {}
                    _ = ticks.tick() => {}
                }
                while !stop.is_requested() && this.activate(&mut worker).await {}
            }
        });
    }

    /// One activation, noted; whether more is due at once.
    async fn activate<W: Worker>(&self, worker: &mut W) -> bool {
        let began = Instant::now();
        let ended = AssertUnwindSafe(worker.activate())
            .catch_unwind()
            .await;
        let took = began.elapsed();
        let (outcome, activity) = match ended {
            Ok(Ok(activity)) => (Outcome::Succeeded, activity),
            Ok(Err(error)) => {
                tracing::warn!(worker = W::NAME, error = %chain(error.as_ref()), "activation failed");
                (Outcome::Failed(chain(error.as_ref())), Activity::default())
            }
            Err(_) => {
                tracing::error!(worker = W::NAME, "activation panicked");
                (Outcome::Failed("panicked".to_owned()), Activity::default())
            }
        };
        self.metrics
            .on_activation(W::NAME, matches!(outcome, Outcome::Succeeded), took);
        self.board
            .note(W::NAME, &outcome, took, activity.lag, self.clock.now());
        activity.has_more
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
