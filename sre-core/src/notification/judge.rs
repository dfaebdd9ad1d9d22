//! Whether an intent is sent: decided when it is frozen, for each destination, against what that
//! destination was last *told*, never against the alert alone.
//!
//! So a destination hears of the end of exactly what it heard begin, a restart forgets nothing, and
//! what fired and cleared unseen is not told at all. Everything that is not sent says why.

use chrono::{DateTime, Utc};

use crate::alert::{Alert, AlertState, LifecycleSettings, Severity};
use crate::name::{AlertId, IntentId};
use crate::notification::{Intent, IntentKind};

/// What a destination was told last of an identity, whatever the episode.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Of which episode.
    pub alert_id: AlertId,
    /// The number of that episode.
    pub episode: u64,
    /// What of it.
    pub state: ToldState,
    /// How grave it was then.
    pub severity: Severity,
    /// When: the start of the cooldown.
    pub delivered_at: DateTime<Utc>,
}

/// The two things a destination can believe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ToldState {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The destination has not heard of this episode.
    First,
    /// It is graver than the destination knows.
    SeverityRaised,
    /// It is less grave than the destination knows.
    SeverityFell,
    /// Nobody looks any more.
    AckTimeout,
    /// Nobody looked for so long that the destination is told as well.
    Escalated,
    /// It was reported again after its cooldown.
    Recurred,
    /// It goes on.
    Repeat,
    /// It flaps: until it is steady nothing more is told of it but that it became graver.
    Flapping,
    /// It flaps no more.
    Steady,
    /// It is over.
    AllResolved,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::First,
        Self::SeverityRaised,
        Self::SeverityFell,
        Self::AckTimeout,
        Self::Escalated,
        Self::Recurred,
        Self::Repeat,
        Self::Flapping,
        Self::Steady,
        Self::AllResolved,
    ];

    /// The reason in the API and in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::SeverityRaised => "severity_raised",
            Self::SeverityFell => "severity_fell",
            Self::AckTimeout => "ack_timeout",
            Self::Escalated => "escalated",
            Self::Recurred => "recurred",
            Self::Repeat => "repeat",
            Self::Flapping => "flapping",
            Self::Steady => "steady",
            Self::AllResolved => "all_resolved",
        }
    }
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Withheld {
    /// It fired and cleared before the destination heard of it.
    NeverTold,
    /// The destination heard of the identity too recently.
    Cooldown,
    /// Somebody looks.
    Acknowledged,
    /// It flaps, and the destination knows.
    Flapping,
    /// The destination knows all that there is to know.
    NothingNew,
    /// It goes in one message with what else joins the one that was sent before.
    Grouped,
    /// Its route is mute.
    Muted,
    /// It waits for the next digest of a storm.
    Digest,
    /// The service decides and records, and sends nothing.
    Shadow,
    /// It says that this very destination does not take what it is owed.
    AboutItself,
    /// It is over, and this destination asked not to hear of that.
    NotWanted,
    /// Somebody asked for silence about it.
    Silenced,
    /// What it stands on is known to be wrong, or may be in a moment.
    Inhibited,
    /// It is being maintained.
    Maintenance,
    /// Most of what its source measures has no data, which is told once, or may be in a moment.
    Brake,
}

impl Withheld {
    /// The rule in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NeverTold => "never_told",
            Self::Cooldown => "cooldown",
            Self::Acknowledged => "acknowledged",
            Self::Flapping => "flapping",
            Self::NothingNew => "nothing_new",
            Self::Grouped => "grouped",
            Self::Muted => "muted",
            Self::Digest => "digest",
            Self::Shadow => "shadow",
            Self::AboutItself => "about_itself",
            Self::NotWanted => "not_wanted",
            Self::Silenced => "silenced",
            Self::Inhibited => "inhibited",
            Self::Maintenance => "maintenance",
            Self::Brake => "brake",
        }
    }
}

/// What becomes of the due intents of one episode for one destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Judgement {
    /// The newest is sent for all of them; the others are superseded.
    Send {
        /// The intent that the message carries.
        carried: IntentId,
        /// Those that it says everything of.
        superseded: Vec<IntentId>,
        /// Why.
        reason: Reason,
    },
    /// None is sent.
    Withhold(Withheld),
    /// None is sent before this instant; then they are judged again.
    Postpone {
        /// When the cooldown ends.
        until: DateTime<Utc>,
        /// Why.
        rule: Withheld,
    },
}

/// Judges the due intents of one episode for one destination, in the order of their transitions.
#[must_use]
pub fn judge(
    alert: &Alert,
    intents: &[Intent],
    told: Option<&Told>,
    now: DateTime<Utc>,
    settings: &LifecycleSettings,
) -> Judgement {
    let of_this = told.filter(|told| told.alert_id == alert.id);
    let heard = of_this.filter(|told| told.state == ToldState::Firing);
    let is_about_itself = intents
        .iter()
        .any(|intent| alert.is_about_destination(intent.destination_id));
    if is_about_itself && heard.is_none() {
        return Judgement::Withhold(Withheld::AboutItself);
    }
    match (&alert.state, heard) {
        (AlertState::Resolved { .. }, Some(_)) => send(intents, Reason::AllResolved),
        (AlertState::Resolved { .. }, None) if of_this.is_some() => {
            Judgement::Withhold(Withheld::NothingNew)
        }
        (AlertState::Resolved { .. }, None) => Judgement::Withhold(Withheld::NeverTold),
        (_, None) => judge_unheard(alert, intents, told, now, settings),
        (_, Some(heard)) => judge_heard(alert, intents, heard, now, settings),
    }
}

/// The destination has not heard of this episode: it hears at once, unless another episode of the
/// identity, at least as grave, was told within the cooldown.
fn judge_unheard(
    alert: &Alert,
    intents: &[Intent],
    told: Option<&Told>,
    now: DateTime<Utc>,
    settings: &LifecycleSettings,
) -> Judgement {
    let is_escalation = intents
        .iter()
        .all(|intent| intent.kind == IntentKind::Escalate);
    if is_escalation {
        // Somebody looks since: that is what an escalation is for.
        return match alert.state {
            AlertState::Acknowledged { .. } => Judgement::Withhold(Withheld::Acknowledged),
            _ => send(intents, Reason::Escalated),
        };
    }
    let cooling = told
        .filter(|told| told.alert_id != alert.id && alert.severity <= told.severity)
        .map(|told| told.delivered_at + settings.cooldown.as_delta())
        .filter(|until| now < *until);
    match cooling {
        Some(until) => Judgement::Postpone {
            until,
            rule: Withheld::Cooldown,
        },
        // It began to flap before the destination heard of it: that is the news.
        None if alert.is_flapping() && flapping_news(intents) == Some(IntentKind::FlapStart) => {
            send(intents, Reason::Flapping)
        }
        None => send(intents, Reason::First),
    }
}

/// The destination knows that it fires: only news is sent.
fn judge_heard(
    alert: &Alert,
    intents: &[Intent],
    heard: &Told,
    now: DateTime<Utc>,
    settings: &LifecycleSettings,
) -> Judgement {
    let has = |kind| {
        intents
            .iter()
            .any(|intent| intent.kind == kind)
    };
    let is_acknowledged = matches!(alert.state, AlertState::Acknowledged { .. });
    let (is_flapping, flapping) = (alert.is_flapping(), flapping_news(intents));
    if alert.severity > heard.severity {
        send(intents, Reason::SeverityRaised)
    } else if is_flapping && flapping == Some(IntentKind::FlapStart) {
        send(intents, Reason::Flapping)
    } else if is_flapping && has(IntentKind::AckTimeout) {
        send(intents, Reason::AckTimeout)
    } else if is_flapping {
        Judgement::Withhold(Withheld::Flapping)
    } else if !is_flapping && flapping == Some(IntentKind::FlapEnd) {
        send(intents, Reason::Steady)
    } else if alert.severity < heard.severity {
        send(intents, Reason::SeverityFell)
    } else if is_acknowledged {
        Judgement::Withhold(Withheld::Acknowledged)
    } else if has(IntentKind::AckTimeout) {
        send(intents, Reason::AckTimeout)
    } else if has(IntentKind::Recur) && now >= heard.delivered_at + settings.cooldown.as_delta() {
        send(intents, Reason::Recurred)
    } else if has(IntentKind::Repeat)
        && now >= heard.delivered_at + settings.repeat_interval.as_delta()
    {
        send(intents, Reason::Repeat)
    } else if has(IntentKind::Recur) || has(IntentKind::Repeat) {
        Judgement::Withhold(Withheld::Cooldown)
    } else {
        Judgement::Withhold(Withheld::NothingNew)
    }
}

/// The first that these intents say of flapping: its beginning, where the destination believes it
/// steady, or its end, where it was told of the beginning.
fn flapping_news(intents: &[Intent]) -> Option<IntentKind> {
    let mut kinds = intents.iter().map(|intent| intent.kind);
    kinds.find(|kind| matches!(kind, IntentKind::FlapStart | IntentKind::FlapEnd))
}

/// The newest intent carries the message, which speaks of the alert as it is now.
fn send(intents: &[Intent], reason: Reason) -> Judgement {
    match intents.split_last() {
        Some((newest, older)) => Judgement::Send {
            carried: newest.id,
            superseded: older
                .iter()
                .map(|intent| intent.id)
                .collect(),
            reason,
        },
        None => Judgement::Withhold(Withheld::NothingNew),
    }
}

#[cfg(test)]
mod tests;
