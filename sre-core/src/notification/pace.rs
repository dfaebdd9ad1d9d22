//! When what is to be said is said: together with what joins it, and in a storm all at once.
//!
//! The first message about a service goes at once. What begins within [`GROUP_WAIT`] of it goes in
//! one more message at the end of that time; an end, a fall of severity, the end of an
//! acknowledgement or an escalation never waits, and neither does a page that is graver than what was
//! said. A written route says itself what belongs together and how long it waits ([`Pace`]): its first
//! message may wait, and ends wait with the rest. When more than [`STORM`] messages would go to one destination within that time, all that is due becomes one
//! digest, and what comes after waits for the next.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::Severity;
use crate::notification::{Reason, Withheld};
use crate::routing::{GroupKey, Pace};
use crate::time::Span;

/// How long what joins a message is held back, so that it comes as one: long enough for what has one
/// cause to show, short enough to act on.
pub const GROUP_WAIT: Span = Span::seconds(30);
/// The longest time between two messages of a group that a route may ask for: what a destination was
/// told so long ago is looked up whenever something is due to it.
pub const GROUP_INTERVAL_MAX: Span = Span::hours(1);
/// How often what waits for company is looked at meanwhile.
const LOOKS: i64 = 10;
/// More messages than this within [`GROUP_WAIT`] are a storm: nobody reads them one by one.
pub const STORM: usize = 10;

/// What a destination was told of alerts lately.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    /// How many messages within the last [`GROUP_WAIT`], digests left out.
    pub messages: u32,
    /// Of each group that heard something within the last [`GROUP_INTERVAL_MAX`], what holds back what
    /// joins it.
    pub groups: BTreeMap<GroupKey, GroupWindow>,
    /// What the last digest, of the last [`GROUP_WAIT`], holds back.
    pub digest: Option<GroupWindow>,
}

/// The time after a message in which what joins it is held back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GroupWindow {
    /// When the message that began it was frozen.
    pub began_at: DateTime<Utc>,
    /// The gravest that has been said in it.
    pub severity: Severity,
}

/// News that may be sent, as far as its time is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Sendable {
    /// With what together.
    pub group: GroupKey,
    /// How long it is held back for that.
    pub pace: Pace,
    /// Since when it waits to be said.
    pub since: DateTime<Utc>,
    /// How grave.
    pub severity: Severity,
    /// Why.
    pub reason: Reason,
}

/// What is said now, and what waits; news by their place in the list that was asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// A message a group, the most urgent first.
    pub messages: Vec<Planned>,
    /// What one digest tells.
    pub digest: Vec<usize>,
    /// What waits, until when and by which rule.
    pub held: Vec<(usize, DateTime<Utc>, Withheld)>,
}

/// One message of one group.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Planned {
    /// Its news.
    pub news: Vec<usize>,
    /// When the window that it belongs to began; `None` for one that says only ends.
    pub window_at: Option<DateTime<Utc>>,
}

/// Decides what of these news, the most urgent first, is said now.
#[must_use]
pub fn plan(said: &Said, sendable: &[Sendable], now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    let beginnings = beginnings(said, sendable, now);
    let mut groups: BTreeMap<GroupKey, usize> = BTreeMap::new();
    for (place, news) in sendable.iter().enumerate() {
        let begins = beginnings
            .get(&news.group)
            .copied()
            .flatten()
            .filter(|at| *at > now)
            .map(|_| (next_look(news.pace, now), Withheld::Grouped));
        if let Some((until, rule)) = said.holds(news, now).or(begins) {
            plan.held.push((place, until, rule));
            continue;
        }
        let message = *groups
            .entry(news.group)
            .or_insert_with(|| {
                plan.messages.push(Planned {
                    news: Vec::new(),
                    window_at: None,
                });
                plan.messages.len().saturating_sub(1)
            });
        if let Some(message) = plan.messages.get_mut(message) {
            message.news.push(place);
            if news.reason != Reason::AllResolved {
                message.window_at = Some(said.window_at(news, now));
            }
        }
    }
    let before = usize::try_from(said.messages).unwrap_or(usize::MAX);
    let is_storm = before.saturating_add(plan.messages.len()) > STORM;
    // While a digest holds back, only the graver page passes it, as a message of its own.
    if is_storm
        && said
            .digest
            .is_none_or(|window| window.is_over(GROUP_WAIT, now))
        && !plan.messages.is_empty()
    {
        return Plan {
            digest: (0..sendable.len()).collect(),
            ..Plan::default()
        };
    }
    plan
}

impl Plan {
    /// A message for each of the news, at once: for a channel whose receiver groups by itself
    /// ([`Notifier::takes_one_alert`](crate::notification::Notifier::takes_one_alert)).
    #[must_use]
    pub fn of_each(news: usize) -> Self {
        let alone = |place| Planned {
            news: vec![place],
            // Nothing joins it, so it holds nothing back.
            window_at: None,
        };
        Self {
            messages: (0..news).map(alone).collect(),
            ..Self::default()
        }
    }
}

/// When the first message of each group that has none lately may go, where a route makes it wait for
/// company: a page does not, and neither does anything but a beginning.
fn beginnings(
    said: &Said,
    sendable: &[Sendable],
    now: DateTime<Utc>,
) -> BTreeMap<GroupKey, Option<DateTime<Utc>>> {
    let mut beginnings: BTreeMap<GroupKey, Option<DateTime<Utc>>> = BTreeMap::new();
    for news in sendable {
        let Pace::Written {
            wait: Some(wait), ..
        } = news.pace
        else {
            continue;
        };
        let is_open = said
            .groups
            .get(&news.group)
            .is_some_and(|window| !window.is_over(news.interval(), now));
        let waits = !is_open && news.reason == Reason::First && news.severity < Severity::Critical;
        let until = waits.then(|| news.since + wait.as_delta());
        beginnings
            .entry(news.group)
            .and_modify(|known| {
                *known = known
                    .zip(until)
                    .map(|(one, other)| one.min(other));
            })
            .or_insert(until);
    }
    beginnings
}

/// When what waits for company is looked at again: at instants that all of a group have in common, a
/// tenth of its wait apart, so that it is seen together and goes together, and late by no more.
fn next_look(pace: Pace, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = match pace {
        Pace::Written {
            wait: Some(wait), ..
        } => wait,
        _ => GROUP_WAIT,
    };
    let step = wait
        .as_secs_i64()
        .div_euclid(LOOKS)
        .max(1)
        .saturating_mul(1_000_000);
    let into = now.timestamp_micros().rem_euclid(step);
    now + TimeDelta::microseconds(step.saturating_sub(into))
}

impl Said {
    /// Until when the news waits, where it does, and why.
    fn holds(&self, news: &Sendable, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Withheld)> {
        if let Some(digest) = self
            .digest
            .filter(|window| !window.is_over(GROUP_WAIT, now))
        {
            return (!news.outranks(&digest))
                .then(|| (digest.ends_at(GROUP_WAIT), Withheld::Digest));
        }
        let window = self.groups.get(&news.group)?;
        let interval = news.interval();
        let holds = !window.is_over(interval, now) && news.joins() && !news.outranks(window);
        holds.then(|| (window.ends_at(interval), Withheld::Grouped))
    }

    /// The beginning of the window in which a message of this group is.
    fn window_at(&self, news: &Sendable, now: DateTime<Utc>) -> DateTime<Utc> {
        self.groups
            .get(&news.group)
            .filter(|window| !window.is_over(news.interval(), now))
            .map_or(now, |window| window.began_at)
    }
}

impl GroupWindow {
    /// The first instant at which nothing is held back any more.
    #[must_use]
    pub fn ends_at(&self, length: Span) -> DateTime<Utc> {
        self.began_at + length.as_delta()
    }

    /// Whether it holds nothing back; so does one that is yet to begin, since the clock went back.
    fn is_over(&self, length: Span, now: DateTime<Utc>) -> bool {
        self.ends_at(length) <= now || self.began_at > now
    }
}

impl Sendable {
    /// Whether it may wait for others. An end waits where a route is written, as in Alertmanager.
    const fn joins(&self) -> bool {
        match self.reason {
            Reason::SeverityFell | Reason::AckTimeout | Reason::Escalated => false,
            Reason::AllResolved => matches!(self.pace, Pace::Written { .. }),
            _ => true,
        }
    }

    /// The least time between two messages of its group.
    const fn interval(&self) -> Span {
        match self.pace {
            Pace::Prompt => GROUP_WAIT,
            Pace::Written { interval, .. } => interval,
        }
    }

    /// Whether it is a page, and graver than all that was said.
    fn outranks(&self, window: &GroupWindow) -> bool {
        self.reason != Reason::AllResolved
            && self.severity >= Severity::Critical
            && self.severity > window.severity
    }
}

#[cfg(test)]
mod tests;
