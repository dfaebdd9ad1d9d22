//! What goes together in one message, and how long it waits for company.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::name::{ServiceName, derived_id};
use crate::time::Span;

/// The labels whose values tell groups apart. The service is always one of them: a message is about
/// one service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupBy {
    /// All labels: an alert is a group of its own (`...`).
    All,
    /// These.
    Labels(BTreeSet<String>),
}

impl Default for GroupBy {
    /// By service alone.
    fn default() -> Self {
        Self::Labels(BTreeSet::new())
    }
}

/// One group of one destination, as it is stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct GroupKey(pub Uuid);

impl GroupKey {
    /// The group of a service on the default route.
    #[must_use]
    pub fn of_service(service: &ServiceName) -> Self {
        Self(derived_id("group", &[service.as_str().as_bytes()]))
    }

    /// The group of an alert with these labels on a written route to `receiver`.
    #[must_use]
    pub fn routed(
        receiver: &str,
        by: &GroupBy,
        service: &ServiceName,
        labels: &BTreeMap<&str, &str>,
    ) -> Self {
        let mut parts: Vec<&[u8]> = vec![service.as_str().as_bytes(), receiver.as_bytes()];
        let chosen = labels
            .iter()
            .filter(|(name, value)| by.has(name) && !value.is_empty());
        for (name, value) in chosen {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        Self(derived_id("group", &parts))
    }
}

impl GroupBy {
    /// Which of an alert's labels tell its group from the others of its service; those without a value
    /// tell nothing.
    #[must_use]
    pub fn chosen(&self, labels: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
        labels
            .iter()
            .filter(|(name, value)| self.has(name) && !value.is_empty())
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn has(&self, label: &str) -> bool {
        match self {
            Self::All => true,
            Self::Labels(labels) => labels.contains(label),
        }
    }
}

/// How long what belongs together is held back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pace {
    /// The first message at once, what joins within
    /// [`GROUP_WAIT`](crate::notification::GROUP_WAIT) in one more; ends are not held back.
    #[default]
    Prompt,
    /// As a written route says.
    Written {
        /// How long the first message of a group waits for what has the same cause; a critical or
        /// emergency alert does not. `None`: it goes at once.
        wait: Option<Span>,
        /// The least time between two messages of a group, unless there is something graver to say.
        interval: Span,
    },
}
