//! Services, declared or named.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sre_core::name::ServiceName;
use sre_core::service::Service;
use sre_core::store::{Page, Services, StoreError};

use super::{MemoryStore, State, length};

#[async_trait]
impl Services for MemoryStore {
    async fn put_service(
        &self,
        service: &Service,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let stored = state
            .services
            .get(&service.name)
            .map_or(0, |stored| stored.version);
        if stored != expected_version || service.declared.is_none() {
            return Err(StoreError::Conflict { what: "version" });
        }
        state
            .services
            .insert(service.name.clone(), service.clone());
        Ok(())
    }

    async fn delete_service(
        &self,
        name: &ServiceName,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let stored = state
            .services
            .get(name)
            .ok_or(StoreError::NotFound { what: "service" })?;
        if stored.version != expected_version {
            return Err(StoreError::Conflict { what: "version" });
        }
        state.services.remove(name);
        Ok(())
    }

    async fn find_services(&self, names: &[ServiceName]) -> Result<Vec<Service>, StoreError> {
        let state = self.state();
        let known = state.known_services();
        let wanted: BTreeSet<&ServiceName> = names.iter().collect();
        let found = wanted
            .into_iter()
            .filter(|name| known.contains(name));
        Ok(found
            .map(|name| state.service(name))
            .collect())
    }

    async fn list_services(&self, page: Page<ServiceName>) -> Result<Vec<Service>, StoreError> {
        let state = self.state();
        let known = state.known_services();
        let limit = length(
            page.limit
                .min(Page::<ServiceName>::LIMIT_MAX)
                .get(),
        );
        let listed = known.into_iter().filter(|name| {
            page.after
                .as_ref()
                .is_none_or(|after| *name > after)
        });
        Ok(listed
            .take(limit)
            .map(|name| state.service(name))
            .collect())
    }

    async fn dependents(&self, names: &[ServiceName]) -> Result<Vec<ServiceName>, StoreError> {
        let state = self.state();
        let depends = |service: &&Service| {
            names
                .iter()
                .any(|name| service.dependencies.contains_key(name))
        };
        Ok(state
            .services
            .values()
            .filter(depends)
            .map(|service| service.name.clone())
            .collect())
    }
}

impl State {
    /// Everything that anything names.
    fn known_services(&self) -> BTreeSet<&ServiceName> {
        let declared = self.services.keys();
        let depended_on = self
            .services
            .values()
            .flat_map(|service| service.dependencies.keys());
        let promised = self
            .slos
            .values()
            .filter(|slo| slo.deleted_at.is_none())
            .map(|slo| &slo.definition.service_name);
        let measured = self
            .metrics
            .iter()
            .filter(|(_, series)| !series.is_empty())
            .map(|((service, _), _)| service);
        let alerted = self
            .episodes
            .values()
            .map(|episode| episode.alert.service_name());
        declared
            .chain(depended_on)
            .chain(promised)
            .chain(measured)
            .chain(alerted)
            .collect()
    }

    /// The declaration, or what is known of a service that is only named.
    fn service(&self, name: &ServiceName) -> Service {
        self.services
            .get(name)
            .cloned()
            .unwrap_or_else(|| Service::named(name.clone()))
    }
}
