//! `/slo/{id}/budget-history`: how the error budget stood at the time, for burn-down charts.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sre_core::name::SloId;
use sre_core::store::BudgetRecord;
use sre_core::time::Interval;
use utoipa::ToSchema;

use super::status::{BudgetFigures, CountFigures, coverage};
use crate::api::exhaustion::ExhaustionView;
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// `GET /slo/{id}/budget-history`
pub(in crate::api) async fn budget_history(mut call: Call<Context>) -> Result<Response, ApiError> {
    let id: SloId = call.id("id", "SLO")?;
    let slo = call.context.catalog.find(id).await?;
    let slo = slo.ok_or_else(|| ApiError::no_such("SLO"))?;
    let query = &mut call.query;
    let to = query.instant("to").unwrap_or(call.now);
    let from = query
        .instant("from")
        .unwrap_or_else(|| slo.definition.window_at(to).start());
    if from >= to {
        query.fault("from", "must lie before `to`");
    }
    let paging = query.paging::<DateTime<Utc>>();
    query.finish()?;
    let from = paging
        .after
        .map_or(from, |after| after + TimeDelta::microseconds(1));
    let rows = u32::try_from(paging.rows())
        .ok()
        .and_then(NonZeroU32::new)
        .unwrap_or(NonZeroU32::MIN);
    let records = if from < to {
        let evaluations = &call.context.evaluations;
        evaluations
            .budgets(id, Interval::new(from, to), rows)
            .await?
    } else {
        Vec::new()
    };
    paging.answer(records, |record| record.at, BudgetRecordView::from)
}

pub(in crate::api) fn budget_history_doc() -> Doc {
    Doc::new(Access::Read, "slo", "How an SLO's error budget stood")
        .about(
            "In the order of time; also of a deleted SLO. A budget is recorded at every \
             ERROR_BUDGET_CALCULATION_INTERVAL and at every change of level, by the target and \
             window of that time.",
        )
        .query(
            "from",
            "The first instant (RFC 3339); where the SLO's window that holds `to` begins by default.",
        )
        .query("to", "The first instant after; now by default.")
        .lists::<BudgetRecordView>("A page of recorded budgets.")
}

/// An error budget as it was recorded. What did not exist is `null`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetRecord)]
struct BudgetRecordView {
    at: DateTime<Utc>,
    /// `waiting`, `no_data`, `insufficient_data`, `violated`, `at_risk` or `met`.
    #[schema(example = "met")]
    state: &'static str,
    sli_percentage: Option<Figure>,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    #[serde(flatten)]
    budget: BudgetFigures,
    /// `none`, `warning`, `critical` or `emergency`; `null` where nothing was measured.
    #[schema(example = "none")]
    burn_level: Option<&'static str>,
    /// Measured ÷ expected slices of the window since the first data.
    coverage: Option<Figure>,
    /// As it was foretold then.
    exhaustion: ExhaustionView,
}

impl From<BudgetRecord> for BudgetRecordView {
    fn from(record: BudgetRecord) -> Self {
        let counts = CountFigures::new(record.budget);
        Self {
            at: record.at,
            state: record.state.as_str(),
            sli_percentage: counts.sli_percentage,
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            budget: BudgetFigures::new(record.budget),
            burn_level: record
                .budget
                .map(|_| record.burn_level.as_str()),
            coverage: coverage(record.coverage),
            exhaustion: record.exhaustion.into(),
        }
    }
}
