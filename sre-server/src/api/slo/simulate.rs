//! `POST /slo/simulate`: what an SLO's alerts would have been under other policies, targets or windows.

mod asked;
mod past;
pub(crate) mod policies;
pub(crate) mod view;

use std::time::Duration;

use sre_core::service::Criticality;
use sre_core::simulate::SimulationError;

use self::asked::{Asked, SimulationBody};
use self::past::Subject;
use self::view::{Frame, SimulationView};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::fault::Fault;
use crate::http::{ApiError, Call, Response, response};
use crate::simulation::{Job, JobError};

/// When one that found no place may come again: most are done sooner.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// `POST /slo/simulate`
pub(in crate::api) async fn simulate(call: Call<Context>) -> Result<Response, ApiError> {
    let context = &call.context;
    let asked = Asked::read(call.fields()?, context, call.now)?;
    let Some(place) = context.simulations.enter() else {
        let detail = "as many simulations run as may at once";
        return Err(ApiError::unavailable(detail, RETRY_AFTER));
    };
    let subject = Subject::of(&asked, context, call.now).await?;
    let candidates = asked.candidates(&subject.slo.definition)?;
    let past = subject.past(&asked, context).await?;
    let job = Job {
        criticality: criticality(context, &subject).await?,
        hours: past.hours,
        corrections: past.corrections,
        first_measured: past.first_measured,
        during: past.during,
        candidates,
        significant: asked.significant,
        settings: context.settings,
        slo: subject.slo,
    };
    let frame = Frame {
        slo_id: subject.id,
        definition: job.slo.definition.clone(),
        basis: past.basis,
        is_estimated: past.is_estimated,
        significant: asked.significant,
        warnings: past.warnings,
    };
    let simulated = place.run(job).await.map_err(refusal)?;
    response::ok(&SimulationView::new(&frame, &simulated))
}

pub(in crate::api) fn simulate_doc() -> Doc {
    Doc::new(
        Access::Write,
        "slo",
        "What other policies would have said of the past",
    )
    .about(
        "Replays slices through the evaluator's own evaluation and decisions, slot by slot, and holds \
         the alerts against what was really wrong: stretches that burnt faster than the budget lasts \
         and spent a significant share of it. Of an SLO its stored slices are replayed; a definition \
         that counts something else, or none that is stored, is folded from stored samples or asked of \
         the source. Nothing is stored and nobody is told. Two run at once, 15 s each at most; beyond \
         that 503 with `Retry-After`. A significant share that equals what a rule spends before it \
         fires makes that rule define the truth: compare policies under one share, chosen by what \
         hurts.",
    )
    .body::<SimulationBody>()
    .answers::<SimulationView>(200, "What each policy would have said.")
}

async fn criticality(context: &Context, subject: &Subject) -> Result<Criticality, ApiError> {
    let name = &subject.slo.definition.service_name;
    let found = context
        .services
        .find_services(std::slice::from_ref(name))
        .await?;
    Ok(found
        .first()
        .map(|service| service.criticality)
        .unwrap_or_default())
}

fn refusal(error: JobError) -> ApiError {
    let refused = match error {
        JobError::Refused(refused) => refused,
        JobError::TooSlow => {
            let detail =
                "the simulation took longer than 15 s: take a shorter stretch or fewer policies";
            return ApiError::unavailable(detail, RETRY_AFTER);
        }
        broken @ JobError::Broken(_) => return ApiError::internal(broken),
    };
    let place = match refused {
        SimulationError::NoCandidate | SimulationError::TooManyCandidates => "/policies",
        SimulationError::Ledger(_) => return ApiError::internal(refused),
        _ => "/from",
    };
    ApiError::Invalid(vec![Fault::at(place, refused)])
}
