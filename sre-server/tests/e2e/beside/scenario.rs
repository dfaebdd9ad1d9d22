//! What a script is made of. Its times are *units*: so that a busy machine is not taken for a
//! difference, a second of Alertmanager's own suite is [`UNIT`] here.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::differences::Difference;
use super::told::Told;
use crate::waiting::seconds;

/// Longer than everything that either side needs to do what is due.
pub(super) const UNIT: Duration = Duration::from_secs(4);

/// One script, with what is expected of both.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) route: Route,
    /// How each receiver of the one route answers, and what its channel says beside its address.
    pub(super) webhooks: Vec<Webhook>,
    /// What happens, in order, and when.
    pub(super) steps: Vec<(f64, Step)>,
    /// What each receiver hears; nothing else.
    pub(super) wants: Vec<Want>,
    /// When the script ends: nothing that comes later counts.
    pub(super) until: f64,
    /// `SLO_VIOLATION_COOLDOWN` of ours, where it is not as short as it can be.
    pub(super) cooldown: Option<&'static str>,
}

/// The only route, in units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) group_by: &'static str,
    pub(super) wait: f64,
    pub(super) interval: f64,
    pub(super) repeat: f64,
}

/// A receiver of the script.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Webhook {
    pub(super) answers: Answers,
    /// What the file says of the channel, on both sides.
    pub(super) says: &'static str,
    /// The time limit of a try, which this Alertmanager has no word for.
    pub(super) timeout: Option<Duration>,
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Answers {
    #[default]
    Well,
    /// With this status until then, in units.
    With(&'static str, f64),
    /// So late until then, both in units; well in the end.
    Late(f64, f64),
}

/// What is answered, and after which time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) after: Duration,
}

/// Something that happens to both.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Push(Vec<Pushed>),
    /// The alert of this name is silenced; the silence expires.
    Silence(&'static str),
    Expire,
    /// It is stopped as an operator does it, and started again.
    Restart,
    /// `kill -9`, and started again.
    Kill,
    /// It is asked to read its file again; ours does so when it is started.
    Reload,
}

/// An alert as Prometheus would post it, in units.
#[derive(Clone, Debug)]
pub(super) struct Pushed {
    name: &'static str,
    summary: &'static str,
    severity: &'static str,
    starts: f64,
    ends: Option<f64>,
}

/// What a receiver hears in an interval: messages, each a set of alerts.
#[derive(Debug)]
pub(super) struct Want {
    pub(super) receiver: usize,
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) theirs: Vec<Vec<Told>>,
    pub(super) ours: Vec<Vec<Told>>,
    /// Why ours is another.
    pub(super) because: Option<Difference>,
}

/// The time of a script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) began: DateTime<Utc>,
}

impl Clock {
    /// An instant in units.
    pub(super) fn units(self, at: DateTime<Utc>) -> f64 {
        seconds(self.began, at) / UNIT.as_secs_f64()
    }

    /// The instant of so many units.
    pub(super) fn at(self, units: f64) -> DateTime<Utc> {
        self.began + TimeDelta::from_std(UNIT.mul_f64(units)).expect("a short time")
    }
}

impl Pushed {
    /// It fires since then.
    pub(super) const fn since(name: &'static str, starts: f64) -> Self {
        Self {
            name,
            summary: name,
            severity: "warning",
            starts,
            ends: None,
        }
    }

    /// It ends then, or will.
    pub(super) const fn until(mut self, ends: f64) -> Self {
        self.ends = Some(ends);
        self
    }

    pub(super) const fn saying(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub(super) const fn paging(mut self) -> Self {
        self.severity = "critical";
        self
    }

    /// As both take it. What goes on ends long after the script.
    pub(super) fn json(&self, clock: Clock) -> Value {
        let ends = self.ends.unwrap_or(LONG_AFTER);
        json!({
            "labels": {
                "alertname": "Beside",
                "service": "checkout",
                "severity": self.severity,
                "alert": self.name,
            },
            "annotations": {"summary": self.summary},
            "startsAt": clock.at(self.starts).to_rfc3339(),
            "endsAt": clock.at(ends).to_rfc3339(),
        })
    }
}

impl Answers {
    /// The answer so long after the script began.
    pub(super) fn at(self, since: Duration) -> Answer {
        let units = since.as_secs_f64() / UNIT.as_secs_f64();
        match self {
            Self::With(status, until) if units < until => Answer {
                status,
                after: Duration::ZERO,
            },
            Self::Late(by, until) if units < until => Answer {
                status: GOOD,
                after: UNIT.mul_f64(by),
            },
            _ => Answer {
                status: GOOD,
                after: Duration::ZERO,
            },
        }
    }
}

impl Answer {
    pub(super) fn is_good(self) -> bool {
        self.status == GOOD
    }
}

impl Want {
    /// Both say the same.
    pub(super) fn same(from: f64, until: f64, told: &[Told]) -> Self {
        Self {
            receiver: 0,
            from,
            until,
            theirs: vec![told.to_vec()],
            ours: vec![told.to_vec()],
            because: None,
        }
    }

    /// They differ, and are meant to. Nothing means no message.
    pub(super) fn differing(
        [from, until]: [f64; 2],
        theirs: &[Told],
        ours: &[Told],
        because: Difference,
    ) -> Self {
        let message = |told: &[Told]| {
            let told = told.to_vec();
            (!told.is_empty())
                .then_some(told)
                .into_iter()
                .collect()
        };
        Self {
            receiver: 0,
            from,
            until,
            theirs: message(theirs),
            ours: message(ours),
            because: Some(because),
        }
    }

    /// It is the receiver of this place.
    pub(super) fn of(mut self, receiver: usize) -> Self {
        self.receiver = receiver;
        self
    }
}

const GOOD: &str = "200 OK";
/// An alert that goes on ends so late, in units.
const LONG_AFTER: f64 = 900.0;
