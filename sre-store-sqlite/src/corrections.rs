//! Budget corrections.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query, query_as};
use sre_core::correction::{CORRECTIONS_MAX, Cancellation, Correction, Ended, Meaning, Scope};
use sre_core::name::{CorrectionId, ServiceName, SloId};
use sre_core::store::{CorrectionQuery, Corrections, Page, StoreError};
use sre_core::time::Interval;

use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

/// Corrections with everything that is stored of them, where the rest of the statement says which.
macro_rules! select_corrections {
    ($which:literal $(, $argument:expr)* $(,)?) => {
        query_as!(
            CorrectionRow,
            "select id, slo_id, service_name, meaning, period, reason, created_by, created_at,
                    ended_from, ended_at, ended_by, cancelled_at, cancelled_by
               from budget_corrections "
                + $which
            $(, $argument)*
        )
    };
}

#[async_trait]
impl Corrections for SqliteStore {
    async fn create_correction(&self, correction: &Correction) -> Result<(), StoreError> {
        let correction = correction.clone();
        let period = row::json("budget_corrections.period", &correction.period)?;
        self.write(move |tx| Box::pin(async move { create(tx, &correction, &period).await }))
            .await
    }

    async fn cancel_correction(
        &self,
        id: CorrectionId,
        cancellation: &Cancellation,
    ) -> Result<(), StoreError> {
        let cancellation = cancellation.clone();
        self.write(move |tx| Box::pin(async move { cancel(tx, id, &cancellation).await }))
            .await
    }

    async fn end_correction(&self, id: CorrectionId, ended: &Ended) -> Result<(), StoreError> {
        let ended = ended.clone();
        self.write(move |tx| Box::pin(async move { end(tx, id, &ended).await }))
            .await
    }

    async fn find_correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError> {
        let row = select_corrections!("where id = $1", id.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(classify)?;
        row.as_ref()
            .map(CorrectionRow::correction)
            .transpose()
    }

    async fn list_corrections(
        &self,
        query: &CorrectionQuery,
        page: Page<CorrectionId>,
    ) -> Result<Vec<Correction>, StoreError> {
        let after = page
            .after
            .map_or(uuid::Uuid::nil(), |after| after.0);
        let (slo, service) = (
            query.slo.map(|slo| slo.0),
            query
                .service
                .as_ref()
                .map(ServiceName::as_str),
        );
        let (start, end) = bounds(query.during);
        let limit = row::limit(
            page.limit
                .min(Page::<CorrectionId>::LIMIT_MAX),
        );
        let rows = select_corrections!(
            "where id > $1 and ($2 is null or slo_id = $2) and ($3 is null or service_name = $3)
               and begins_at < $5 and (ends_at is null or ends_at > $4)
             order by id
             limit $6",
            after,
            slo,
            service,
            start,
            end,
            limit
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(CorrectionRow::correction)
            .collect()
    }

    async fn corrections_of(
        &self,
        slo: SloId,
        service: &ServiceName,
        during: Interval,
    ) -> Result<Vec<Correction>, StoreError> {
        let service = service.as_str();
        let (start, end) = bounds(Some(during));
        let rows = select_corrections!(
            "where id in (
                 select id from budget_corrections where cancelled_at is null and slo_id = $1
                 union all
                 select id from budget_corrections where cancelled_at is null and service_name = $2)
               and begins_at < $4 and (ends_at is null or ends_at > $3)
             order by id",
            slo.0,
            service,
            start,
            end
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(CorrectionRow::correction)
            .collect()
    }
}

/// What is in force of any of these SLOs and touches `during`, in the order of ids. `slos` is a list
/// of their ids in hexadecimal.
pub(crate) async fn of_slos(
    tx: &mut SqliteConnection,
    slos: &str,
    during: Interval,
) -> Result<Vec<CorrectionRow>, StoreError> {
    let (start, end) = bounds(Some(during));
    select_corrections!(
        "where id in (
             select id from budget_corrections
              where cancelled_at is null and slo_id in (select unhex(value) from json_each($1))
             union all
             select id from budget_corrections
              where cancelled_at is null and service_name in (
                        select service_name from slos
                         where id in (select unhex(value) from json_each($1))))
           and begins_at < $3 and (ends_at is null or ends_at > $2)
         order by id",
        slos,
        start,
        end
    )
    .fetch_all(tx)
    .await
    .map_err(classify)
}

/// The bounds of a stretch, where one is asked for.
fn bounds(during: Option<Interval>) -> (i64, i64) {
    during.map_or((i64::MIN, i64::MAX), |during| {
        (row::instant(during.start()), row::instant(during.end()))
    })
}

async fn create(
    tx: &mut SqliteConnection,
    correction: &Correction,
    period: &str,
) -> Result<(), StoreError> {
    let (slo, service) = scope(&correction.scope);
    let stored = query!(
        "select (select count(*) from budget_corrections
                  where cancelled_at is null and slo_id = $1)
              + (select count(*) from budget_corrections
                  where cancelled_at is null and service_name = $2) as \"in_force!: i64\"",
        slo,
        service
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(classify)?;
    if stored.in_force >= i64::from(CORRECTIONS_MAX) {
        return Err(StoreError::Conflict {
            what: "corrections",
        });
    }
    let (meaning, created_at) = (
        correction.meaning.as_str(),
        row::instant(correction.created_at),
    );
    let (begins_at, ends_at) = (
        row::instant(correction.period.begins_at()),
        row::optional_instant(correction.ends_at()),
    );
    let ended = correction.ended.as_ref();
    let [ended_from, ended_at] =
        [ended.map(|ended| ended.from), ended.map(|ended| ended.at)].map(row::optional_instant);
    let ended_by = ended.and_then(|ended| ended.by.as_deref());
    let cancelled = correction.cancelled.as_ref();
    let cancelled_at = row::optional_instant(cancelled.map(|cancelled| cancelled.at));
    let cancelled_by = cancelled.and_then(|cancelled| cancelled.by.as_deref());
    let inserted = query!(
        "insert into budget_corrections (id, slo_id, service_name, meaning, period, begins_at,
                                         ends_at, reason, created_by, created_at, ended_from,
                                         ended_at, ended_by, cancelled_at, cancelled_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
             on conflict (id) do nothing",
        correction.id.0,
        slo,
        service,
        meaning,
        period,
        begins_at,
        ends_at,
        correction.reason,
        correction.created_by,
        created_at,
        ended_from,
        ended_at,
        ended_by,
        cancelled_at,
        cancelled_by
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    if inserted.rows_affected() == 0 {
        return Err(StoreError::Conflict { what: "id" });
    }
    raise_revisions(tx, slo, service).await
}

async fn cancel(
    tx: &mut SqliteConnection,
    id: CorrectionId,
    cancellation: &Cancellation,
) -> Result<(), StoreError> {
    let at = row::instant(cancellation.at);
    let cancelled = query!(
        "update budget_corrections
            set cancelled_at = $2, cancelled_by = $3
          where id = $1 and cancelled_at is null
         returning slo_id as \"slo_id?: uuid::Uuid\", service_name as \"service_name?: String\"",
        id.0,
        at,
        cancellation.by
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    match cancelled {
        Some(row) => raise_revisions(tx, row.slo_id, row.service_name.as_deref()).await,
        None => refuse_unknown(tx, id).await,
    }
}

/// Cuts the time that it covers, which queries go by, where it was not over before.
async fn end(tx: &mut SqliteConnection, id: CorrectionId, ended: &Ended) -> Result<(), StoreError> {
    let (from, at) = (row::instant(ended.from), row::instant(ended.at));
    let changed = query!(
        "update budget_corrections
            set ended_from = $2, ended_at = $3, ended_by = $4,
                ends_at = max(begins_at + 1, min(coalesce(ends_at, $2), $2))
          where id = $1 and ended_from is null and cancelled_at is null
         returning slo_id as \"slo_id?: uuid::Uuid\", service_name as \"service_name?: String\"",
        id.0,
        from,
        at,
        ended.by
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    match changed {
        Some(row) => raise_revisions(tx, row.slo_id, row.service_name.as_deref()).await,
        None => refuse_unknown(tx, id).await,
    }
}

/// What stays as it is must be there.
async fn refuse_unknown(tx: &mut SqliteConnection, id: CorrectionId) -> Result<(), StoreError> {
    let known = query!(
        "select created_at from budget_corrections where id = $1",
        id.0
    )
    .fetch_optional(tx)
    .await
    .map_err(classify)?;
    known
        .map(|_| ())
        .ok_or(StoreError::NotFound { what: "correction" })
}

/// What is summed of these SLOs has changed, though no slice has.
async fn raise_revisions(
    tx: &mut SqliteConnection,
    slo: Option<uuid::Uuid>,
    service: Option<&str>,
) -> Result<(), StoreError> {
    query!(
        "update slo_cursor set revision = revision + 1
          where slo_id = $1
             or slo_id in (select id from slos where service_name = $2 and deleted_at is null)",
        slo,
        service
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

fn scope(scope: &Scope) -> (Option<uuid::Uuid>, Option<&str>) {
    match scope {
        Scope::Slo(id) => (Some(id.0), None),
        Scope::Service(name) => (None, Some(name.as_str())),
    }
}

/// A correction as it is stored.
#[derive(Debug)]
pub(crate) struct CorrectionRow {
    id: Vec<u8>,
    slo_id: Option<Vec<u8>>,
    service_name: Option<String>,
    meaning: String,
    period: String,
    reason: String,
    created_by: Option<String>,
    created_at: i64,
    ended_from: Option<i64>,
    ended_at: Option<i64>,
    ended_by: Option<String>,
    cancelled_at: Option<i64>,
    cancelled_by: Option<String>,
}

impl CorrectionRow {
    pub(crate) fn correction(&self) -> Result<Correction, StoreError> {
        let row = Row::with_id("budget_corrections", &self.id);
        let scope = match (&self.slo_id, &self.service_name) {
            (Some(slo), _) => Scope::Slo(SloId(row.id("slo_id", slo)?)),
            (None, Some(service)) => Scope::Service(row.text("service_name", service)?),
            (None, None) => return Err(row.corrupt("slo_id", "neither SLO nor service")),
        };
        let cancelled_at: Option<DateTime<Utc>> =
            row.optional_instant("cancelled_at", self.cancelled_at)?;
        let ended_from = row.optional_instant("ended_from", self.ended_from)?;
        let ended_at = row.optional_instant("ended_at", self.ended_at)?;
        Ok(Correction {
            id: CorrectionId(row.id("id", &self.id)?),
            scope,
            meaning: row.text::<Meaning>("meaning", &self.meaning)?,
            period: row.json("period", &self.period)?,
            reason: self.reason.clone(),
            created_by: self.created_by.clone(),
            created_at: row.instant("created_at", self.created_at)?,
            ended: ended_from
                .zip(ended_at)
                .map(|(from, at)| Ended {
                    from,
                    at,
                    by: self.ended_by.clone(),
                }),
            cancelled: cancelled_at.map(|at| Cancellation {
                at,
                by: self.cancelled_by.clone(),
            }),
        })
    }
}
