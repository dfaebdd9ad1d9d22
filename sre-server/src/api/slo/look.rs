//! How SLOs stand: as their last slot found them, or recomputed as of another instant or over
//! another window.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sre_core::correction::{Correction, REACH};
use sre_core::evaluation::{Evaluation, Progress, SloState};
use sre_core::monitor::recompute;
use sre_core::name::SloId;
use sre_core::slo::{Definition, Slo};
use sre_core::store::{Standing, StoreError};
use sre_core::time::{Interval, Span};
use sre_core::window::Window;

use super::window::window_refusal;
use crate::context::Context;
use crate::http::ApiError;
use crate::http::fault::Fault;
use crate::http::query::Query;

/// How many SLOs are recomputed at once: each reads the hours of a window.
const CONCURRENT: usize = 4;

/// As of when, and over which window; what the last slot found, where neither is said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) window: Option<Span>,
}

/// Where an evaluation comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Basis {
    /// It is what the last slot found.
    Slot,
    /// It was computed for this answer, with today's definition from stored slices.
    Recomputed,
}

impl Basis {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Slot => "slot",
            Self::Recomputed => "recomputed",
        }
    }
}

/// An SLO and how it stands.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) slo: Slo,
    /// What is remembered of it; nothing before its first slot.
    pub(crate) progress: Progress,
    /// What was found; nothing before its first slot, nor before its first data.
    pub(crate) evaluation: Option<Evaluation>,
    pub(crate) basis: Basis,
    /// The members of a composite that are not deleted.
    members: Vec<Slo>,
    /// Up to where slices are known.
    known_until: Option<DateTime<Utc>>,
}

impl Found {
    /// An SLO without a slot yet.
    pub(crate) fn new(slo: Slo) -> Self {
        Self {
            slo,
            progress: Progress::default(),
            evaluation: None,
            basis: Basis::Slot,
            members: Vec::new(),
            known_until: None,
        }
    }

    /// A member of a composite, unless it is deleted.
    pub(crate) fn member(&self, id: SloId) -> Option<&Slo> {
        self.members
            .iter()
            .find(|member| member.id == id)
    }

    /// The state; it waits as long as nothing was found.
    pub(crate) fn state(&self) -> SloState {
        self.evaluation
            .as_ref()
            .map_or(SloState::Waiting, |held| held.state)
    }

    /// The earliest instant that can be told about, and why, where slices are `kept` for so long: the
    /// first with any data, or the first whose whole window is still kept. `None` when nothing was
    /// ever measured.
    fn earliest(&self, kept: Span) -> Option<(DateTime<Utc>, &'static str)> {
        let definition = &self.slo.definition;
        let first = self.progress.first_measured?;
        let slice = definition.slice.span().as_delta();
        let kept_since = self.known_until? - kept.as_delta();
        Some(if first < kept_since {
            let whole = whole_since(definition, kept_since);
            (whole, "reaches before what is still kept")
        } else {
            (first + slice, "lies before its first data")
        })
    }

    /// Up to where slices are known; `None` before the first slot.
    pub(crate) const fn known_until(&self) -> Option<DateTime<Utc>> {
        self.known_until
    }

    fn standing(slo: Slo, standing: Standing) -> Self {
        // Of another generation nothing can be said of this one.
        if standing.generation != slo.definition.generation() {
            return Self::new(slo);
        }
        Self {
            slo,
            progress: standing.progress,
            evaluation: standing.evaluation,
            basis: Basis::Slot,
            members: Vec::new(),
            known_until: Some(standing.last_slice),
        }
    }

    /// The same as of another instant, over another window.
    async fn looked_at(mut self, context: &Context, look: Look) -> Result<Self, ApiError> {
        let own = self.slo.definition.window;
        if let Some(window) = look
            .window
            .filter(|window| Window::Rolling(*window) != own)
        {
            if let Some(reason) = window_refusal(window, self.slo.definition.slice) {
                let detail = format!("{reason}, which {} has", self.slo.definition.name);
                return Err(ApiError::Invalid(vec![Fault::parameter("window", detail)]));
            }
            self.slo.definition.window = Window::Rolling(window);
        } else if look.at.is_none() {
            return Ok(self);
        }
        self.basis = Basis::Recomputed;
        self.evaluation = None;
        let earliest = self.earliest(context.slices_kept);
        let (Some((earliest, _)), Some(until)) = (earliest, self.known_until) else {
            return Ok(self);
        };
        let at = look
            .at
            .map_or(until, |at| at.min(until));
        if at >= earliest {
            let (store, settings) = (context.evaluations.as_ref(), &context.settings.evaluation);
            let corrections = in_force(context, &self.slo, at).await?;
            let (slo, progress) = (&self.slo, &self.progress);
            let found = recompute(store, slo, &corrections, progress, at, settings).await?;
            self.evaluation = Some(found);
        }
        Ok(self)
    }
}

/// The first instant whose whole window, burn windows included, begins at `kept_since` or later.
fn whole_since(definition: &Definition, kept_since: DateTime<Utc>) -> DateTime<Utc> {
    let rolled = kept_since + definition.window.span().as_delta();
    if let Window::Rolling(_) = definition.window {
        return rolled;
    }
    // The window before this edge is cut; the next one begins with its first slice.
    let edge = definition.window_at(kept_since).end();
    rolled.max(edge + definition.slice.span().as_delta())
}

/// The corrections in force of an SLO that concern what is known of it up to `until`.
pub(crate) async fn in_force(
    context: &Context,
    slo: &Slo,
    until: DateTime<Utc>,
) -> Result<Vec<Correction>, StoreError> {
    let during = Interval::new(until - REACH.as_delta(), until);
    let service = &slo.definition.service_name;
    context
        .corrections
        .corrections_of(slo.id, service, during)
        .await
}

/// How these SLOs stand, in their order.
pub(crate) async fn look_at(
    context: &Context,
    slos: Vec<Slo>,
    look: Look,
) -> Result<Vec<Found>, ApiError> {
    let ids: Vec<SloId> = slos.iter().map(|slo| slo.id).collect();
    let standings = context
        .evaluations
        .standings(&ids)
        .await?;
    let mut members = members(context, &slos).await?;
    let mut standings = standings.into_iter().peekable();
    // Standings come in the order asked, and leave out SLOs without a slot.
    let found: Vec<Found> = slos
        .into_iter()
        .map(
            |slo| match standings.next_if(|standing| standing.slo_id == slo.id) {
                Some(standing) => Found::standing(slo, standing),
                None => Found::new(slo),
            },
        )
        .collect();
    let found = found.into_iter().map(|mut found| {
        found.members = members
            .remove(&found.slo.id)
            .unwrap_or_default();
        found
    });
    stream::iter(found)
        .map(|found| found.looked_at(context, look))
        .buffered(CONCURRENT)
        .try_collect()
        .await
}

/// The members of the composites among these SLOs, by composite, without deleted ones.
async fn members(context: &Context, slos: &[Slo]) -> Result<BTreeMap<SloId, Vec<Slo>>, ApiError> {
    let mut known: BTreeMap<SloId, Option<Slo>> = BTreeMap::new();
    let mut members = BTreeMap::new();
    for slo in slos {
        let mut found = Vec::new();
        for member in slo.definition.indicator.members() {
            let held = match known.entry(member.slo) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(new) => new.insert(context.catalog.find(member.slo).await?),
            };
            found.extend(
                held.clone()
                    .filter(|slo| slo.deleted_at.is_none()),
            );
        }
        if !found.is_empty() {
            members.insert(slo.id, found);
        }
    }
    Ok(members)
}

/// How one SLO stands.
///
/// # Errors
///
/// [`ApiError::Invalid`] when nothing is known as of that instant yet, naming the earliest.
pub(crate) async fn look_at_one(
    context: &Context,
    slo: Slo,
    look: Look,
) -> Result<Found, ApiError> {
    let found = look_at(context, vec![slo], look).await?;
    let found = found
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::internal("a standing was lost"))?;
    match (look.at, found.earliest(context.slices_kept)) {
        (Some(at), Some((earliest, reason))) if at < earliest => {
            let earliest = earliest.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
            let detail = format!("{reason}; the earliest instant is {earliest}");
            Err(ApiError::Invalid(vec![Fault::parameter("at", detail)]))
        }
        _ => Ok(found),
    }
}

/// `?at=`, not in the future and not before what is kept.
pub(crate) fn at(query: &mut Query, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = query.instant("at")?;
    let earliest = now - Window::MAX.as_delta();
    if at > now {
        query.fault("at", "lies in the future");
    } else if at < earliest {
        let earliest = earliest.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        query.fault(
            "at",
            format_args!("is no longer kept; the earliest instant is {earliest}"),
        );
    }
    Some(at)
}
