//! Which slices a simulation replays: those that are stored, or folded for it.

use chrono::{DateTime, Utc};
use sre_core::correction::Correction;
use sre_core::hour::Hour;
use sre_core::indicator::Indicator;
use sre_core::monitor::fold_past;
use sre_core::name::SloId;
use sre_core::simulate::reach;
use sre_core::slo::{Definition, ManagedBy, Slo, default_slo_id};
use sre_core::source::MetricSource;
use sre_core::time::{Interval, Span};

use super::asked::{Asked, What};
use crate::api::slo::{definition, merge_target};
use crate::context::Context;
use crate::http::fault::Fault;
use crate::http::{ApiError, Fields, json};

/// The longest stretch that a source is asked for, for a simulation: 168 questions, a few seconds of
/// most.
const SOURCE_RANGE_MAX: Span = Span::days(7);

/// The SLO of a simulation.
pub(super) struct Subject {
    /// Its id, where it is stored.
    pub(super) id: Option<SloId>,
    /// As it is to be.
    pub(super) slo: Slo,
    /// As it is stored, where it is.
    before: Option<Slo>,
}

/// Where slices come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Basis {
    /// Those that were folded when it happened.
    Stored,
    /// Folded for this answer from stored samples.
    Samples,
    /// Asked of the source for this answer.
    Source,
}

impl Basis {
    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Samples => "samples",
            Self::Source => "source",
        }
    }
}

/// The slices of a simulation.
pub(super) struct Past {
    pub(super) basis: Basis,
    pub(super) during: Interval,
    pub(super) hours: Vec<Hour>,
    pub(super) corrections: Vec<Correction>,
    pub(super) first_measured: Option<DateTime<Utc>>,
    pub(super) is_estimated: bool,
    pub(super) warnings: Vec<String>,
}

impl Subject {
    /// The SLO that is asked about.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] where there is none, and with every fault of what is to be different.
    pub(super) async fn of(
        asked: &Asked,
        context: &Context,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        match &asked.what {
            What::New(definition) => Ok(Self {
                id: None,
                slo: unstored(definition, now),
                before: None,
            }),
            What::Stored(id, overrides) => {
                let before = context.catalog.find(*id).await?;
                let unknown =
                    || ApiError::Invalid(vec![Fault::at("/slo_id", "there is no such SLO")]);
                let before = before.ok_or_else(unknown)?;
                let mut slo = before.clone();
                if let Some(overrides) = overrides {
                    slo.definition = changed(&before.definition, overrides, context)?;
                }
                Ok(Self {
                    id: Some(*id),
                    slo,
                    before: Some(before),
                })
            }
        }
    }

    /// Its slices, as far as they reach.
    ///
    /// # Errors
    ///
    /// Those of the store; [`ApiError::Invalid`] for a stretch that cannot be folded.
    pub(super) async fn past(&self, asked: &Asked, context: &Context) -> Result<Past, ApiError> {
        let is_same =
            |before: &Slo| before.definition.generation() == self.slo.definition.generation();
        if self
            .before
            .as_ref()
            .is_some_and(is_same)
        {
            self.stored(asked.during, context).await
        } else {
            self.folded(asked.during, context).await
        }
    }

    async fn stored(&self, asked: Interval, context: &Context) -> Result<Past, ApiError> {
        let definition = &self.slo.definition;
        let store = &context.evaluations;
        let standings = store.standings(&[self.slo.id]).await?;
        let standing = standings
            .first()
            .filter(|standing| standing.generation == definition.generation());
        let known_until = standing.map_or(asked.start(), |standing| standing.last_slice);
        let during = Interval::new(asked.start(), asked.end().min(known_until));
        let hours = store
            .hours(
                self.slo.id,
                definition.generation(),
                definition.slice,
                reach(definition, during),
            )
            .await?;
        Ok(Past {
            basis: Basis::Stored,
            during,
            hours,
            corrections: self
                .corrections(context, during)
                .await?,
            first_measured: standing.and_then(|standing| standing.progress.first_measured),
            is_estimated: standing.is_some_and(|standing| standing.progress.is_estimated),
            warnings: Vec::new(),
        })
    }

    /// What was never folded like this is folded now. Samples are kept for so long, and a source is
    /// asked for no more than it bears; windows see as far back as that reaches.
    async fn folded(&self, asked: Interval, context: &Context) -> Result<Past, ApiError> {
        let definition = &self.slo.definition;
        if let Indicator::Composite(_) = definition.indicator {
            let detail = "no slices are stored for a composite like this: store it, and ask by its id when it is folded";
            let place = if self.id.is_some() {
                "/overrides"
            } else {
                "/slo"
            };
            return Err(ApiError::Invalid(vec![Fault::at(place, detail)]));
        }
        let source = context.source.as_deref();
        let (basis, kept, why) = match definition.indicator {
            Indicator::Metric(_) => (Basis::Samples, context.samples_kept, "samples are kept for"),
            _ => (Basis::Source, SOURCE_RANGE_MAX, "a source is asked for"),
        };
        let closed = context
            .settings
            .grid(&self.slo)
            .closed_at(context.clock.now());
        let during = Interval::new(asked.start(), asked.end().min(closed));
        let newest = match basis {
            Basis::Source => during.end(),
            _ => closed,
        };
        let earliest = newest - kept.as_delta();
        if during.start() < earliest {
            let earliest = earliest.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let detail = format!(
                "no slices are stored for this definition, and {why} {kept}: begin at {earliest} or \
                 later"
            );
            return Err(ApiError::Invalid(vec![Fault::at("/from", detail)]));
        }
        let reached = reach(definition, during).intersection(Interval::new(earliest, during.end()));
        let past = self
            .fold(context, source, reached)
            .await?;
        let mut warnings = Vec::new();
        if let Some(failure) = past.failure {
            warnings.push(format!(
                "the source failed for a part of the stretch: {failure}"
            ));
        }
        Ok(Past {
            basis,
            during,
            hours: past.hours,
            corrections: self
                .corrections(context, during)
                .await?,
            first_measured: None,
            is_estimated: past.is_estimated,
            warnings,
        })
    }

    /// What was agreed not to count in all that is replayed, of the SLO itself and of its service.
    async fn corrections(
        &self,
        context: &Context,
        during: Interval,
    ) -> Result<Vec<Correction>, ApiError> {
        let (service, reached) = (
            &self.slo.definition.service_name,
            reach(&self.slo.definition, during),
        );
        let corrections = context
            .corrections
            .corrections_of(self.slo.id, service, reached);
        Ok(corrections.await?)
    }

    async fn fold(
        &self,
        context: &Context,
        source: Option<&dyn MetricSource>,
        during: Interval,
    ) -> Result<sre_core::monitor::FoldedPast, ApiError> {
        let folding = fold_past(
            context.samples.as_ref(),
            context.evaluations.as_ref(),
            source,
            &self.slo,
            during,
        );
        match tokio::time::timeout(crate::simulation::TIME_MAX, folding).await {
            Ok(folded) => Ok(folded?),
            Err(_) => Err(ApiError::unavailable(
                "the past could not be read in time: take a shorter stretch",
                super::RETRY_AFTER,
            )),
        }
    }
}

/// A definition with what is to be different of it.
fn changed(
    before: &Definition,
    overrides: &serde_json::Value,
    context: &Context,
) -> Result<Definition, ApiError> {
    let under = |error| match error {
        ApiError::Invalid(faults) => ApiError::Invalid(
            faults
                .into_iter()
                .map(|fault: Fault| fault.under("/overrides"))
                .collect(),
        ),
        other => other,
    };
    if !overrides.is_object() {
        Fields::of(overrides.clone()).map_err(under)?;
    }
    let mut merged = merge_target(before, overrides);
    json::merge_patch(&mut merged, overrides);
    Fields::of(merged)
        .and_then(|fields| definition::read(fields, context, Some(before)))
        .map_err(under)
}

/// An SLO that nobody stored. Its id, which decides its slots, is that of its names.
fn unstored(definition: &Definition, now: DateTime<Utc>) -> Slo {
    Slo {
        id: default_slo_id(&definition.service_name, &definition.name),
        definition: definition.clone(),
        managed_by: ManagedBy::Api,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}
