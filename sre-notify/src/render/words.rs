//! Texts from outside, made fit to be shown on one line.

use crate::redaction::is_bidi;

/// The text on one line: what breaks lines or moves a cursor becomes a space, and what turns the
/// reading direction is left out. Letters of every script stay.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .filter(|char| !is_bidi(*char))
        .map(|char| {
            let breaks = char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
            if breaks { ' ' } else { char }
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// At most `max` characters of a text, the last of them "…" where something was cut.
pub(crate) fn clipped(text: &str, max: usize) -> String {
    crate::body::clip(text, max).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_is_one_line_in_its_own_direction() {
        for (text, line) in [
            ("a\r\nBcc: b", "a  Bcc: b"),
            ("\u{1b}[31mred", "[31mred"),
            ("exe.\u{202e}gpj", "exe.gpj"),
            ("שלום 👩‍🚒", "שלום 👩‍🚒"),
            ("one\u{2028}two\n", "one two"),
        ] {
            assert_eq!(one_line(text), line);
        }
    }
}
