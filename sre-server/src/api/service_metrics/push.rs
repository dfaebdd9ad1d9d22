//! `POST /service-metrics`: durable before it is answered.

use serde_json::Value;
use sre_core::sample::{Sample, SampleValue};
use sre_core::store::Appended;

use super::sample::{Bounds, read, warning};
use super::view::{PushedView, SampleBatch, SampleRemark};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// How many samples one request may hold: they are stored in one transaction, which others wait for.
const SAMPLES_MAX: usize = 10_000;

/// `POST /service-metrics`
pub(crate) async fn push(call: Call<Context>) -> Result<Response, ApiError> {
    let bounds = Bounds {
        now: call.now,
        kept: call.context.samples_kept,
    };
    let (mut samples, mut indices) = (Vec::new(), Vec::new());
    let mut told = PushedView::default();
    for (index, value) in batch(&call)?.into_iter().enumerate() {
        match read(value, &bounds) {
            Ok(sample) => {
                samples.push(sample);
                indices.push(index);
            }
            Err(detail) => told
                .rejected
                .push(SampleRemark { index, detail }),
        }
    }
    if !samples.is_empty() {
        let closed_before = call.now - call.context.settings.delay.as_delta();
        let appended = call
            .context
            .samples
            .append(&samples, closed_before)
            .await?;
        for ((sample, index), appended) in samples
            .iter()
            .zip(indices)
            .zip(appended)
        {
            told.note(sample, index, appended);
        }
    }
    told.rejected
        .sort_by_key(|rejected| rejected.index);
    response::json(hyper::StatusCode::ACCEPTED, &told)
}

/// What `POST /service-metrics` says of itself.
pub(crate) fn push_doc() -> Doc {
    Doc::new(Access::Write, "samples", "Stores samples")
        .about(
            "Service, metric, labels and timestamp identify a sample: the same again is a \
             duplicate, another value replaces it. Each sample is judged by itself: valid ones are \
             stored even when others are refused, so look at `rejected`. A metric that has counts \
             takes no bare numbers, and the reverse. What was accepted is durable.",
        )
        .body::<SampleBatch>()
        .large_body()
        .answers::<PushedView>(202, "What became of each sample.")
}

/// The samples of the body, each still to be judged.
fn batch(call: &Call<Context>) -> Result<Vec<Value>, ApiError> {
    let mut fields = call.fields()?;
    let samples = fields
        .required("samples")
        .list(SAMPLES_MAX, |item| -> Option<Value> { item.value() });
    fields.finish(|| samples)
}

impl PushedView {
    /// Notes what became of a sample that was handed to the store.
    fn note(&mut self, sample: &Sample, index: usize, appended: Appended) {
        let is_late = match appended {
            Appended::Stored { is_late } => is_late,
            Appended::Replaced { is_late } => {
                self.replaced += 1;
                is_late
            }
            Appended::Duplicate => {
                self.duplicates += 1;
                return;
            }
            Appended::KindRefused => {
                let detail = kind_refused(sample.value).to_owned();
                self.rejected
                    .push(SampleRemark { index, detail });
                return;
            }
        };
        self.accepted += 1;
        self.late += u64::from(is_late);
        self.warnings
            .extend(warning(sample).map(|detail| SampleRemark { index, detail }));
    }
}

/// Why a metric that means one thing does not take the other.
const fn kind_refused(value: SampleValue) -> &'static str {
    match value {
        SampleValue::Number(_) => {
            "/value: this metric has counts, so it takes no bare numbers; push good and total"
        }
        SampleValue::Counts(_) => "/total: this metric has bare numbers, so it takes no counts",
    }
}
