//! Where alerts go, with whose services they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::name::{DestinationId, ServiceName};
use crate::routing::{Audience, RouteTree, Routing};
use crate::store::{Services, StoreError};

/// Who is told of what: everyone of everything, or whom a tree of routes leads to. Routes may ask whose
/// a service is, which the store knows.
#[derive(Clone, Debug)]
pub struct Router {
    routing: Routing,
    services: Option<Arc<dyn Services>>,
}

impl Router {
    /// By a tree of routes; `services` knows their owners.
    #[must_use]
    pub fn by(tree: RouteTree, services: Arc<dyn Services>) -> Self {
        Self {
            routing: Routing::Tree(Arc::new(tree)),
            services: Some(services),
        }
    }

    /// The tree, where there is one.
    #[must_use]
    pub fn tree(&self) -> Option<&RouteTree> {
        match &self.routing {
            Routing::Tree(tree) => Some(tree),
            Routing::Everyone(_) => None,
        }
    }

    /// Who hears of alerts about services of `owner`.
    #[must_use]
    pub fn audience<'a>(&'a self, owner: Option<&'a str>) -> Audience<'a> {
        self.routing.audience(owner)
    }

    /// The owner of one service; `None` where no route asks, or none is declared.
    ///
    /// # Errors
    ///
    /// Those of the store. A declaration that cannot be read has no owner: the routes that ask for
    /// nobody's services still lead somewhere.
    pub async fn owner(&self, service: &ServiceName) -> Result<Option<String>, StoreError> {
        let mut owners = self.owners([service]).await?;
        Ok(owners.remove(service))
    }

    /// The owners of services, of those that have one.
    ///
    /// # Errors
    ///
    /// As [`Self::owner`].
    pub async fn owners<'a>(
        &self,
        names: impl IntoIterator<Item = &'a ServiceName>,
    ) -> Result<BTreeMap<ServiceName, String>, StoreError> {
        let services = self
            .services
            .as_ref()
            .filter(|_| self.routing.asks_for_owners());
        let Some(services) = services else {
            return Ok(BTreeMap::new());
        };
        let names: BTreeSet<ServiceName> = names.into_iter().cloned().collect();
        let names: Vec<ServiceName> = names.into_iter().collect();
        match services.find_services(&names).await {
            Err(StoreError::Corrupt { .. }) => Ok(BTreeMap::new()),
            found => Ok(found?
                .into_iter()
                .filter_map(|service| Some((service.name, service.owner?)))
                .collect()),
        }
    }
}

impl<D: Into<Arc<[DestinationId]>>> From<D> for Router {
    fn from(destinations: D) -> Self {
        Self {
            routing: Routing::from(destinations),
            services: None,
        }
    }
}
