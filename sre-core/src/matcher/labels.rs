//! The labels that conditions are held against.

use std::collections::BTreeMap;

use crate::alert::{Alert, Origin};

/// What has labels. One that is missing is the empty string.
pub trait Labelled {
    /// The value of the label.
    fn label(&self, name: &str) -> &str;
}

impl Labelled for BTreeMap<String, String> {
    fn label(&self, name: &str) -> &str {
        self.get(name)
            .map_or("", String::as_str)
    }
}

/// The labels by which an alert is chosen: those of its identity, and four that every alert has,
/// which no label of its own hides: `service`, `alertname` (its type), `severity`, and `slo_id` where
/// it is about an SLO. Of an alert of a third party its own come first: who wrote `severity: page` there
/// chooses it by that.
#[derive(Clone, Debug)]
pub struct MatchLabels<'a> {
    own: &'a BTreeMap<String, String>,
    given: [(&'static str, &'a str); 3],
    slo_id: String,
    /// Whether its own labels are all that its reporter knows of it, and come first.
    is_foreign: bool,
}

/// The label with the id of the SLO.
const SLO_ID: &str = "slo_id";

impl MatchLabels<'_> {
    /// Every label that has a value, by name.
    #[must_use]
    pub fn all(&self) -> BTreeMap<&str, &str> {
        let own = self
            .own
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        own.chain(self.given)
            .chain([(SLO_ID, self.slo_id.as_str())])
            .filter(|(name, _)| !self.label(name).is_empty())
            .map(|(name, _)| (name, self.label(name)))
            .collect()
    }
}

impl Labelled for MatchLabels<'_> {
    fn label(&self, name: &str) -> &str {
        let given = self
            .given
            .iter()
            .find(|(given, _)| *given == name);
        match given {
            Some(_) if self.is_foreign && !self.own.label(name).is_empty() => self.own.label(name),
            Some((_, value)) => value,
            None if name == SLO_ID => &self.slo_id,
            None => self.own.label(name),
        }
    }
}

impl Alert {
    /// The labels by which silences, routes, maintenance and inhibition choose it.
    #[must_use]
    pub fn match_labels(&self) -> MatchLabels<'_> {
        MatchLabels {
            own: &self.identity.labels,
            given: [
                ("service", self.identity.service_name.as_str()),
                ("alertname", self.identity.alert_type.as_str()),
                ("severity", self.severity.as_str()),
            ],
            slo_id: self
                .identity
                .slo_id
                .map(|id| id.0.to_string())
                .unwrap_or_default(),
            is_foreign: self.identity.origin == Origin::ThirdParty,
        }
    }
}
