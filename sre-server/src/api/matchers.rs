//! Matchers in requests and answers.

use serde::Serialize;
use sre_core::matcher::{MATCHERS_MAX, Matcher, Matchers, VALUE_LENGTH_MAX};
use utoipa::ToSchema;

use crate::http::Fields;

/// A condition on a label.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Matcher)]
pub(super) struct MatcherView {
    /// The label: one of the alert's own, or `service`, `alertname`, `severity`, `slo_id`.
    #[schema(example = "severity")]
    name: String,
    /// `=`, `!=`, `=~` (all of the value is what the expression describes) or `!~`.
    #[schema(example = "=~")]
    operator: &'static str,
    #[schema(example = "critical|emergency")]
    value: String,
}

/// The conditions as they are answered.
pub(super) fn views(matchers: &Matchers) -> Vec<MatcherView> {
    matchers
        .iter()
        .map(|matcher| MatcherView {
            name: matcher.name().to_owned(),
            operator: matcher.operator().as_str(),
            value: matcher.value().to_owned(),
        })
        .collect()
}

/// The optional field `matchers`: each as text, `severity=~"critical|emergency"`, or as an object of
/// `name`, `operator` and `value`. `None` where it is left out, or wrong.
pub(super) fn read(fields: &mut Fields) -> Option<Matchers> {
    let read = fields
        .optional("matchers")
        .list(MATCHERS_MAX, |item| {
            if item.is_text() {
                item.parse::<Matcher>()
            } else {
                item.object(one)
            }
        })?;
    match Matchers::new(read) {
        Ok(matchers) => Some(matchers),
        Err(why) => {
            fields.fault("matchers", why);
            None
        }
    }
}

fn one(fields: &mut Fields) -> Option<Matcher> {
    let name = fields.text("name", 1..=VALUE_LENGTH_MAX);
    let operator = fields
        .optional("operator")
        .parse()
        .unwrap_or(sre_core::matcher::MatchOperator::Equal);
    let value = fields.text("value", 0..=VALUE_LENGTH_MAX);
    match Matcher::new(name?, operator, value?) {
        Ok(matcher) => Some(matcher),
        Err(why) => {
            fields.fault("value", why);
            None
        }
    }
}
