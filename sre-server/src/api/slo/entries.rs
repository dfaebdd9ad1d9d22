//! What people attach to an SLO: labels and links.

use std::collections::BTreeMap;

use url::Url;

use super::definition::TEXT_MAX;
use crate::http::Fields;
use crate::http::fault::Fault;

/// The longest name of a label, in characters.
const LABEL_NAME_MAX: usize = 128;
/// How many labels, and how many links, an SLO may have.
const ENTRIES_MAX: usize = 32;

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
