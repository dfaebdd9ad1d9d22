//! Where events are counted.

use std::sync::Arc;
use std::time::Duration;

use sre_core::recorder::{Event, Recorder, SloRecorder};

/// What counts how requests ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcomes {
    /// An SLO that lives in the program.
    Slo(Arc<SloRecorder>),
    /// A counter, as [`Monitor::recorder`](sre_core::monitor::Monitor::recorder) gives it.
    Counter(Arc<Recorder>),
}

/// What counts how long requests took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Latencies {
    /// An SLO that lives in the program; its threshold, in milliseconds, is the line.
    Slo(Arc<SloRecorder>),
    /// A counter of requests that took less than so long.
    Under(Arc<Recorder>, Duration),
}

impl Outcomes {
    pub(crate) fn record(&self, event: Event) {
        match self {
            Self::Slo(recorder) => recorder.record(event),
            Self::Counter(recorder) => recorder.record(event),
        }
    }
}

impl Latencies {
    /// Counts a request that took so long.
    pub(crate) fn record(&self, took: Duration) {
        match self {
            Self::Slo(recorder) => drop(recorder.record_latency(took)),
            Self::Under(recorder, line) => recorder.record(Event::good_if(took < *line)),
        }
    }

    /// Counts a request that never ended well, however long it took.
    pub(crate) fn record_bad(&self) {
        match self {
            Self::Slo(recorder) => recorder.record(Event::Bad),
            Self::Under(recorder, _) => recorder.record(Event::Bad),
        }
    }

    /// Counts a request that was given up after so long, if it was too slow already: how long it would
    /// have taken is not known.
    pub(crate) fn record_if_bad(&self, took: Duration) {
        let is_bad = match self {
            Self::Slo(recorder) => recorder.judge_latency(took) == Some(Event::Bad),
            Self::Under(_, line) => took >= *line,
        };
        if is_bad {
            self.record_bad();
        }
    }
}

impl From<Arc<SloRecorder>> for Outcomes {
    fn from(recorder: Arc<SloRecorder>) -> Self {
        Self::Slo(recorder)
    }
}

impl From<Arc<Recorder>> for Outcomes {
    fn from(recorder: Arc<Recorder>) -> Self {
        Self::Counter(recorder)
    }
}

impl From<Arc<SloRecorder>> for Latencies {
    fn from(recorder: Arc<SloRecorder>) -> Self {
        Self::Slo(recorder)
    }
}
