//! A message as alerts of Alertmanager: labels that tell them apart, and whether they are over.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::alert::Severity;
use sre_core::notification::{AlertNews, Content, Message, Notice, NoticeKind, Reason};

use crate::body::{Bases, below, clip, links};
use crate::labels;

/// What is told of an alert beside its labels is cut here.
const TEXT_MAX_CHARS: usize = 2_000;

/// One alert.
#[derive(Clone, Debug)]
pub(super) struct ToldAlert {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) starts_at: DateTime<Utc>,
    /// When it ended, or ends by itself; `None` while it goes on.
    pub(super) ends_at: Option<DateTime<Utc>>,
    /// Where to read on.
    pub(super) link: Option<String>,
}

/// Every alert of the message, in its order.
pub(super) fn told(message: &Message<'_>, bases: &Bases) -> Vec<ToldAlert> {
    match message.content {
        Content::Alerts { news, .. } | Content::Digest { news } => news
            .iter()
            .flat_map(|news| of_alert(news, message.now, bases))
            .collect(),
        Content::Notice(notice) => vec![of_notice(notice, message.now, bases)],
        _ => Vec::new(),
    }
}

/// The alert as it is; and where the receiver knows it under another severity, that one's end: its
/// severity is a label, so that to Alertmanager another severity is another alert.
fn of_alert(
    news: &AlertNews<'_>,
    now: DateTime<Utc>,
    bases: &Bases,
) -> impl Iterator<Item = ToldAlert> {
    let alert = news.alert;
    let ended_at = (news.reason == Reason::AllResolved).then(|| {
        alert
            .ends_at()
            .unwrap_or(now)
            .max(alert.starts_at)
    });
    let told = |severity, ends_at| ToldAlert {
        labels: labels::of_alert(alert, severity),
        annotations: annotations(news, bases),
        starts_at: alert.starts_at,
        ends_at,
        link: bases
            .links
            .as_ref()
            .and_then(|base| below(base, ["ui", "alerts", &alert.id.to_string()])),
    };
    let known: Option<Severity> = news
        .known_severity
        .filter(|known| *known != alert.severity);
    let former = known.map(|known| told(known, ended_at.or(Some(now))));
    // What ended before its new severity was told has ended under the old one alone.
    let is_known_otherwise = ended_at.is_some() && known.is_some();
    let current = (!is_known_otherwise).then(|| told(alert.severity, ended_at));
    former.into_iter().chain(current)
}

fn annotations(news: &AlertNews<'_>, bases: &Bases) -> BTreeMap<String, String> {
    let named = links(news.alert, news.slo, bases)
        .into_iter()
        .filter_map(|(name, url)| Some((format!("{name}_url"), url?)))
        .collect();
    let mut annotations = labels::fit(&named);
    annotations.insert(
        "summary".to_owned(),
        clip(&news.alert.message, TEXT_MAX_CHARS).into_owned(),
    );
    annotations.insert("alert_id".to_owned(), news.alert.id.to_string());
    annotations
}

/// An announcement, as an alert of its own: `alertname` says which.
fn of_notice(notice: &Notice, now: DateTime<Utc>, bases: &Bases) -> ToldAlert {
    let of = |name: &str| {
        notice
            .data
            .get(name)
            .cloned()
            .unwrap_or_default()
    };
    // The severity is that of the kind, whatever becomes of it: as a label it must not change.
    let (alertname, severity, what) = match notice.kind {
        NoticeKind::ChannelTest => ("channel.test", "low", ("channel", of("channel"))),
        NoticeKind::MonitorBlind | NoticeKind::MonitorRecovered => {
            ("monitor.blind", "critical", ("replica", of("replica")))
        }
        kind if kind.is_incident() => ("incident", "high", ("incident_id", of("id"))),
        kind => (kind.as_str(), "high", ("notice_id", notice.id.to_string())),
    };
    let service = notice
        .service_name
        .as_ref()
        .map_or("sre-monitor", |name| name.as_str());
    let (name, value) = what;
    let labels = [
        ("alertname", alertname.to_owned()),
        ("service", service.to_owned()),
        ("severity", severity.to_owned()),
        (name, value),
    ];
    let text = |text: &str| clip(text, TEXT_MAX_CHARS).into_owned();
    let annotations = [
        ("summary", text(&notice.title)),
        ("description", text(&notice.text)),
    ];
    let is_over = notice.kind.is_end() || has_ended(&of("status"));
    let ends_at = match notice.kind {
        // Nobody is told of the end of a test.
        NoticeKind::ChannelTest => Some(now + TEST_ENDS_AFTER),
        _ => is_over.then_some(now),
    };
    ToldAlert {
        labels: labels::fit(&owned(labels)),
        annotations: labels::fit(&owned(annotations)),
        starts_at: notice.created_at.min(now),
        ends_at,
        link: bases
            .links
            .as_ref()
            .zip(notice.link_path.as_deref())
            .and_then(|(base, path)| below(base, path.split('/'))),
    }
}

/// Whether nobody deals with an incident of this status any more.
fn has_ended(status: &str) -> bool {
    matches!(status, "resolved" | "closed" | "dismissed" | "merged")
}

fn owned<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// A test is over by itself.
const TEST_ENDS_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(5);
