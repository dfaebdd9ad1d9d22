//! The one who watches the watcher: its heartbeat, and what it tells directly.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sre_core::notification::{Answer, Content, Destination, Message, Notifier, Outgoing};
use sre_core::time::{Clock as _, Span};
use sre_server::workers::{Outcome, Pulse, SentinelParts, SentinelWorker, SourceSight, Worker};

use crate::api_slo::create;
use crate::world::World;

/// A channel that answers what it is told to, then 200, and keeps what it delivered.
#[derive(Debug)]
struct Channel {
    destination: Destination,
    answers: Mutex<VecDeque<u16>>,
    told: Mutex<Vec<String>>,
}

impl Channel {
    fn answering(name: &str, answers: &[u16]) -> Arc<Self> {
        Arc::new(Self {
            destination: Destination::new("test", name, b""),
            answers: Mutex::new(answers.iter().copied().collect()),
            told: Mutex::default(),
        })
    }

    fn told(&self) -> Vec<String> {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Notifier for Channel {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        let Content::Notice(notice) = message.content else {
            panic!("a notice");
        };
        format!("{}: {}", notice.kind, notice.text).into_bytes()
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.render(message)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let status = self
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
            .unwrap_or(200);
        if status == 200 {
            let text = String::from_utf8(outgoing.body.to_vec()).expect("a text");
            self.told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(text);
        }
        Answer::Responded {
            status,
            retry_after: None,
            excerpt: String::new(),
        }
    }
}

/// Counts heartbeats.
#[derive(Debug, Default)]
struct Beats(AtomicUsize);

#[async_trait]
impl Pulse for Beats {
    async fn beat(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

struct Watched {
    world: World,
    sentinel: SentinelWorker,
    beats: Arc<Beats>,
}

impl Watched {
    /// A service with one SLO, of which nothing is wrong.
    async fn new(channels: &[Arc<Channel>]) -> Self {
        let world = World::new();
        create(&world, &json!({})).await;
        let context = &world.context;
        for worker in ["evaluator", "dispatcher"] {
            context
                .board
                .register(worker, Duration::from_millis(250));
        }
        let beats = Arc::<Beats>::default();
        let sentinel = SentinelWorker::new(SentinelParts {
            evaluations: Arc::clone(&context.evaluations),
            board: Arc::clone(&context.board),
            source: Arc::<SourceSight>::default(),
            audit: Arc::default(),
            metrics: Arc::clone(&context.metrics),
            clock: Arc::clone(&context.clock),
            pulse: Some((Arc::<Beats>::clone(&beats) as _, Span::minutes(1))),
            channels: channels
                .iter()
                .map(|channel| Arc::<Channel>::clone(channel) as _)
                .collect(),
            replica: "test".to_owned(),
        });
        Self {
            world,
            sentinel,
            beats,
        }
    }

    /// Lets time pass; slots are evaluated, and the dispatcher works, or not. How many heartbeats
    /// came meanwhile.
    async fn pass(&mut self, minutes: i64, evaluates: bool, dispatches: bool) -> usize {
        let before = self.beats.0.load(Ordering::Relaxed);
        let (world, board) = (&self.world, &self.world.context.board);
        let end = world.now() + chrono::TimeDelta::minutes(minutes);
        while world.now() < end {
            world
                .clock
                .set(world.clock.now() + chrono::TimeDelta::seconds(5));
            if evaluates {
                world.evaluate().await;
            }
            let note = |worker| {
                let took = Duration::from_millis(2);
                board.note(worker, &Outcome::Succeeded, took, None, world.now());
            };
            note("evaluator");
            if dispatches {
                note("dispatcher");
            }
            self.sentinel
                .activate()
                .await
                .expect("it looks");
        }
        self.beats.0.load(Ordering::Relaxed) - before
    }
}

#[tokio::test]
async fn while_all_is_well_the_heartbeat_goes_on_and_nobody_is_told_anything() {
    let hook = Channel::answering("hook", &[]);
    let mut watched = Watched::new(&[Arc::clone(&hook)]).await;
    assert_eq!(watched.pass(10, true, true).await, 10);
    assert_eq!(hook.told(), [""; 0]);
}

#[tokio::test]
async fn slots_that_wait_stop_the_heartbeat_and_are_told_once_as_is_their_end() {
    let (hook, mail) = (
        Channel::answering("hook", &[]),
        Channel::answering("mail", &[]),
    );
    let mut watched = Watched::new(&[Arc::clone(&hook), Arc::clone(&mail)]).await;
    watched.pass(5, true, true).await;
    let late = watched.pass(20, false, true).await;
    assert!(
        (1..=3).contains(&late),
        "{late} heartbeats in the first two minutes"
    );
    let told = hook.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("monitor.blind: SLOs are not evaluated: the slot of 2026-01-01 12:0"),
        "{told:?}"
    );
    assert_eq!(mail.told(), told);
    let page = watched.world.get("/metrics").await;
    let shown = std::str::from_utf8(&page.body).expect("a text");
    assert!(shown.contains("\nsre_monitor_blind 1\n"));
    let well = watched.pass(10, true, true).await;
    assert!(well >= 9, "{well}");
    let told = hook.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("monitor.recovered: It was blind from before 2026-01-01 12:"));
    assert_eq!(mail.told(), told);
}

#[tokio::test]
async fn a_dispatcher_that_stands_still_is_told_past_it() {
    let hook = Channel::answering("hook", &[]);
    let mut watched = Watched::new(&[Arc::clone(&hook)]).await;
    watched.pass(2, true, true).await;
    watched.pass(1, true, false).await;
    assert_eq!(hook.told(), [""; 0]);
    let beats = watched.pass(4, true, false).await;
    assert_eq!(beats, 0);
    let told = hook.told();
    assert_eq!(
        told,
        [
            "monitor.blind: nothing has been judged or sent since 2026-01-01 12:02:00 UTC. Until it \
             sees again, no alert may come of what goes wrong."
        ]
    );
}

#[tokio::test]
async fn a_channel_that_fails_is_tried_again_and_one_that_was_not_told_hears_of_no_end() {
    let flaky = Channel::answering("flaky", &[503, 503]);
    let gone = Channel::answering("gone", &[503; 1_000]);
    let mut watched = Watched::new(&[Arc::clone(&flaky), Arc::clone(&gone)]).await;
    watched.pass(2, true, true).await;
    watched.pass(10, false, true).await;
    assert_eq!(flaky.told().len(), 1);
    watched.pass(5, true, true).await;
    assert_eq!(flaky.told().len(), 2);
    gone.answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
    watched.pass(30, true, true).await;
    assert_eq!(gone.told(), [""; 0]);
}
