//! What is announced beside alerts.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::name::{DestinationId, NoticeId};
use sre_core::notification::{Notice, Subject};
use sre_core::store::{DueNotices, NoticeRecord, Notices, StoreError};

use super::{Lane, lanes};
use crate::{MemoryStore, State, length};

/// A notice and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(super) notice: Notice,
    /// `pending`, `frozen`, `delivered`, `withheld`, `dead`.
    pub(super) state: &'static str,
    pub(super) reason: Option<&'static str>,
}

#[async_trait]
impl Notices for MemoryStore {
    async fn add_notices(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let mut state = self.state();
        for notice in notices {
            state.add_notice(notice);
        }
        Ok(())
    }

    async fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Result<DueNotices, StoreError> {
        Ok(DueNotices {
            notices: self.state().due_notices(now, limit),
            faults: Vec::new(),
        })
    }

    async fn find_notice(&self, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
        let state = self.state();
        let is_about = |subject: &Subject| *subject == Subject::Notice(id);
        Ok(state
            .notices
            .get(&id)
            .map(|noted| NoticeRecord {
                notice: noted.notice.clone(),
                state: noted.state.to_owned(),
                reason: noted.reason.map(str::to_owned),
                deliveries: state.messages_of(|message| is_about(&message.delivery().subject)),
            }))
    }
}

impl State {
    /// Stores a notice, once. One for a destination that is gone ends here.
    pub(crate) fn add_notice(&mut self, notice: &Notice) {
        let is_gone = self
            .lanes
            .get(&notice.destination_id)
            .is_some_and(Lane::is_gone);
        let (state, reason) = if is_gone {
            ("dead", Some(lanes::GONE))
        } else {
            ("pending", None)
        };
        self.notices
            .entry(notice.id)
            .or_insert_with(|| Noted {
                notice: notice.clone(),
                state,
                reason,
            });
    }

    fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Vec<Notice> {
        let mut due: Vec<&Notice> = self
            .notices
            .values()
            .filter(|noted| noted.state == "pending")
            .map(|noted| &noted.notice)
            .filter(|notice| self.is_lane_open(notice.destination_id, now))
            .collect();
        due.sort_by_key(|notice| (notice.created_at, notice.id));
        let mut counts: BTreeMap<DestinationId, usize> = BTreeMap::new();
        due.retain(|notice| {
            let count = counts
                .entry(notice.destination_id)
                .or_default();
            *count += 1;
            *count <= length(limit)
        });
        due.into_iter().cloned().collect()
    }

    /// The notice, if it waits for a judgement.
    pub(super) fn pending_notice(&mut self, id: NoticeId) -> Option<&mut Noted> {
        self.notices
            .get_mut(&id)
            .filter(|noted| noted.state == "pending")
    }

    /// Forgets notices that have ended, with their messages; answers how many.
    pub(crate) fn prune_notices(&mut self, before: DateTime<Utc>, limit: usize) -> usize {
        let is_over = |noted: &Noted| !matches!(noted.state, "pending" | "frozen");
        let mut over: Vec<(DateTime<Utc>, NoticeId)> = self
            .notices
            .values()
            .filter(|noted| is_over(noted) && noted.notice.created_at < before)
            .map(|noted| (noted.notice.created_at, noted.notice.id))
            .collect();
        over.sort_unstable();
        over.truncate(limit);
        for (_, id) in &over {
            self.notices.remove(id);
            self.messages
                .retain(|_, message| message.delivery().subject != Subject::Notice(*id));
        }
        over.len()
    }
}
