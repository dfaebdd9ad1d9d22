//! Stretches to fold again.
//!
//! Marks of an SLO are numbered. A claim sees all there are, and its commit removes those: a mark
//! that was made meanwhile has a higher number, and stays.

use std::collections::BTreeMap;

use sqlx::{SqliteConnection, query};
use sre_core::name::SloId;
use sre_core::store::StoreError;
use sre_core::time::Interval;

use crate::error::classify;
use crate::row;

/// Marks stretches dirty, each with a number of its own. One that was marked before bears the new
/// number alone, so that whoever saw the old mark does not clear the new one.
pub(crate) async fn mark(
    tx: &mut SqliteConnection,
    slo: SloId,
    ranges: &[Interval],
) -> Result<(), StoreError> {
    let ranges = ranges
        .iter()
        .filter(|range| !range.is_empty());
    let numbered: BTreeMap<(i64, i64), i64> = ranges
        .zip(1..)
        .map(|(range, n)| ((row::instant(range.start()), row::instant(range.end())), n))
        .collect();
    let Some(last) = numbered.values().max().copied() else {
        return Ok(());
    };
    let marked = query!(
        "update slo_cursor set mark = mark + $2 where slo_id = $1 returning mark",
        slo.0,
        last
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    let Some(marked) = marked else { return Ok(()) };
    for ((from, to), n) in numbered {
        let number = marked.mark - last + n;
        query!(
            "insert into slo_dirty (slo_id, from_at, to_at, mark) values ($1, $2, $3, $4)
                 on conflict (slo_id, from_at, to_at) do update set mark = excluded.mark",
            slo.0,
            from,
            to,
            number
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

/// Removes the marks that a claim saw.
pub(crate) async fn clear_seen(
    tx: &mut SqliteConnection,
    slo: SloId,
    seen: i64,
) -> Result<(), StoreError> {
    query!(
        "delete from slo_dirty where slo_id = $1 and mark <= $2",
        slo.0,
        seen
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Removes all marks.
pub(crate) async fn clear(tx: &mut SqliteConnection, slo: SloId) -> Result<(), StoreError> {
    clear_seen(tx, slo, i64::MAX).await
}
