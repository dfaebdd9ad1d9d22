//! Lists: `{"items": […], "next_cursor": null}`, a page at a time.
//!
//! A cursor is the key of the last item of the page before, so a list stays stable while items come
//! and go: none is shown twice or left out because of its neighbours. To the caller it is opaque
//! (base64url of the key's JSON); to the store it is a place in the order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::ApiError;
use super::response::{self, Response};

/// How many items a page holds when the caller does not say.
pub const LIMIT_DEFAULT: u32 = 100;

/// How many items a page may hold: an answer stays within a few megabytes and milliseconds.
pub const LIMIT_MAX: u32 = 1000;

/// The longest cursor that is looked at; keys are a few identifiers.
const CURSOR_LENGTH_MAX: usize = 1024;

/// Which page is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paging<K> {
    /// How many items at most, 1 to 1000.
    pub limit: u32,
    /// The key of the last item of the page before.
    pub after: Option<K>,
}

impl<K: Serialize> Paging<K> {
    /// How many rows to fetch: one more than are shown tells whether a page follows.
    pub fn rows(&self) -> usize {
        self.shown().saturating_add(1)
    }

    /// The page, from up to [`Paging::rows`] rows after [`Paging::after`].
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] when a view or a key does not serialise.
    pub fn answer<R, V: Serialize>(
        &self,
        mut rows: Vec<R>,
        key: impl FnOnce(&R) -> K,
        view: impl FnMut(R) -> V,
    ) -> Result<Response, ApiError> {
        let more = rows.len() > self.shown();
        rows.truncate(self.shown());
        let next_cursor = match rows.last() {
            Some(last) if more => Some(cursor(&key(last))?),
            _ => None,
        };
        response::ok(&List {
            items: rows.into_iter().map(view).collect(),
            next_cursor,
        })
    }

    fn shown(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// How a page is written.
#[derive(Debug, Serialize)]
pub struct List<V> {
    /// The items, in the list's order.
    pub items: Vec<V>,
    /// For `?cursor=`, to go on; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// The cursor that goes on after `key`.
pub fn cursor<K: Serialize>(key: &K) -> Result<String, ApiError> {
    let text = serde_json::to_vec(key).map_err(ApiError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// The key that a cursor holds; `None` when the text was never a cursor of such a list.
pub(super) fn cursor_key<K: DeserializeOwned>(text: &str) -> Option<K> {
    if text.len() > CURSOR_LENGTH_MAX {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::response::testing::json_of;

    async fn page(limit: u32, rows: Vec<u32>) -> serde_json::Value {
        let paging = Paging { limit, after: None };
        json_of(
            paging
                .answer(rows, |row| (*row, "x"), |row| row * 10)
                .unwrap(),
        )
        .await
    }

    #[tokio::test]
    async fn a_full_page_says_how_to_go_on_and_the_last_does_not() {
        assert_eq!(
            page(2, vec![1, 2]).await,
            json!({"items": [10, 20], "next_cursor": null})
        );
        let first = page(2, vec![1, 2, 3]).await;
        assert_eq!(first["items"], json!([10, 20]));
        let next = first["next_cursor"].as_str().unwrap();
        assert_eq!(cursor_key::<(u32, String)>(next), Some((2, "x".to_owned())));
    }

    #[tokio::test]
    async fn an_empty_list_is_a_list() {
        assert_eq!(
            page(100, vec![]).await,
            json!({"items": [], "next_cursor": null})
        );
    }

    #[test]
    fn a_cursor_of_another_list_is_none() {
        let text = cursor(&"name").unwrap();
        assert_eq!(cursor_key::<u64>(&text), None);
        assert_eq!(cursor_key::<String>("%%%"), None);
        assert_eq!(cursor_key::<String>(&"A".repeat(2000)), None);
    }
}
