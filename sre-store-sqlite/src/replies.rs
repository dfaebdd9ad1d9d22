//! Answers by key.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::store::{ClaimedReply, Commit, REPLIES_KEPT, Replies, Reply, ReplyKey, StoreError};

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Replies for SqliteStore {
    async fn claim_reply(
        &self,
        key: &ReplyKey,
        fingerprint: [u8; 32],
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<ClaimedReply, StoreError> {
        let key = key.clone();
        self.write(move |tx| {
            Box::pin(async move { claim(tx, &key, &fingerprint, now, until).await })
        })
        .await
    }

    async fn keep_reply(
        &self,
        key: &ReplyKey,
        epoch: u64,
        reply: &Reply,
    ) -> Result<Commit, StoreError> {
        let (key, reply) = (key.clone(), reply.clone());
        let headers = row::json("headers", &reply.headers)?;
        let stored_epoch = row::number("epoch", epoch)?;
        self.write(move |tx| {
            Box::pin(async move {
                let status = i64::from(reply.status);
                let kept = query!(
                    "update replies set status = $4, headers = $5, body = $6
                      where scope = $1 and key = $2 and epoch = $3 and status is null",
                    key.scope,
                    key.key,
                    stored_epoch,
                    status,
                    headers,
                    reply.body
                )
                .execute(tx)
                .await
                .map_err(classify)?;
                Ok(outcome(kept.rows_affected(), epoch))
            })
        })
        .await
    }

    async fn release_reply(&self, key: &ReplyKey, epoch: u64) -> Result<Commit, StoreError> {
        let key = key.clone();
        let stored_epoch = row::number("epoch", epoch)?;
        self.write(move |tx| {
            Box::pin(async move {
                let nobody = row::instant(row::EPOCH);
                let released = query!(
                    "update replies set claim_until = $4
                      where scope = $1 and key = $2 and epoch = $3 and status is null",
                    key.scope,
                    key.key,
                    stored_epoch,
                    nobody
                )
                .execute(tx)
                .await
                .map_err(classify)?;
                Ok(outcome(released.rows_affected(), epoch))
            })
        })
        .await
    }
}

const fn outcome(rows: u64, epoch: u64) -> Commit {
    if rows == 0 {
        Commit::Superseded
    } else {
        Commit::Applied { revision: epoch }
    }
}

#[derive(Debug)]
struct StoredReply {
    fingerprint: Vec<u8>,
    epoch: i64,
    claimed_at: i64,
    claim_until: i64,
    status: Option<i64>,
    headers: Option<String>,
    body: Option<Vec<u8>>,
}

async fn claim(
    tx: &mut SqliteConnection,
    key: &ReplyKey,
    fingerprint: &[u8],
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<ClaimedReply, StoreError> {
    let stored = query_as!(
        StoredReply,
        "select fingerprint, epoch, claimed_at, claim_until, status, headers, body
           from replies where scope = $1 and key = $2",
        key.scope,
        key.key
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    let before = stored
        .as_ref()
        .map_or(0, |stored| stored.epoch);
    let (oldest, instant) = (row::instant(now - REPLIES_KEPT), row::instant(now));
    if let Some(stored) = stored.filter(|stored| stored.claimed_at >= oldest) {
        if stored.fingerprint != fingerprint {
            return Ok(ClaimedReply::Differs);
        }
        if stored.status.is_none() && stored.claim_until > instant {
            return Ok(ClaimedReply::UnderWay);
        }
        if let Some(reply) = answered(key, stored)? {
            return Ok(ClaimedReply::Answered(reply));
        }
    }
    let (epoch, until) = (before.saturating_add(1), row::instant(until));
    query!(
        "insert into replies (scope, key, fingerprint, epoch, claimed_at, claim_until)
         values ($1, $2, $3, $4, $5, $6)
             on conflict (scope, key) do update
            set fingerprint = excluded.fingerprint, epoch = excluded.epoch,
                claimed_at = excluded.claimed_at, claim_until = excluded.claim_until,
                status = null, headers = null, body = null",
        key.scope,
        key.key,
        fingerprint,
        epoch,
        instant,
        until
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    let epoch = Row::with_text("replies", &key.key).number("epoch", epoch)?;
    Ok(ClaimedReply::Begun { epoch })
}

fn answered(key: &ReplyKey, stored: StoredReply) -> Result<Option<Reply>, StoreError> {
    let Some(status) = stored.status else {
        return Ok(None);
    };
    let row = Row::with_text("replies", &key.key);
    Ok(Some(Reply {
        status: row.number("status", status)?,
        headers: row.json(
            "headers",
            stored
                .headers
                .as_deref()
                .unwrap_or("[]"),
        )?,
        body: stored.body.unwrap_or_default(),
    }))
}
