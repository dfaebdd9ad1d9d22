//! A page of SLOs, filtered by what the store knows and by what only their standing says.

use std::num::NonZeroU32;

use sre_core::evaluation::SloState;
use sre_core::name::{ServiceName, SloId};
use sre_core::slo::Slo;
use sre_core::store::{Page, SloQuery};

use super::look::{Found, Look, look_at};
use crate::context::Context;
use crate::http::ApiError;
use crate::http::page::Paging;
use crate::http::query::Query;

/// Which SLOs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) service: Option<ServiceName>,
    pub(crate) state: Option<SloState>,
    pub(crate) labels: Vec<(String, String)>,
}

impl Filter {
    /// `?service=&state=&label=k=v`; several labels must all be there.
    pub(crate) fn read(query: &mut Query) -> Self {
        let service = query.parse_as("service");
        let state = query.text("state").and_then(|text| {
            let state = SloState::ALL
                .into_iter()
                .find(|state| state.as_str() == text);
            if state.is_none() {
                let all: Vec<_> = SloState::ALL
                    .iter()
                    .map(|state| state.as_str())
                    .collect();
                query.fault("state", format_args!("must be one of {}", all.join(", ")));
            }
            state
        });
        let texts: Vec<String> = query
            .all("label")
            .map(str::to_owned)
            .collect();
        let mut labels = Vec::new();
        for text in texts {
            match text.split_once('=') {
                Some((name, value)) if !name.is_empty() => {
                    labels.push((name.to_owned(), value.to_owned()));
                }
                _ => query.fault("label", "must be a name and a value, such as team=payments"),
            }
        }
        Self {
            service,
            state,
            labels,
        }
    }

    fn query(&self) -> SloQuery {
        SloQuery {
            service: self.service.clone(),
            label: self.labels.first().cloned(),
            with_deleted: false,
        }
    }

    fn has_labels(&self, slo: &Slo) -> bool {
        let labels = &slo.definition.labels;
        self.labels
            .iter()
            .all(|(name, value)| labels.get(name) == Some(value))
    }

    fn has_state(&self, found: &Found) -> bool {
        self.state
            .is_none_or(|wanted| wanted == found.state())
    }

    /// Whether the store's answer has to be sifted, so that a page of it may hold little.
    fn sifts(&self) -> bool {
        self.state.is_some() || self.labels.len() > 1
    }
}

/// The SLOs of a page, up to [`Paging::rows`], in the order of their ids.
pub(crate) async fn list(
    context: &Context,
    filter: &Filter,
    paging: &Paging<SloId>,
    look: Look,
) -> Result<Vec<Found>, ApiError> {
    let (query, wanted) = (filter.query(), paging.rows());
    let (mut found, mut after) = (Vec::new(), paging.after);
    loop {
        let missing = wanted.saturating_sub(found.len());
        let limit = if filter.sifts() {
            Page::<SloId>::LIMIT_MAX
        } else {
            limit_of(missing)
        };
        let mut slos = context
            .catalog
            .list(&query, Page { after, limit })
            .await?;
        let is_last = slos.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
        after = slos.last().map(|slo| slo.id).or(after);
        slos.retain(|slo| filter.has_labels(slo));
        let looked_at = look_at(context, slos, look).await?;
        found.extend(
            looked_at
                .into_iter()
                .filter(|found| filter.has_state(found))
                .take(missing),
        );
        if is_last || found.len() >= wanted {
            return Ok(found);
        }
    }
}

fn limit_of(rows: usize) -> NonZeroU32 {
    u32::try_from(rows)
        .ok()
        .and_then(NonZeroU32::new)
        .map_or(Page::<SloId>::LIMIT_MAX, |rows| {
            rows.min(Page::<SloId>::LIMIT_MAX)
        })
}

/// How many SLOs the service holds at most: what one process can evaluate every minute.
pub(super) const SLOS_MAX: u64 = 100_000;

/// Refuses one more SLO than [`SLOS_MAX`].
pub(super) async fn refuse_beyond_limit(context: &Context) -> Result<(), ApiError> {
    if context.catalog.count().await? < SLOS_MAX {
        return Ok(());
    }
    Err(ApiError::Conflict(format!(
        "there are {SLOS_MAX} SLOs, as many as the service holds: delete some first"
    )))
}
