//! Labels in requests: how many, how long, and which count.

use std::collections::BTreeMap;

use crate::http::Fields;

/// How many labels one thing may have; they are part of identities, which are compared often.
pub(super) const LABELS_MAX: usize = 32;

/// The longest name or value of a label, in characters.
pub(super) const LABEL_LENGTH_MAX: usize = 1024;

/// The optional field `labels`. One with an empty value is no label: it is left out, so that two
/// ways of writing one identity are also shown as one.
pub(super) fn read(fields: &mut Fields) -> BTreeMap<String, String> {
    let mut labels = fields
        .optional("labels")
        .texts(LABELS_MAX, LABEL_LENGTH_MAX)
        .unwrap_or_default();
    labels.retain(|_, value| !value.is_empty());
    labels
}
