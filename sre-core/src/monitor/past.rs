//! The past of an SLO that was never evaluated, or not like this: its slices folded from what is
//! stored or asked of the source, for looking at. Nothing is written.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::hour::Hour;
use crate::monitor::folding::{Reader, Strikes, slices, steps};
use crate::slo::Slo;
use crate::source::{FailureClass, MetricSource};
use crate::store::{Evaluations, Samples, StoreError};
use crate::time::{Interval, Span};

/// What a stretch of the past holds for a definition.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoldedPast {
    /// Its hours, in order.
    pub hours: Vec<Hour>,
    /// How the source failed, where it did for a part: that part is unmeasured.
    pub failure: Option<FailureClass>,
    /// Whether a part of the counts are the source's own estimates.
    pub is_estimated: bool,
}

/// Folds the whole slices of `during` by the definition of `slo`, whether or not it was ever stored.
/// A composite's members are not looked for: all of it is unmeasured.
///
/// # Errors
///
/// Those of the store. What the source fails to say is in [`FoldedPast::failure`].
pub async fn fold_past(
    samples: &dyn Samples,
    evaluations: &dyn Evaluations,
    source: Option<&dyn MetricSource>,
    slo: &Slo,
    during: Interval,
) -> Result<FoldedPast, StoreError> {
    let width = slo.definition.slice;
    let during = Interval::new(width.ceil(during.start()), width.floor(during.end()));
    if during.is_empty() {
        return Ok(FoldedPast::default());
    }
    let reader = &Reader {
        samples,
        source,
        strikes: &Strikes::default(),
        evaluations,
        members: &[],
        min_coverage_permille: 0,
    };
    let read: Vec<_> = stream::iter(steps(during, Span::hours(1)))
        .map(|step| async move {
            let read = reader.read(slo, step, None).await?;
            Ok::<_, StoreError>((step, read))
        })
        .buffered(CONCURRENT)
        .try_collect()
        .await?;
    let mut past = FoldedPast::default();
    for (step, read) in read {
        let mut hour = Hour::unmeasured(step.start(), width);
        for (part, slice) in slices(step, width).zip(read.slices) {
            hour.set(part.start(), slice);
        }
        past.hours.push(hour);
        past.failure = past.failure.or(read.failure);
        past.is_estimated |= read.is_estimated.unwrap_or(false);
    }
    Ok(past)
}

/// Hours that are read at once: few, since slots ask the same source meanwhile.
const CONCURRENT: usize = 4;
