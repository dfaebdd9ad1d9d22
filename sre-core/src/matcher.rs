//! Which alerts something concerns: matchers over labels, in the syntax of Prometheus.
//!
//! Silences, routes, maintenance and inhibition all choose alerts by their labels, and people write
//! the choice as they do for Prometheus and Alertmanager: `severity=~"critical|emergency"`. A label
//! that is missing equals the empty string; a regular expression speaks of the whole value. It is
//! matched in time linear in the value, so that `(a+)+$` harms nobody.

mod labels;
mod parse;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use regex::{Regex, RegexBuilder};
use thiserror::Error;

pub use labels::{Labelled, MatchLabels};

/// The longest value of a matcher, in bytes: no label is longer.
pub const VALUE_LENGTH_MAX: usize = 4096;

/// How many matchers one choice may have: more than anybody writes, few enough to show.
pub const MATCHERS_MAX: usize = 32;

/// The room that a compiled expression may take: ten letters of any alphabet (`\w{10}`) fit, and ten
/// thousand expressions of the usual kind are some tens of megabytes.
const EXPRESSION_BYTES_MAX: usize = 256 * 1024;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MatchOperator {
    /// `=`: the label has this value.
    Equal,
    /// `!=`: the label has another value, or none.
    NotEqual,
    /// `=~`: all of the label's value is what the expression describes.
    Matches,
    /// `!~`: it is not.
    MatchesNot,
}

impl MatchOperator {
    /// Every operator; one that begins like another stands before it.
    pub const ALL: [Self; 4] = [Self::Matches, Self::NotEqual, Self::MatchesNot, Self::Equal];

    /// The operator as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }

    /// Whether its value is a regular expression.
    #[must_use]
    pub const fn is_regex(self) -> bool {
        matches!(self, Self::Matches | Self::MatchesNot)
    }

    /// Whether it chooses what is like its value, rather than what is not.
    #[must_use]
    pub const fn is_equal(self) -> bool {
        matches!(self, Self::Equal | Self::Matches)
    }
}

impl FromStr for MatchOperator {
    type Err = MatcherError;

    fn from_str(text: &str) -> Result<Self, MatcherError> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.as_str() == text)
            .ok_or(MatcherError::Operator)
    }
}

impl fmt::Display for MatchOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One condition on one label.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use sre_core::matcher::Matcher;
///
/// let grave: Matcher = r#"severity=~"critical|emergency""#.parse()?;
/// let labels = BTreeMap::from([("severity".to_owned(), "critical".to_owned())]);
/// assert!(grave.matches(&labels));
/// // The expression speaks of the whole value, and what is missing is empty.
/// let labels = BTreeMap::from([("severity".to_owned(), "uncritical".to_owned())]);
/// assert!(!grave.matches(&labels));
/// assert!("zone=\"\"".parse::<Matcher>()?.matches(&labels));
/// assert_eq!(grave.to_string(), r#"severity=~"critical|emergency""#);
/// # Ok::<(), sre_core::matcher::MatcherError>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(into = "Written", try_from = "Written"))]
pub struct Matcher {
    name: String,
    operator: MatchOperator,
    value: String,
    /// The value, compiled, where it is an expression.
    expression: Option<Regex>,
}

/// Why something is not a matcher.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MatcherError {
    /// It has no operator where one is due.
    #[error("a matcher is a label, one of =, !=, =~ and !~, and a value")]
    Operator,
    /// The label has no name, or one that has to be quoted.
    #[error("the name of a label is missing, or has to be in double quotes")]
    Name,
    /// A quote is missing, or stands where it must be escaped.
    #[error("a double quote is missing, or stands in the value without a backslash before it")]
    Quote,
    /// The value is too long.
    #[error("the value of a matcher has at most {VALUE_LENGTH_MAX} bytes")]
    TooLong,
    /// There are too many.
    #[error("there are at most {MATCHERS_MAX} matchers")]
    TooMany,
    /// The value is not a regular expression, or too large a one.
    #[error("the value is not a regular expression that can be used")]
    Expression(#[source] regex::Error),
}

impl Matcher {
    /// The condition that `name` compares with `value` by `operator`.
    pub fn new(
        name: impl Into<String>,
        operator: MatchOperator,
        value: impl Into<String>,
    ) -> Result<Self, MatcherError> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() || name.len() > VALUE_LENGTH_MAX {
            return Err(MatcherError::Name);
        }
        if value.len() > VALUE_LENGTH_MAX {
            return Err(MatcherError::TooLong);
        }
        let expression = operator
            .is_regex()
            .then(|| anchored(&value))
            .transpose()?;
        Ok(Self {
            name,
            operator,
            value,
            expression,
        })
    }

    /// The label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is compared.
    #[must_use]
    pub const fn operator(&self) -> MatchOperator {
        self.operator
    }

    /// What it is compared with.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether the labels fulfil the condition.
    #[must_use]
    pub fn matches(&self, labels: &(impl Labelled + ?Sized)) -> bool {
        self.admits(labels.label(&self.name))
    }

    /// Whether the condition is fulfilled where the label is missing.
    #[must_use]
    pub fn matches_empty(&self) -> bool {
        self.admits("")
    }

    /// Whether a label of this value fulfils the condition.
    fn admits(&self, value: &str) -> bool {
        let is_like = self
            .expression
            .as_ref()
            .map_or(self.value == value, |expression| expression.is_match(value));
        is_like == self.operator.is_equal()
    }
}

/// The expression over the whole of a value.
fn anchored(value: &str) -> Result<Regex, MatcherError> {
    let build = |expression: &str| {
        RegexBuilder::new(expression)
            .size_limit(EXPRESSION_BYTES_MAX)
            .dfa_size_limit(EXPRESSION_BYTES_MAX)
            .build()
            .map_err(MatcherError::Expression)
    };
    // Also by itself, or `a)|(?:b` would be taken, whose ends are not anchored.
    build(value)?;
    build(&format!(r"\A(?:{value})\z"))
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.operator, &self.value) == (&other.name, other.operator, &other.value)
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, self.operator, &self.value).hash(state);
    }
}

impl FromStr for Matcher {
    type Err = MatcherError;

    fn from_str(text: &str) -> Result<Self, MatcherError> {
        parse::matcher(text)
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        parse::print(self, f)
    }
}

/// Conditions that hold together; none is fulfilled by every alert.
///
/// ```
/// use sre_core::matcher::Matchers;
///
/// let matchers: Matchers = r#"{service="checkout", severity!~"low|medium"}"#.parse()?;
/// assert_eq!(matchers.to_string(), r#"{service="checkout",severity!~"low|medium"}"#);
/// assert!(!matchers.matches_empty());
/// # Ok::<(), sre_core::matcher::MatcherError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(into = "Vec<Matcher>", try_from = "Vec<Matcher>")
)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// All of these conditions.
    pub fn new(matchers: Vec<Matcher>) -> Result<Self, MatcherError> {
        if matchers.len() > MATCHERS_MAX {
            return Err(MatcherError::TooMany);
        }
        Ok(Self(matchers))
    }

    /// The conditions, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the labels fulfil every condition.
    #[must_use]
    pub fn matches(&self, labels: &(impl Labelled + ?Sized)) -> bool {
        self.iter()
            .all(|matcher| matcher.matches(labels))
    }

    /// Whether they are fulfilled where no label is: such a choice tells nothing apart.
    #[must_use]
    pub fn matches_empty(&self) -> bool {
        self.iter().all(Matcher::matches_empty)
    }

    /// Whether both choose by the same conditions, in whatever order.
    #[must_use]
    pub fn is_same_choice(&self, other: &Self) -> bool {
        let covers = |one: &Self, other: &Self| {
            one.iter()
                .all(|matcher| other.0.contains(matcher))
        };
        covers(self, other) && covers(other, self)
    }
}

impl FromStr for Matchers {
    type Err = MatcherError;

    fn from_str(text: &str) -> Result<Self, MatcherError> {
        parse::matchers(text)
    }
}

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, matcher) in self.iter().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            fmt::Display::fmt(matcher, f)?;
        }
        f.write_str("}")
    }
}

impl From<Matchers> for Vec<Matcher> {
    fn from(matchers: Matchers) -> Self {
        matchers.0
    }
}

impl TryFrom<Vec<Matcher>> for Matchers {
    type Error = MatcherError;

    fn try_from(matchers: Vec<Matcher>) -> Result<Self, MatcherError> {
        Self::new(matchers)
    }
}

/// A matcher as it is kept.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Written {
    name: String,
    operator: String,
    value: String,
}

#[cfg(feature = "serde")]
impl From<Matcher> for Written {
    fn from(matcher: Matcher) -> Self {
        Self {
            name: matcher.name,
            operator: matcher.operator.as_str().to_owned(),
            value: matcher.value,
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Written> for Matcher {
    type Error = MatcherError;

    fn try_from(written: Written) -> Result<Self, MatcherError> {
        Self::new(written.name, written.operator.parse()?, written.value)
    }
}

#[cfg(test)]
mod tests;
