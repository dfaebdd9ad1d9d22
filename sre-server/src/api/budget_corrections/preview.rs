//! `POST /budget-corrections/preview`: what a correction would give back, from stored slices.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use sre_core::correction::{Correction, Scope};
use sre_core::evaluation::Evaluation;
use sre_core::monitor::recompute;
use sre_core::name::SloId;
use sre_core::slo::Slo;
use sre_core::store::{Page, SloQuery};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{CorrectionBody, read};
use crate::api::figure::Figure;
use crate::api::slo::look::{Found, Look, in_force, look_at};
use crate::api::slo::status::{BudgetFigures, CountFigures, coverage};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// How many SLOs of a service are computed: each reads the hours of a window twice.
const SLOS_MAX: usize = 100;
/// When a preview that found no place may come again: most are done sooner.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How many are computed at once.
const CONCURRENT: usize = 4;

/// What a correction would do to the budgets of its SLOs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetCorrectionPreview)]
struct PreviewView {
    /// In the order of their ids, at most 100.
    items: Vec<SloPreviewView>,
    /// How many more SLOs it would hold for, which were not computed.
    left_out: usize,
}

/// What a correction would do to one budget.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SloCorrectionPreview)]
struct SloPreviewView {
    slo_id: Uuid,
    slo_name: String,
    service_name: String,
    /// What is counted: `events` or `slices`.
    #[schema(example = "events")]
    unit: &'static str,
    /// As it is, with the corrections in force.
    before: FiguresView,
    /// As it would be.
    after: FiguresView,
    /// How much of the budget it gives back: `remaining_percentage` after less before. Negative where
    /// it takes some.
    gives_back_percentage: Option<Figure>,
    /// The same in a sentence.
    #[schema(
        example = "gives back 12.4 % of the error budget: 52.4 % would be left, and not 40 %"
    )]
    in_words: String,
}

/// A window and its budget.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CorrectionFigures)]
struct FiguresView {
    sli_percentage: Option<Figure>,
    good: Option<Figure>,
    bad: Option<Figure>,
    total: Option<Figure>,
    coverage: Option<Figure>,
    error_budget: BudgetFigures,
}

/// `POST /budget-corrections/preview`
pub(in crate::api) async fn preview(call: Call<Context>) -> Result<Response, ApiError> {
    let correction = read(&call)?;
    super::known_scope(&call.context, &correction.scope).await?;
    // Each reads as much as a simulation does, so they share their places.
    let Some(_place) = call.context.simulations.enter() else {
        let detail = "as many previews and simulations run as may at once";
        return Err(ApiError::unavailable(detail, RETRY_AFTER));
    };
    let mut slos = slos(&call.context, &correction.scope).await?;
    let left_out = slos.len().saturating_sub(SLOS_MAX);
    slos.truncate(SLOS_MAX);
    let found = look_at(&call.context, slos, Look::default()).await?;
    let (context, correction) = (&call.context, &correction);
    let items = stream::iter(found)
        .map(|found| compare(context, found, correction))
        .buffered(CONCURRENT)
        .try_collect()
        .await?;
    response::ok(&PreviewView { items, left_out })
}

pub(in crate::api) fn preview_doc() -> Doc {
    Doc::new(
        Access::Write,
        "budget-corrections",
        "What a budget correction would give back",
    )
    .about(
        "Computed from stored slices; nothing is stored. Of a service with more than 100 SLOs the \
         first are computed, and `left_out` says how many are not. Two run at once, simulations among \
         them; beyond that 503 with `Retry-After`.",
    )
    .body::<CorrectionBody>()
    .answers::<PreviewView>(200, "Each budget before and after.")
}

/// The SLOs that a correction would hold for.
async fn slos(context: &Context, scope: &Scope) -> Result<Vec<Slo>, ApiError> {
    let service = match scope {
        Scope::Slo(id) => {
            return Ok(context
                .catalog
                .find(*id)
                .await?
                .into_iter()
                .collect());
        }
        Scope::Service(name) => Some(name.clone()),
    };
    let query = SloQuery {
        service,
        ..SloQuery::default()
    };
    let (mut slos, mut page) = (Vec::new(), Page::first(Page::<SloId>::LIMIT_MAX));
    loop {
        let part = context
            .catalog
            .list(&query, page)
            .await?;
        let Some(last) = part.last() else {
            return Ok(slos);
        };
        page.after = Some(last.id);
        slos.extend(part);
    }
}

/// The budget with the corrections in force, and with one more.
async fn compare(
    context: &Context,
    found: Found,
    correction: &Correction,
) -> Result<SloPreviewView, ApiError> {
    let (before, after) = match found.known_until() {
        None => (None, None),
        Some(until) => {
            let mut corrections = in_force(context, &found.slo, until).await?;
            let computed = async |corrections: &[Correction]| {
                let (store, settings) =
                    (context.evaluations.as_ref(), &context.settings.evaluation);
                let (slo, progress) = (&found.slo, &found.progress);
                recompute(store, slo, corrections, progress, until, settings).await
            };
            let before = computed(&corrections).await?;
            corrections.push(correction.clone());
            (Some(before), Some(computed(&corrections).await?))
        }
    };
    Ok(SloPreviewView::new(
        &found.slo,
        before.as_ref(),
        after.as_ref(),
    ))
}

impl SloPreviewView {
    fn new(slo: &Slo, before: Option<&Evaluation>, after: Option<&Evaluation>) -> Self {
        let left = |found: Option<&Evaluation>| found?.budget?.remaining_percentage();
        let (left_before, left_after) = (left(before), left(after));
        let gives_back = left_before
            .zip(left_after)
            .map(|(before, after)| after - before);
        Self {
            slo_id: slo.id.0,
            slo_name: slo.definition.name.clone(),
            service_name: slo.definition.service_name.to_string(),
            unit: slo.definition.method.unit(),
            before: FiguresView::new(before),
            after: FiguresView::new(after),
            gives_back_percentage: gives_back.and_then(Figure::new),
            in_words: in_words(left_before, left_after),
        }
    }
}

impl FiguresView {
    fn new(found: Option<&Evaluation>) -> Self {
        let budget = found.and_then(|found| found.budget);
        let counts = CountFigures::new(budget);
        Self {
            sli_percentage: counts.sli_percentage,
            good: counts.good,
            bad: counts.bad,
            total: counts.total,
            coverage: found.and_then(|found| coverage(found.coverage)),
            error_budget: BudgetFigures::new(budget),
        }
    }
}

/// What changes, to a tenth of a percentage point.
fn in_words(before: Option<f64>, after: Option<f64>) -> String {
    let shown = |value: f64| {
        let text = format!("{value:.1}");
        text.strip_suffix(".0")
            .map_or(text.clone(), str::to_owned)
    };
    let (Some(before), Some(after)) = (before, after) else {
        return match after.or(before) {
            Some(_) if after.is_none() => "leaves nothing in the window that counts".to_owned(),
            _ => "says nothing: nothing was counted in the window".to_owned(),
        };
    };
    let (given, left) = (after - before, shown(after));
    let left = format!("{left} % would be left, and not {} %", shown(before));
    if given.abs() < 0.05 {
        format!(
            "changes nothing that shows: {} % is left either way; slices that do not lie wholly \
             inside, or in no window yet, stay as they were",
            shown(before)
        )
    } else if given > 0.0 {
        format!("gives back {} % of the error budget: {left}", shown(given))
    } else {
        format!("takes {} % of the error budget: {left}", shown(-given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_said_in_a_sentence() {
        assert_eq!(
            in_words(Some(40.0), Some(52.4)),
            "gives back 12.4 % of the error budget: 52.4 % would be left, and not 40 %"
        );
        assert_eq!(
            in_words(Some(-100.0), Some(-120.04)),
            "takes 20 % of the error budget: -120 % would be left, and not -100 %"
        );
        assert!(in_words(Some(40.0), Some(40.01)).starts_with("changes nothing that shows: 40 %"));
        assert!(in_words(Some(40.0), None).starts_with("leaves nothing"));
        assert!(in_words(None, None).starts_with("says nothing"));
    }
}
