//! Matchers as people write them, in Alertmanager's syntax: `name="value"`, with or without quotes
//! around the value, several in braces or without, separated by commas. Names of other letters than
//! `a-zA-Z0-9_:` are quoted.

use std::fmt;

use super::{MatchOperator, Matcher, MatcherError, Matchers};

/// The list, in braces or without; a comma after the last is no fault.
pub(super) fn matchers(text: &str) -> Result<Matchers, MatcherError> {
    let text = text.trim();
    let inner = match (text.strip_prefix('{'), text.strip_suffix('}')) {
        (Some(rest), Some(_)) => rest
            .strip_suffix('}')
            .ok_or(MatcherError::Operator)?,
        (None, _) => text,
        (Some(_), None) => return Err(MatcherError::Operator),
    };
    let mut parts = split(inner);
    if parts
        .last()
        .is_some_and(|last| last.trim().is_empty())
    {
        parts.pop();
    }
    let read: Result<Vec<Matcher>, _> = parts.into_iter().map(matcher).collect();
    Matchers::new(read?)
}

/// The parts between commas that stand outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (place, letter) in text.char_indices() {
        match letter {
            ',' if !is_quoted => {
                parts.extend(text.get(from..place));
                from = place.saturating_add(1);
            }
            '"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    parts.extend(text.get(from..));
    parts
}

/// One condition.
pub(super) fn matcher(text: &str) -> Result<Matcher, MatcherError> {
    let (name, rest) = name(text.trim())?;
    let rest = rest.trim_start();
    let (operator, value) = MatchOperator::ALL
        .into_iter()
        .find_map(|operator| {
            rest.strip_prefix(operator.as_str())
                .map(|value| (operator, value.trim_start()))
        })
        .ok_or(MatcherError::Operator)?;
    Matcher::new(name, operator, unescaped(value)?)
}

/// The name of the label, and what follows it.
fn name(text: &str) -> Result<(String, &str), MatcherError> {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = closing(quoted).ok_or(MatcherError::Quote)?;
        let (name, rest) = quoted.split_at(end);
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        return Ok((letters(name)?, rest));
    }
    let end = text
        .find(|letter: char| !is_plain(letter))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if is_plain_name(name) {
        Ok((name.to_owned(), rest))
    } else {
        Err(MatcherError::Name)
    }
}

/// Where the quote is that ends the text.
fn closing(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices() {
        if letter == '"' && !is_escaped {
            return Some(place);
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    None
}

/// The value, with its quotes or without.
fn unescaped(text: &str) -> Result<String, MatcherError> {
    match text.strip_prefix('"') {
        Some(quoted) => {
            let end = closing(quoted).ok_or(MatcherError::Quote)?;
            let (value, rest) = quoted.split_at(end);
            if rest == "\"" {
                letters(value)
            } else {
                Err(MatcherError::Quote)
            }
        }
        None => letters(text),
    }
}

/// The text without its escapes; a backslash before anything but `n`, `"` and itself is a letter, so
/// that expressions need no second one.
fn letters(text: &str) -> Result<String, MatcherError> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '"' => return Err(MatcherError::Quote),
            '\\' => match rest.next() {
                Some('n') => plain.push('\n'),
                Some(escaped @ ('"' | '\\')) => plain.push(escaped),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            _ => plain.push(letter),
        }
    }
    Ok(plain)
}

/// Writes the condition so that it is read as it was.
pub(super) fn print(matcher: &Matcher, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_plain_name(&matcher.name) {
        f.write_str(&matcher.name)?;
    } else {
        write!(f, "\"{}\"", escaped(&matcher.name))?;
    }
    write!(f, "{}\"{}\"", matcher.operator, escaped(&matcher.value))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('"', "\\\"")
}

fn is_plain_name(name: &str) -> bool {
    let begins = |letter: char| is_plain(letter) && !letter.is_ascii_digit();
    name.starts_with(begins) && name.chars().all(is_plain)
}

const fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':')
}
