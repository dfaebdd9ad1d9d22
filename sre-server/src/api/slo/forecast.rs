//! `/slo/{id}/forecast`: when the error budget ends, at the pace of each look-back.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::budget::burn_rate;
use sre_core::evaluation::Evaluation;
use sre_core::forecast::{End, Forecast, near};
use sre_core::slo::Slo;
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::{self, Found, Look};
use super::status::BudgetFigures;
use crate::api::exhaustion::ExhaustionView;
use crate::api::figure::Figure;
use crate::api::time_window::TimeWindowView;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// `GET /slo/{id}/forecast`
pub(in crate::api) async fn forecast(mut call: Call<Context>) -> Result<Response, ApiError> {
    let at = look::at(&mut call.query, call.now);
    call.query.finish()?;
    let slo = super::live(&call).await?;
    let found = look::look_at_one(&call.context, slo, Look { at, window: None }).await?;
    response::ok(&ForecastView::new(&found))
}

pub(in crate::api) fn forecast_doc() -> Doc {
    Doc::new(Access::Read, "slo", "When an SLO's error budget ends")
        .about(
            "If the pace of each of three look-backs goes on, with what is known to leave the window \
             meanwhile; nothing leaves a calendar window, and what would end after it does not end. The likely end is the later of the two shorter look-backs. A ticket opens when \
             it is near, on enough bad events.",
        )
        .query("at", super::AT)
        .answers::<ForecastView>(200, "The forecast.")
}

/// When an error budget ends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
struct ForecastView {
    slo_id: Uuid,
    /// The end of the last slice that is known.
    as_of: Option<DateTime<Utc>>,
    window: TimeWindowView,
    error_budget: BudgetFigures,
    exhaustion: ExhaustionView,
    /// Within how long of its likely end a ticket is opened.
    #[schema(example = "3d")]
    near: String,
    /// Empty where nothing is foretold.
    look_backs: Vec<LookBackView>,
}

/// Where the pace of one look-back leads to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LookBack)]
struct LookBackView {
    #[schema(example = "6h")]
    window: String,
    burn_rate: Option<Figure>,
    /// `null` where the budget does not end at this pace.
    exhausted_at: Option<DateTime<Utc>>,
}

impl ForecastView {
    fn new(found: &Found) -> Self {
        let Slo { id, definition, .. } = &found.slo;
        let evaluation = found.evaluation.as_ref();
        Self {
            slo_id: id.0,
            as_of: evaluation.map(|held| held.as_of),
            window: definition.window.into(),
            error_budget: BudgetFigures::new(evaluation.and_then(|held| held.budget)),
            exhaustion: evaluation
                .map(|held| held.forecast.exhaustion())
                .unwrap_or_default()
                .into(),
            near: near(definition.window.span()).to_string(),
            look_backs: evaluation
                .map(look_backs)
                .unwrap_or_default(),
        }
    }
}

fn look_backs(evaluation: &Evaluation) -> Vec<LookBackView> {
    let Forecast::Ends(ends) = &evaluation.forecast else {
        return Vec::new();
    };
    ends.iter()
        .map(|end| LookBackView {
            window: end.window.to_string(),
            burn_rate: burn_over(evaluation, *end).and_then(Figure::new),
            exhausted_at: end.at,
        })
        .collect()
}

fn burn_over(evaluation: &Evaluation, end: End) -> Option<f64> {
    let seen = evaluation
        .windows
        .iter()
        .find(|held| held.window == end.window)?;
    burn_rate(seen.counts, evaluation.budget?.target())
}
