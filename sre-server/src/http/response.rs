//! Answers: what a handler returns.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use hyper::{Response as HttpResponse, StatusCode};
use serde::Serialize;

use super::etag::etag;
use super::problem::ApiError;

/// An answer whose body is at hand, so that its length is known and it can be counted and cached.
pub type Response = HttpResponse<Full<Bytes>>;

/// `view` as JSON under `status`.
pub fn json<T: Serialize + ?Sized>(status: StatusCode, view: &T) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(view).map_err(ApiError::internal)?;
    Ok(bytes(status, "application/json", body))
}

/// 200 with `view` as JSON.
pub fn ok<T: Serialize + ?Sized>(view: &T) -> Result<Response, ApiError> {
    json(StatusCode::OK, view)
}

/// 200 with one resource and the tag of its version.
pub fn versioned<T: Serialize + ?Sized>(version: u64, view: &T) -> Result<Response, ApiError> {
    ok(view).map(|response| with(response, ETAG, etag(version)))
}

/// 201 with what was made, its address and the tag of its version.
pub fn created<T: Serialize + ?Sized>(
    location: &str,
    version: u64,
    view: &T,
) -> Result<Response, ApiError> {
    let location = HeaderValue::try_from(location).map_err(ApiError::internal)?;
    let response = json(StatusCode::CREATED, view)?;
    Ok(with(
        with(response, LOCATION, location),
        ETAG,
        etag(version),
    ))
}

/// 303 to another address of ours.
pub fn see_other(location: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::try_from(location).map_err(ApiError::internal)?;
    let mut response = no_content();
    *response.status_mut() = StatusCode::SEE_OTHER;
    Ok(with(response, LOCATION, location))
}

/// 204.
pub fn no_content() -> Response {
    let mut response = HttpResponse::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A body of any type: the metrics, the page, what was rendered before and is kept.
pub fn bytes(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = HttpResponse::new(Full::new(body.into()));
    *response.status_mut() = status;
    with(
        response,
        CONTENT_TYPE,
        HeaderValue::from_static(content_type),
    )
}

/// `response` with one header set.
pub fn with(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response
        .headers_mut()
        .insert(name, value);
    response
}

#[cfg(test)]
pub(crate) mod testing {
    //! Reading answers in tests.

    use http_body_util::BodyExt as _;

    use super::Response;

    pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) async fn json_of(response: Response) -> serde_json::Value {
        let bytes = response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::header;
    use super::*;

    #[test]
    fn what_was_made_says_where_it_is_and_which_version() {
        let response = created("/slo/1", 1, &serde_json::json!({"id": 1})).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(header(&response, "location"), "/slo/1");
        assert_eq!(header(&response, "etag"), "\"v1\"");
    }

    #[test]
    fn an_address_cannot_smuggle_a_header() {
        assert!(created("/slo/1\r\nx: y", 1, &()).is_err());
    }
}
