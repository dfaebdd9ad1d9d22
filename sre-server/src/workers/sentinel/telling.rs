//! Telling every channel directly, past the store: it may be what is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use sre_core::name::DeliveryId;
use sre_core::notification::{
    Action, Content, Message, Notice, NoticeKind, Notifier, Outgoing, Tries, classify,
};

use super::sight::Announcement;
use crate::ids::jitter_permille;

/// Messages on their way to channels. Kept in memory alone, so a restart forgets those that were not
/// delivered: what is still wrong then is told again.
#[derive(Debug)]
pub(super) struct Telling {
    channels: Vec<Arc<dyn Notifier>>,
    replica: String,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    channel: Arc<dyn Notifier>,
    notice: Notice,
    body: Vec<u8>,
    is_degraded: bool,
    attempts: u32,
    may_have_arrived: bool,
    next_at: DateTime<Utc>,
}

impl Telling {
    pub(super) const fn new(channels: Vec<Arc<dyn Notifier>>, replica: String) -> Self {
        Self {
            channels,
            replica,
            pending: Vec::new(),
        }
    }

    /// Has something to tell to every channel. Who cannot have been told that the service is
    /// blind need not hear that it sees again.
    pub(super) fn announce(&mut self, announcement: &Announcement, now: DateTime<Utc>) {
        for channel in &self.channels {
            let notice = notice(announcement, channel.as_ref(), &self.replica, now);
            let destination = notice.destination_id;
            let waiting = self.pending.len();
            if notice.kind == NoticeKind::MonitorRecovered {
                self.pending.retain(|held| {
                    let is_blind = held.notice.kind == NoticeKind::MonitorBlind;
                    held.notice.destination_id != destination || !is_blind || held.may_have_arrived
                });
            }
            if self.pending.len() < waiting {
                continue;
            }
            let content = Content::Notice(&notice);
            let body = channel.render(&Message {
                content,
                now,
                note: None,
            });
            self.pending.push(Pending {
                channel: Arc::clone(channel),
                notice,
                body,
                is_degraded: false,
                attempts: 0,
                may_have_arrived: false,
                next_at: now,
            });
        }
    }

    /// Makes the tries that are due, all at once, each within its channel's own time limit.
    pub(super) async fn send_due(&mut self, now: DateTime<Utc>) {
        let pending = std::mem::take(&mut self.pending);
        let tried = pending
            .into_iter()
            .map(|pending| async move {
                if pending.next_at > now {
                    Some(pending)
                } else {
                    pending.tried(now).await
                }
            });
        self.pending = join_all(tried)
            .await
            .into_iter()
            .flatten()
            .collect();
    }
}

impl Pending {
    /// After one try: nothing when it is done with.
    async fn tried(mut self, now: DateTime<Utc>) -> Option<Self> {
        self.attempts += 1;
        let outgoing = Outgoing {
            // No row has it: the message goes past the store.
            id: DeliveryId(self.notice.id.0),
            body: &self.body,
            now,
            is_possible_duplicate: self.may_have_arrived,
        };
        let answer = self.channel.send(&outgoing).await;
        let tries = Tries {
            attempts: self.attempts,
            created_at: self.notice.created_at,
            urgency: self.notice.urgency(),
            is_degraded: self.is_degraded,
            // Being told twice that nobody watches is better than not at all.
            can_tell_repeats: true,
            jitter_permille: jitter_permille(),
        };
        let destination = self.channel.destination().name.clone();
        match classify(&answer, &tries, now) {
            Action::Delivered => {
                tracing::info!(destination, kind = %self.notice.kind, "told directly");
                None
            }
            Action::Retry { at, is_unknown, .. } if at - self.notice.created_at < USEFUL => {
                self.may_have_arrived |= is_unknown;
                self.next_at = at;
                Some(self)
            }
            Action::Degrade => {
                let content = Content::Notice(&self.notice);
                self.body = self.channel.render_degraded(&Message {
                    content,
                    now,
                    note: None,
                });
                self.is_degraded = true;
                Some(self)
            }
            Action::Retry { .. } | Action::Dead { .. } => {
                tracing::error!(destination, kind = %self.notice.kind, "could not be told directly");
                None
            }
        }
    }
}

fn notice(
    announcement: &Announcement,
    channel: &dyn Notifier,
    replica: &str,
    now: DateTime<Utc>,
) -> Notice {
    let (kind, title, text, what) = match announcement {
        Announcement::Blind(troubles) => {
            let lines: Vec<String> = troubles
                .iter()
                .map(ToString::to_string)
                .collect();
            let what: Vec<&str> = troubles
                .iter()
                .map(|trouble| trouble.what.as_str())
                .collect();
            let text = format!(
                "{}. Until it sees again, no alert may come of what goes wrong.",
                lines.join("; ")
            );
            let title = "SRE Monitor is blind".to_owned();
            (NoticeKind::MonitorBlind, title, text, what.join(","))
        }
        Announcement::Recovered {
            told_at,
            seen_since,
        } => {
            let text = format!(
                "It was blind from before {} until {}.",
                told_at.format("%Y-%m-%d %H:%M:%S UTC"),
                seen_since.format("%Y-%m-%d %H:%M:%S UTC"),
            );
            let title = "SRE Monitor sees again".to_owned();
            (NoticeKind::MonitorRecovered, title, text, String::new())
        }
    };
    let mut data = BTreeMap::from([("replica".to_owned(), replica.to_owned())]);
    if !what.is_empty() {
        data.insert("what".to_owned(), what);
    }
    let destination_id = channel.destination().id;
    let subject = format!("{replica} {now}");
    Notice {
        id: Notice::id(kind, subject.as_bytes(), destination_id),
        destination_id,
        kind,
        service_name: None,
        severity: None,
        title,
        text,
        link_path: None,
        data,
        created_at: now,
    }
}

/// For how long a message that cannot be delivered is tried.
const USEFUL: TimeDelta = TimeDelta::hours(1);
