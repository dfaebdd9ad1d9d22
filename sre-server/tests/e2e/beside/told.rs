//! What a message says of an alert, as far as both sides have words for it.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::scenario::Clock;

/// One alert of a message. Times are tenths of a unit since the script began.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Told {
    /// The alert's own name within its script.
    name: String,
    /// `summary` of its annotations.
    summary: String,
    starts: i64,
    /// `None` while it fires.
    ends: Option<i64>,
}

impl Told {
    /// That it fires since then.
    pub(super) fn firing(name: &str, starts: f64) -> Self {
        Self {
            name: name.to_owned(),
            summary: name.to_owned(),
            starts: tenths(starts),
            ends: None,
        }
    }

    /// That it is over.
    pub(super) fn resolved(name: &str, starts: f64, ends: f64) -> Self {
        Self {
            ends: Some(tenths(ends)),
            ..Self::firing(name, starts)
        }
    }

    /// The same with other words.
    pub(super) fn saying(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.summary);
        self
    }

    /// Everything that a message says.
    ///
    /// # Panics
    ///
    /// When it is none of Alertmanager's, or its status is not that of its alerts.
    pub(super) fn all(body: &Value, clock: Clock) -> BTreeSet<Self> {
        let alerts = body["alerts"]
            .as_array()
            .expect("a message of Alertmanager's form");
        let is_firing = alerts
            .iter()
            .any(|alert| alert["status"] == "firing");
        let status = if is_firing { "firing" } else { "resolved" };
        assert_eq!(body["status"], status, "{body}");
        assert_eq!(body["version"], "4", "{body}");
        alerts
            .iter()
            .map(|alert| Self::read(alert, clock))
            .collect()
    }

    fn read(alert: &Value, clock: Clock) -> Self {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let at = |name: &str| {
            let at: DateTime<Utc> = alert[name]
                .as_str()
                .expect("a text")
                .parse()
                .expect("an instant");
            tenths(clock.units(at))
        };
        Self {
            name: text(&alert["labels"]["alert"]),
            summary: text(&alert["annotations"]["summary"]),
            starts: at("startsAt"),
            ends: (alert["status"] == "resolved").then(|| at("endsAt")),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.summary != self.name {
            write!(f, " ({})", self.summary)?;
        }
        let units = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
        match self.ends {
            None => write!(f, " since {}", units(self.starts)),
            Some(ends) => write!(f, " over {}-{}", units(self.starts), units(ends)),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "scripts last for a few units"
)]
fn tenths(units: f64) -> i64 {
    (units * 10.0).round() as i64
}
