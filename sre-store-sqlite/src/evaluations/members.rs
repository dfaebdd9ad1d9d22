//! What composites are made of.
//!
//! The table says again what definitions say, so that the commit of a member finds its composites: what
//! it folded is marked dirty for them in its own transaction, and no crash comes between.

use std::collections::{BTreeSet, HashMap};

use sqlx::{SqliteConnection, query};
use sre_core::evaluation::Progress;
use sre_core::name::SloId;
use sre_core::slo::{Definition, Generation, Slo};
use sre_core::store::{MemberStanding, StoreError};
use sre_core::time::Interval;

use super::dirty;
use crate::catalog::SloRow;
use crate::error::classify;
use crate::row::{self, Row};

/// A member with its cursor, as they are stored.
#[derive(Debug)]
pub(super) struct MemberRow {
    slo: SloRow,
    generation: i64,
    last_slice: i64,
    progress: String,
}

impl MemberRow {
    pub(super) fn standing(&self) -> Result<MemberStanding, StoreError> {
        let row = Row::with_id("slo_cursor", &self.slo.id);
        let slo = self.slo.slo()?;
        let progress: Progress = row.json("progress", &self.progress)?;
        Ok(MemberStanding {
            generation: Generation(self.generation),
            last_slice: row.instant("last_slice", self.last_slice)?,
            expected_interval: slo
                .definition
                .expected_interval
                .or_else(|| progress.learned_interval()),
            slo,
        })
    }
}

/// Makes the members of an SLO those of its definition, unless one is not stored or has the SLO among
/// its own, at any depth.
pub(crate) async fn replace(tx: &mut SqliteConnection, slo: &Slo) -> Result<(), StoreError> {
    query!(
        "delete from composite_member where composite_id = $1",
        slo.id.0
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    let members = slo.definition.indicator.members();
    if members.is_empty() {
        return Ok(());
    }
    let refused = StoreError::Conflict { what: "members" };
    for member in members {
        let known = query!(
            "select id from slos where id = $1 and id <> $2",
            member.slo.0,
            slo.id.0
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(classify)?;
        if known.is_none() {
            return Err(refused);
        }
        query!(
            "insert into composite_member (composite_id, member_id) values ($1, $2)",
            slo.id.0,
            member.slo.0
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    let contains_itself = query!(
        "with recursive within (id) as (
             select member_id from composite_member where composite_id = $1
              union
             select m.member_id from within w join composite_member m on m.composite_id = w.id)
         select id as \"id: Vec<u8>\" from within where id = $1",
        slo.id.0
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(classify)?;
    match contains_itself {
        Some(_) => Err(refused),
        None => Ok(()),
    }
}

/// The members of composites, by the composite, in the order of their ids.
pub(super) async fn of(
    tx: &mut SqliteConnection,
    composites: &str,
) -> Result<HashMap<Vec<u8>, Vec<MemberRow>>, StoreError> {
    let stored = query!(
        "select m.composite_id, s.id, s.definition, s.managed_by, s.version, s.created_at,
                s.updated_at, s.deleted_at, c.generation, c.last_slice, c.progress
           from composite_member m
           join slos s on s.id = m.member_id
           join slo_cursor c on c.slo_id = m.member_id
          where m.composite_id in (select unhex(value) from json_each($1))
          order by m.composite_id, m.member_id",
        composites
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    let mut members: HashMap<_, Vec<_>> = HashMap::new();
    for row in stored {
        let slo = SloRow {
            id: row.id,
            definition: row.definition,
            managed_by: row.managed_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
        };
        let member = MemberRow {
            slo,
            generation: row.generation,
            last_slice: row.last_slice,
            progress: row.progress,
        };
        members
            .entry(row.composite_id)
            .or_default()
            .push(member);
    }
    Ok(members)
}

/// Which of these SLOs are members of a composite.
pub(super) async fn with_composites(
    tx: &mut SqliteConnection,
    slos: impl Iterator<Item = SloId>,
) -> Result<BTreeSet<SloId>, StoreError> {
    let ids: Vec<SloId> = slos.collect();
    let ids = row::blobs(
        ids.iter()
            .map(|id| id.0.as_bytes().as_slice()),
    );
    let stored = query!(
        "select distinct member_id
           from composite_member
          where member_id in (select unhex(value) from json_each($1))",
        ids
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    stored
        .iter()
        .map(|row| {
            let id =
                Row::with_id("composite_member", &row.member_id).id("member_id", &row.member_id)?;
            Ok(SloId(id))
        })
        .collect()
}

/// Marks what a member folded for the live composites of it: what they have folded themselves, and,
/// while a slot is under way that may be reading it, all of it.
pub(super) async fn mark_folded(
    tx: &mut SqliteConnection,
    member: SloId,
    folded: &[Interval],
) -> Result<(), StoreError> {
    let composites = query!(
        "select c.slo_id, c.last_slice, c.claim_until
           from composite_member m
           join slo_cursor c on c.slo_id = m.composite_id
          where m.member_id = $1 and c.is_live = 1",
        member.0
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for composite in composites {
        let row = Row::with_id("slo_cursor", &composite.slo_id);
        let id = SloId(row.id("slo_id", &composite.slo_id)?);
        let known = Interval::new(row::EPOCH, row.instant("last_slice", composite.last_slice)?);
        let is_claimed = composite.claim_until > 0;
        let marks: Vec<Interval> = folded
            .iter()
            .map(|stretch| {
                if is_claimed {
                    *stretch
                } else {
                    stretch.intersection(known)
                }
            })
            .collect();
        dirty::mark(tx, id, &marks).await?;
    }
    Ok(())
}

/// Marks what the live composites of an SLO fold again after it was changed: all that their windows can
/// hold where that makes other slices of them, or where nobody can tell what it was before.
pub(crate) async fn mark_windows(
    tx: &mut SqliteConnection,
    before: Option<&Definition>,
    member: &Slo,
) -> Result<(), StoreError> {
    let composites = query!(
        "select s.id, s.definition, s.managed_by, s.version, s.created_at, s.updated_at,
                s.deleted_at, c.last_slice
           from composite_member m
           join slos s on s.id = m.composite_id
           join slo_cursor c on c.slo_id = m.composite_id
          where m.member_id = $1 and c.is_live = 1",
        member.id.0
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    for row in composites {
        let stored = SloRow {
            id: row.id,
            definition: row.definition,
            managed_by: row.managed_by,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
        };
        let composite = stored.slo()?;
        let last_slice =
            Row::with_id("slo_cursor", &stored.id).instant("last_slice", row.last_slice)?;
        let composes = &composite.definition;
        let stretch = match before {
            Some(before) => composes.refolds_after(before, &member.definition, last_slice),
            None => Some(composes.refolds_up_to(last_slice)),
        };
        dirty::mark(tx, composite.id, stretch.as_slice()).await?;
    }
    Ok(())
}
