//! The HTTP side, with a toy table of routes: what every route can rely on.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sre_core::store::Replies;
use sre_server::http::doc::{Access, Doc};
use sre_server::http::{
    self, ApiError, Application, Call, Names, Response, RouteInfo, Router, Routes, Settings,
    response,
};
use sre_store_memory::MemoryStore;
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt as _};
use utoipa::ToSchema;

mod api;
mod socket;

/// What the toy handlers share.
#[derive(Debug)]
pub(crate) struct Toy {
    /// Handlers of `/wait` go on when a permit comes.
    pub(crate) gate: Semaphore,
    /// Every request that was recorded.
    pub(crate) recorded: Mutex<Vec<(RouteInfo, u16)>>,
    /// How often a handler panicked.
    pub(crate) panics: Mutex<u32>,
    /// What was answered under a key.
    replies: Arc<MemoryStore>,
}

impl Application for Toy {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn replies(&self) -> Option<Arc<dyn Replies>> {
        Some(Arc::clone(&self.replies) as _)
    }

    fn on_response(&self, route: RouteInfo, status: StatusCode, _: Duration) {
        self.recorded
            .lock()
            .expect("not poisoned")
            .push((route, status.as_u16()));
    }

    fn on_panic(&self, _: RouteInfo) {
        *self
            .panics
            .lock()
            .expect("not poisoned") += 1;
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "described, not made")]
struct Thing {
    name: String,
    size: u64,
}

type Answer = Result<Response, ApiError>;

pub(crate) fn routes() -> Routes<Toy> {
    let doc = |summary| Doc::new(Access::Read, "things", summary);
    let write = |summary| Doc::new(Access::Write, "things", summary);
    Routes::new()
        .route(
            Method::GET,
            "/health",
            health,
            doc("Health")
                .answers_text(200, "text/plain", "Well.")
                .probe(),
        )
        .route(
            Method::GET,
            "/things",
            list,
            doc("Things")
                .query("name", "Only these.")
                .lists::<Thing>("Things."),
        )
        .route(
            Method::POST,
            "/things",
            create,
            write("A new thing")
                .body::<Thing>()
                .answers::<Thing>(201, "Made."),
        )
        .route(
            Method::GET,
            "/things/{name}",
            get,
            doc("A thing").answers::<Thing>(200, "It."),
        )
        .route(
            Method::PATCH,
            "/things/{name}",
            patch,
            write("Changes a thing")
                .patch_body::<Thing>()
                .answers::<Thing>(200, "Changed."),
        )
        .route(
            Method::GET,
            "/panic",
            panics,
            doc("Panics").answers_nothing(204, "Never."),
        )
        .route(
            Method::GET,
            "/wait",
            wait,
            doc("Waits").answers_nothing(204, "At last."),
        )
        .route(
            Method::POST,
            "/wait",
            wait,
            write("Waits, and does it once").answers_nothing(204, "At last."),
        )
        .route(
            Method::GET,
            "/large",
            large,
            doc("Large").answers_text(200, "text/plain", "Sixty-four megabytes."),
        )
}

async fn health(_: Call<Toy>) -> Answer {
    Ok(response::bytes(StatusCode::OK, "text/plain", "well"))
}

async fn list(mut call: Call<Toy>) -> Answer {
    let query = &mut call.query;
    let _name = query.text("name");
    let paging = query.paging::<u32>();
    query.finish()?;
    let first = paging
        .after
        .map_or(1, |after| after + 1);
    let rows = (first..=5)
        .take(paging.rows())
        .collect();
    paging.answer(rows, |row| *row, |row| json!({ "size": row }))
}

async fn create(call: Call<Toy>) -> Answer {
    let mut fields = call.fields()?;
    let name = fields.text("name", 1..=10);
    let size = fields.required("size").integer(1..=9);
    let (name, size) = fields.finish(|| Some((name?, size?)))?;
    response::created(
        &format!("/things/{name}"),
        1,
        &json!({"name": name, "size": size}),
    )
}

async fn get(call: Call<Toy>) -> Answer {
    let name: String = call.id("name", "thing")?;
    response::versioned(3, &json!({ "name": name }))
}

async fn patch(call: Call<Toy>) -> Answer {
    call.if_match(3)?;
    let mut fields = call.merged_fields(json!({"name": call.params.get("name"), "size": 1}))?;
    let name = fields.text("name", 1..=10);
    let size = fields.optional("size").integer(1..=9);
    let name = fields.finish(|| name)?;
    response::versioned(4, &json!({"name": name, "size": size}))
}

async fn panics(_: Call<Toy>) -> Answer {
    panic!("on purpose")
}

async fn wait(call: Call<Toy>) -> Answer {
    let _permit = call
        .context
        .gate
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    Ok(response::no_content())
}

async fn large(_: Call<Toy>) -> Answer {
    Ok(response::bytes(
        StatusCode::OK,
        "text/plain",
        vec![b'x'; 64 * 1024 * 1024],
    ))
}

pub(crate) fn toy() -> (Arc<Router<Toy>>, Arc<Toy>, Settings) {
    let toy = Toy {
        gate: Semaphore::new(0),
        recorded: Mutex::new(Vec::new()),
        panics: Mutex::new(0),
        replies: Arc::default(),
    };
    let settings = Settings {
        names: Names::new(["sre.example.com"]),
        ..Settings::default()
    };
    (Arc::new(routes().into_router()), Arc::new(toy), settings)
}

/// The toy as a service, without a socket.
pub(crate) fn service() -> (
    impl Service<Request<Full<Bytes>>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
    Arc<Toy>,
) {
    let (router, toy, settings) = toy();
    (http::service(router, Arc::clone(&toy), settings), toy)
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The problem's kind, and its faults.
    pub(crate) fn problem(&self) -> (String, Value) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["status"], self.status);
        assert_eq!(body["request_id"], self.header("x-request-id"));
        let kind = body["type"]
            .as_str()
            .expect("a kind")
            .replace("urn:sre-monitor:problem:", "");
        (kind, body["errors"].clone())
    }
}

/// Sends a request to a fresh toy.
pub(crate) async fn send(request: Request<Full<Bytes>>) -> Answered {
    answered(service().0, request).await
}

pub(crate) async fn answered<S>(service: S, request: Request<Full<Bytes>>) -> Answered
where
    S: Service<Request<Full<Bytes>>, Response = Response, Error = Infallible>,
{
    let Ok(response) = service.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .expect("it is whole")
        .to_bytes();
    Answered {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// A request as our own page would send it.
pub(crate) fn request(method: &str, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8080");
    let request = if body.is_empty() {
        request
    } else {
        request.header("content-type", "application/json")
    };
    request
        .body(Full::from(body))
        .expect("a request")
}
