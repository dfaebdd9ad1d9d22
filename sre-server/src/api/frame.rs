//! The plain pages that need no view of their own: logging in, and the documentation of the API.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use maud::{DOCTYPE, Markup, html};

use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// Pages run no script, load nothing from elsewhere, send forms to us alone and stand in no frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);

/// What a browser is answered.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// A page of its own.
pub(super) fn page(status: StatusCode, title: &str, head: &Markup, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – SRE Monitor" }
                link rel="stylesheet" href="/assets/frame.css";
                (head)
            }
            body { (body) }
        }
    };
    let answer = response::bytes(status, HTML, page.into_string());
    response::with(answer, CONTENT_SECURITY_POLICY, POLICY)
}

/// `GET /assets/frame.css`
pub(super) async fn style(_: Call<Context>) -> Result<Response, ApiError> {
    let answer = response::bytes(StatusCode::OK, "text/css; charset=utf-8", STYLE);
    // The text changes with the program only.
    let kept = HeaderValue::from_static("public, max-age=3600");
    Ok(response::with(answer, CACHE_CONTROL, kept))
}

/// What `GET /assets/frame.css` says of itself.
pub(super) fn style_doc() -> Doc {
    Doc::page(Access::Open, "How plain pages look").answers_text(
        200,
        "text/css; charset=utf-8",
        "A style sheet.",
    )
}

const STYLE: &str = include_str!("frame.css");
