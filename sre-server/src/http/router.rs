//! From method and path to a handler: by path first, then by method, so that an unknown path is 404
//! and a wrong method 405 with `Allow`.
//!
//! What it does not do, and why: no optional trailing slash (two addresses for one thing), no
//! method override, no nesting (the table is one, and reads as the index of the API).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use serde_json::Value;

use super::call::{Call, Params};
use super::doc::{Access, Doc};
use super::openapi;
use super::percent;
use super::problem::{Allow, ApiError};
use super::response::{self, Response};

type Answer = Result<Response, ApiError>;
type Handler<C> = Box<dyn Fn(Call<C>) -> BoxFuture<'static, Answer> + Send + Sync>;

/// The table of routes, in the order in which it is written.
pub struct Routes<C> {
    routes: Vec<Route<C>>,
}

/// One line of the table.
pub(super) struct Route<C> {
    method: Method,
    pub(super) pattern: &'static str,
    pub(super) doc: Doc,
    /// The query parameters of `doc`, as the query wants them.
    pub(super) parameters: Vec<&'static str>,
    pub(super) handler: Handler<C>,
}

/// Finds the route of a request.
pub struct Router<C> {
    paths: matchit::Router<Vec<Arc<Route<C>>>>,
    lines: Vec<Line>,
    document: Bytes,
}

/// What a line of the table says of who may use it, for whoever has to look at all of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The method.
    pub method: Method,
    /// The path, with its variable parts in braces.
    pub pattern: &'static str,
    /// What a caller must be allowed to do.
    pub access: Access,
    /// Whether it is for people, in a browser.
    pub is_page: bool,
}

/// A route that was found, with the variable parts of its path.
pub(super) struct Matched<C> {
    pub(super) route: Arc<Route<C>>,
    pub(super) params: Params,
}

impl<C: Send + Sync + 'static> Routes<C> {
    /// An empty table.
    #[expect(clippy::new_without_default, reason = "a table is begun to be filled")]
    pub fn new() -> Self {
        Self { routes: Vec::new() }
    }

    /// Adds a line: `.route(Method::GET, "/slo/{id}", slo::get, slo::get_doc())`.
    #[must_use]
    pub fn route<H, F>(
        mut self,
        method: Method,
        pattern: &'static str,
        handler: H,
        doc: Doc,
    ) -> Self
    where
        H: Fn(Call<C>) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let parameters = doc
            .query
            .iter()
            .map(|(name, _)| *name)
            .collect();
        let handler: Handler<C> = Box::new(move |call| handler(call).boxed());
        self.routes.push(Route {
            method,
            pattern,
            doc,
            parameters,
            handler,
        });
        self
    }

    /// The router of this table; `GET /openapi.json` is added to it. Its examples are those of
    /// `recorded`, by operation: `{"post_slo": {"request": …, "answers": {"201": …}}}`.
    ///
    /// # Panics
    ///
    /// When two lines overlap: the table is wrong, and the process must not start.
    pub fn into_router_with(self, recorded: &Value) -> Router<C> {
        let doc = Doc::new(Access::Read, "service", "This document").answers_text(
            200,
            "application/json",
            "The OpenAPI document of this API.",
        );
        // Routes and document are made of each other: the handler takes its text from a cell.
        let text = Arc::new(std::sync::OnceLock::new());
        let served = Arc::clone(&text);
        let table = self.route(Method::GET, "/openapi.json", move |_| serve(&served), doc);
        let lines = table
            .routes
            .iter()
            .filter(|route| !route.doc.is_page)
            .map(|route| (route.method.as_str(), route.pattern, &route.doc));
        let document = openapi::document(lines, recorded);
        let document = serde_json::to_vec_pretty(&document).expect("the document serialises");
        let document = text
            .get_or_init(|| document.into())
            .clone();
        table.into_router_of(document)
    }

    /// The router of this table, without recorded examples.
    ///
    /// # Panics
    ///
    /// As [`Routes::into_router_with`].
    pub fn into_router(self) -> Router<C> {
        self.into_router_with(&Value::Null)
    }

    /// The router of this table and nothing else, without a document.
    ///
    /// # Panics
    ///
    /// As [`Routes::into_router_with`].
    pub fn into_bare_router(self) -> Router<C> {
        self.into_router_of(Bytes::new())
    }

    fn into_router_of(self, document: Bytes) -> Router<C> {
        let mut router = Router {
            paths: matchit::Router::new(),
            lines: self
                .routes
                .iter()
                .map(Route::line)
                .collect(),
            document,
        };
        for route in self.routes {
            router.add(route);
        }
        router
    }
}

fn serve(document: &std::sync::OnceLock<Bytes>) -> std::future::Ready<Answer> {
    let document = document
        .get()
        .cloned()
        .unwrap_or_default();
    std::future::ready(Ok(response::bytes(
        StatusCode::OK,
        "application/json",
        document,
    )))
}

impl<C> Route<C> {
    fn line(&self) -> Line {
        Line {
            method: self.method.clone(),
            pattern: self.pattern,
            access: self.doc.access,
            is_page: self.doc.is_page,
        }
    }
}

impl<C> Router<C> {
    /// Every line of the table, in its order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The OpenAPI document of the table, as it is served.
    pub fn document(&self) -> &Bytes {
        &self.document
    }

    fn add(&mut self, route: Route<C>) {
        let route = Arc::new(route);
        if let Ok(found) = self.paths.at_mut(route.pattern)
            && let Some(first) = found.value.first()
            && first.pattern == route.pattern
        {
            let taken = found
                .value
                .iter()
                .any(|other| other.method == route.method);
            assert!(
                !taken,
                "{} {} is in the table twice",
                route.method, route.pattern
            );
            found.value.push(route);
            return;
        }
        self.paths
            .insert(route.pattern, vec![route])
            .expect("routes do not overlap");
    }

    /// The route of a request. `HEAD` is answered as `GET`, without the body.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotFound`], [`ApiError::MethodNotAllowed`], or [`ApiError::Malformed`] when an
    /// escape in the path cannot be read.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Matched<C>, ApiError> {
        let found = self.paths.at(path).map_err(|_| {
            ApiError::NotFound("there is nothing at this path; see /openapi.json".to_owned())
        })?;
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let Some(route) = found
            .value
            .iter()
            .find(|route| route.method == wanted)
        else {
            return Err(ApiError::MethodNotAllowed {
                allow: allow(found.value),
            });
        };
        let params = found
            .params
            .iter()
            .map(|(name, value)| Some((name.to_owned(), percent::decode(value, false)?)))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                ApiError::Malformed("the path holds a percent-escape that is not UTF-8".to_owned())
            })?;
        Ok(Matched {
            route: Arc::clone(route),
            params: Params(params),
        })
    }
}

/// The methods of one path, for the header `Allow`.
fn allow<C>(routes: &[Arc<Route<C>>]) -> Allow {
    let mut names: Vec<_> = routes
        .iter()
        .map(|route| route.method.as_str())
        .collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    // Method names are tokens, which are always fit for a header.
    Allow(HeaderValue::try_from(names.join(", ")).unwrap_or(HeaderValue::from_static("")))
}

impl<C> fmt::Debug for Routes<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.routes
                    .iter()
                    .map(|route| (&route.method, route.pattern)),
            )
            .finish()
    }
}

impl<C> fmt::Debug for Router<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Table = Routes<()>;

    fn table() -> Table {
        let doc = || Doc::new(Access::Read, "things", "A thing").query("at", "When.");
        Routes::new()
            .route(Method::GET, "/thing", none, doc())
            .route(Method::POST, "/thing", none, doc())
            .route(Method::GET, "/thing/{id}", none, doc())
            .route(Method::DELETE, "/thing/{id}", none, doc())
            .route(Method::GET, "/thing/known", none, doc())
    }

    async fn none(_: Call<()>) -> Answer {
        Ok(response::no_content())
    }

    fn outcome(method: &Method, path: &str) -> Result<(&'static str, String), ApiError> {
        let router = table().into_router();
        let matched = router.find(method, path)?;
        Ok((matched.route.pattern, matched.params.get("id").to_owned()))
    }

    #[test]
    fn a_path_finds_its_route_and_parts() {
        let (pattern, id) = outcome(&Method::GET, "/thing/a%2Fb").unwrap();
        assert_eq!((pattern, id.as_str()), ("/thing/{id}", "a/b"));
        assert_eq!(
            outcome(&Method::HEAD, "/thing/known")
                .unwrap()
                .0,
            "/thing/known"
        );
    }

    #[test]
    fn an_unknown_path_is_not_found_whatever_the_method() {
        for path in ["/", "", "*", "/thin", "/thing/", "/thing/a/b", "//thing"] {
            assert_eq!(
                outcome(&Method::GET, path)
                    .unwrap_err()
                    .status(),
                404,
                "{path}"
            );
            assert_eq!(
                outcome(&Method::DELETE, path)
                    .unwrap_err()
                    .status(),
                404,
                "{path}"
            );
        }
    }

    #[test]
    fn a_wrong_method_is_told_which_are_right() {
        for method in [Method::PATCH, Method::OPTIONS, Method::TRACE] {
            let Err(ApiError::MethodNotAllowed { allow }) = outcome(&method, "/thing/x") else {
                panic!("{method} was not refused")
            };
            assert_eq!(allow.to_string(), "DELETE, GET, HEAD");
        }
    }

    #[test]
    fn an_escape_that_cannot_be_read_is_malformed() {
        assert_eq!(
            outcome(&Method::GET, "/thing/%ff")
                .unwrap_err()
                .status(),
            400
        );
    }

    #[test]
    #[should_panic(expected = "routes do not overlap")]
    fn overlapping_patterns_stop_the_start() {
        let doc = || Doc::new(Access::Read, "things", "A thing");
        table()
            .route(Method::GET, "/thing/{name}", none, doc())
            .into_router();
    }

    #[test]
    #[should_panic(expected = "POST /thing is in the table twice")]
    fn the_same_line_twice_stops_the_start() {
        let doc = Doc::new(Access::Read, "things", "A thing");
        table()
            .route(Method::POST, "/thing", none, doc)
            .into_router();
    }

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let table = table();
        let mut expected: Vec<_> = table
            .routes
            .iter()
            .map(|route| format!("{} {}", route.method.as_str().to_lowercase(), route.pattern))
            .collect();
        expected.push("get /openapi.json".to_owned());
        expected.sort();
        let document: Value = serde_json::from_slice(table.into_router().document()).unwrap();
        let mut documented = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                documented.push(format!("{method} {path}"));
            }
        }
        documented.sort();
        assert_eq!(documented, expected);
    }
}
