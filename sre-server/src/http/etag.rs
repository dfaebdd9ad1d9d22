//! Versions of single resources: `ETag` on what is read, `If-Match` on what is written.
//!
//! The tag is strong and says the version number, `"v3"`. A writer that read version 3 and sends
//! `If-Match: "v3"` is refused with 412 when somebody else was faster, so no change is lost
//! unseen. Without the header the last writer wins. The check here spares the work; the store's
//! compare-and-set on the same number is what settles a race.

use hyper::header::{HeaderMap, HeaderValue, IF_MATCH};

use super::problem::ApiError;

/// The tag of a version.
pub fn etag(version: u64) -> HeaderValue {
    // Digits are always fit for a header.
    HeaderValue::try_from(format!("\"v{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"v0\""))
}

/// Refuses a write that was meant for another version than `current`.
///
/// # Errors
///
/// [`ApiError::Stale`] when `If-Match` is there and names neither `*` nor the current version. Weak
/// tags never match (RFC 9110, 13.1.1).
pub fn if_match(headers: &HeaderMap, current: u64) -> Result<(), ApiError> {
    let wanted = etag(current);
    let mut given = headers
        .get_all(IF_MATCH)
        .iter()
        .peekable();
    if given.peek().is_none() {
        return Ok(());
    }
    let matches = given
        .flat_map(|value| {
            value
                .as_bytes()
                .split(|byte| *byte == b',')
        })
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || tag == wanted.as_bytes());
    if matches {
        Ok(())
    } else {
        Err(ApiError::Stale { current })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(given: &[&'static str]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        if_match(&headers, 3)
            .err()
            .map(|error| error.status().as_u16())
    }

    #[test]
    fn the_current_version_or_any_or_none_is_accepted() {
        assert_eq!(outcome(&["\"v3\""]), None);
        assert_eq!(outcome(&["\"v1\", \"v3\""]), None);
        assert_eq!(outcome(&["\"v1\"", "\"v3\""]), None);
        assert_eq!(outcome(&["*"]), None);
        assert_eq!(outcome(&[]), None);
    }

    #[test]
    fn another_version_a_weak_tag_and_nonsense_are_stale() {
        assert_eq!(outcome(&["\"v2\""]), Some(412));
        assert_eq!(outcome(&["W/\"v3\""]), Some(412));
        assert_eq!(outcome(&["v3"]), Some(412));
        assert_eq!(outcome(&[""]), Some(412));
    }
}
