//! Percent-encoding as it arrives in paths and queries, read strictly: what is not UTF-8 or not an
//! escape is refused instead of guessed at.

/// `text` with its escapes read; `None` when an escape is cut short, is not hexadecimal, or the
/// result is not UTF-8 or holds a NUL (which no store keeps).
pub(super) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_read() {
        assert_eq!(
            decode("a%20b+c%2f%C3%A4", false).as_deref(),
            Some("a b+c/ä")
        );
        assert_eq!(decode("a+b%2B", true).as_deref(), Some("a b+"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in ["%", "%4", "%zz", "%+1", "%ff", "%c3", "%00"] {
            assert_eq!(decode(text, false), None, "{text}");
        }
    }
}
