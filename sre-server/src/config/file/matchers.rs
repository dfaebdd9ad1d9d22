//! Lists of matchers, wherever they stand.

use sre_core::matcher::{Matcher, Matchers};

use super::yaml::{Node, Reader};

/// A list of matchers, each of which may be several.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, what: &str) -> Vec<Matcher> {
    let mut all = Vec::new();
    for item in reader.list(node, what) {
        if let Some(matchers) = reader.parsed::<Matchers>(item) {
            all.extend(Vec::from(matchers));
        }
    }
    all
}
