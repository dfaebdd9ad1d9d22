//! The service watches itself: four SLOs of its own, counted with the library's recorder.
//!
//! It is the live proof that the library works, and the first thing a new installation shows.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hyper::StatusCode;
use sre_core::monitor::{Evaluated, Sent};
use sre_core::name::ServiceName;
use sre_core::recorder::{Event, Recorder};
use sre_core::sample::{Sample, SampleValue};

/// Counts what the service itself does.
#[derive(Debug, Default)]
pub struct SelfWatch {
    availability: Recorder,
    latency: Recorder,
    slots_on_time: Recorder,
    delivered_in_time: Recorder,
}

impl SelfWatch {
    /// The name under which the service watches itself.
    pub const SERVICE: &'static str = "sre-monitor";
    /// The metrics it records, in the order of [`SelfWatch::drain`].
    pub const METRICS: [&'static str; 4] = [
        "availability",
        "latency",
        "slots_on_time",
        "delivered_in_time",
    ];
    /// A request that takes longer is bad for the latency SLO.
    pub const LATENCY_GOOD: Duration = Duration::from_millis(500);
    /// A message that takes longer from freezing to delivery is bad.
    pub const DELIVERY_GOOD: TimeDelta = TimeDelta::seconds(60);

    /// A request was answered: our own errors are bad, the caller's are not.
    pub fn on_response(&self, status: StatusCode, duration: Duration) {
        self.availability
            .record(Event::good_if(!status.is_server_error()));
        self.latency
            .record(Event::good_if(duration < Self::LATENCY_GOOD));
    }

    /// Slots were evaluated, or passed without being.
    pub fn on_evaluated(&self, evaluated: &Evaluated) {
        self.slots_on_time
            .record_many(Event::Good, u64::from(evaluated.applied));
        self.slots_on_time
            .record_many(Event::Bad, u64::from(evaluated.missed));
    }

    /// A try of a delivery ended.
    pub fn on_sent(&self, sent: &Sent, now: DateTime<Utc>) {
        match sent.outcome {
            "delivered" => {
                let is_in_time = now - sent.created_at <= Self::DELIVERY_GOOD;
                self.delivered_in_time
                    .record(Event::good_if(is_in_time));
            }
            "dead" => self
                .delivered_in_time
                .record(Event::Bad),
            _ => {}
        }
    }

    /// The name, as a name.
    ///
    /// # Panics
    ///
    /// Never: a test parses it.
    pub fn service() -> ServiceName {
        Self::SERVICE
            .parse()
            .expect("its letters are those of names")
    }

    /// Takes what was counted as samples of `replica` at `at`, zeros included: idleness is no
    /// traffic, not silence.
    pub fn drain(&self, replica: &str, at: DateTime<Utc>) -> Vec<Sample> {
        let recorders = [
            &self.availability,
            &self.latency,
            &self.slots_on_time,
            &self.delivered_in_time,
        ];
        let service_name = Self::service();
        Self::METRICS
            .iter()
            .zip(recorders)
            .filter_map(|(metric, recorder)| {
                Some(Sample {
                    service_name: service_name.clone(),
                    metric_name: metric.parse().ok()?,
                    labels: [("replica".to_owned(), replica.to_owned())].into(),
                    at,
                    value: SampleValue::Counts(recorder.drain()),
                })
            })
            .collect()
    }
}
