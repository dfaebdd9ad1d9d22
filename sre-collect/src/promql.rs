//! The few expressions that are asked.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::TimeDelta;
use sre_core::counter::ScrapeTarget;
use sre_core::time::{Interval, Span};

use crate::limits::TARGETS_NAMED_MAX;

/// The samples of a selector in a half-open stretch, when asked at its end.
///
/// Prometheus 2 takes both ends of a range, Prometheus 3 leaves out its start. So a millisecond more
/// is asked for, and what lies outside is dropped afterwards.
pub(crate) fn raw(selector: &str, stretch: Interval) -> String {
    let length = stretch.end() - stretch.start() + TimeDelta::milliseconds(1);
    format!("{}[{}ms]", selector.trim(), length.num_milliseconds())
}

/// The source's own estimate of the increase over a span, all series together.
pub(crate) fn estimate(selector: &str, over: Span) -> String {
    format!("sum(increase({}[{}s]))", selector.trim(), over.as_seconds())
}

/// How many series a selector has.
pub(crate) fn count(selector: &str) -> String {
    format!("count({})", selector.trim())
}

/// How many series a selector had in a stretch that ends now, by the values of a label.
pub(crate) fn count_by(label: &str, selector: &str, stretch: Interval) -> String {
    let length = stretch.end() - stretch.start() + TimeDelta::milliseconds(1);
    let millis = length.num_milliseconds();
    format!(
        "count by ({label}) (last_over_time({}[{millis}ms]))",
        selector.trim()
    )
}

/// The labels that matchers, written without braces, name: whatever stands, outside quotation marks,
/// where a label does.
pub(crate) fn labels_matched(matchers: &str) -> impl Iterator<Item = &str> {
    let (mut mark, mut is_escaped, mut start) = (None, false, 0);
    let mut labels = Vec::new();
    for (at, c) in matchers.char_indices() {
        match (mark, c) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(open), '\\') if open != '`' => is_escaped = true,
            (Some(open), c) if open == c => {
                mark = None;
            }
            (None, '"' | '\'' | '`') => mark = Some(c),
            (None, ',') => start = at + 1,
            (None, '=' | '!') => labels.extend(matchers.get(start..at)),
            (Some(_) | None, _) => {}
        }
    }
    labels.into_iter().map(|label| {
        label
            .trim()
            .trim_matches(['"', '\'', '`'])
    })
}

/// The selector of `up` of these targets, or of their jobs when they are many.
pub(crate) fn up<'a>(targets: impl IntoIterator<Item = &'a ScrapeTarget>) -> String {
    let (mut jobs, mut instances) = (BTreeSet::new(), BTreeSet::new());
    for target in targets {
        jobs.insert(target.job.as_str());
        instances.insert(target.instance.as_str());
    }
    if instances.len() > TARGETS_NAMED_MAX {
        return format!("up{{job=~{}}}", one_of(&jobs));
    }
    format!(
        "up{{job=~{},instance=~{}}}",
        one_of(&jobs),
        one_of(&instances)
    )
}

/// A text between quotes, as it stands in a selector.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '\\' | '"') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A quoted regular expression that matches exactly these texts.
pub(crate) fn one_of(texts: &BTreeSet<&str>) -> String {
    let mut quoted = String::from("\"");
    for (n, text) in texts.iter().enumerate() {
        if n > 0 {
            quoted.push('|');
        }
        for c in text.chars() {
            match c {
                // Once for the expression, once for the string.
                '\\' => quoted.push_str(r"\\\\"),
                '"' => quoted.push_str("\\\""),
                '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                    quoted.push_str(r"\\");
                    quoted.push(c);
                }
                c if c.is_control() => {
                    // A String cannot fail to be written to.
                    let _ = write!(quoted, "\\U{:08x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use sre_core::time::at_second;

    use super::*;

    #[test]
    fn a_millisecond_more_is_asked_than_is_kept() {
        let stretch = Interval::new(at_second(60), at_second(120));
        assert_eq!(
            raw(" a_total{b=\"c\"} ", stretch),
            "a_total{b=\"c\"}[60001ms]"
        );
    }

    #[test]
    fn targets_are_matched_literally() {
        let target = |job: &str, instance: &str| ScrapeTarget {
            job: job.to_owned(),
            instance: instance.to_owned(),
        };
        let targets = [target("a|b", "10.0.0.1:80"), target("\"\\\n", "[::1]:80")];
        assert_eq!(
            up(&targets),
            concat!(
                r#"up{job=~"\"\\\\\U0000000a|a\\|b","#,
                r#"instance=~"10\\.0\\.0\\.1:80|\\[::1\\]:80"}"#
            )
        );
    }

    #[test]
    fn many_targets_are_named_by_their_job() {
        let target = |n: usize| ScrapeTarget {
            job: "a".to_owned(),
            instance: n.to_string(),
        };
        let targets: Vec<_> = (0..=TARGETS_NAMED_MAX)
            .map(target)
            .collect();
        assert_eq!(up(&targets), r#"up{job=~"a"}"#);
    }
}
