//! What PagerDuty's answer says: 202 is success, and a 400 may be about the key alone.

use sre_core::notification::Answer;

use crate::post::Heard;

/// The status of credentials that are refused: the lane stops until its settings change.
const NOT_YOU: u16 = 401;

/// The answer to one try. An event that is refused for its key would be refused in every form.
pub(super) fn of(heard: Heard) -> Answer {
    let is_about_key = heard.status == 400
        && ["routing_key", "routing key"]
            .iter()
            .any(|word| heard.text.contains(word));
    if is_about_key {
        Answer::FailedInWords {
            status: heard.status,
            meaning: NOT_YOU,
            retry_after: heard.retry_after,
            excerpt: heard.excerpt,
        }
    } else {
        heard.into_answer()
    }
}
