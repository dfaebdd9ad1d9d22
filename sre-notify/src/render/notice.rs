//! What is told beside alerts: incidents, tests, and that the monitor itself is blind.

use sre_core::notification::{Notice, NoticeKind};

use super::{Briefing, Fact, Link, Tone, clipped, headline};
use crate::body::{Bases, below};

/// So many lines of a notice's text are told, each so long at most.
const LINES_MAX: usize = 20;
const LINE_MAX_CHARS: usize = 500;

pub(super) fn briefing(notice: &Notice, bases: &Bases) -> Briefing {
    let state = match notice.severity {
        Some(severity) if !notice.kind.is_end() => format!("{} {severity}", words(notice.kind)),
        _ => words(notice.kind).to_owned(),
    };
    let subject = notice
        .service_name
        .as_ref()
        .map_or("SRE Monitor", |name| name.as_str());
    let mut briefing = Briefing::bare(&headline::line(&state, subject, &notice.title));
    briefing.tone = tone(notice);
    briefing.facts = notice
        .text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(LINES_MAX)
        .map(|line| Fact::new("", clipped(line, LINE_MAX_CHARS)))
        .collect();
    let link = bases
        .links
        .as_ref()
        .zip(notice.link_path.as_deref())
        .and_then(|(base, path)| below(base, path.split('/')));
    let name = if notice.kind.is_incident() {
        "incident"
    } else {
        "more"
    };
    briefing.links = link
        .and_then(|url| Link::new(name, &url))
        .into_iter()
        .collect();
    briefing.threads = notice
        .link_path
        .iter()
        .cloned()
        .collect();
    briefing.is_follow_up = !matches!(
        notice.kind,
        NoticeKind::IncidentOpened | NoticeKind::ChannelTest | NoticeKind::MonitorBlind
    );
    briefing
}

/// The kind in words, as a headline begins.
const fn words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::IncidentOpened => "INCIDENT OPENED",
        NoticeKind::IncidentUpdated => "INCIDENT UPDATED",
        NoticeKind::IncidentResolved => "INCIDENT RESOLVED",
        NoticeKind::ChannelTest => "TEST",
        NoticeKind::MonitorBlind => "BLIND",
        NoticeKind::MonitorRecovered => "RECOVERED",
        _ => "NOTICE",
    }
}

fn tone(notice: &Notice) -> Tone {
    match notice.kind {
        NoticeKind::ChannelTest => Tone::Neutral,
        NoticeKind::MonitorBlind => Tone::Bad,
        kind if kind.is_end() => Tone::Good,
        _ => notice
            .severity
            .map_or(Tone::Warning, headline::of_severity),
    }
}
