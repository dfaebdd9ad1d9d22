//! `/login` and `/logout`: a person in a browser shows a token once, and is known by a cookie.

use hyper::StatusCode;
use hyper::header::{HeaderValue, SET_COOKIE};
use maud::{Markup, html};
use utoipa::ToSchema;

use super::frame::{self, HTML};
use crate::admission::NewSession;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// The longest text that is taken for a token.
const TOKEN_LENGTH_MAX: usize = 512;

/// What the form of `/login` sends.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, read field by field")]
struct LoginForm {
    /// A token of any role; a session reads whatever the role allows, and writes nothing.
    #[schema(example = "sre_read_0f8e6d2a_EXAMPLE")]
    token: String,
    /// Where to go then: a path of this service.
    #[schema(example = "/docs")]
    next: Option<String>,
}

/// `GET /login`
pub(super) async fn form(mut call: Call<Context>) -> Result<Response, ApiError> {
    let next = local(call.query.text("next"));
    let again = call.query.text("again").is_some();
    call.query.finish()?;
    let admission = &call.context.admission;
    if !admission.asks_for_tokens() || admission.is_logged_in(&call.headers, call.now) {
        return response::see_other(&next);
    }
    // Who comes by a link from elsewhere, a message say, sends no cookie with that first request;
    // asked by our own page, the browser does.
    let retry = (!again).then(|| format!("0;url=/login?again=1&next={}", encoded(&next)));
    Ok(login_page(StatusCode::OK, &next, None, retry.as_deref()))
}

/// What `GET /login` says of itself.
pub(super) fn form_doc() -> Doc {
    Doc::page(Access::Open, "The page where one logs in")
        .query("next", "Where to go then: a path of this service.")
        .query(
            "again",
            "Whether the browser was asked for its cookie once more.",
        )
        .answers_text(200, HTML, "A page.")
        .answers_nothing(
            303,
            "Nothing to do here: no tokens are asked for, or one is logged in.",
        )
}

/// `POST /login`
pub(super) async fn log_in(call: Call<Context>) -> Result<Response, ApiError> {
    let mut form = call.form()?;
    let (token, next) = (form.text("token"), local(form.text("next")));
    let token = token.filter(|token| (1..=TOKEN_LENGTH_MAX).contains(&token.len()));
    if token.is_none() {
        form.fault("token", "is required, and has at most 512 characters");
    }
    form.finish()?;
    let admission = &call.context.admission;
    let begun = admission.log_in(token.unwrap_or_default().trim(), call.remote, call.now);
    match begun {
        Ok(session) => {
            let cookie = HeaderValue::try_from(session.set_cookie()).map_err(ApiError::internal)?;
            Ok(response::with(
                response::see_other(&next)?,
                SET_COOKIE,
                cookie,
            ))
        }
        Err(ApiError::WrongCredentials(why)) => {
            Ok(login_page(StatusCode::UNAUTHORIZED, &next, Some(why), None))
        }
        Err(error) => Err(error),
    }
}

/// What `POST /login` says of itself.
pub(super) fn log_in_doc() -> Doc {
    Doc::page(Access::Open, "Begins a session")
        .about(
            "The cookie holds for twelve hours, for GET alone, and no longer than the token. Programs \
             send `Authorization: Bearer` instead.",
        )
        .form_body::<LoginForm>()
        .answers_nothing(303, "Logged in, with `Set-Cookie`; on to `next`.")
        .answers_text(401, HTML, "The page again: the token is not known, or has expired.")
}

/// `POST /logout`
pub(super) async fn log_out(call: Call<Context>) -> Result<Response, ApiError> {
    call.context
        .admission
        .log_out(&call.headers);
    let cookie = HeaderValue::try_from(NewSession::clear_cookie()).map_err(ApiError::internal)?;
    Ok(response::with(
        response::see_other("/login?again=1")?,
        SET_COOKIE,
        cookie,
    ))
}

/// What `POST /logout` says of itself.
pub(super) fn log_out_doc() -> Doc {
    Doc::page(Access::Open, "Ends the session").answers_nothing(303, "Logged out; on to `/login`.")
}

fn login_page(
    status: StatusCode,
    next: &str,
    wrong: Option<&str>,
    retry: Option<&str>,
) -> Response {
    let head = html! {
        @if let Some(retry) = retry { meta http-equiv="refresh" content=(retry); }
    };
    frame::page(status, "Log in", &head, &login_form(next, wrong))
}

fn login_form(next: &str, wrong: Option<&str>) -> Markup {
    html! {
        main {
            h1 { "SRE Monitor" }
            p { "This service is open to those who hold a token." }
            form.login method="post" action="/login" {
                label for="token" { "Token" }
                input #token type="password" name="token" required autocomplete="current-password"
                    autofocus maxlength=(TOKEN_LENGTH_MAX) aria-describedby="hint";
                input type="hidden" name="next" value=(next);
                @if let Some(wrong) = wrong { p.wrong role="alert" { "Not logged in: " (wrong) "." } }
                button { "Log in" }
                p.quiet #hint {
                    "An operator makes one by " code { "sre-monitor token new --role read" } "."
                }
            }
        }
    }
}

/// Where to go: a path of ours, never an address of somebody else's.
fn local(next: Option<String>) -> String {
    next.filter(|next| {
        let mut bytes = next.bytes();
        let is_path = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
        is_path
            && next
                .bytes()
                .all(|byte| byte.is_ascii_graphic())
            && next.len() <= 2_000
    })
    .unwrap_or_else(|| "/".to_owned())
}

fn encoded(next: &str) -> String {
    url::form_urlencoded::byte_serialize(next.as_bytes()).collect()
}
