//! Indicators that are made of other SLOs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};
use sre_core::composite::{Combine, Composite, Member, MemberWeight, MissingMember};
use sre_core::indicator::Indicator;
use sre_core::name::SloId;
use sre_core::slo::{Definition, Slo};
use utoipa::ToSchema;
use uuid::Uuid;

use super::definition::note;
use super::given::Given;
use super::look::Found;
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::fault::Fault;
use crate::http::field::Field;
use crate::http::{ApiError, Fields};

/// How many SLOs are looked at for a circle: more than a hundred composites of twenty would be no
/// promise that anybody understands.
const LOOKED_AT_MAX: usize = 2_000;

/// Reads the members and how they are combined. Whether there are such SLOs is asked by [`refuse`].
pub(super) fn read(fields: &mut Fields) -> Option<Indicator> {
    let combine =
        Given::read(fields, "combine", Field::parse::<Combine>).or(Combine::WeightedRatio);
    let missing =
        Given::read(fields, "missing", Field::parse::<MissingMember>).or(MissingMember::Exclude);
    let mut known = BTreeSet::new();
    let of = fields
        .required("of")
        .list(Composite::MEMBERS_MAX, |item| {
            item.object(|fields| member(fields, combine, &mut known))
        });
    match Composite::new(of?, combine?, missing?) {
        Ok(composite) => Some(Indicator::Composite(composite)),
        Err(error) => note(fields, "of", error),
    }
}

fn member(
    fields: &mut Fields,
    combine: Option<Combine>,
    known: &mut BTreeSet<SloId>,
) -> Option<Member> {
    let slo = fields.parse::<SloId>("slo");
    let slo = match slo {
        Some(slo) if !known.insert(slo) => note(fields, "slo", "is a member already"),
        slo => slo,
    };
    let weight = Given::read(fields, "weight", Field::decimal::<MemberWeight>);
    let is_weighed = combine.is_none_or(|combine| combine == Combine::WeightedRatio);
    if !is_weighed && !weight.is_missing() {
        return note(fields, "weight", "is only for the combine weighted_ratio");
    }
    Some(Member {
        slo: slo?,
        weight: weight.or(MemberWeight::ONE)?,
    })
}

/// The indicator as a body would have it.
pub(super) fn written(composite: &Composite) -> Value {
    let weighs = composite.how() == Combine::WeightedRatio;
    let member = |member: &Member| {
        if weighs {
            json!({"slo": member.slo.0, "weight": Figure::from(member.weight)})
        } else {
            json!({"slo": member.slo.0})
        }
    };
    let of: Vec<Value> = composite
        .members()
        .iter()
        .map(member)
        .collect();
    json!({
        "type": "composite",
        "of": of,
        "combine": composite.how().as_str(),
        "missing": composite.missing().as_str(),
    })
}

/// A member, as a composite's `resolved_source` tells it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompositeMember)]
pub(super) struct MemberView {
    slo_id: Uuid,
    /// `null` for one that is deleted: it is missing from now on.
    name: Option<String>,
    service_name: Option<String>,
    /// Under `weighted_ratio`.
    weight: Option<Figure>,
    #[schema(example = "/slo/01981111-2222-7333-8444-555566667777")]
    href: String,
}

/// The members of a composite; `None` of any other SLO.
pub(super) fn members(found: &Found) -> Option<Vec<MemberView>> {
    let Indicator::Composite(composite) = &found.slo.definition.indicator else {
        return None;
    };
    let weighs = composite.how() == Combine::WeightedRatio;
    let view = |member: &Member| {
        let slo = found.member(member.slo);
        MemberView {
            slo_id: member.slo.0,
            name: slo.map(|slo| slo.definition.name.clone()),
            service_name: slo.map(|slo| slo.definition.service_name.to_string()),
            weight: weighs.then(|| member.weight.into()),
            href: format!("/slo/{}", member.slo),
        }
    };
    Some(
        composite
            .members()
            .iter()
            .map(view)
            .collect(),
    )
}

/// Refuses members that there are not, whose slices do not tile those of the composite, or that are
/// made of it themselves. Members that it had before stay, whatever became of them.
///
/// # Errors
///
/// [`ApiError::Invalid`] with every fault; those of the store.
pub(super) async fn refuse(
    context: &Context,
    id: Option<SloId>,
    definition: &Definition,
    before: Option<&Definition>,
) -> Result<(), ApiError> {
    let had: BTreeSet<SloId> = before
        .map(|before| before.indicator.members())
        .unwrap_or_default()
        .iter()
        .map(|member| member.slo)
        .collect();
    let is_as_wide = before.is_some_and(|before| before.slice == definition.slice);
    let mut faults = Vec::new();
    for (place, member) in definition
        .indicator
        .members()
        .iter()
        .enumerate()
    {
        let found = context
            .catalog
            .find(member.slo)
            .await?
            .filter(|slo| slo.deleted_at.is_none() || had.contains(&slo.id));
        let reason = match found {
            _ if Some(member.slo) == id => Some("is the SLO itself".to_owned()),
            None => Some("there is no such SLO".to_owned()),
            Some(slo) => match tiling(&slo, definition) {
                None => circle(context, id, slo).await?,
                // One that was let go of its grid stays, and is missing; slices are not changed under it.
                refusal => refusal.filter(|_| !is_as_wide || !had.contains(&slo.id)),
            },
        };
        let pointer = format!("/indicator/of/{place}/slo");
        faults.extend(reason.map(|reason| Fault::at(pointer, reason)));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(ApiError::Invalid(faults))
    }
}

/// Why the slices of a member do not tile those of the composite.
fn tiling(member: &Slo, definition: &Definition) -> Option<String> {
    let (width, finer) = (definition.slice, member.definition.slice);
    let tiles = width
        .span()
        .as_seconds()
        .is_multiple_of(finer.span().as_seconds());
    (!tiles).then(|| {
        format!("its slices of {finer} do not tile slices of {width}: give a slice that they do")
    })
}

/// The way from a member back to the SLO, by names, where there is one.
async fn circle(
    context: &Context,
    id: Option<SloId>,
    member: Slo,
) -> Result<Option<String>, ApiError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let mut ways = BTreeMap::from([(member.id, member.definition.name.clone())]);
    let mut open = vec![member];
    while let Some(slo) = open.pop() {
        let way = ways
            .get(&slo.id)
            .cloned()
            .unwrap_or_default();
        for inner in slo.definition.indicator.members() {
            if inner.slo == id {
                return Ok(Some(format!("is made of this SLO itself: {way}")));
            }
            if ways.contains_key(&inner.slo) || ways.len() >= LOOKED_AT_MAX {
                continue;
            }
            if let Some(inner) = context.catalog.find(inner.slo).await? {
                ways.insert(inner.id, format!("{way} → {}", inner.definition.name));
                open.push(inner);
            }
        }
    }
    Ok(None)
}
