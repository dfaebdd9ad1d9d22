//! What people attach to an SLO: labels and links.

use std::collections::BTreeMap;

use sre_core::slo::{ENTRIES_MAX, LABEL_NAME_MAX, TEXT_MAX};
use url::Url;

use crate::http::Fields;
use crate::http::fault::Fault;

/// For people and for routing.
pub(super) fn labels(fields: &mut Fields) -> (BTreeMap<String, String>, Vec<Fault>) {
    let labels = fields
        .optional("labels")
        .texts(ENTRIES_MAX, TEXT_MAX)
        .unwrap_or_default();
    let faults = labels
        .keys()
        .filter(|name| name.chars().count() > LABEL_NAME_MAX)
        .map(|name| {
            let detail = format!("a label's name has at most {LABEL_NAME_MAX} characters");
            Fault::at(pointer("labels", name), detail)
        })
        .collect();
    (labels, faults)
}

/// Addresses to read on; what is wrong with one is noted in `deeper`.
pub(in crate::api) fn links(
    fields: &mut Fields,
    deeper: &mut Vec<Fault>,
) -> BTreeMap<String, String> {
    let links = fields
        .optional("links")
        .texts(ENTRIES_MAX, TEXT_MAX)
        .unwrap_or_default();
    for (name, address) in &links {
        let is_web = Url::parse(address)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            let detail = "must be an address such as https://wiki.example/runbook";
            deeper.push(Fault::at(pointer("links", name), detail));
        }
    }
    links
}

/// The pointer of an entry of an object, escaped as RFC 6901 asks.
fn pointer(field: &str, entry: &str) -> String {
    format!(
        "/{field}/{}",
        entry
            .replace('~', "~0")
            .replace('/', "~1")
    )
}
