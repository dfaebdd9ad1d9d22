//! What of an SLO can be folded again from what is stored.

use chrono::{DateTime, Utc};

use crate::indicator::Indicator;
use crate::monitor::folding::counted_metric;
use crate::slo::Slo;
use crate::store::{Samples, StoreError};
use crate::time::Interval;

/// The stretch up to `until` that can be folded again without loss, for
/// [`Catalog::refold`](crate::store::Catalog::refold): of a stored metric what samples still cover, which
/// are kept since `kept_since`, from the first one on; of a composite all that its windows can hold.
/// `None` where nothing is stored, as of an SLO whose source is asked.
///
/// Slices before that were folded from samples that are gone: to fold them again would forget them.
///
/// # Errors
///
/// Those of the store.
pub async fn rebuildable(
    samples: &dyn Samples,
    slo: &Slo,
    kept_since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Interval>, StoreError> {
    let (definition, width) = (&slo.definition, slo.definition.slice);
    let windows = definition.window.history(until);
    let start = match &definition.indicator {
        Indicator::Prometheus(_) => return Ok(None),
        Indicator::Composite(_) => windows.start(),
        Indicator::Metric(metric) => {
            let service = &definition.service_name;
            let metric = counted_metric(samples, service, metric).await?;
            let ever = Interval::new(DateTime::UNIX_EPOCH, until);
            let first = samples
                .series(service, &metric, ever, 1)
                .await?;
            let Some(first) = first.first() else {
                return Ok(None);
            };
            // A slice that lost a part of its samples is left as it is.
            width
                .floor(first.at)
                .max(width.ceil(kept_since))
        }
    };
    let start = width.floor(windows.start()).max(start);
    Ok(Some(Interval::new(start.min(until), until)).filter(|held| !held.is_empty()))
}
