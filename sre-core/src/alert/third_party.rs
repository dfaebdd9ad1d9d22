//! Alerts of third parties: what Prometheus and `amtool` post to an Alertmanager.
//!
//! To them an alert *is* its labels, it is posted again every minute for as long as it fires, and it
//! ends when its end has passed. A copy that says nothing new moves that end and is no news.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use thiserror::Error;

use crate::alert::{
    Alert, AlertState, AlertType, AlertUpdate, Identity, Moment, Opening, Origin, ResolveReason,
    Severity,
};
use crate::name::ServiceName;
use crate::time::{Span, truncate};

/// How long an alert lasts that was posted without an end, unless it is posted again.
pub const RESOLVE_TIMEOUT: Span = Span::minutes(5);

/// An alert as a third party tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ThirdPartyAlert {
    labels: BTreeMap<String, String>,
    message: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// Why something is no alert. The words are those of Alertmanager.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ThirdPartyError {
    /// Nothing tells it from others.
    #[error("at least one label pair required")]
    NoLabels,
    /// It ends before it begins.
    #[error("start time must be before end time")]
    Backwards,
}

impl ThirdPartyAlert {
    /// An alert of these labels, annotations and times, told at `now`. Labels without a value are none;
    /// without a start it began at its end, or now; without an end it ends [`RESOLVE_TIMEOUT`] from now.
    ///
    /// # Errors
    ///
    /// [`ThirdPartyError`].
    pub fn new(
        mut labels: BTreeMap<String, String>,
        annotations: &BTreeMap<String, String>,
        starts_at: Option<DateTime<Utc>>,
        ends_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Self, ThirdPartyError> {
        labels.retain(|_, value| !value.is_empty());
        if labels.is_empty() {
            return Err(ThirdPartyError::NoLabels);
        }
        let starts_at = starts_at.or(ends_at).unwrap_or(now);
        let ends_at = ends_at.unwrap_or_else(|| now + RESOLVE_TIMEOUT.as_delta());
        if ends_at < starts_at {
            return Err(ThirdPartyError::Backwards);
        }
        let message = ["summary", "description"]
            .iter()
            .filter_map(|name| annotations.get(*name))
            .chain(labels.get("alertname"))
            .find(|text| !text.trim().is_empty())
            .map_or("an alert without a name", String::as_str);
        Ok(Self {
            message: message
                .chars()
                .map(|char| if is_readable(char) { char } else { ' ' })
                .take(MESSAGE_MAX_CHARS)
                .collect(),
            labels,
            // What is yet to begin is told of now, as Alertmanager does it.
            starts_at: truncate(starts_at.min(now)),
            ends_at: truncate(ends_at),
        })
    }

    /// What it has in common with its other copies: all of its labels.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let named = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| self.labels.get(*name))
        };
        let service_name = named(&["service", "service_name", "job"])
            .and_then(|text| fitting_service(text))
            .unwrap_or_else(ServiceName::unknown);
        let alert_type = named(&["alertname"])
            .and_then(|text| fitting_type(text))
            .unwrap_or_else(|| AlertType::Other("external".to_owned()));
        Identity {
            origin: Origin::ThirdParty,
            service_name,
            alert_type,
            slo_id: None,
            labels: self.labels.clone(),
        }
    }

    /// How grave it is, by its label.
    #[must_use]
    pub fn severity(&self) -> Severity {
        foreign_severity(
            self.labels
                .get("severity")
                .map_or("", String::as_str),
        )
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at <= now
    }
}

/// What a foreign label `severity` means. Who says nothing, or something unknown, is taken for
/// somebody who wants a look, not for somebody who pages.
#[must_use]
pub fn foreign_severity(text: &str) -> Severity {
    match text.to_ascii_lowercase().as_str() {
        "page" => Severity::Critical,
        "error" => Severity::High,
        "info" | "none" => Severity::Low,
        own => own.parse().unwrap_or(Severity::Medium),
    }
}

/// What an alert of a third party does, given the newest episode of its identity; `None` where it does
/// nothing.
///
/// While that is open, the earliest start, the latest text and the latest end hold; once the end has
/// passed, the episode is over from there on. A later end of what is over, that began before that,
/// moves its end: whoever has not heard of it yet hears the later one, and nobody hears twice. Any other
/// end of something that is not open is no news, and so is one from before the open episode began.
#[must_use]
pub fn third_party(
    latest: Option<Alert>,
    told: ThirdPartyAlert,
    moment: &Moment<'_>,
) -> Option<Box<AlertUpdate>> {
    let is_over = told.is_over(moment.now);
    let update = match latest {
        Some(open) if open.is_open() => {
            if is_over {
                ended(open, &told, moment)?
            } else {
                refreshed(open, told, moment)?
            }
        }
        Some(over) if is_over => ended_later(over, told, moment)?,
        None if is_over => return None,
        latest => opened(latest.as_ref(), told, moment),
    };
    Some(Box::new(update))
}

/// A new episode; it begins no earlier than the one before has ended.
fn opened(latest: Option<&Alert>, told: ThirdPartyAlert, moment: &Moment<'_>) -> AlertUpdate {
    let opening = Opening {
        episode: latest.map_or(1, |alert| alert.episode.saturating_add(1)),
        identity: told.identity(),
        severity: told.severity(),
        message: told.message,
        rules: Vec::new(),
    };
    let before = latest.and_then(Alert::ends_at);
    let mut update = Alert::open(opening, moment);
    let alert = &mut update.alert;
    alert.starts_at = before.map_or(told.starts_at, |before| {
        told.starts_at
            .max(before)
            .min(moment.now)
    });
    alert.expires_at = Some(told.ends_at);
    alert.next_action_at = alert.next_action(moment.settings, moment.routes);
    update
}

fn refreshed(mut open: Alert, told: ThirdPartyAlert, moment: &Moment<'_>) -> Option<AlertUpdate> {
    let starts_at = told.starts_at.min(open.starts_at);
    let expires_at = open.expires_at.max(Some(told.ends_at));
    if (starts_at, expires_at, &told.message) == (open.starts_at, open.expires_at, &open.message) {
        return None;
    }
    (open.starts_at, open.expires_at, open.message) = (starts_at, expires_at, told.message);
    Some(open.reported_again(None, moment))
}

fn ended(mut open: Alert, told: &ThirdPartyAlert, moment: &Moment<'_>) -> Option<AlertUpdate> {
    if told.ends_at < open.starts_at {
        return None;
    }
    open.message.clone_from(&told.message);
    let mut update = open
        .resolve(ResolveReason::Condition, None, None, moment)
        .ok()?;
    if let AlertState::Resolved { at, .. } = &mut update.alert.state {
        *at = told.ends_at;
    }
    Some(update)
}

/// The end of what is over was later than was known. What a person ended stays as they did.
fn ended_later(mut over: Alert, told: ThirdPartyAlert, moment: &Moment<'_>) -> Option<AlertUpdate> {
    let AlertState::Resolved {
        at,
        reason: ResolveReason::Condition | ResolveReason::Timeout,
        by: None,
    } = &mut over.state
    else {
        return None;
    };
    if told.ends_at <= *at || told.starts_at > *at {
        return None;
    }
    *at = told.ends_at;
    over.message = told.message;
    Some(over.noted(moment))
}

/// The name of a service as near to `text` as names may be: another character becomes `_`.
fn fitting_service(text: &str) -> Option<ServiceName> {
    fitting(text, b"._:/-")
        .trim_start_matches(|char: char| !char.is_ascii_alphanumeric())
        .parse()
        .ok()
}

fn fitting_type(text: &str) -> Option<AlertType> {
    // One of our own types, told by somebody else, is still told by somebody else: the origin says so.
    fitting(text, b"._:-").parse().ok()
}

fn fitting(text: &str, marks: &[u8]) -> String {
    let fits = |char: char| {
        char.is_ascii_alphanumeric() || u8::try_from(char).is_ok_and(|byte| marks.contains(&byte))
    };
    text.chars()
        .map(|char| if fits(char) { char } else { '_' })
        .take(NAME_MAX_CHARS)
        .collect()
}

/// Whether a message may have it: what moves a cursor otherwise than text does is none.
fn is_readable(char: char) -> bool {
    !char.is_control() || matches!(char, '\n' | '\t')
}

/// Names have so many characters.
const NAME_MAX_CHARS: usize = 128;
/// What channels can show of a message.
const MESSAGE_MAX_CHARS: usize = 4_096;

#[cfg(test)]
mod tests;
