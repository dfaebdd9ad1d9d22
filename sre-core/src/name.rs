//! The names that identify things: services, metrics, SLOs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

/// Why a text is not a name.
///
/// ```
/// use sre_core::name::ServiceName;
///
/// assert!("team-a/checkout".parse::<ServiceName>().is_ok());
/// assert!("-checkout".parse::<ServiceName>().is_err());
/// assert!("".parse::<ServiceName>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "a name has 1 to 128 characters of A-Z a-z 0-9 . _ : / - and begins with a letter or digit"
)]
pub struct NameError;

/// `[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}`
fn check(text: &str) -> Result<(), NameError> {
    let mut bytes = text.bytes();
    let first_is_plain = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest_is_plain = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte));
    if first_is_plain && rest_is_plain && text.len() <= 128 {
        Ok(())
    } else {
        Err(NameError)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(try_from = "String"))]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                check(&text).map(|()| Self(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of a service, such as `api-gateway`.
    ServiceName
}

impl ServiceName {
    /// The service of what names none: an alert of somebody else.
    #[must_use]
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }
}
name! {
    /// The name of a metric of a service, such as `availability` or `latency_p95`.
    MetricName
}

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an id is a UUID such as 019bd1a0-0000-7000-8000-000000000001")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| IdError)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }
    };
}

id! {
    /// Identifies an SLO. What people create has version 7, the pre-configured ones version 5.
    SloId
}
id! {
    /// Identifies one episode of an alert; version 5 of its content where a rule opened it.
    AlertId
}
id! {
    /// Identifies an incident; version 5 of the id of the alert that opened it, version 7 where a
    /// person did.
    IncidentId
}
id! {
    /// Identifies a budget correction; version 7.
    CorrectionId
}
id! {
    /// Identifies a silence; version 7.
    SilenceId
}
id! {
    /// Identifies a maintenance; version 7.
    MaintenanceId
}
id! {
    /// Identifies a rule of inhibition; version 5 of its name.
    InhibitRuleId
}
id! {
    /// Identifies one configured address on one channel; version 5 of channel and name, so that it
    /// outlives restarts.
    DestinationId
}
id! {
    /// Identifies an intent: version 5 of alert, transition and destination.
    IntentId
}
id! {
    /// Identifies a delivery; the `webhook-id` that every retry carries.
    DeliveryId
}
id! {
    /// Identifies a notice: version 5 of what it announces and to whom.
    NoticeId
}

/// The id of something derived: version 5 over its parts, so that the same decision made twice is
/// the same row. Parts are length-prefixed, so that no two lists of parts share a text.
#[must_use]
pub fn derived_id(kind: &str, parts: &[&[u8]]) -> Uuid {
    let mut content = Vec::new();
    for part in std::iter::once(&kind.as_bytes()).chain(parts) {
        content.extend_from_slice(&(part.len() as u64).to_be_bytes());
        content.extend_from_slice(part);
    }
    Uuid::new_v5(&NAMESPACE, &content)
}

/// The namespace of all derived ids; fixed for ever, since ids are stored.
const NAMESPACE: Uuid = Uuid::from_u128(0x7372_652d_6d6f_6e69_746f_722d_6e61_6d65);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        for text in ["api-gateway", "a", "9", "a.b_c:d/e-f", &"x".repeat(128)] {
            assert!(text.parse::<ServiceName>().is_ok(), "{text}");
        }
        for text in [
            "",
            "-a",
            ".a",
            "a b",
            "ä",
            "a\n",
            "<script>",
            &"x".repeat(129),
        ] {
            assert!(text.parse::<ServiceName>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_that_join_to_the_same_text_have_different_ids() {
        assert_ne!(
            derived_id("x", &[b"ab", b"c"]),
            derived_id("x", &[b"a", b"bc"])
        );
    }
}
