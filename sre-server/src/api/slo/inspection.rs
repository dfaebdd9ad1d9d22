//! Asking the source once about what somebody has just written.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sre_core::indicator::Indicator;
use sre_core::slo::Definition;
use sre_core::source::{Finding, Query};

use super::indicator::field_of;
use crate::context::Context;
use crate::http::ApiError;
use crate::http::fault::Fault;

/// How long the source may take: somebody waits for the answer, and an SLO may be written while the
/// source is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the author should know of a query that is new to this SLO; nothing where none is.
///
/// # Errors
///
/// [`ApiError::Invalid`] with every fault that the source finds.
pub(super) async fn inspect(
    context: &Context,
    definition: &Definition,
    before: Option<&Definition>,
    now: DateTime<Utc>,
) -> Result<Vec<Fault>, ApiError> {
    let is_known = before.is_some_and(|before| before.indicator == definition.indicator);
    let (Indicator::Prometheus(query), Some(source), false) =
        (&definition.indicator, &context.source, is_known)
    else {
        return Ok(Vec::new());
    };
    let mut findings = source.check(query);
    let asked = source.inspect(query, definition.slice, now);
    let Ok(found) = tokio::time::timeout(PATIENCE, asked).await else {
        let detail = "could not be tried: the source did not answer within 5 s";
        return Ok(vec![Fault::at("/indicator", detail)]);
    };
    findings.extend(found);
    let (faults, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.is_fault);
    if faults.is_empty() {
        Ok(told(query, warnings))
    } else {
        Err(ApiError::Invalid(told(query, faults)))
    }
}

/// The findings, each at its field.
fn told(query: &Query, findings: Vec<Finding>) -> Vec<Fault> {
    findings
        .into_iter()
        .map(|finding| {
            let field = field_of(query, finding.place);
            Fault::at(format!("/indicator/{field}"), finding.detail)
        })
        .collect()
}
