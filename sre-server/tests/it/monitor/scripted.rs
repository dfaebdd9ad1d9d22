//! A source and a receiver that say what a test tells them to.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use sre_core::count::Counts;
use sre_core::name::DeliveryId;
use sre_core::notification::{
    AlertNews, Answer, Content, Destination, Message, Notifier, Outgoing,
};
use sre_core::source::{self, Failure, FailureClass, Measurement, MetricSource, Question};
use sre_core::time::Interval;
use tokio::sync::Semaphore;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What a source says of one slice.
type Script = Box<dyn Fn(Interval) -> Measurement + Send>;

/// Counters that a closure knows.
#[derive(Default)]
pub(crate) struct ScriptedSource {
    script: Mutex<Option<Script>>,
    /// Slices that are left out at the end of each answer.
    left_out: Mutex<usize>,
    asked: Mutex<Vec<Interval>>,
    /// When set, a question waits for a permit.
    gate: Mutex<Option<std::sync::Arc<Semaphore>>>,
}

impl std::fmt::Debug for ScriptedSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptedSource")
            .finish_non_exhaustive()
    }
}

impl ScriptedSource {
    /// From now on says this of each slice.
    pub(crate) fn says(&self, script: impl Fn(Interval) -> Measurement + Send + 'static) {
        *locked(&self.script) = Some(Box::new(script));
    }

    /// From now on so many good of so many in every slice.
    pub(crate) fn counts(&self, good: u64, total: u64) {
        self.says(move |_| measured(good, total));
    }

    pub(crate) fn leaves_out(&self, slices: usize) {
        *locked(&self.left_out) = slices;
    }

    /// From now on a question waits for a permit of this.
    pub(crate) fn waits_for(&self, gate: std::sync::Arc<Semaphore>) {
        *locked(&self.gate) = Some(gate);
    }

    /// The stretches that were asked for since the last look.
    pub(crate) fn asked(&self) -> Vec<Interval> {
        std::mem::take(&mut *locked(&self.asked))
    }
}

#[async_trait]
impl MetricSource for ScriptedSource {
    async fn measure(&self, question: &Question<'_>) -> source::Answer {
        let gate = locked(&self.gate).clone();
        if let Some(gate) = gate {
            gate.acquire()
                .await
                .expect("the gate stays")
                .forget();
        }
        locked(&self.asked).push(question.during);
        let width = question.width;
        let slices = width.index_of(question.during.start())..width.index_of(question.during.end());
        let script = locked(&self.script);
        let say = |slice| {
            script
                .as_ref()
                .map_or(Measurement::Absent, |script| script(slice))
        };
        let mut slices: Vec<Measurement> = slices
            .map(|index| say(width.interval(index)))
            .collect();
        slices.truncate(
            slices
                .len()
                .saturating_sub(*locked(&self.left_out)),
        );
        source::Answer::exact(slices)
    }

    fn describe(&self) -> String {
        "a script".to_owned()
    }
}

pub(crate) fn measured(good: u64, total: u64) -> Measurement {
    Measurement::Measured(Counts::events(good, total).expect("legal counts"))
}

pub(crate) fn fails(class: FailureClass) -> Measurement {
    Measurement::Failed(Failure {
        class,
        detail: "as it was told".to_owned(),
    })
}

/// One try as a receiver saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Received {
    pub(crate) id: DeliveryId,
    pub(crate) body: String,
    pub(crate) is_possible_duplicate: bool,
}

/// A receiver that answers what it was told to, and else that all is well.
#[derive(Debug)]
pub(crate) struct ScriptedNotifier {
    destination: Destination,
    answers: Mutex<VecDeque<Answer>>,
    received: Mutex<Vec<Received>>,
    keeps_no_ids: AtomicBool,
}

impl ScriptedNotifier {
    pub(crate) fn new(destination: Destination) -> Self {
        Self {
            destination,
            answers: Mutex::default(),
            received: Mutex::default(),
            keeps_no_ids: AtomicBool::new(false),
        }
    }

    /// From now on a repeat cannot be told from a new message.
    pub(crate) fn keep_no_ids(&self) {
        self.keeps_no_ids
            .store(true, Ordering::Relaxed);
    }

    /// The next tries are answered so.
    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        locked(&self.answers).extend(answers);
    }

    /// The tries since the last look.
    pub(crate) fn received(&self) -> Vec<Received> {
        std::mem::take(&mut *locked(&self.received))
    }

    /// The bodies since the last look.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.received()
            .into_iter()
            .map(|received| received.body)
            .collect()
    }
}

pub(crate) fn status(status: u16, retry_after: Option<i64>) -> Answer {
    let retry_after = retry_after.map(TimeDelta::seconds);
    Answer::Responded {
        status,
        retry_after,
        excerpt: "as it was told".to_owned(),
    }
}

pub(crate) fn unknown() -> Answer {
    Answer::Unknown {
        detail: "the connection broke".to_owned(),
    }
}

#[async_trait]
impl Notifier for ScriptedNotifier {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        said(message, part).into_bytes()
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        let number = |news: &AlertNews<'_>| format!("#{}", news.sequence);
        format!("minimal {}", said(message, number)).into_bytes()
    }

    fn can_tell_repeats(&self) -> bool {
        !self
            .keeps_no_ids
            .load(Ordering::Relaxed)
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        locked(&self.received).push(Received {
            id: outgoing.id,
            body: String::from_utf8_lossy(outgoing.body).into_owned(),
            is_possible_duplicate: outgoing.is_possible_duplicate,
        });
        locked(&self.answers)
            .pop_front()
            .unwrap_or_else(|| status(200, None))
    }
}

/// What a message says, an alert after the other.
fn said(message: &Message<'_>, part: impl Fn(&AlertNews<'_>) -> String) -> String {
    let (kind, news) = match message.content {
        Content::Alerts { news, .. } => ("", news),
        Content::Digest { news } => ("digest of ", news),
        Content::Notice(notice) => return format!("{}: {}", notice.kind, notice.title),
        _ => return "unheard of".to_owned(),
    };
    let parts: Vec<String> = news.iter().map(part).collect();
    let note = message
        .note
        .map_or_else(String::new, |note| format!(" ({note})"));
    format!("{kind}{}{note}", parts.join(", "))
}

fn part(news: &AlertNews<'_>) -> String {
    let alert = news.alert;
    let mut part = format!(
        "{} {} {} {} #{}",
        alert.alert_type(),
        alert.episode,
        alert.severity,
        news.reason.as_str(),
        news.sequence,
    );
    if news.suppressed_episodes > 0 {
        let _ = write!(part, " after {} untold", news.suppressed_episodes);
    }
    if let Some(rule) = news.while_held {
        let _ = write!(part, " while {}", rule.as_str());
    }
    if let Some(incident) = news.incident {
        let _ = write!(part, " in {} incident", incident.status());
    }
    part
}
