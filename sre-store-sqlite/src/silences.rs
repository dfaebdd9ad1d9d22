//! Silences.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::SilenceId;
use sre_core::silence::{SILENCES_MAX, Silence, SilenceState};
use sre_core::store::{Page, Readable, SilenceQuery, Silences, StoreError};
use sre_core::suppression::Holder;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::outbox::release;
use crate::row::{self, Row};

/// A silence as it is stored.
#[derive(Debug)]
struct SilenceRow {
    id: Vec<u8>,
    silence: String,
}

impl SilenceRow {
    fn silence(&self) -> Result<Silence, StoreError> {
        Row::with_id("silences", &self.id).json("silence", &self.silence)
    }
}

#[async_trait]
impl Silences for SqliteStore {
    async fn create_silence(&self, silence: &Silence) -> Result<(), StoreError> {
        let silence = silence.clone();
        self.write(move |tx| Box::pin(async move { create(tx, &silence).await }))
            .await
    }

    async fn change_silence(
        &self,
        silence: &Silence,
        successor: Option<&Silence>,
    ) -> Result<(), StoreError> {
        let (silence, successor) = (silence.clone(), successor.cloned());
        self.write(move |tx| {
            Box::pin(async move {
                change(tx, &silence).await?;
                if let Some(successor) = successor {
                    create(tx, &successor).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn find_silence(&self, id: SilenceId) -> Result<Option<Silence>, StoreError> {
        let row = query_as!(
            SilenceRow,
            "select id, silence from silences where id = $1",
            id.0
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(classify)?;
        row.as_ref()
            .map(SilenceRow::silence)
            .transpose()
    }

    async fn list_silences(
        &self,
        query: &SilenceQuery,
        page: Page<SilenceId>,
    ) -> Result<Vec<Silence>, StoreError> {
        let after = page
            .after
            .map_or(uuid::Uuid::nil(), |after| after.0);
        let (state, now) = (
            query.state.map(SilenceState::as_str),
            row::instant(query.now),
        );
        let limit = row::limit(
            page.limit
                .min(Page::<SilenceId>::LIMIT_MAX),
        );
        let rows = query_as!(
            SilenceRow,
            "select id, silence from silences
              where id > $1
                and ($2 is null
                     or $2 = case when ends_at <= $3 then 'expired'
                                  when starts_at > $3 then 'pending'
                                  else 'active' end)
              order by id
              limit $4",
            after,
            state,
            now,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(SilenceRow::silence)
            .collect()
    }

    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError> {
        let now = row::instant(now);
        let mut rows = query_as!(
            SilenceRow,
            "select id, silence from silences where ends_at > $1 and starts_at <= $1",
            now
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Readable::of(rows.iter().map(SilenceRow::silence)))
    }
}

async fn create(tx: &mut SqliteConnection, silence: &Silence) -> Result<(), StoreError> {
    let created_at = row::instant(silence.created_at);
    let standing = query!(
        "select count(*) as \"count!: i64\" from silences where ends_at > $1",
        created_at
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(classify)?;
    if standing.count >= i64::from(SILENCES_MAX) {
        return Err(StoreError::Conflict { what: "silences" });
    }
    let version = row::number("version", silence.version)?;
    let (starts_at, ends_at) = (
        row::instant(silence.starts_at),
        row::instant(silence.ends_at),
    );
    let written = row::json("silence", silence)?;
    let inserted = query!(
        "insert into silences (id, version, starts_at, ends_at, silence)
         values ($1, $2, $3, $4, $5)
             on conflict (id) do nothing",
        silence.id.0,
        version,
        starts_at,
        ends_at,
        written
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    if inserted.rows_affected() == 0 {
        return Err(StoreError::Conflict { what: "id" });
    }
    Ok(())
}

async fn change(tx: &mut SqliteConnection, silence: &Silence) -> Result<(), StoreError> {
    let version = row::number("version", silence.version)?;
    let (starts_at, ends_at) = (
        row::instant(silence.starts_at),
        row::instant(silence.ends_at),
    );
    let written = row::json("silence", silence)?;
    let changed = query!(
        "update silences
            set version = $2, starts_at = $3, ends_at = $4, silence = $5
          where id = $1 and version = $2 - 1",
        silence.id.0,
        version,
        starts_at,
        ends_at,
        written
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    if changed.rows_affected() == 0 {
        let known = query!("select version from silences where id = $1", silence.id.0)
            .fetch_optional(tx)
            .await
            .map_err(classify)?;
        return Err(match known {
            Some(_) => StoreError::Conflict { what: "version" },
            None => StoreError::NotFound { what: "silence" },
        });
    }
    release(tx, Holder::Silence(silence.id), silence.updated_at).await
}
