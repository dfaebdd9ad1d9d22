//! Addresses, which may be secrets.

use url::Url;

use super::super::yaml::{Map, Node, Reader};
use crate::config::parse;
use crate::config::table::setting;
use crate::secret::Secret;

/// An address that stands in the file, as one within one's own walls may, or elsewhere.
pub(super) fn address(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    map: &Map<'_, '_>,
    like: &str,
) -> Option<Secret<Url>> {
    if let Some(node) = map.get("url") {
        let url = reader.read_by(node, |text| parse::url(setting(like), text));
        return url.map(Secret::new);
    }
    let faults = reader.count();
    let url = reader.secret(map, ["url", "url_file", "url_env"]);
    if url.is_none() && reader.count() == faults {
        reader.refuse(node, "url, url_file or url_env is missing");
    }
    secret_url(reader, node, like, &url?)
}

/// A URL that was read from elsewhere; its fault does not show it.
pub(super) fn secret_url(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    like: &str,
    text: &Secret<String>,
) -> Option<Secret<Url>> {
    if !reader.reads_secrets() {
        return None;
    }
    match parse::url(setting(like), text.expose()) {
        Ok(url) => Some(Secret::new(url)),
        Err(cause) => {
            reader.refuse(node, format!("its address {cause}"));
            None
        }
    }
}
