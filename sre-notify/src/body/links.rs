//! Where to read on.

use std::collections::BTreeMap;

use sre_core::alert::Alert;
use sre_core::slo::Slo;
use url::Url;

use super::Bases;
use super::room::Room;

/// A longer link is left out: cut, it would lead nowhere.
const LINK_MAX_BYTES: usize = 2_048;
/// The links that are always said, `null` where there is none.
const USUAL: [&str; 4] = ["alert", "slo", "runbook", "dashboard"];

/// The usual links, and those of the SLO's own as far as there is room.
pub(super) fn links<'a>(
    alert: &Alert,
    slo: Option<&'a Slo>,
    bases: &Bases,
    room: &Room,
) -> BTreeMap<&'a str, Option<String>> {
    let mut links: BTreeMap<&str, Option<String>> = USUAL
        .iter()
        .map(|name| (*name, None))
        .collect();
    let own = slo
        .iter()
        .flat_map(|slo| &slo.definition.links);
    for (name, link) in own.filter(|(_, link)| link.len() <= LINK_MAX_BYTES) {
        if USUAL.contains(&name.as_str()) || room.has_own_links {
            links.insert(name, Some(link.clone()));
        }
    }
    if let Some(base) = &bases.links {
        links.insert(
            "alert",
            below(base, ["ui", "alerts", &alert.id.to_string()]),
        );
        let slo = alert
            .slo_id()
            .and_then(|id| below(base, ["ui", "slos", &id.to_string()]));
        links.insert("slo", slo);
    }
    if let (Some(None), Some(dashboards)) = (links.get("dashboard"), &bases.dashboards) {
        links.insert("dashboard", Some(dashboards.to_string()));
    }
    links
}

/// `base`, and below it the path of these segments. Links lead to pages: who reads a message is a
/// person, and programs have the ids.
pub(crate) fn below<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut url = base.clone();
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(segments);
    Some(url.into())
}
