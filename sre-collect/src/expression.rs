//! Expressions that people write: put to a window, or read as the counter that they mean.
//!
//! `sum(increase(requests_total[{{window}}]))` asks the source to estimate what its raw samples say
//! exactly. So an expression of that form is taken for the counter in it; any other is run as it is
//! written. Nothing cleverer is tried: an expression that is understood half is counted wrongly.

use sre_core::source::QueryRatio;
use sre_core::time::Span;

use crate::check_selector;

/// The expression over a length.
pub(crate) fn over(expression: &str, window: Span) -> String {
    expression.replace(QueryRatio::WINDOW, &format!("{}s", window.as_seconds()))
}

/// The selector of the counter whose increase an expression sums:
/// `sum [by (…)] (increase|rate(selector[{{window}}]))`; `None` for anything else. By which labels it
/// groups does not matter, since the groups are summed.
pub(crate) fn counter_in(expression: &str) -> Option<&str> {
    let (before, after) = expression.split_once(QueryRatio::WINDOW)?;
    let inner = before.trim_end().strip_suffix('[')?;
    let rest = word(inner, "sum")?;
    let (rest, groups_before) = grouping(rest)?;
    let rest = rest.strip_prefix('(')?;
    let rest = word(rest, "increase").or_else(|| word(rest, "rate"))?;
    let selector = rest.strip_prefix('(')?.trim();
    let rest = after.trim_start().strip_prefix(']')?;
    let rest = rest.trim_start().strip_prefix(')')?;
    let rest = rest.trim_start().strip_prefix(')')?;
    let (rest, groups_after) = grouping(rest.trim_start())?;
    let is_whole = rest.is_empty() && !(groups_before && groups_after);
    (is_whole && check_selector(selector).is_ok()).then_some(selector)
}

/// What follows a word and the blanks after it.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.trim_start().strip_prefix(word)?;
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    (!rest.starts_with(goes_on)).then(|| rest.trim_start())
}

/// What follows `by (label, …)` where that stands, and whether it does; `None` where it is not one.
fn grouping(text: &str) -> Option<(&str, bool)> {
    let Some(rest) = word(text, "by") else {
        return Some((text, false));
    };
    let (labels, rest) = rest
        .strip_prefix('(')?
        .split_once(')')?;
    let is_label = |label: &str| {
        let label = label.trim();
        !label.is_empty()
            && !label.starts_with(|c: char| c.is_ascii_digit())
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let are_labels = labels.trim().is_empty() || labels.split(',').all(is_label);
    are_labels.then(|| (rest.trim_start(), true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sum_of_an_increase_is_the_counter_in_it() {
        for (expression, selector) in [
            ("sum(increase(a_total[{{window}}]))", "a_total"),
            ("sum(rate(a_total[{{window}}]))", "a_total"),
            (
                r#" sum ( increase ( a_total{code=~"5.."} [ {{window}} ] ) ) "#,
                r#"a_total{code=~"5.."}"#,
            ),
            ("sum by (job, code) (rate(a_total[{{window}}]))", "a_total"),
            ("sum by()(rate(a_total[{{window}}]))", "a_total"),
            ("sum(rate(a_total[{{window}}])) by (job)", "a_total"),
            (
                "sum(\n  increase(\n    a:b_total[{{window}}]\n  )\n)",
                "a:b_total",
            ),
            (
                r#"sum(increase(a_total{path="a) by (b"}[{{window}}]))"#,
                r#"a_total{path="a) by (b"}"#,
            ),
        ] {
            assert_eq!(counter_in(expression), Some(selector), "{expression}");
        }
    }

    #[test]
    fn any_other_expression_is_left_as_it_is() {
        for expression in [
            "",
            "a_total",
            "{{window}}",
            "increase(a_total[{{window}}])",
            "avg(increase(a_total[{{window}}]))",
            "sum(delta(a_total[{{window}}]))",
            "sum(increase(a_total[5m]))",
            "sum(increase(a_total[{{window}}] offset 5m))",
            "sum(increase(a_total[{{window}}:1m]))",
            "sum(increase(a_total[{{window}}])) / 2",
            "2 * sum(increase(a_total[{{window}}]))",
            "sum(increase(a_total[{{window}}])) + sum(increase(b_total[{{window}}]))",
            "sum(increase(a_total[{{window}}]) + increase(b_total[5m]))",
            "sum without (job) (increase(a_total[{{window}}]))",
            "sum by (job) (increase(a_total[{{window}}])) by (job)",
            "sum by (a b) (increase(a_total[{{window}}]))",
            "summary(increase(a_total[{{window}}]))",
            "sum(increases(a_total[{{window}}]))",
            "sum(increase(rate(a_total)[{{window}}]))",
            "sum(increase({}[{{window}}]))",
            "sum(increase(a_total[{{window}}]))) by (x",
        ] {
            assert_eq!(counter_in(expression), None, "{expression}");
        }
    }

    #[test]
    fn every_place_of_the_window_is_filled() {
        let expression = "sum(increase(a[{{window}}])) + sum(increase(b[{{window}}]))";
        let filled = "sum(increase(a[240s])) + sum(increase(b[240s]))";
        assert_eq!(over(expression, Span::minutes(4)), filled);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reading_panic(text in "[a-z(){}\\[\\], ]{0,20}(\\{\\{window\\}\\})?[a-z() \\]]{0,9}") {
            let _ = counter_in(&text);
        }
    }
}
