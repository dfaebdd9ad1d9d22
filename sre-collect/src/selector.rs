//! A selector of counters, checked at the door.
//!
//! A selector is put into expressions of ours (`selector[360001ms]`), so it must be nothing but a
//! selector: a function, a range or an operator in it would change what is counted, or be refused by
//! the source at every slice. What is said here is said when an SLO is created, with the place.

use std::fmt;

use thiserror::Error;

use crate::limits::SELECTOR_MAX_BYTES;

/// Why a text is not a selector of counters, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{fault}, at character {position}")]
pub struct SelectorError {
    /// The character it is noticed at, from 1.
    pub position: usize,
    /// What is wrong there.
    pub fault: SelectorFault,
}

/// What is wrong with a selector.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SelectorFault {
    /// Nothing is written.
    Empty,
    /// More than [`SELECTOR_MAX_BYTES`].
    TooLong,
    /// A function or an aggregation.
    Function(String),
    /// A range in brackets.
    Range,
    /// `offset` or `@`.
    Modifier,
    /// Something else than a name or `{`.
    Start,
    /// No name of a label where one must stand.
    Label,
    /// No `=`, `!=`, `=~` or `!~` after the label.
    Operator,
    /// No quoted value after the operator.
    Value,
    /// A quotation that does not end.
    Quote,
    /// Something else than `,` or `}` after a value.
    Separator,
    /// A `{` that is not closed.
    Brace,
    /// Something after the end.
    Trailing,
    /// No name, and no matcher that names anything: it would select every series there is.
    Everything,
}

impl fmt::Display for SelectorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the selector is empty",
            Self::TooLong => "a selector may have at most 4096 bytes",
            Self::Function(name) => {
                return write!(
                    f,
                    "`{name}(`: name the counter itself, its increase is taken here"
                );
            }
            Self::Range => "a range: name the counter without one, the slice is the range",
            Self::Modifier => "`offset` and `@` are not possible here",
            Self::Start => "expected a metric name or {",
            Self::Label => "expected the name of a label",
            Self::Operator => "expected one of =, !=, =~ and !~",
            Self::Value => "expected a value in quotation marks",
            Self::Quote => "the quotation is not closed",
            Self::Separator => "expected , or }",
            Self::Brace => "the { is not closed",
            Self::Trailing => "expected the end of the selector",
            Self::Everything => {
                "name the metric, or a label with a value: this selects every series"
            }
        })
    }
}

/// Checks that a text is a selector of counters: a metric name, matchers in braces, or both.
///
/// ```
/// use sre_collect::check_selector;
///
/// assert!(check_selector(r#"http_requests_total{job="api",code!~"5.."}"#).is_ok());
/// let error = check_selector("rate(http_requests_total[5m])").unwrap_err();
/// assert_eq!(error.position, 1);
/// ```
///
/// # Errors
///
/// [`SelectorError`], with the first thing that is wrong.
pub fn check_selector(selector: &str) -> Result<(), SelectorError> {
    let mut scanner = Scanner {
        text: selector.chars().collect(),
        at: 0,
    };
    if selector.len() > SELECTOR_MAX_BYTES {
        return Err(scanner.error(SelectorFault::TooLong));
    }
    scanner.skip_space();
    if scanner.peek().is_none() {
        return Err(scanner.error(SelectorFault::Empty));
    }
    let start = scanner.at;
    let name = scanner.name(|c| c == ':');
    scanner.skip_space();
    if !name.is_empty() && scanner.peek() == Some('(') {
        scanner.at = start;
        return Err(scanner.error(SelectorFault::Function(name)));
    }
    let mut selects = !name.is_empty();
    if scanner.take('{') {
        selects |= scanner.matchers()?;
    } else if name.is_empty() {
        return Err(scanner.error(SelectorFault::Start));
    }
    scanner.end()?;
    scanner.at = start;
    if selects {
        Ok(())
    } else {
        Err(scanner.error(SelectorFault::Everything))
    }
}

/// A place in a text.
struct Scanner {
    text: Vec<char>,
    at: usize,
}

impl Scanner {
    fn error(&self, fault: SelectorFault) -> SelectorError {
        SelectorError {
            position: self.at + 1,
            fault,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, expected: char) -> bool {
        let taken = self.peek() == Some(expected);
        self.at += usize::from(taken);
        taken
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    /// A name, empty where none stands; `also` says what may stand in it beside letters, digits and
    /// underscores.
    fn name(&mut self, also: impl Fn(char) -> bool) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            let first = c.is_ascii_alphabetic() || c == '_' || also(c);
            if !first && (name.is_empty() || !c.is_ascii_digit()) {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        name
    }

    /// What stands between braces; whether it names anything.
    fn matchers(&mut self) -> Result<bool, SelectorError> {
        let mut selects = false;
        loop {
            self.skip_space();
            if self.take('}') {
                return Ok(selects);
            }
            selects |= self.matcher()?;
            self.skip_space();
            if !self.take(',') && self.peek() != Some('}') {
                let open = self.peek().is_none();
                let fault = if open {
                    SelectorFault::Brace
                } else {
                    SelectorFault::Separator
                };
                return Err(self.error(fault));
            }
        }
    }

    /// A label, an operator and a value; or, as Prometheus 3 has it, a metric name in quotation
    /// marks.
    fn matcher(&mut self) -> Result<bool, SelectorError> {
        let quoted = self.quoted()?;
        let name = self.name(|_| false);
        if quoted.is_none() && name.is_empty() {
            let open = self.peek().is_none();
            let fault = if open {
                SelectorFault::Brace
            } else {
                SelectorFault::Label
            };
            return Err(self.error(fault));
        }
        self.skip_space();
        if let (Some(metric), Some(',' | '}')) = (&quoted, self.peek()) {
            return Ok(!metric.is_empty());
        }
        let equal = self.operator()?;
        self.skip_space();
        let Some(value) = self.quoted()? else {
            return Err(self.error(SelectorFault::Value));
        };
        Ok(match equal {
            Operator::Equal => !value.is_empty(),
            Operator::Matches => !matches!(value.as_str(), "" | ".*" | "^.*$"),
            Operator::Differs => value.is_empty(),
        })
    }

    fn operator(&mut self) -> Result<Operator, SelectorError> {
        let place = self.at;
        match (self.take('!'), self.take('='), self.take('~')) {
            (false, true, false) => Ok(Operator::Equal),
            (false, true, true) => Ok(Operator::Matches),
            (true, true, false) | (true, false, true) => Ok(Operator::Differs),
            _ => {
                self.at = place;
                Err(self.error(SelectorFault::Operator))
            }
        }
    }

    /// What stands in quotation marks, escapes left as they are; `None` where no mark stands.
    fn quoted(&mut self) -> Result<Option<String>, SelectorError> {
        let start = self.at;
        let Some(mark) = self
            .peek()
            .filter(|c| matches!(c, '"' | '\'' | '`'))
        else {
            return Ok(None);
        };
        self.at += 1;
        let mut value = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == mark {
                return Ok(Some(value));
            }
            value.push(c);
            match (mark, c) {
                ('`', _) => {}
                (_, '\n') => break,
                (_, '\\') => {
                    let Some(escaped) = self.peek() else { break };
                    value.push(escaped);
                    self.at += 1;
                }
                _ => {}
            }
        }
        self.at = start;
        Err(self.error(SelectorFault::Quote))
    }

    /// Nothing more may stand here.
    fn end(&mut self) -> Result<(), SelectorError> {
        self.skip_space();
        let rest: String = self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .iter()
            .collect();
        let fault = match rest.chars().next() {
            None => return Ok(()),
            Some('[') => SelectorFault::Range,
            Some('@') => SelectorFault::Modifier,
            Some(_)
                if rest
                    .to_ascii_lowercase()
                    .starts_with("offset") =>
            {
                SelectorFault::Modifier
            }
            Some(_) => SelectorFault::Trailing,
        };
        Err(self.error(fault))
    }
}

/// How a label is compared, as far as it matters whether anything is named.
enum Operator {
    Equal,
    Matches,
    Differs,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_matchers_are_selectors() {
        for selector in [
            "http_requests_total",
            "job:errors:sum",
            "  a_total  ",
            "a_total{}",
            r#"a_total{code=~"5..",}"#,
            r#"{__name__="a_total"}"#,
            r#"{ __name__ =~ "a|b" , job != "" }"#,
            r"a_total{path='it\'s'}",
            "a_total{path=`\\`}",
            r#"a_total{path="{}[](),\" offset @"}"#,
            r#"{"metric.with.dots",job="x"}"#,
            r#"{job!=""}"#,
            "a_total{über=\"x\"}"
                .replace('ü', "u")
                .as_str(),
            "a_total{x=\"grün\"}",
        ] {
            assert_eq!(check_selector(selector), Ok(()), "{selector}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        use SelectorFault as F;
        for (selector, position, fault) in [
            ("", 1, F::Empty),
            ("  ", 3, F::Empty),
            ("rate(a_total[5m])", 1, F::Function("rate".to_owned())),
            ("  sum (a_total)", 3, F::Function("sum".to_owned())),
            ("a_total[5m]", 8, F::Range),
            (r#"a_total{b="c"}[5m]"#, 15, F::Range),
            ("a_total offset 5m", 9, F::Modifier),
            ("a_total @ 0", 9, F::Modifier),
            ("a_total + b_total", 9, F::Trailing),
            ("sum by (x) (a)", 5, F::Trailing),
            ("a_total#", 8, F::Trailing),
            ("a_total}", 8, F::Trailing),
            ("{a=\"b\"} {c=\"d\"}", 9, F::Trailing),
            ("5", 1, F::Start),
            ("(a_total)", 1, F::Start),
            ("-a_total", 1, F::Start),
            ("\"a_total\"", 1, F::Start),
            ("a_total{", 9, F::Brace),
            (r#"a_total{b="c""#, 14, F::Brace),
            ("a_total{,}", 9, F::Label),
            (r#"a_total{5="c"}"#, 9, F::Label),
            (r#"a_total{b:c="c"}"#, 10, F::Operator),
            (r#"a_total{b=="c"}"#, 11, F::Value),
            (r#"a_total{b!"c"}"#, 10, F::Operator),
            ("a_total{b=c}", 11, F::Value),
            (r#"a_total{b="c}"#, 11, F::Quote),
            ("a_total{b=\"c\n\"}", 11, F::Quote),
            (r#"a_total{b="c\"}"#, 11, F::Quote),
            (r#"a_total{b="c" d="e"}"#, 15, F::Separator),
            ("{}", 1, F::Everything),
            (r#"{job=~".*"}"#, 1, F::Everything),
            (r#"{job!="x"}"#, 1, F::Everything),
            (r#"{job=""}"#, 1, F::Everything),
        ] {
            let error = check_selector(selector).expect_err(selector);
            assert_eq!(error, SelectorError { position, fault }, "{selector}");
        }
    }

    #[test]
    fn a_selector_is_at_most_four_kibibytes() {
        let selector = |bytes| "a".repeat(bytes);
        assert!(check_selector(&selector(SELECTOR_MAX_BYTES)).is_ok());
        let error = check_selector(&selector(SELECTOR_MAX_BYTES + 1)).expect_err("too long");
        assert_eq!(error.fault, SelectorFault::TooLong);
        assert!(
            error
                .to_string()
                .contains(&SELECTOR_MAX_BYTES.to_string())
        );
    }

    #[test]
    fn an_error_says_what_and_where() {
        let error = check_selector("rate(a_total[5m])").expect_err("a function");
        let expected =
            "`rate(`: name the counter itself, its increase is taken here, at character 1";
        assert_eq!(error.to_string(), expected);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_check_panic(text in ".{0,60}") {
            let _ = check_selector(&text);
        }

        #[test]
        fn what_passes_has_no_operator_outside_quotation_marks(
            text in "[a{}=~!\"',`\\\\()\\[\\] @+-]{0,24}",
        ) {
            if check_selector(&text).is_ok() {
                let mut mark = None;
                let mut escaped = false;
                for c in text.chars() {
                    match (mark, c) {
                        (Some(_), _) if escaped => escaped = false,
                        (Some(open), '\\') if open != '`' => escaped = true,
                        (Some(open), c) if open == c => mark = None,
                        (None, '"' | '\'' | '`') => mark = Some(c),
                        (None, c) => prop_assert!(!"()[]@+-".contains(c), "{text}"),
                        (Some(_), _) => {}
                    }
                }
                prop_assert_eq!(mark, None);
            }
        }
    }
}
