//! A source that answers with made-up counts: the history of a demo, and what goes on in it live.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::source::{Answer, Measurement, MetricSource, Question};
use sre_core::time::Interval;

use super::cast::{CAST, Part};
use super::history::MONTH;
use super::story::{Effect, effect};

/// Knows the counters of the cast, and no other.
#[derive(Clone, Copy, Debug)]
pub struct DemoSource {
    /// Another seed, another month.
    pub(super) seed: u64,
    /// When the demo was made: what its stories are counted from.
    pub(super) made_at: DateTime<Utc>,
}

impl DemoSource {
    /// When the history begins.
    pub fn begin(&self) -> DateTime<Utc> {
        self.made_at - MONTH.as_delta()
    }

    /// What a Prometheus would have measured of `part` in a slice.
    pub(super) fn measurement(self, part: &Part, slice: Interval) -> Measurement {
        let bad_ppm = match effect(part.troubles, self.made_at, slice) {
            None => part.traffic.bad_ppm,
            Some(Effect::Failing(ppm)) => ppm,
            Some(Effect::Silent) => return Measurement::Absent,
        };
        Measurement::Measured(
            part.traffic
                .counts(self.seed, slice, bad_ppm),
        )
    }
}

#[async_trait]
impl MetricSource for DemoSource {
    async fn measure(&self, question: &Question<'_>) -> Answer {
        let part = CAST
            .iter()
            .find(|part| part.query().as_ref() == Some(question.query));
        let (first, last) = (
            question
                .width
                .index_of(question.during.start()),
            question
                .width
                .index_of(question.during.end()),
        );
        let slices = (first..last)
            .map(|index| match part {
                Some(part) => self.measurement(part, question.width.interval(index)),
                None => Measurement::Absent,
            })
            .collect();
        Answer::exact(slices)
    }

    fn describe(&self) -> String {
        "made up, for the demo".to_owned()
    }
}
