//! Which services are known: those that anything names.
//!
//! Samples name a service millions of times. So its next name is found from the last one, one step
//! down an index each, and no index is read from end to end.

use sqlx::{SqliteConnection, query};
use sre_core::name::ServiceName;
use sre_core::store::StoreError;

use crate::error::classify;
use crate::row::Row;

/// Those of `names`, a JSON array, that are known, in order.
pub(super) async fn known(
    tx: &mut SqliteConnection,
    names: &str,
) -> Result<Vec<ServiceName>, StoreError> {
    let rows = query!(
        "select distinct cast(asked.value as text) as \"name!: String\"
           from json_each($1) asked
          where exists (select 1 from services where name = asked.value)
             or exists (select 1 from service_dependencies where dependency_name = asked.value)
             or exists (select 1 from slos where service_name = asked.value and deleted_at is null)
             or exists (select 1 from service_metrics where service_name = asked.value)
             or exists (select 1 from alerts where service_name = asked.value)
          order by 1",
        names
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(|row| name(&row.name))
        .collect()
}

/// The names after `after`, in order.
pub(super) async fn page(
    tx: &mut SqliteConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<ServiceName>, StoreError> {
    let rows = query!(
        "with recursive
         declared (name) as (
             select name from services where name > $1 order by name limit $2),
         depended_on (name) as (
             select min(dependency_name) from service_dependencies where dependency_name > $1
             union all
             select (select min(dependency_name) from service_dependencies
                      where dependency_name > depended_on.name)
               from depended_on where depended_on.name is not null
             limit $2),
         promised (name) as (
             select min(service_name) from slos where service_name > $1 and deleted_at is null
             union all
             select (select min(service_name) from slos
                      where service_name > promised.name and deleted_at is null)
               from promised where promised.name is not null
             limit $2),
         measured (name) as (
             select min(service_name) from service_metrics where service_name > $1
             union all
             select (select min(service_name) from service_metrics
                      where service_name > measured.name)
               from measured where measured.name is not null
             limit $2),
         alerted (name) as (
             select min(service_name) from alerts where service_name > $1
             union all
             select (select min(service_name) from alerts where service_name > alerted.name)
               from alerted where alerted.name is not null
             limit $2),
         named (name) as (
             select name from declared
             union select name from depended_on
             union select name from promised
             union select name from measured
             union select name from alerted)
         select name as \"name!: String\" from named where name is not null order by name limit $2",
        after,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    rows.iter()
        .map(|row| name(&row.name))
        .collect()
}

fn name(stored: &str) -> Result<ServiceName, StoreError> {
    Row::with_text("services", stored).text("name", stored)
}
