//! Silences.

mod compiled;

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

pub(crate) use compiled::Compiled;

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
        let limit = page
            .limit
            .min(Page::<SilenceId>::LIMIT_MAX);
        let wanted = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let (mut found, mut after) = (Vec::new(), page.after);
        // Whether a silence that recurs is active says its rule: the rows are candidates.
        loop {
            let rows = candidates(self, query, after, row::limit(limit)).await?;
            let is_last = rows.len() < wanted;
            for row in &rows {
                let silence = row.silence()?;
                after = Some(silence.id);
                let is_asked = query
                    .state
                    .is_none_or(|state| silence.state(query.now) == state);
                if is_asked && found.len() < wanted {
                    found.push(silence);
                }
            }
            if is_last || found.len() >= wanted {
                return Ok(found);
            }
        }
    }

    async fn active_silences(&self, now: DateTime<Utc>) -> Result<Readable<Silence>, StoreError> {
        let at = row::instant(now);
        let versions = query_as!(
            compiled::Version,
            "select id, version from silences where ends_at > $1 and starts_at <= $1",
            at
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        let standing = if let Some(standing) = self.compiled.look(&versions) {
            standing
        } else {
            let rows = query_as!(
                compiled::VersionedRow,
                "select id, version, silence from silences where ends_at > $1 and starts_at <= $1",
                at
            )
            .fetch_all(&self.readers)
            .await
            .map_err(classify)?;
            self.compiled.read(rows)
        };
        let is_active = |read: &Result<Silence, StoreError>| {
            read.as_ref()
                .map_or(true, |silence| silence.state(now) == SilenceState::Active)
        };
        Ok(Readable::of(standing.into_iter().filter(is_active)))
    }
}

/// The rows after this id of which some are in the state that is asked for. Those that are over are
/// nearly all: where they are not asked for, they are not read.
async fn candidates(
    store: &SqliteStore,
    query: &SilenceQuery,
    after: Option<SilenceId>,
    limit: i64,
) -> Result<Vec<SilenceRow>, StoreError> {
    let after = after.map_or(uuid::Uuid::nil(), |after| after.0);
    let now = row::instant(query.now);
    let is_expired = query.state == Some(SilenceState::Expired);
    let standing = query
        .state
        .filter(|_| !is_expired)
        .map(|_| query.now);
    let Some(bound) = standing.max(query.ends_after) else {
        return query_as!(
            SilenceRow,
            "select id, silence from silences
              where id > $1 and (not $2 or ends_at <= $3)
              order by id
              limit $4",
            after,
            is_expired,
            now,
            limit
        )
        .fetch_all(&store.readers)
        .await
        .map_err(classify);
    };
    let (bound, state) = (row::instant(bound), query.state.map(SilenceState::as_str));
    query_as!(
        SilenceRow,
        "select id, silence from silences indexed by silences_ends
          where ends_at > $1
            and id > $2
            and ($3 is null
                 or $3 = case when ends_at <= $4 then 'expired'
                              when starts_at > $4 then 'pending'
                              else 'active' end
                 or ($3 = 'pending' and ends_at > $4
                     and json_extract(silence, '$.recurrence') is not null))
          order by id
          limit $5",
        bound,
        after,
        state,
        now,
        limit
    )
    .fetch_all(&store.readers)
    .await
    .map_err(classify)
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
