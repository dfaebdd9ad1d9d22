//! `/slo/{id}/history`: what was calculated at the time, which no later change rewrites.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sre_core::budget::ErrorBudget;
use sre_core::name::SloId;
use sre_core::slo::Definition;
use sre_core::store::{Calculation, Gap, HistoryItem, Page};
use sre_core::time::{Interval, Span};
use utoipa::ToSchema;

use super::status::{BurnRateView, CountFigures, burn_rates, coverage};
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::{List, Paging, cursor};
use crate::http::{ApiError, Call, Response, response};

/// What is shown when the caller does not say since when.
const DEFAULT_SPAN: Span = Span::days(1);

/// How many records one request reads at most to make a page with `step`; the rest follows by the
/// cursor.
const READ_MAX: usize = 20_000;

/// `GET /slo/{id}/history`
pub(in crate::api) async fn history(mut call: Call<Context>) -> Result<Response, ApiError> {
    let id: SloId = call.id("id", "SLO")?;
    let query = &mut call.query;
    let to = query.instant("to").unwrap_or(call.now);
    let from = query
        .instant("from")
        .unwrap_or(to - DEFAULT_SPAN.as_delta());
    if from >= to {
        query.fault("from", "must lie before `to`");
    }
    let step = query.parse_as::<Span>("step");
    let paging = query.paging::<DateTime<Utc>>();
    query.finish()?;
    let slo = call.context.catalog.find(id).await?;
    let slo = slo.ok_or_else(|| ApiError::no_such("SLO"))?;
    let request = Request {
        id,
        during: Interval::new(from, to),
        step,
    };
    let (items, next) = request
        .read(&call.context, &paging)
        .await?;
    response::ok(&List {
        items: items
            .into_iter()
            .map(|item| HistoryView::new(item, &slo.definition))
            .collect(),
        next_cursor: next.as_ref().map(cursor).transpose()?,
    })
}

pub(in crate::api) fn history_doc() -> Doc {
    Doc::new(Access::Read, "slo", "What was calculated of an SLO")
        .about(
            "In the order of time; also of a deleted SLO. A calculation is recorded at every \
             SLO_VALIDATION_INTERVAL and at every change of state.",
        )
        .query(
            "from",
            "The first instant (RFC 3339); a day before `to` by default.",
        )
        .query("to", "The first instant after; now by default.")
        .query(
            "step",
            "Of each step of this length, such as 1h, only the last calculation.",
        )
        .lists::<HistoryView>("A page of calculations and gaps.")
}

/// What is asked for.
struct Request {
    id: SloId,
    during: Interval,
    step: Option<Span>,
}

impl Request {
    /// The items of a page, and the key to go on after where there may be more.
    async fn read(
        &self,
        context: &Context,
        paging: &Paging<DateTime<Utc>>,
    ) -> Result<(Vec<HistoryItem>, Option<DateTime<Utc>>), ApiError> {
        let shown = usize::try_from(paging.limit).unwrap_or(usize::MAX);
        let (mut items, mut after) = (Vec::new(), paging.after);
        let mut read = 0;
        loop {
            let chunk = self.after(context, after).await?;
            let is_last = chunk.len() < chunk_limit();
            read += chunk.len();
            for item in chunk {
                let is_same_step = items
                    .last()
                    .is_some_and(|last| self.is_same_step(last, &item));
                if is_same_step {
                    items.pop();
                } else if items.len() == shown {
                    return Ok((items, after));
                }
                after = Some(instant(&item));
                items.push(item);
            }
            if is_last {
                return Ok((items, None));
            }
            if read >= READ_MAX {
                return Ok((items, after));
            }
        }
    }

    /// The next records after an instant.
    async fn after(
        &self,
        context: &Context,
        after: Option<DateTime<Utc>>,
    ) -> Result<Vec<HistoryItem>, ApiError> {
        let from = after.map_or(self.during.start(), |after| {
            after + TimeDelta::microseconds(1)
        });
        let during = Interval::new(from, self.during.end());
        let limit = Page::<SloId>::LIMIT_MAX;
        let limit = limit
            .checked_add(1)
            .unwrap_or(NonZeroU32::MIN);
        let mut items = context
            .evaluations
            .history(self.id, during, limit)
            .await?;
        // A gap that reaches over the cursor was shown before it.
        items.retain(|item| after.is_none_or(|after| instant(item) > after));
        items.truncate(chunk_limit());
        Ok(items)
    }

    fn is_same_step(&self, last: &HistoryItem, item: &HistoryItem) -> bool {
        let (HistoryItem::Calculation(last), HistoryItem::Calculation(item)) = (last, item) else {
            return false;
        };
        self.step.is_some_and(|step| {
            let step_of = |slot: DateTime<Utc>| {
                slot.timestamp()
                    .div_euclid(step.as_secs_i64())
            };
            step_of(last.slot) == step_of(item.slot)
        })
    }
}

/// How many records are read at once. One more is asked for: of those, one gap may be known.
fn chunk_limit() -> usize {
    usize::try_from(Page::<SloId>::LIMIT_MAX.get()).unwrap_or(usize::MAX)
}

fn instant(item: &HistoryItem) -> DateTime<Utc> {
    match item {
        HistoryItem::Calculation(calculation) => calculation.slot,
        HistoryItem::Gap(gap) => gap.during.start(),
    }
}

/// An item of an SLO's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = HistoryItem)]
enum HistoryView {
    /// A calculation.
    Calculation(CalculationView),
    /// A stretch without any.
    Gap(GapView),
}

/// What was found at one slot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calculation)]
struct CalculationView {
    slot: DateTime<Utc>,
    /// What the newest slice was: `measured`, `no_traffic` or `unmeasured`.
    outcome: &'static str,
    state: &'static str,
    sli_percentage: Option<Figure>,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    /// `null` for a slot that was caught up on after a pause.
    coverage: Option<Figure>,
    /// `null` for a slot that was caught up on after a pause.
    burn_rates: Option<Vec<BurnRateView>>,
}

/// A stretch of which nothing can be known any more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gap)]
struct GapView {
    #[schema(example = true)]
    gap: bool,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    reason: String,
}

impl HistoryView {
    fn new(item: HistoryItem, definition: &Definition) -> Self {
        match item {
            HistoryItem::Calculation(held) => {
                Self::Calculation(CalculationView::new(&held, definition))
            }
            HistoryItem::Gap(held) => Self::Gap(GapView::from(held)),
        }
    }
}

impl CalculationView {
    fn new(calculation: &Calculation, definition: &Definition) -> Self {
        let evaluation = calculation.evaluation.as_ref();
        let budget = calculation
            .counts
            .map(|counts| ErrorBudget::new(counts, definition.target));
        let counts = CountFigures::new(budget);
        Self {
            slot: calculation.slot,
            outcome: calculation.outcome.as_str(),
            state: calculation.state.as_str(),
            sli_percentage: counts.sli_percentage,
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            coverage: evaluation.and_then(|held| coverage(held.coverage)),
            burn_rates: evaluation.map(|held| burn_rates(held, definition.window)),
        }
    }
}

impl From<Gap> for GapView {
    fn from(gap: Gap) -> Self {
        Self {
            gap: true,
            from: gap.during.start(),
            to: gap.during.end(),
            reason: gap.reason,
        }
    }
}
