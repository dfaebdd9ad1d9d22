//! What the episodes of one trouble have in common.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use crate::alert::AlertType;
use crate::name::{AlertId, ServiceName, SloId, derived_id};

/// Who raised an alert.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Origin {
    /// An evaluation of ours.
    Generated,
    /// `POST /alerts`.
    Posted,
    /// `POST /api/v2/alerts`, as to an Alertmanager.
    ThirdParty,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Generated, Self::Posted, Self::ThirdParty];

    /// The origin as it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Posted => "posted",
            Self::ThirdParty => "third_party",
        }
    }
}

/// What makes two reports the same trouble. Message, value and severity do not.
///
/// ```
/// use sre_core::alert::{AlertType, Identity};
///
/// let slo = "018f3c5a-0000-7000-8000-0123456789ab".parse()?;
/// let mut page = Identity::generated("checkout".parse()?, slo, AlertType::BurnRate);
/// let key = page.key();
/// // A label without a value tells nothing apart; one with a value does.
/// page.labels.insert("zone".to_owned(), String::new());
/// assert_eq!(page.key(), key);
/// page.labels.insert("zone".to_owned(), "a".to_owned());
/// assert_ne!(page.key(), key);
/// // Who decides the same a second time writes the same row.
/// assert_eq!(page.episode_id(1), page.clone().episode_id(1));
/// assert_ne!(page.episode_id(1), page.episode_id(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Identity {
    /// Who raised it.
    pub origin: Origin,
    /// About which service.
    pub service_name: ServiceName,
    /// What kind of trouble.
    pub alert_type: AlertType,
    /// About which SLO.
    pub slo_id: Option<SloId>,
    /// What else tells it from others; labels with an empty value do not.
    pub labels: BTreeMap<String, String>,
}

/// The identity as a stored key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct DedupKey(pub Uuid);

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.simple(), f)
    }
}

impl Identity {
    /// The identity of what an evaluation of `slo_id` raises.
    #[must_use]
    pub const fn generated(
        service_name: ServiceName,
        slo_id: SloId,
        alert_type: AlertType,
    ) -> Self {
        Self {
            origin: Origin::Generated,
            service_name,
            alert_type,
            slo_id: Some(slo_id),
            labels: BTreeMap::new(),
        }
    }

    /// The key: equal for equal identities, whatever the order of labels.
    #[must_use]
    pub fn key(&self) -> DedupKey {
        let slo = self.slo_id.map(|id| id.0);
        let mut parts: Vec<&[u8]> = vec![
            self.origin.as_str().as_bytes(),
            self.service_name.as_str().as_bytes(),
            self.alert_type.as_str().as_bytes(),
            slo.as_ref()
                .map_or(&[], |id| id.as_bytes()),
        ];
        for (name, value) in self
            .labels
            .iter()
            .filter(|(_, value)| !value.is_empty())
        {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        DedupKey(derived_id("alert identity", &parts))
    }

    /// The id of one episode: the same decision made twice is the same row.
    #[must_use]
    pub fn episode_id(&self, episode: u64) -> AlertId {
        let key = self.key();
        AlertId(derived_id(
            "episode",
            &[key.0.as_bytes(), &episode.to_be_bytes()],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            origin: Origin::Posted,
            service_name: "checkout".parse().expect("a name"),
            alert_type: AlertType::SloViolation,
            slo_id: None,
            labels: BTreeMap::new(),
        }
    }

    #[test]
    fn an_empty_label_is_no_label() {
        let mut labelled = identity();
        labelled
            .labels
            .insert("zone".to_owned(), String::new());
        assert_eq!(labelled.key(), identity().key());
        labelled
            .labels
            .insert("zone".to_owned(), "a".to_owned());
        assert_ne!(labelled.key(), identity().key());
    }

    #[test]
    fn origin_and_type_tell_identities_apart_and_episodes_have_their_own_ids() {
        let generated = Identity {
            origin: Origin::Generated,
            ..identity()
        };
        let other = Identity {
            alert_type: AlertType::NoData,
            ..identity()
        };
        assert_ne!(generated.key(), identity().key());
        assert_ne!(other.key(), identity().key());
        assert_ne!(identity().episode_id(1), identity().episode_id(2));
    }
}
