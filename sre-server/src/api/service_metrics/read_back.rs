//! `GET /service-metrics`: samples as they are stored.

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::Sample;
use sre_core::store::StoreError;
use sre_core::time::{Interval, Span};

use super::AHEAD_MAX;
use super::steps::sums;
use super::view::SampleView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::{List, Paging};
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

/// How far back is looked where `from` is left out.
const BACK_DEFAULT: TimeDelta = TimeDelta::hours(1);

/// A place in the list: an instant, and how many samples of it were shown. It moves by one where a
/// series is first stored for that very instant between two pages.
type Key = (DateTime<Utc>, u32);

/// Which samples are asked for.
pub(super) struct Asked {
    pub(super) service: ServiceName,
    pub(super) metric: MetricName,
    pub(super) during: Interval,
    pub(super) step: Option<Span>,
}

/// `GET /service-metrics`
pub(crate) async fn read_back(mut call: Call<Context>) -> Result<Response, ApiError> {
    let asked = asked(&mut call.query, call.now);
    let paging = call.query.paging::<Key>();
    if asked
        .as_ref()
        .is_some_and(|asked| asked.step.is_some())
        && paging.after.is_some()
    {
        call.query
            .fault("cursor", "goes with no `step`: steps come all at once");
    }
    call.query.finish()?;
    let asked = asked.ok_or_else(|| ApiError::internal("a query was refused without a fault"))?;
    if let Some(step) = asked.step {
        let items = sums(&call.context, &asked, step).await?;
        return response::ok(&List {
            items,
            next_cursor: None,
        });
    }
    let rows = rows(&call.context, &asked, &paging).await?;
    paging.answer(
        rows,
        |(_, key)| *key,
        |(sample, _)| SampleView::from(sample),
    )
}

/// What `GET /service-metrics` says of itself.
pub(crate) fn read_back_doc() -> Doc {
    Doc::new(
        Access::Read,
        "samples",
        "Samples of a metric, the oldest first",
    )
    .query("service", "Of which service; must be given.")
    .query("metric", "Of which metric; must be given.")
    .query(
        "from",
        "From this instant on; an hour before `to` where left out.",
    )
    .query(
        "to",
        "Before this instant; everything stored where left out.",
    )
    .query(
        "step",
        "Sums counts of all series by steps of this length, such as 5m, that begin at whole \
             multiples of it; steps without samples are left out. Numbers have no sum: 422.",
    )
    .lists::<SampleView>("A page of samples.")
}

/// What the query asks for; faults are left in `query`, and where one is left it may be `None`.
fn asked(query: &mut Query, now: DateTime<Utc>) -> Option<Asked> {
    for name in ["service", "metric"] {
        if query.all(name).next().is_none() {
            query.fault(name, "is required");
        }
    }
    let (service, metric) = (query.parse_as("service"), query.parse_as("metric"));
    // Nothing lies further ahead.
    let ahead = now + AHEAD_MAX + TimeDelta::microseconds(1);
    let (from, to) = (query.instant("from"), query.instant("to"));
    let start = from.unwrap_or_else(|| to.unwrap_or(now) - BACK_DEFAULT);
    let end = to.unwrap_or_else(|| ahead.max(start));
    if from.is_some() && to.is_some() && start >= end {
        query.fault("to", "must be later than `from`");
    }
    let step = query.parse_as("step");
    Some(Asked {
        service: service?,
        metric: metric?,
        during: Interval::new(start, end),
        step,
    })
}

/// The samples of a page, each with its place, and one more where there is one.
async fn rows(
    context: &Context,
    asked: &Asked,
    paging: &Paging<Key>,
) -> Result<Vec<(Sample, Key)>, StoreError> {
    let (start, shown) = paging
        .after
        .unwrap_or((asked.during.start(), 0));
    let during = Interval::new(start.max(asked.during.start()), asked.during.end());
    let limit = u32::try_from(paging.rows())
        .unwrap_or(u32::MAX)
        .saturating_add(shown);
    let samples = context
        .samples
        .series(&asked.service, &asked.metric, during, limit)
        .await?;
    let mut last: Option<Key> = None;
    let placed = samples.into_iter().map(|sample| {
        let count = match last {
            Some((at, count)) if at == sample.at => count.saturating_add(1),
            _ => 1,
        };
        let key = (sample.at, count);
        last = Some(key);
        (sample, key)
    });
    Ok(placed
        .filter(|(_, key)| {
            paging
                .after
                .is_none_or(|after| *key > after)
        })
        .collect())
}
