//! `/error-budget`: how much may still go wrong.

use sre_core::name::{ServiceName, SloId};
use sre_core::time::Span;

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::Paging;
use crate::http::query::Query;
use crate::http::{ApiError, Call, Response, response};

use self::view::{BudgetView, ServiceBudgetView};
use super::slo::listing::{self, Filter};
use super::slo::look::{self, Look};

mod view;

/// How many budgets the answer about one service holds; more are in the list.
const OF_SERVICE_MAX: u32 = 1_000;

/// `GET /error-budget`
pub(super) async fn list(mut call: Call<Context>) -> Result<Response, ApiError> {
    let service = call
        .query
        .parse_as::<ServiceName>("service");
    let look = look(&mut call.query, call.now);
    let paging = call.query.paging::<SloId>();
    call.query.finish()?;
    let filter = Filter {
        service,
        ..Filter::default()
    };
    let found = listing::list(&call.context, &filter, &paging, look).await?;
    paging.answer(found, |found| found.slo.id, |found| BudgetView::new(&found))
}

pub(super) fn list_doc() -> Doc {
    Doc::new(
        Access::Read,
        "error-budget",
        "The error budget of every SLO",
    )
    .query("service", "Only those of this service.")
    .query("window", WINDOW)
    .query("at", super::slo::AT)
    .lists::<BudgetView>("A page of error budgets.")
}

/// `GET /error-budget/{service}`
pub(super) async fn get(mut call: Call<Context>) -> Result<Response, ApiError> {
    let look = look(&mut call.query, call.now);
    call.query.finish()?;
    let service: ServiceName = call.id("service", "service")?;
    let filter = Filter {
        service: Some(service.clone()),
        ..Filter::default()
    };
    let paging = Paging {
        limit: OF_SERVICE_MAX,
        after: None,
    };
    let found = listing::list(&call.context, &filter, &paging, look).await?;
    if found.is_empty() {
        return Err(ApiError::NotFound(format!("{service} has no SLO")));
    }
    response::ok(&ServiceBudgetView::new(&service, &found))
}

pub(super) fn get_doc() -> Doc {
    Doc::new(
        Access::Read,
        "error-budget",
        "The error budgets of a service",
    )
    .about("At most 1000; those of a larger service are in the list.")
    .query("window", WINDOW)
    .query("at", super::slo::AT)
    .answers::<ServiceBudgetView>(200, "The error budgets of the service's SLOs.")
}

/// What `?window=` means.
const WINDOW: &str = "Over this rolling window, such as 7d, in the place of each SLO's own.";

fn look(query: &mut Query, now: chrono::DateTime<chrono::Utc>) -> Look {
    let window = query.parse_as::<Span>("window");
    Look {
        at: look::at(query, now),
        window,
    }
}
