//! What Slack reads as markup, taken out of texts from outside.

/// The text with `&`, `<` and `>` escaped, so that no mention, link or broadcast comes from data; at
/// most `max` characters as Slack counts them, escapes included, and never half an escape.
pub(crate) fn escaped(text: &str, max: usize) -> String {
    let mut escaped = String::new();
    let (mut length, mut kept) = (0, 0);
    for char in text.chars() {
        let piece = match char {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            char => {
                let from = escaped.len();
                escaped.push(char);
                length += char.len_utf16();
                if length < max {
                    kept = escaped.len();
                } else if length > max {
                    return cut(escaped, kept.min(from));
                }
                continue;
            }
        };
        length += piece.len();
        if length > max {
            return cut(escaped, kept);
        }
        escaped.push_str(piece);
        if length < max {
            kept = escaped.len();
        }
    }
    escaped
}

/// The length of a text as Slack counts it; it does not say how, so by the larger of the usual ways.
pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The first `kept` bytes and "…".
fn cut(mut text: String, kept: usize) -> String {
    text.truncate(kept);
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mention_comes_from_data() {
        assert_eq!(
            escaped("<!channel> & <@U1> > <https://h|x>", 200),
            "&lt;!channel&gt; &amp; &lt;@U1&gt; &gt; &lt;https://h|x&gt;"
        );
    }

    #[test]
    fn a_text_is_cut_between_escapes_and_characters() {
        for (text, max, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("a&b", 7, "a&amp;b"),
            ("a&bc", 7, "a&amp;…"),
            ("a&&", 7, "a&amp;…"),
            ("&&&", 3, "…"),
            ("🔥🔥🔥", 6, "🔥🔥🔥"),
            ("🔥🔥🔥", 5, "🔥🔥…"),
            ("🔥🔥🔥", 4, "🔥…"),
        ] {
            let is = escaped(text, max);
            assert_eq!(is, shown, "{text} in {max}");
            assert!(length(&is) <= max);
        }
    }
}
