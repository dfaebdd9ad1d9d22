//! What recorders counted, as samples: for SLOs that a store remembers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Recorder;
use super::attribution::Attribution;
use crate::name::{MetricName, ServiceName};
use crate::sample::{Sample, SampleValue};
use crate::slice::{Slice, SliceWidth};
use crate::time::Span;

/// One series of a metric that is recorded in process.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Of which service.
    pub service_name: ServiceName,
    /// Of which metric.
    pub metric_name: MetricName,
    /// Which series of it; of several replicas each has its own.
    pub labels: BTreeMap<String, String>,
    /// What counts.
    pub recorder: Arc<Recorder>,
}

/// Makes samples of what recorders counted: one for each slice that ended, zeros included, so that
/// idleness reads as no traffic and not as silence.
///
/// What could not be stored is held, up to an hour of it, and handed out again.
///
/// ```
/// use std::sync::Arc;
///
/// use sre_core::recorder::{Event, Recorder, Recording, Recordings};
/// use sre_core::slice::SliceWidth;
/// use sre_core::time::at_second;
///
/// let recorder = Arc::new(Recorder::new());
/// let mut recordings = Recordings::new(SliceWidth::TEN_SECONDS);
/// recordings.add(Recording {
///     service_name: "checkout".parse()?,
///     metric_name: "availability".parse()?,
///     labels: [].into(),
///     recorder: Arc::clone(&recorder),
/// });
/// assert_eq!(recordings.look(at_second(100)).len(), 0);
/// recorder.record(Event::Good);
/// let counted: Vec<_> = recordings.look(at_second(110)).cloned().collect();
/// assert_eq!(counted[0].at, at_second(100));
/// recordings.stored(&counted);
/// # Ok::<(), sre_core::name::NameError>(())
/// ```
#[derive(Debug)]
pub struct Recordings {
    width: SliceWidth,
    series: Vec<(Recording, Attribution)>,
    /// What is not stored yet, the oldest first.
    held: VecDeque<Sample>,
}

impl Recordings {
    /// No series yet, of slices so long: at most as long as those of the SLOs on the metrics.
    #[must_use]
    pub const fn new(width: SliceWidth) -> Self {
        Self {
            width,
            series: Vec::new(),
            held: VecDeque::new(),
        }
    }

    /// Watches one more series.
    pub fn add(&mut self, recording: Recording) {
        self.series
            .push((recording, Attribution::new(self.width)));
    }

    /// The recorder of a metric, where it has one.
    #[must_use]
    pub fn recorder_of(&self, service: &ServiceName, metric: &MetricName) -> Option<Arc<Recorder>> {
        let named = |(recording, _): &&(Recording, Attribution)| {
            recording.service_name == *service && recording.metric_name == *metric
        };
        let (recording, _) = self.series.iter().find(named)?;
        Some(Arc::clone(&recording.recorder))
    }

    /// Whether nothing is watched.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Takes what was counted, attributes it as
    /// [`SloRecorder::tick`](super::SloRecorder::tick) does, and gives all samples that are not
    /// [`stored`](Self::stored) yet.
    pub fn look(&mut self, now: DateTime<Utc>) -> impl ExactSizeIterator<Item = &Sample> {
        for (recording, attribution) in &mut self.series {
            let counted = recording.recorder.drain();
            attribution.look(now, counted, HELD, |start, slice| {
                if let Slice::Measured(counts) = slice {
                    self.held.push_back(Sample {
                        service_name: recording.service_name.clone(),
                        metric_name: recording.metric_name.clone(),
                        labels: recording.labels.clone(),
                        at: start,
                        value: SampleValue::Counts(counts),
                    });
                }
            });
        }
        let most = self
            .series
            .len()
            .saturating_mul(self.width.per_hour());
        let surplus = self.held.len().saturating_sub(most);
        self.held.drain(..surplus);
        self.held.iter()
    }

    /// Forgets what was handed out and is stored now, in the order in which it was.
    pub fn stored(&mut self, samples: &[Sample]) {
        for sample in samples {
            if self.held.front() == Some(sample) {
                self.held.pop_front();
            }
        }
    }

    /// When the slice in which `now` lies ends: when to look next.
    #[must_use]
    pub fn next_edge(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.width
            .interval(self.width.index_of(now))
            .end()
    }
}

/// How long samples wait for a store that is away; what is older counts for nobody any more.
const HELD: Span = Span::hours(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::Event;
    use crate::time::at_second;

    fn recordings() -> (Arc<Recorder>, Recordings) {
        let recorder = Arc::new(Recorder::new());
        let mut recordings = Recordings::new(SliceWidth::TEN_SECONDS);
        recordings.add(Recording {
            service_name: "checkout".parse().expect("a name"),
            metric_name: "availability".parse().expect("a name"),
            labels: BTreeMap::new(),
            recorder: Arc::clone(&recorder),
        });
        (recorder, recordings)
    }

    fn totals(samples: impl Iterator<Item = Sample>) -> Vec<(i64, u64)> {
        samples
            .map(|sample| match sample.value {
                SampleValue::Counts(counts) => {
                    (sample.at.timestamp(), counts.total().whole_events())
                }
                SampleValue::Number(_) => panic!("recorders count"),
            })
            .collect()
    }

    #[test]
    fn every_slice_that_ended_has_a_sample_idle_ones_too() {
        let (recorder, mut recordings) = recordings();
        let _ = recordings.look(at_second(0));
        recorder.record_many(Event::Good, 7);
        let counted: Vec<Sample> = recordings
            .look(at_second(10))
            .cloned()
            .collect();
        recordings.stored(&counted);
        let first = totals(counted.into_iter());
        let idle = totals(recordings.look(at_second(40)).cloned());
        assert_eq!(first, [(0, 7)]);
        assert_eq!(idle, [(10, 0), (20, 0), (30, 0)]);
    }

    #[test]
    fn what_was_not_stored_is_handed_out_again_for_an_hour() {
        let (recorder, mut recordings) = recordings();
        for slice in 0..=400 {
            let _ = recordings.look(at_second(10 * slice));
            recorder.record(Event::Bad);
        }
        let counted: Vec<Sample> = recordings
            .look(at_second(4_010))
            .cloned()
            .collect();
        recordings.stored(&counted);
        let held = totals(counted.into_iter());
        assert_eq!(held.len(), 360);
        assert_eq!(held.last(), Some(&(4_000, 1)));
        assert_eq!(recordings.look(at_second(4_015)).len(), 0);
    }
}
