//! What a message says to people, before it takes the form of a channel.
//!
//! Whoever is woken wants to know what is wrong, since when, how much may still go wrong, and where to
//! look. These facts are put together once, in words; text, HTML and Slack's blocks only lay them out,
//! each escaping in its own way. Nothing here is escaped, but everything is made one line without
//! characters that move a cursor or turn the reading direction.

mod digest;
mod facts;
mod headline;
mod html;
mod incident;
mod notice;
mod numbers;
mod text;
mod times;
mod words;

use std::collections::BTreeMap;

use sre_core::incident::Incident;
use sre_core::notification::{AlertNews, Content, Message, Reason};
use url::Url;

use crate::body::{Bases, links};

pub(crate) use html::{aside as html_aside, html};
pub(crate) use text::{more, text};
pub(crate) use words::{clipped, one_line};

/// The one line that says a message.
pub(crate) fn headline_of(message: &Message<'_>) -> String {
    let nowhere = Bases {
        links: None,
        dashboards: None,
    };
    Briefing::of(message, &nowhere, 0).headline
}

/// The one line that says an alert.
pub(crate) fn headline_of_one(news: &AlertNews<'_>) -> String {
    headline::of_alert(news)
}

/// Whether the end of the alert is told.
pub(crate) fn is_over(news: &AlertNews<'_>) -> bool {
    headline::is_over(news)
}

/// A message for people.
#[derive(Clone, Debug)]
pub(crate) struct Briefing {
    /// State, severity, service and what is wrong, on one line.
    pub(crate) headline: String,
    /// How it should look.
    pub(crate) tone: Tone,
    /// Why it comes this way, where that is not the usual one.
    pub(crate) notes: Vec<Fact>,
    /// What concerns all of it.
    pub(crate) facts: Vec<Fact>,
    /// Its alerts, as many as are wanted.
    pub(crate) items: Vec<Item>,
    /// How many more alerts there are.
    pub(crate) more: usize,
    /// Where to read on about all of it.
    pub(crate) links: Vec<Link>,
    /// What messages about the same have in common.
    pub(crate) threads: Vec<String>,
    /// Whether the receiver was told of it before.
    pub(crate) is_follow_up: bool,
}

/// One alert of a message.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// State, severity, service and what is wrong, on one line.
    pub(crate) headline: String,
    /// How it should look.
    pub(crate) tone: Tone,
    /// What is known of it.
    pub(crate) facts: Vec<Fact>,
    /// Where to read on.
    pub(crate) links: Vec<Link>,
}

/// Something that is known: `Since`, and since when. One without a name is a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// Where to read on: always `http` or `https`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) url: Url,
}

/// How a message should look.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Tone {
    /// It is over.
    Good,
    /// Worth knowing.
    Neutral,
    /// Worth a look.
    Warning,
    /// Somebody is to act.
    Bad,
}

/// How much is said of each alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Detail {
    Whole,
    Short,
    Line,
}

/// Up to so many alerts have room for everything that is known of them.
const WHOLE_MAX: usize = 3;
/// So many messages are tied together by one message at most.
const THREADS_MAX: usize = 20;

impl Briefing {
    /// What `message` says, with at most `items_max` alerts.
    pub(crate) fn of(message: &Message<'_>, bases: &Bases, items_max: usize) -> Self {
        let mut briefing = match message.content {
            Content::Alerts { news, .. } => Self::of_alerts(message, news, bases, items_max),
            Content::Digest { news } => digest::briefing(message, news, bases, items_max),
            Content::Notice(notice) => notice::briefing(notice, bases),
            _ => Self::bare(message.content.kind()),
        };
        briefing.notes = message
            .note
            .iter()
            .map(|note| Fact::new("", *note))
            .collect();
        briefing
    }

    /// The briefing with one more word on why it comes this way.
    pub(crate) fn noted(mut self, note: &str) -> Self {
        self.notes.push(Fact::new("", note));
        self
    }

    /// What is said before the alerts: why it comes this way, then what concerns all of it.
    pub(crate) fn heading(&self) -> Vec<Fact> {
        self.notes
            .iter()
            .chain(&self.facts)
            .cloned()
            .collect()
    }

    fn of_alerts(
        message: &Message<'_>,
        news: &[AlertNews<'_>],
        bases: &Bases,
        items_max: usize,
    ) -> Self {
        let detail = if news.len() <= WHOLE_MAX {
            Detail::Whole
        } else {
            Detail::Short
        };
        let mut briefing = Self::bare(&headline::of_news(news));
        // What all have in common is said once.
        let shared = message
            .content
            .incident()
            .filter(|_| news.len() > 1);
        if let Some(incident) = shared {
            briefing.tell_incident(incident, bases);
            let news: Vec<AlertNews<'_>> = news
                .iter()
                .map(incident::left_out)
                .collect();
            briefing.tell(message, &news, bases, items_max, detail);
        } else {
            briefing.tell(message, news, bases, items_max, detail);
        }
        briefing
    }

    /// Adds the alerts, as many as are wanted.
    fn tell(
        &mut self,
        message: &Message<'_>,
        news: &[AlertNews<'_>],
        bases: &Bases,
        items_max: usize,
        detail: Detail,
    ) {
        self.items = news
            .iter()
            .take(items_max)
            .map(|news| Item::of(news, message, bases, detail))
            .collect();
        self.more = news.len().saturating_sub(items_max);
        let tones = news.iter().map(headline::tone);
        self.tone = tones.max().unwrap_or(Tone::Neutral);
        self.threads = news
            .iter()
            .take(THREADS_MAX)
            .map(|news| news.alert.id.to_string())
            .collect();
        self.is_follow_up = news
            .iter()
            .any(|news| news.reason != Reason::First);
    }

    /// Says which incident its alerts belong to.
    fn tell_incident(&mut self, incident: &Incident, bases: &Bases) {
        self.facts
            .push(incident::fact(incident));
        self.links
            .extend(incident::link(incident, bases));
    }

    fn bare(headline: &str) -> Self {
        Self {
            headline: headline.to_owned(),
            tone: Tone::Neutral,
            notes: Vec::new(),
            facts: Vec::new(),
            items: Vec::new(),
            more: 0,
            links: Vec::new(),
            threads: Vec::new(),
            is_follow_up: false,
        }
    }
}

impl Item {
    fn of(news: &AlertNews<'_>, message: &Message<'_>, bases: &Bases, detail: Detail) -> Self {
        let known = links(news.alert, news.slo, bases);
        let mut links = match detail {
            Detail::Whole => in_order(known, LINKS_MAX),
            Detail::Short => in_order(known, 4),
            Detail::Line => in_order(known, 1),
        };
        let incident = news
            .incident
            .filter(|_| detail != Detail::Line)
            .and_then(|incident| incident::link(incident, bases));
        if let Some(link) = incident {
            // After the alert's own: what is cut, is cut from the end.
            links.insert(links.len().min(1), link);
        }
        Self {
            headline: headline::of_alert(news),
            tone: headline::tone(news),
            facts: facts::of_alert(news, message.now, detail),
            links,
        }
    }
}

impl Fact {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        let text = one_line(&text.into());
        Self { name, text }
    }
}

impl Link {
    /// A link that leads somewhere by HTTP; anything else might be run and not read.
    fn new(name: &str, url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| Self {
            name: clipped(&one_line(name), LINK_NAME_MAX_CHARS),
            url,
        })
    }
}

/// More than so many links help nobody.
const LINKS_MAX: usize = 12;
/// The name of a link is a word or two.
const LINK_NAME_MAX_CHARS: usize = 40;
/// What comes first.
const FIRST: [&str; 4] = ["alert", "slo", "runbook", "dashboard"];

/// The links that exist, the usual ones first.
fn in_order(links: BTreeMap<&str, Option<String>>, max: usize) -> Vec<Link> {
    let place = |name: &str| {
        FIRST
            .iter()
            .position(|first| *first == name)
            .unwrap_or(FIRST.len())
    };
    let mut links: Vec<(&str, String)> = links
        .into_iter()
        .filter_map(|(name, url)| Some((name, url?)))
        .collect();
    links.sort_by_key(|(name, _)| place(name));
    links
        .iter()
        .filter_map(|(name, url)| Link::new(name, url))
        .take(max)
        .collect()
}
