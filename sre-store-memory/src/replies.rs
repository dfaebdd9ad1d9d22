//! Answers by key.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sre_core::store::{ClaimedReply, Commit, REPLIES_KEPT, Replies, Reply, ReplyKey, StoreError};

use super::{MemoryStore, State};

/// What is known of a key.
#[derive(Debug)]
pub(super) struct ReplyRow {
    fingerprint: [u8; 32],
    epoch: u64,
    pub(super) claimed_at: DateTime<Utc>,
    claim_until: DateTime<Utc>,
    reply: Option<Reply>,
}

#[async_trait]
impl Replies for MemoryStore {
    async fn claim_reply(
        &self,
        key: &ReplyKey,
        fingerprint: [u8; 32],
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClaimedReply, StoreError> {
        let mut state = self.state();
        let row = state.replies.get(key);
        let epoch = row.map_or(0, |row| row.epoch) + 1;
        if let Some(row) = row.filter(|row| row.claimed_at >= now - REPLIES_KEPT) {
            if row.fingerprint != fingerprint {
                return Ok(ClaimedReply::Differs);
            }
            if let Some(reply) = &row.reply {
                return Ok(ClaimedReply::Answered(reply.clone()));
            }
            if row.claim_until > now {
                return Ok(ClaimedReply::UnderWay);
            }
        }
        let row = ReplyRow {
            fingerprint,
            epoch,
            claimed_at: now,
            claim_until: until,
            reply: None,
        };
        state.replies.insert(key.clone(), row);
        Ok(ClaimedReply::Begun { epoch })
    }

    async fn keep_reply(
        &self,
        key: &ReplyKey,
        epoch: u64,
        reply: &Reply,
    ) -> Result<Commit, StoreError> {
        let mut state = self.state();
        Ok(state.under_claim(key, epoch, |row| row.reply = Some(reply.clone())))
    }

    async fn release_reply(&self, key: &ReplyKey, epoch: u64) -> Result<Commit, StoreError> {
        let mut state = self.state();
        Ok(state.under_claim(key, epoch, |row| row.claim_until = DateTime::UNIX_EPOCH))
    }
}

impl State {
    fn under_claim(
        &mut self,
        key: &ReplyKey,
        epoch: u64,
        change: impl FnOnce(&mut ReplyRow),
    ) -> Commit {
        let held = self
            .replies
            .get_mut(key)
            .filter(|row| row.epoch == epoch && row.reply.is_none());
        match held {
            Some(row) => {
                change(row);
                Commit::Applied { revision: epoch }
            }
            None => Commit::Superseded,
        }
    }
}
