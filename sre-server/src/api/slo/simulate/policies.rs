//! The policies that are tried: by name, or written out.

use std::str::FromStr;

use serde_json::Value;
use sre_core::policy::PolicyChoice;
use sre_core::simulate::{CANDIDATES_MAX, Candidate};
use sre_core::slo::Definition;
use thiserror::Error;

use crate::api::slo::burn_policy;
use crate::http::fault::Fault;
use crate::http::field::Field;
use crate::http::{ApiError, Fields};

/// A policy that is to be tried.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tried {
    /// The one that the SLO has.
    Current,
    /// Another.
    Other(Candidate),
}

impl Tried {
    /// A policy by the name of a preset, or `current`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let policy = match name {
            "current" => return Some(Self::Current),
            "default" => PolicyChoice::Default,
            "google-sre" => PolicyChoice::GoogleSre,
            _ => return None,
        };
        Some(Self::Other(Candidate::new(name, policy)))
    }

    /// A policy that is written as JSON, `{"name": …, "rules": […]}`.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with every fault.
    pub(crate) fn written(body: Value) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body)?;
        let tried = written(&mut fields);
        fields.finish(|| tried)
    }

    fn name(&self) -> &str {
        match self {
            Self::Current => "current",
            Self::Other(candidate) => &candidate.name,
        }
    }
}

impl FromStr for Tried {
    type Err = TriedError;

    fn from_str(text: &str) -> Result<Self, TriedError> {
        Self::named(text).ok_or(TriedError)
    }
}

/// Why a text names no policy.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be current, default or google-sre, or an object with name and rules")]
pub(crate) struct TriedError;

/// Reads a list of policies.
pub(super) fn read(field: Field<'_>) -> Option<Vec<Tried>> {
    field.list(CANDIDATES_MAX, |item| {
        if item.is_object() {
            item.object(written)
        } else {
            item.parse()
        }
    })
}

/// A policy written out, under a name of its own.
fn written(fields: &mut Fields) -> Option<Tried> {
    let name = fields.text("name", 1..=NAME_MAX);
    let policy = burn_policy::custom(fields);
    let name = name?;
    if Tried::named(&name).is_some() {
        fields.fault("name", "is that of a preset: give the rules another");
        return None;
    }
    Some(Tried::Other(Candidate {
        name,
        policy: policy?,
    }))
}

/// What is tried where nobody says: what the SLO has, and the presets that it has not.
pub(crate) fn usual(definition: &Definition) -> Vec<Tried> {
    ["current", "default", "google-sre"]
        .into_iter()
        .filter(|name| *name != definition.burn_policy.name())
        .filter_map(Tried::named)
        .collect()
}

/// What is tried on slices that no SLO of ours has: the presets.
pub(crate) fn presets() -> Vec<Tried> {
    ["default", "google-sre"]
        .into_iter()
        .filter_map(Tried::named)
        .collect()
}

/// The candidates for a definition; written rules that cannot stand on it are refused.
///
/// # Errors
///
/// [`ApiError::Invalid`] with every fault.
pub(crate) fn candidates(
    tried: &[Tried],
    definition: &Definition,
) -> Result<Vec<Candidate>, ApiError> {
    let mut faults = Vec::new();
    for (index, one) in tried.iter().enumerate() {
        let place = format!("/policies/{index}");
        let is_twice = tried
            .iter()
            .take(index)
            .any(|other| other.name() == one.name());
        if is_twice {
            let detail = format!("{} is there already: names tell policies apart", one.name());
            faults.push(Fault::at(&place, detail));
        }
        if let Tried::Other(candidate) = one {
            let ground = definition.ground(None);
            let stranded = burn_policy::stranded_rules(&candidate.policy, &ground);
            faults.extend(
                stranded
                    .into_iter()
                    .map(|(rule, reason)| Fault::at(format!("{place}/rules/{rule}"), reason)),
            );
        }
    }
    if !faults.is_empty() {
        return Err(ApiError::Invalid(faults));
    }
    Ok(tried
        .iter()
        .map(|one| match one {
            Tried::Current => Candidate::new("current", definition.burn_policy.clone()),
            Tried::Other(candidate) => candidate.clone(),
        })
        .collect())
}

/// The longest name of a policy, in characters: a word or two for the head of a column.
const NAME_MAX: usize = 64;
