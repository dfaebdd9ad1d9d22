//! Silences, part by part.

use std::num::NonZeroU32;

use sre_core::name::SilenceId;
use sre_core::silence::Silence;
use sre_core::store::{Page, SilenceQuery, StoreError};

use crate::context::Context;

/// So many of the silences that are asked for, after this id, in the order of their ids.
pub(crate) async fn up_to(
    context: &Context,
    query: &SilenceQuery,
    mut after: Option<SilenceId>,
    most: usize,
) -> Result<Vec<Silence>, StoreError> {
    let mut found = Vec::new();
    while let Some(limit) = u32::try_from(most.saturating_sub(found.len()))
        .ok()
        .and_then(NonZeroU32::new)
    {
        let limit = limit.min(Page::<SilenceId>::LIMIT_MAX);
        let part = context
            .suppressors
            .silences
            .list_silences(query, Page { after, limit })
            .await?;
        let is_last = part.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX);
        after = part
            .last()
            .map(|silence| silence.id)
            .or(after);
        found.extend(part);
        if is_last {
            break;
        }
    }
    Ok(found)
}
