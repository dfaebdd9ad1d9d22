//! The process stops at each step between decision and record, and starts again: nothing is lost, and
//! what may have arrived is repeated under the same id, marked.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use sre_core::alert::ResolveReason;
use sre_core::name::{AlertId, DeliveryId};
use sre_core::notification::{Answer, Message, Notifier, Outgoing};
use sre_core::store::{
    Attempt, ClaimedDeliveries, Commit, DueGroups, IntentRecord, Judged, LaneStatus, QueueDepth,
    Store, StoreError,
};
use sre_store_sqlite::SqliteStore;
use tokio::sync::Notify;

use super::*;

/// Where the process stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stop {
    /// Before this call to the outbox, counted from zero.
    BeforeCall(usize),
    /// After it: what it wrote is there, and nobody heard.
    AfterCall(usize),
    /// In this try, before a byte left.
    BeforeSend(usize),
    /// In this try, after the receiver has the message.
    AfterSend(usize),
}

/// Counts calls, and stops the process at one of them.
#[derive(Debug)]
struct Breaker {
    stop: Option<Stop>,
    calls: AtomicUsize,
    sends: AtomicUsize,
    has_stopped: AtomicBool,
}

impl Breaker {
    fn new(stop: Option<Stop>) -> Arc<Self> {
        Arc::new(Self {
            stop,
            calls: AtomicUsize::new(0),
            sends: AtomicUsize::new(0),
            has_stopped: AtomicBool::new(false),
        })
    }

    fn is_at(&self, stop: Stop) -> bool {
        let is_at = self.stop == Some(stop);
        if is_at {
            self.has_stopped
                .store(true, Ordering::SeqCst);
        }
        is_at
    }

    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let away = || StoreError::Unavailable {
            source: "the process has stopped".into(),
        };
        let n = self
            .calls
            .fetch_add(1, Ordering::SeqCst);
        if self.is_at(Stop::BeforeCall(n)) {
            return Err(away());
        }
        let done = work.await;
        if self.is_at(Stop::AfterCall(n)) {
            return Err(away());
        }
        done
    }
}

/// The outbox of a store, in a process that may stop.
#[derive(Debug)]
struct Stopping {
    inner: Arc<SqliteStore>,
    breaker: Arc<Breaker>,
}

#[async_trait]
impl Outbox for Stopping {
    async fn register_destinations(
        &self,
        destinations: &[Destination],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.inner
            .register_destinations(destinations, now)
            .await
    }

    async fn due_groups(&self, now: DateTime<Utc>, limit: u32) -> Result<DueGroups, StoreError> {
        self.breaker
            .call(self.inner.due_groups(now, limit))
            .await
    }

    async fn settle(&self, judged: &Judged, now: DateTime<Utc>) -> Result<Commit, StoreError> {
        self.breaker
            .call(self.inner.settle(judged, now))
            .await
    }

    async fn claim_deliveries(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
        busy: &[DestinationId],
    ) -> Result<ClaimedDeliveries, StoreError> {
        self.breaker
            .call(
                self.inner
                    .claim_deliveries(now, until, limit, busy),
            )
            .await
    }

    async fn record(&self, attempt: &Attempt) -> Result<Commit, StoreError> {
        self.breaker
            .call(self.inner.record(attempt))
            .await
    }

    async fn ledger(&self, alert: AlertId) -> Result<Vec<IntentRecord>, StoreError> {
        self.inner.ledger(alert).await
    }

    async fn depth(&self) -> Result<QueueDepth, StoreError> {
        self.inner.depth().await
    }

    async fn lanes(&self, since: DateTime<Utc>) -> Result<Vec<LaneStatus>, StoreError> {
        self.inner.lanes(since).await
    }
}

/// A receiver, and the way to it, in a process that may stop.
#[derive(Debug)]
struct Receiver {
    destination: Destination,
    breaker: Arc<Breaker>,
    received: Mutex<Vec<(DeliveryId, String, bool)>>,
    stopped: Notify,
}

#[async_trait]
impl Notifier for Receiver {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        format!("{} at {}", message.content.kind(), message.now).into_bytes()
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.render(message)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        let n = self
            .breaker
            .sends
            .fetch_add(1, Ordering::SeqCst);
        if self.breaker.is_at(Stop::BeforeSend(n)) {
            self.stopped.notify_one();
            std::future::pending::<()>().await;
        }
        self.received
            .lock()
            .expect("no panic while held")
            .push((
                outgoing.id,
                String::from_utf8_lossy(outgoing.body).into_owned(),
                outgoing.is_possible_duplicate,
            ));
        if self.breaker.is_at(Stop::AfterSend(n)) {
            self.stopped.notify_one();
            std::future::pending::<()>().await;
        }
        status(200, None)
    }
}

/// What is left when all is over.
struct Story {
    received: Vec<(DeliveryId, String, bool)>,
    ledger: Vec<String>,
    breaker: Arc<Breaker>,
}

/// A page fires and ends a minute later, in a process that stops where it is told and starts again.
async fn tell(stop: Option<Stop>) -> Story {
    let store = Arc::new(
        SqliteStore::in_memory()
            .await
            .expect("a store"),
    );
    let destination = fixtures::destination("sink");
    store
        .register_destinations(std::slice::from_ref(&destination), at(-1))
        .await
        .expect("registered");
    let breaker = Breaker::new(stop);
    let receiver = Arc::new(Receiver {
        destination,
        breaker: Arc::clone(&breaker),
        received: Mutex::default(),
        stopped: Notify::new(),
    });
    let fired = fires(&page(), &[sink()], at(0));
    store
        .apply(&fired)
        .await
        .expect("applied");
    let mut dispatcher = started(&store, &receiver, &breaker);
    let clock = ManualClock::at(at(0));
    for second in (0..600).step_by(5) {
        if second == 60 {
            end(&store, fired.alert.id, at(60)).await;
        }
        clock.set(at(second));
        if !dispatch(&dispatcher, &receiver, &clock).await {
            dispatcher = started(&store, &receiver, &breaker);
        }
    }
    let ledger = store
        .ledger(fired.alert.id)
        .await
        .expect("answers");
    let messages = receiver
        .received
        .lock()
        .expect("no panic while held")
        .clone();
    Story {
        received: messages,
        ledger: ledger
            .into_iter()
            .map(|record| record.state)
            .collect(),
        breaker,
    }
}

/// The process starts (again): it knows what is stored, and nothing else.
fn started(
    store: &Arc<SqliteStore>,
    receiver: &Arc<Receiver>,
    breaker: &Arc<Breaker>,
) -> Dispatcher {
    let ports: Arc<dyn Store> = Arc::<SqliteStore>::clone(store);
    let ports = DispatcherPorts {
        outbox: Arc::new(Stopping {
            inner: Arc::clone(store),
            breaker: Arc::clone(breaker),
        }),
        notices: Arc::<dyn Store>::clone(&ports),
        alerts: Arc::<dyn Store>::clone(&ports),
        incidents: Arc::<dyn Store>::clone(&ports),
        catalog: Arc::<dyn Store>::clone(&ports),
        suppressors: Suppressors::over(&ports),
        evaluations: ports,
    };
    let notifiers: Vec<Arc<dyn Notifier>> = vec![Arc::<Receiver>::clone(receiver) as Arc<_>];
    Dispatcher::new(
        ports,
        notifiers,
        fixtures::settings(),
        Span::seconds(30),
        false,
    )
}

/// Sends what is due; whether the process lives.
async fn dispatch(dispatcher: &Dispatcher, receiver: &Receiver, clock: &ManualClock) -> bool {
    let now = sre_core::time::Clock::now(clock);
    let Ok(due) = dispatcher
        .freeze_due(now, &|_| false)
        .await
    else {
        return false;
    };
    // What is claimed is in the hands of the process that stops.
    if due.error.is_some() {
        return false;
    }
    for sending in due.sendings {
        let is_recorded = tokio::select! {
            biased;
            sent = dispatcher.send(sending, 500, clock) => sent.is_ok(),
            () = receiver.stopped.notified() => false,
        };
        if !is_recorded {
            return false;
        }
    }
    true
}

async fn end(store: &SqliteStore, alert: AlertId, now: DateTime<Utc>) {
    let settings = fixtures::settings();
    let moment = sre_core::alert::Moment {
        now,
        slot: None,
        routes: sre_core::routing::Audience::everyone(&[]),
        settings: &settings,
    };
    let alert = store
        .find_alert(alert)
        .await
        .expect("answers")
        .expect("stored");
    let update = alert
        .resolve(ResolveReason::Condition, None, None, &moment)
        .expect("it is open");
    store
        .apply(&update)
        .await
        .expect("applied");
}

/// What has to hold wherever the process stopped.
fn check(story: &Story, stop: Option<Stop>) {
    assert_eq!(story.ledger, ["delivered", "delivered"], "{stop:?}");
    let kinds: Vec<&str> = story
        .received
        .iter()
        .filter_map(|(_, body, _)| body.split(' ').next())
        .collect();
    let first_end = kinds
        .iter()
        .position(|kind| *kind == "alert.resolved");
    let last_fire = kinds
        .iter()
        .rposition(|kind| *kind == "alert.firing");
    assert!(last_fire < first_end, "{stop:?}: {kinds:?}");
    let mut seen: BTreeMap<DeliveryId, &String> = BTreeMap::new();
    let mut repeats = 0;
    for (id, body, is_marked) in &story.received {
        if let Some(first) = seen.insert(*id, body) {
            assert!(first == body && *is_marked, "{stop:?}");
            repeats += 1;
        }
    }
    assert_eq!(seen.len(), 2, "{stop:?}: one message each");
    let may_repeat = matches!(stop, Some(Stop::AfterSend(_) | Stop::BeforeCall(_)));
    assert!(
        repeats == 0 || (repeats == 1 && may_repeat),
        "{stop:?}: {repeats}"
    );
}

#[tokio::test]
async fn wherever_the_process_stops_each_message_arrives_and_only_a_marked_repeat_is_one_too_many()
{
    let whole = tell(None).await;
    check(&whole, None);
    let (calls, sends) = (
        whole
            .breaker
            .calls
            .load(Ordering::SeqCst),
        whole
            .breaker
            .sends
            .load(Ordering::SeqCst),
    );
    assert_eq!(sends, 2);
    // Past the end of the story every activation looks the same.
    let calls = (0..calls.min(45)).flat_map(|n| [Stop::BeforeCall(n), Stop::AfterCall(n)]);
    let sends = (0..sends).flat_map(|n| [Stop::BeforeSend(n), Stop::AfterSend(n)]);
    for stop in calls.chain(sends) {
        let story = tell(Some(stop)).await;
        assert!(
            story
                .breaker
                .has_stopped
                .load(Ordering::SeqCst),
            "{stop:?}"
        );
        check(&story, Some(stop));
    }
}
