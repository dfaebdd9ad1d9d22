//! The whole engine inside a program of one's own: what is due is done when it is called.

mod builder;
mod declaring;
mod sending;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertStatus};
use crate::evaluation::Evaluation;
use crate::indicator::Indicator;
use crate::monitor::{AlertMover, Dispatcher, Evaluator, IncidentKeeper, MonitorSettings, Sent};
use crate::name::SloId;
use crate::notification::Destination;
use crate::recorder::{Recorder, Recording, Recordings};
use crate::sample::Sample;
use crate::slice::SliceWidth;
use crate::slo::Slo;
use crate::store::{AlertQuery, Appended, Page, Store, StoreError};
use crate::time::Span;

pub use builder::MonitorBuilder;
pub use declaring::Declared;
use sending::{Standing, Tries};

/// Everything that watches SLOs, over one store: folds, evaluates, decides, opens and ends incidents,
/// and tells whom it has to. The service `sre-monitor` is made of the same parts.
///
/// It has no thread, no timer and no clock. Whoever embeds it calls [`Monitor::run_due`] in a loop and
/// waits until the instant that it answers; calling early does no harm, calling late is caught up on. So
/// that nobody who is told, and does not answer, delays what is measured, a program with a timer calls
/// [`Monitor::look_due`] in one loop and [`Monitor::send_due`] in another.
///
/// ```
/// use std::sync::Arc;
///
/// use sre_core::evaluation::SloState;
/// use sre_core::monitor::Monitor;
/// use sre_core::recorder::Event;
/// use sre_core::slo::Slo;
/// use sre_core::time::at_second;
/// # use sre_core::store::{Store, StoreError};
/// # async fn watch(memory_store: Arc<dyn Store>) -> Result<(), Box<dyn std::error::Error>> {
///
/// let monitor = Monitor::builder(memory_store).build();
/// let slo = Slo::builder("checkout", "availability").target_percentage("99.9")?.build()?;
/// monitor.declare(&slo, at_second(0)).await?;
/// let requests = monitor.recorder(&slo).ok_or("the SLO counts a metric")?;
///
/// let mut now = at_second(0);
/// while now < at_second(600) {
///     requests.record(Event::Good);
///     now = monitor.run_due(now).await?.next_at; // a program waits until then
/// }
/// let status = monitor.status(slo.id).await?.ok_or("it was evaluated")?;
/// assert_eq!(status.state, SloState::Met);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Monitor {
    store: Arc<dyn Store>,
    settings: MonitorSettings,
    holder: String,
    destinations: Vec<Destination>,
    are_registered: AtomicBool,
    recordings: Mutex<BTreeMap<SliceWidth, Recordings>>,
    evaluator: Evaluator,
    mover: AlertMover,
    keeper: IncidentKeeper,
    dispatcher: Arc<Dispatcher>,
    send_timeout: Span,
    /// Tries under way, and what they take for the time.
    tries: Mutex<Tries>,
    clock: Arc<Standing>,
}

/// What one run did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ran {
    /// When there is something to do next, at the latest: after `now`, unless more is due at once.
    pub next_at: DateTime<Utc>,
    /// Slots that were evaluated.
    pub evaluated: u32,
    /// What was sent, with what came of it.
    pub sent: Vec<Sent>,
    /// Tries that took too long and were given up: each is made again, marked as a possible repeat.
    pub given_up: u32,
    /// The last failure that kept an SLO from being evaluated or a message from being judged; what
    /// failed is due again by itself.
    pub error: Option<Arc<StoreError>>,
}

impl Monitor {
    /// Begins a monitor over `store`, which tells nobody yet.
    pub fn builder(store: Arc<dyn Store>) -> MonitorBuilder {
        MonitorBuilder::new(store)
    }

    /// Everything that is remembered: each port of it may be used beside the monitor.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The recorder for the events of an SLO, whose counts become samples of its metric slice by slice;
    /// `None` when its events come from elsewhere. A metric of a service has one, whoever asks for it,
    /// with the slices of the SLO that asked first: where widths differ, ask for the finest first.
    pub fn recorder(&self, slo: &Slo) -> Option<Arc<Recorder>> {
        let Indicator::Metric(metric) = &slo.definition.indicator else {
            return None;
        };
        let (service, width) = (&slo.definition.service_name, slo.definition.slice);
        let mut recordings = self.recordings();
        let known = recordings
            .values()
            .find_map(|held| held.recorder_of(service, metric));
        if known.is_some() {
            return known;
        }
        let recorder = Arc::new(Recorder::new());
        recordings
            .entry(width)
            .or_insert_with(|| Recordings::new(width))
            .add(Recording {
                service_name: service.clone(),
                metric_name: metric.clone(),
                labels: [("replica".to_owned(), self.holder.clone())].into(),
                recorder: Arc::clone(&recorder),
            });
        Some(recorder)
    }

    /// Stores samples, and says what became of each, in order.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn push(
        &self,
        samples: &[Sample],
        now: DateTime<Utc>,
    ) -> Result<Vec<Appended>, StoreError> {
        let closed_before = now - self.settings.delay.as_delta();
        self.store
            .append(samples, closed_before)
            .await
    }

    /// Does what is due at `now`, in bounded batches: [`Monitor::look_due`], then [`Monitor::send_due`]
    /// until every try has ended. Those are taken to end at `now`, too.
    ///
    /// A notifier that does not answer holds it for as long as it waits itself, and the next look with
    /// it: call the two apart where that matters.
    ///
    /// It is one task's to call. Dropped halfway, it leaves nothing that the next call does not find.
    ///
    /// # Errors
    ///
    /// Those of the store; what was done before stands.
    pub async fn run_due(&self, now: DateTime<Utc>) -> Result<Ran, StoreError> {
        let looked = self.look_due(now).await?;
        let sent = self
            .send_due(now, std::future::pending())
            .await?;
        let has_more = looked.next_at <= now || sent.next_at <= now;
        Ok(Ran {
            next_at: if has_more {
                now
            } else {
                self.next_at(now).await?
            },
            evaluated: looked.evaluated,
            error: looked.error.or(sent.error),
            ..sent
        })
    }

    /// Looks, in bounded batches: stores what recorders counted, evaluates and decides, and moves what
    /// time moves. It sends nothing, and waits for nobody but the store and the source.
    ///
    /// It is one task's to call, beside another that calls [`Monitor::send_due`].
    ///
    /// # Errors
    ///
    /// Those of the store; what was done before stands.
    pub async fn look_due(&self, now: DateTime<Utc>) -> Result<Ran, StoreError> {
        self.register(now).await?;
        self.store_recordings(now).await?;
        let mut ran = Ran::at(now);
        let mut has_more = self.evaluate(now, &mut ran).await?;
        has_more |= self.evaluator.backfill(now).await?;
        self.mover.activate(now).await?;
        self.keeper.activate(now).await?;
        if !has_more {
            ran.next_at = self
                .next_look(now, now + SELDOM.as_delta())
                .await?;
        }
        Ok(ran)
    }

    /// Makes the destinations known, once.
    async fn register(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self
            .are_registered
            .load(Ordering::Relaxed)
        {
            self.store
                .register_destinations(&self.destinations, now)
                .await?;
            self.are_registered
                .store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How an SLO stood after its last slot; `None` before the first.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn status(&self, slo: SloId) -> Result<Option<Evaluation>, StoreError> {
        let standings = self.store.standings(&[slo]).await?;
        Ok(standings
            .into_iter()
            .next()
            .and_then(|standing| standing.evaluation))
    }

    /// The alerts that are open, those that somebody acknowledged among them; the newest thousand of
    /// each.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn open_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let mut open = Vec::new();
        for state in AlertStatus::OPEN {
            let query = AlertQuery {
                state: Some(state),
                ..AlertQuery::default()
            };
            let page = Page {
                after: None,
                limit: Page::<()>::LIMIT_MAX,
            };
            open.extend(
                self.store
                    .list_alerts(&query, page)
                    .await?,
            );
        }
        Ok(open)
    }

    /// Stores what was counted in slices that have ended.
    async fn store_recordings(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let counted: Vec<Sample> = self
            .recordings()
            .values_mut()
            .flat_map(|recordings| {
                recordings
                    .look(now)
                    .cloned()
                    .collect::<Vec<_>>()
            })
            .collect();
        if counted.is_empty() {
            return Ok(());
        }
        self.push(&counted, now).await?;
        for recordings in self.recordings().values_mut() {
            recordings.stored(&counted);
        }
        Ok(())
    }

    /// Evaluates due slots; whether more are due.
    async fn evaluate(&self, now: DateTime<Utc>, ran: &mut Ran) -> Result<bool, StoreError> {
        for _ in 0..BATCHES {
            let done = self.evaluator.activate(now).await?;
            ran.evaluated = ran
                .evaluated
                .saturating_add(done.applied);
            ran.error = done.error.or(ran.error.take());
            if !done.has_more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// When something is due next.
    async fn next_at(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        let depth = self.store.depth().await?;
        let waits = depth.intents > 0 || depth.deliveries > 0;
        self.next_look(now, now + if waits { SOON } else { SELDOM }.as_delta())
            .await
    }

    /// When a slot or a slice of a recorder is due next, at the latest at `latest`.
    async fn next_look(
        &self,
        now: DateTime<Utc>,
        latest: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreError> {
        let slot = self.store.earliest_slot().await?;
        let edges: Vec<_> = self
            .recordings()
            .values()
            .map(|recordings| recordings.next_edge(now))
            .collect();
        let due = edges.into_iter().chain(slot);
        // A slot that is due and was not taken is another's, or failed: it is looked at again soon.
        Ok(due
            .fold(latest, DateTime::min)
            .max(now + SOON.as_delta()))
    }

    fn recordings(&self) -> MutexGuard<'_, BTreeMap<SliceWidth, Recordings>> {
        self.recordings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ran {
    const fn at(now: DateTime<Utc>) -> Self {
        Self {
            next_at: now,
            evaluated: 0,
            sent: Vec::new(),
            given_up: 0,
            error: None,
        }
    }
}

/// Batches of slots a run: some ten thousand SLOs, after which others get a turn.
const BATCHES: u32 = 20;
/// How soon what waits to be sent is looked at again.
const SOON: Span = Span::SECOND;
/// How seldom anything is looked at: acknowledgements end and incidents close to within so long.
const SELDOM: Span = Span::seconds(10);
