//! When what is to be said is said: together with what joins it, and in a storm all at once.
//!
//! The first message about a service goes at once. What begins within [`GROUP_WAIT`] of it goes in
//! one more message at the end of that time; an end, a fall of severity or the end of an
//! acknowledgement never waits, and neither does a page that is graver than what was said. When more
//! than [`STORM`] messages would go to one destination within that time, all that is due becomes one
//! digest, and what comes after waits for the next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::alert::Severity;
use crate::name::ServiceName;
use crate::notification::{Reason, Withheld};
use crate::time::Span;

/// How long what joins a message is held back, so that it comes as one: long enough for what has one
/// cause to show, short enough to act on.
pub const GROUP_WAIT: Span = Span::seconds(30);
/// More messages than this within [`GROUP_WAIT`] are a storm: nobody reads them one by one.
pub const STORM: usize = 10;

/// What a destination was told of alerts within the last [`GROUP_WAIT`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Said {
    /// How many messages, digests left out.
    pub messages: u32,
    /// Of each service, what holds back what joins it.
    pub services: BTreeMap<ServiceName, GroupWindow>,
    /// What the last digest holds back.
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
pub struct Sendable<'a> {
    /// Of which service.
    pub service_name: &'a ServiceName,
    /// How grave.
    pub severity: Severity,
    /// Why.
    pub reason: Reason,
}

/// What is said now, and what waits; news by their place in the list that was asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// A message a service, the most urgent first.
    pub messages: Vec<Planned>,
    /// What one digest tells.
    pub digest: Vec<usize>,
    /// What waits, until when and by which rule.
    pub held: Vec<(usize, DateTime<Utc>, Withheld)>,
}

/// One message about one service.
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
pub fn plan(said: &Said, sendable: &[Sendable<'_>], now: DateTime<Utc>) -> Plan {
    let mut plan = Plan::default();
    let mut services: BTreeMap<&ServiceName, usize> = BTreeMap::new();
    for (place, news) in sendable.iter().enumerate() {
        if let Some((until, rule)) = said.holds(news, now) {
            plan.held.push((place, until, rule));
            continue;
        }
        let message = *services
            .entry(news.service_name)
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
                message.window_at = Some(said.window_at(news.service_name, now));
            }
        }
    }
    let before = usize::try_from(said.messages).unwrap_or(usize::MAX);
    let is_storm = before.saturating_add(plan.messages.len()) > STORM;
    // While a digest holds back, only the graver page passes it, as a message of its own.
    if is_storm
        && said
            .digest
            .is_none_or(|window| window.is_over(now))
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

impl Said {
    /// Until when the news waits, where it does, and why.
    fn holds(&self, news: &Sendable<'_>, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Withheld)> {
        if let Some(digest) = self
            .digest
            .filter(|window| !window.is_over(now))
        {
            return (!news.outranks(&digest)).then(|| (digest.ends_at(), Withheld::Digest));
        }
        let window = self.services.get(news.service_name)?;
        let holds = !window.is_over(now) && news.joins() && !news.outranks(window);
        holds.then(|| (window.ends_at(), Withheld::Grouped))
    }

    /// The beginning of the window in which a message about this service is.
    fn window_at(&self, service_name: &ServiceName, now: DateTime<Utc>) -> DateTime<Utc> {
        self.services
            .get(service_name)
            .filter(|window| !window.is_over(now))
            .map_or(now, |window| window.began_at)
    }
}

impl GroupWindow {
    /// The first instant at which nothing is held back any more.
    #[must_use]
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.began_at + GROUP_WAIT.as_delta()
    }

    /// Whether it holds nothing back; so does one that is yet to begin, since the clock went back.
    fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at() <= now || self.began_at > now
    }
}

impl Sendable<'_> {
    /// Whether it may wait for others.
    const fn joins(&self) -> bool {
        !matches!(
            self.reason,
            Reason::AllResolved | Reason::SeverityFell | Reason::AckTimeout
        )
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
