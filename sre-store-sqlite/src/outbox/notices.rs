//! What is announced beside alerts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::{DestinationId, NoticeId};
use sre_core::notification::Notice;
use sre_core::store::{DueNotices, NoticeRecord, Notices, StoreError};

use super::{lanes, ledger};
use crate::error::{classify, readable};
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Notices for SqliteStore {
    async fn add_notices(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let notices = notices.to_vec();
        self.write(move |tx| {
            Box::pin(async move {
                for notice in &notices {
                    add(tx, notice).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn due_notices(&self, now: DateTime<Utc>, limit: u32) -> Result<DueNotices, StoreError> {
        self.read(move |tx| Box::pin(async move { due(tx, now, limit).await }))
            .await
    }

    async fn find_notice(&self, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
        self.read(move |tx| Box::pin(async move { find(tx, id).await }))
            .await
    }
}

/// Stores a notice, once. One for a destination that is gone ends here.
pub(crate) async fn add(tx: &mut SqliteConnection, notice: &Notice) -> Result<(), StoreError> {
    let is_gone = lanes::is_gone(tx, notice.destination_id).await?;
    let (state, reason) = if is_gone {
        ("dead", Some(lanes::GONE))
    } else {
        ("pending", None)
    };
    let service_name = notice
        .service_name
        .as_ref()
        .map(sre_core::name::ServiceName::as_str);
    let severity = notice
        .severity
        .map(sre_core::alert::Severity::as_str);
    let (kind, data) = (notice.kind.as_str(), row::json("data", &notice.data)?);
    let created = row::instant(notice.created_at);
    query!(
        "insert into notices (id, destination_id, kind, service_name, severity, title, text,
                              link_path, data, created_at, state, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (id) do nothing",
        notice.id.0,
        notice.destination_id.0,
        kind,
        service_name,
        severity,
        notice.title,
        notice.text,
        notice.link_path,
        data,
        created,
        state,
        reason
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

#[derive(Debug)]
struct NoticeRow {
    id: Vec<u8>,
    destination_id: Vec<u8>,
    kind: String,
    service_name: Option<String>,
    severity: Option<String>,
    title: String,
    text: String,
    link_path: Option<String>,
    data: String,
    created_at: i64,
    state: String,
    reason: Option<String>,
}

/// The notices that wait; of each destination the longest waiting, at most `limit`.
async fn due(
    tx: &mut SqliteConnection,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<DueNotices, StoreError> {
    let (now, limit) = (row::instant(now), row::limit(limit));
    let rows = query_as!(
        NoticeRow,
        r#"with due as (
               select n.id,
                      row_number() over (partition by n.destination_id
                                             order by n.created_at, n.id) as place
                 from lanes l
                 join notices n on n.destination_id = l.destination_id
                where n.state = 'pending'
                  and l.is_configured = 1 and l.is_stopped = 0 and l.paused_until <= $1)
           select n.id, n.destination_id, n.kind, n.service_name, n.severity, n.title, n.text,
                  n.link_path, n.data, n.created_at, n.state, n.reason
             from due
             join notices n on n.id = due.id
            where due.place <= $2
            order by n.created_at, n.id"#,
        now,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let mut due = DueNotices::default();
    for row in rows {
        due.notices
            .extend(readable(row.notice(), &mut due.faults)?);
    }
    Ok(due)
}

async fn find(tx: &mut SqliteConnection, id: NoticeId) -> Result<Option<NoticeRecord>, StoreError> {
    let row = query_as!(
        NoticeRow,
        "select id, destination_id, kind, service_name, severity, title, text, link_path, data,
                created_at, state, reason
           from notices
          where id = $1",
        id.0
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(NoticeRecord {
        notice: row.notice()?,
        deliveries: ledger::of_notice(tx, &row.id).await?,
        state: row.state,
        reason: row.reason,
    }))
}

/// Takes a notice that waits out of its waiting; answers whether it did wait.
pub(super) async fn judge(
    tx: &mut SqliteConnection,
    id: NoticeId,
    state: &'static str,
    reason: Option<&'static str>,
) -> Result<bool, StoreError> {
    let judged = query!(
        "update notices set state = $2, reason = $3 where id = $1 and state = 'pending'",
        id.0,
        state,
        reason
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(judged.rows_affected() == 1)
}

impl NoticeRow {
    fn notice(&self) -> Result<Notice, StoreError> {
        let row = Row::with_id("notices", &self.id);
        let (service_name, severity) = (self.service_name.as_deref(), self.severity.as_deref());
        Ok(Notice {
            id: NoticeId(row.id("id", &self.id)?),
            destination_id: DestinationId(row.id("destination_id", &self.destination_id)?),
            kind: row.text("kind", &self.kind)?,
            service_name: service_name
                .map(|name| row.text("service_name", name))
                .transpose()?,
            severity: severity
                .map(|severity| row.text("severity", severity))
                .transpose()?,
            title: self.title.clone(),
            text: self.text.clone(),
            link_path: self.link_path.clone(),
            data: row.labels("data", &self.data)?,
            created_at: row.instant("created_at", self.created_at)?,
        })
    }
}
