//! The port to services: what people say of them, and who else names them.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::name::ServiceName;
use crate::service::Service;
use crate::store::{Page, StoreError};

/// Services. A service is known while a declaration, an SLO that is not deleted, a sample, an alert
/// or a dependency of another service names it; what is only named is as [`Service::named`].
#[async_trait]
pub trait Services: Debug + Send + Sync {
    /// Declares a service, or replaces its declaration, if the stored version is `expected_version`
    /// (0 where it is not declared).
    ///
    /// # Errors
    ///
    /// `Conflict { what: "version" }` when another version is stored, or where `service` is no
    /// declaration. Nothing is written then.
    async fn put_service(&self, service: &Service, expected_version: u64)
    -> Result<(), StoreError>;

    /// Takes a declaration back, if its stored version is `expected_version`. What else names the
    /// service keeps it known.
    ///
    /// # Errors
    ///
    /// `NotFound` where it is not declared, `Conflict { what: "version" }` when another version is
    /// stored.
    async fn delete_service(
        &self,
        name: &ServiceName,
        expected_version: u64,
    ) -> Result<(), StoreError>;

    /// Those of `names` that are known, each once, in the order of their names.
    async fn find_services(&self, names: &[ServiceName]) -> Result<Vec<Service>, StoreError>;

    /// Every known service, in the order of their names.
    async fn list_services(&self, page: Page<ServiceName>) -> Result<Vec<Service>, StoreError>;

    /// The services that depend directly on one of `names`, each once, in the order of their names.
    async fn dependents(&self, names: &[ServiceName]) -> Result<Vec<ServiceName>, StoreError>;
}
