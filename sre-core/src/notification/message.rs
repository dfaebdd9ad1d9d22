//! What a message says: news of alerts, a digest of many, or a notice.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, Severity};
use crate::evaluation::Evaluation;
use crate::incident::Incident;
use crate::name::ServiceName;
use crate::notification::{Notice, Reason, Withheld};
use crate::slo::Slo;

/// Everything a message may say, put together when it is frozen.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What it is about.
    pub content: Content<'a>,
    /// When it is frozen.
    pub now: DateTime<Utc>,
    /// Why it comes this way, where that is not the usual one: in place of another destination, or
    /// again.
    pub note: Option<&'a str>,
}

/// What a message is about.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Content<'a> {
    /// What is new of alerts of one service.
    Alerts {
        /// The service.
        service_name: &'a ServiceName,
        /// The labels, beside the service, by which they were put together; none where they are told
        /// again.
        grouped_by: &'a BTreeMap<String, String>,
        /// At least one, each of another episode; the gravest first, what ended last.
        news: &'a [AlertNews<'a>],
    },
    /// What is new of more alerts than anybody reads one by one, of many services: counts first (see
    /// [`Tally`](crate::notification::Tally)), then as many of them as there is room for.
    Digest {
        /// In the order of [`Content::Alerts`]; without SLO and evaluation, and with the incident only
        /// where all share one.
        news: &'a [AlertNews<'a>],
    },
    /// A notice that somebody stored.
    Notice(&'a Notice),
}

/// What is new of one episode, for one destination.
#[derive(Clone, Copy, Debug)]
pub struct AlertNews<'a> {
    /// The episode as it is now.
    pub alert: &'a Alert,
    /// Why it is told.
    pub reason: Reason,
    /// The number of the message among those of this episode to this destination; it rises.
    pub sequence: u64,
    /// How grave the destination believes it to be; `None` where it has not heard of this episode.
    pub known_severity: Option<Severity>,
    /// How many episodes of the identity stayed untold during a cooldown before this message.
    pub suppressed_episodes: u64,
    /// By which rule people wished not to hear of it, where they are told of its end all the same.
    pub while_held: Option<Withheld>,
    /// Its SLO, where it is about one.
    pub slo: Option<&'a Slo>,
    /// What the SLO's last evaluation found.
    pub evaluation: Option<&'a Evaluation>,
    /// The incident that it belongs to, as it is now.
    pub incident: Option<&'a Incident>,
}

impl<'a> Content<'a> {
    /// The incident that every alert of the message belongs to.
    #[must_use]
    pub fn incident(&self) -> Option<&'a Incident> {
        let (Self::Alerts { news, .. } | Self::Digest { news }) = *self else {
            return None;
        };
        let first = news.first()?.incident?;
        news.iter()
            .all(|news| {
                news.incident
                    .is_some_and(|incident| incident.id == first.id)
            })
            .then_some(first)
    }

    /// The `type` that a message of this content carries: of several alerts, that of the first of
    /// firing, escalated, updated, repeated, resolved.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Alerts { news, .. } => news
                .iter()
                .map(|news| news.reason)
                .min_by_key(|reason| rank(*reason))
                .map_or("alert.updated", kind),
            Self::Digest { .. } => "digest",
            Self::Notice(notice) => notice.kind.as_str(),
        }
    }
}

/// The `type` of a message of one alert. The end of an acknowledgement is news of an alert that the
/// receiver knows; `alert.escalated` is the first that the next in a chain of destinations hears.
const fn kind(reason: Reason) -> &'static str {
    match reason {
        Reason::First => "alert.firing",
        Reason::Escalated => "alert.escalated",
        Reason::SeverityRaised | Reason::SeverityFell | Reason::AckTimeout => "alert.updated",
        Reason::Recurred | Reason::Repeat => "alert.repeated",
        Reason::Flapping => "alert.flapping",
        Reason::Steady => "alert.steady",
        Reason::AllResolved => "alert.resolved",
    }
}

/// The place of a reason among those of one message.
const fn rank(reason: Reason) -> u8 {
    match reason {
        Reason::First => 0,
        Reason::Escalated => 1,
        Reason::SeverityRaised
        | Reason::SeverityFell
        | Reason::AckTimeout
        | Reason::Flapping
        | Reason::Steady => 2,
        Reason::Recurred | Reason::Repeat => 3,
        Reason::AllResolved => 4,
    }
}
