//! What a job of the demo pushes: a sample of counts at the end of every slice.

use chrono::{DateTime, Utc};
use sre_core::sample::{Sample, SampleValue};
use sre_core::source::Measurement;
use sre_core::time::Interval;

use super::cast::{CAST, Measured};
use super::source::DemoSource;

/// The samples whose instants lie in `during`, in order.
pub(super) fn samples(source: DemoSource, during: Interval) -> Vec<Sample> {
    let pushed = CAST
        .iter()
        .filter(|part| part.measured == Measured::Pushed);
    let mut samples = Vec::new();
    for part in pushed {
        let (Some(width), Ok(service_name), Ok(metric_name)) =
            (part.slice(), part.service.parse(), part.metric().parse())
        else {
            continue;
        };
        let (first, last) = (width.index_of(during.start()), width.index_of(during.end()));
        let made = (first..=last).filter_map(|index| {
            let slice = width.interval(index);
            let at = pushed_at(slice);
            let Measurement::Measured(counts) = source.measurement(part, slice) else {
                return None;
            };
            during.contains(at).then(|| Sample {
                service_name: Clone::clone(&service_name),
                metric_name: Clone::clone(&metric_name),
                labels: [("job".to_owned(), "demo".to_owned())].into(),
                at,
                value: SampleValue::Counts(counts),
            })
        });
        samples.extend(made);
    }
    samples
}

/// A second before the slice ends: what is pushed at its edge would belong to the next.
fn pushed_at(slice: Interval) -> DateTime<Utc> {
    slice.end() - chrono::TimeDelta::seconds(1)
}
