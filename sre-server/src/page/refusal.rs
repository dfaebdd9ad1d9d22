//! What a person sees where there is nothing to see: who is unknown is asked to log in, everything
//! else is said in words, under the status that the API would answer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use maud::html;
use url::form_urlencoded::Serializer;

use super::frame::{HTML, bare, policed};
use crate::http::request_id::RequestId;
use crate::http::{ApiError, Response, response};

/// Where a browser logs in.
const LOGIN: &str = "/login";

/// The page that stands for `error`.
pub(crate) fn refusal(error: ApiError, address: &Uri, id: &RequestId) -> Response {
    if matches!(error, ApiError::Unauthenticated)
        && let Ok(redirect) = response::see_other(&login(address))
    {
        return redirect;
    }
    let (title, detail) = (error.title(), said(&error));
    let refused = error.into_response(id);
    let page = bare(
        title,
        &html! {
            section.notice {
                h1 { (title) }
                @for line in &detail { p { (line) } }
                p.quiet { "Request " code { (id) } }
                p { a href="/" { "Back to the overview" } }
            }
        },
    );
    let refused = refused.map(|_| Full::new(Bytes::from(page.into_string())));
    let refused = response::with(refused, CONTENT_TYPE, HeaderValue::from_static(HTML));
    policed(refused)
}

/// Every fault in a line of its own.
fn said(error: &ApiError) -> Vec<String> {
    match error {
        ApiError::Invalid(faults) => faults
            .iter()
            .map(ToString::to_string)
            .collect(),
        _ => vec![sentence(&error.to_string())],
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first
        .into_iter()
        .flatten()
        .chain(letters)
        .chain(['.'])
        .collect()
}

/// The login, which leads back to where somebody wanted to go.
fn login(address: &Uri) -> String {
    let wanted = address
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    let next = Serializer::new(String::new())
        .append_pair("next", wanted)
        .finish();
    format!("{LOGIN}?{next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_leads_back_to_the_page_that_was_wanted() {
        let address = Uri::from_static("/ui/alerts?state=firing&service=a");
        assert_eq!(
            login(&address),
            "/login?next=%2Fui%2Falerts%3Fstate%3Dfiring%26service%3Da"
        );
    }
}
