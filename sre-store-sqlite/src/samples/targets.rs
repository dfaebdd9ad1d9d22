//! What has to be asked regularly, and whose turn it is.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, query};
use sre_core::store::{StoreError, Target, TargetClaim};

use crate::error::classify;
use crate::row::{self, Row};

/// Makes `targets` the targets: new ones are due at once, the others keep their place.
pub(super) async fn register(
    tx: &mut SqliteConnection,
    targets: &[Target],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let names: BTreeSet<&str> = targets
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    let stored = query!("select target from collect_cursor")
        .fetch_all(&mut *tx)
        .await;
    for row in stored.map_err(classify)? {
        if !names.contains(row.target.as_str()) {
            query!("delete from collect_cursor where target = $1", row.target)
                .execute(&mut *tx)
                .await
                .map_err(classify)?;
        }
    }
    let (now, never) = (row::instant(now), row::instant(row::EPOCH));
    for target in targets {
        let seconds = target.interval.as_secs_i64();
        let parameters = row::json("collect_cursor.parameters", &target.parameters)?;
        query!(
            "insert into collect_cursor (target, interval_seconds, parameters, next_at,
                                         claim_epoch, claim_until)
             values ($1, $2, $3, $4, 0, $5)
                 on conflict (target) do update
                    set interval_seconds = excluded.interval_seconds,
                        parameters = excluded.parameters",
            target.name,
            seconds,
            parameters,
            now,
            never
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

/// Claims due targets, the longest due first.
pub(super) async fn claim(
    tx: &mut SqliteConnection,
    holder: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<TargetClaim>, StoreError> {
    let (now, until, limit) = (row::instant(now), row::instant(until), row::limit(limit));
    let claimed = query!(
        "with due as (
             select target from collect_cursor
              where next_at <= $1 and claim_until <= $1
              order by next_at, target
              limit $2)
         update collect_cursor as c
            set claim_epoch = c.claim_epoch + 1, claim_holder = $3, claim_until = $4
           from due
          where c.target = due.target
         returning target, interval_seconds, parameters, next_at, claim_epoch",
        now,
        limit,
        holder,
        until
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let claims: Result<Vec<_>, StoreError> = claimed
        .into_iter()
        .map(|stored| {
            let row = Row::with_text("collect_cursor", &stored.target);
            Ok(TargetClaim {
                due_at: row.instant("next_at", stored.next_at)?,
                epoch: row.number("claim_epoch", stored.claim_epoch)?,
                target: Target {
                    interval: row.span("interval_seconds", stored.interval_seconds)?,
                    parameters: row.labels("parameters", &stored.parameters)?,
                    name: stored.target.clone(),
                },
            })
        })
        .collect();
    let mut claims = claims?;
    // What an update returns has no order.
    claims.sort_by(|a, b| (a.due_at, &a.target.name).cmp(&(b.due_at, &b.target.name)));
    Ok(claims)
}

/// Moves the target to its next instant, if the claim still stands.
pub(super) async fn advance(
    tx: &mut SqliteConnection,
    claim: &TargetClaim,
    next_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let epoch = row::number("claim_epoch", claim.epoch)?;
    let (due, next) = (row::instant(claim.due_at), row::instant(next_at));
    let never = row::instant(row::EPOCH);
    let advanced = query!(
        "update collect_cursor set next_at = $4, claim_until = $5
          where target = $1 and claim_epoch = $2 and next_at = $3",
        claim.target.name,
        epoch,
        due,
        next,
        never
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(advanced.rows_affected() == 1)
}
