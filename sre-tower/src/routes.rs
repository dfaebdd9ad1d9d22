//! An SLO for each route, of which there are only so many.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::{Extensions, HeaderMap, Method, Uri, Version};
use sre_core::recorder::SloRecorder;

/// The most routes that are told apart. A label that comes from a path with an id in it would make
/// one for every caller: what is beyond is counted together, as [`OTHER`].
pub const ROUTES_MAX: usize = 100;

/// The label of all routes beyond [`ROUTES_MAX`].
pub const OTHER: &str = "other";

/// What is known of a request before it is answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Head<'a> {
    /// What is asked.
    pub method: &'a Method,
    /// Of what.
    pub uri: &'a Uri,
    /// In which version of the protocol.
    pub version: Version,
    /// With what headers.
    pub headers: &'a HeaderMap,
    /// What layers further out know of it; axum's `MatchedPath`, for one.
    pub extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    pub(crate) fn of<B>(request: &'a http::Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}

type Label = dyn Fn(Head<'_>) -> Option<String> + Send + Sync;
type Make = dyn Fn(&str) -> SloRecorder + Send + Sync;

/// The recorders of routes, made when a route is seen first.
pub(crate) struct Routes {
    label: Box<Label>,
    make: Box<Make>,
    held: RwLock<BTreeMap<String, Arc<SloRecorder>>>,
}

impl Routes {
    pub(crate) fn new(
        label: impl Fn(Head<'_>) -> Option<String> + Send + Sync + 'static,
        make: impl Fn(&str) -> SloRecorder + Send + Sync + 'static,
    ) -> Self {
        Self {
            label: Box::new(label),
            make: Box::new(make),
            held: RwLock::default(),
        }
    }

    /// The recorder of the route of a request; `None` for a request that has none.
    pub(crate) fn of(&self, head: Head<'_>) -> Option<Arc<SloRecorder>> {
        let label = (self.label)(head)?;
        let known = self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&label)
            .cloned();
        if known.is_some() {
            return known;
        }
        let mut routes = self
            .held
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let is_full = routes.len() >= ROUTES_MAX && !routes.contains_key(&label);
        let label = if is_full { OTHER.to_owned() } else { label };
        let recorder = routes
            .entry(label)
            .or_insert_with_key(|label| Arc::new((self.make)(label)));
        Some(Arc::clone(recorder))
    }

    pub(crate) fn all(&self) -> Vec<(String, Arc<SloRecorder>)> {
        let held = self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        held.iter()
            .map(|(label, recorder)| (label.clone(), Arc::clone(recorder)))
            .collect()
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sre_core::slo::Slo;

    use super::*;

    #[test]
    fn what_is_beyond_the_last_route_is_counted_together() {
        let routes = Routes::new(
            |head| Some(head.uri.path().to_owned()),
            |route| {
                let slo = Slo::builder("checkout", "availability")
                    .name(route)
                    .target("99".parse().expect("a target"));
                SloRecorder::new(slo.build().expect("legal"))
            },
        );
        let seen = |path: String| {
            let request = http::Request::get(path)
                .body(())
                .expect("a request");
            routes
                .of(Head::of(&request))
                .expect("a route")
        };
        let first = seen("/0".to_owned());
        for n in 0..2 * ROUTES_MAX {
            seen(format!("/{n}"));
        }
        assert_eq!(routes.all().len(), ROUTES_MAX + 1);
        assert!(Arc::ptr_eq(&first, &seen("/0".to_owned())));
        let (beyond, further) = (seen("/x".to_owned()), seen("/y".to_owned()));
        assert!(Arc::ptr_eq(&beyond, &further));
        assert_eq!(beyond.slo().definition.name, OTHER);
    }
}
