//! A service as it is answered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sre_core::service::Service;
use utoipa::ToSchema;

use crate::api::figure::Figure;
use crate::api::slo::managed_by;
use crate::http::fault::Fault;

/// A service, and what people say of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub(super) struct ServiceView {
    name: String,
    owner: Option<String>,
    description: String,
    /// `low`, `normal`, `high` or `critical`.
    #[schema(example = "normal")]
    criticality: &'static str,
    /// What it stands on, by name.
    dependencies: Vec<DependencyView>,
    #[schema(value_type = Object)]
    links: BTreeMap<String, String>,
    /// `api` or `config` (which the API does not change); `null` where nobody has declared it.
    managed_by: Option<&'static str>,
    /// Rises with every change; 0 where nobody has declared it.
    version: u64,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    /// In the answer to a declaration: what is strange of its dependencies.
    warnings: Vec<Fault>,
}

/// A service that another stands on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dependency)]
struct DependencyView {
    service_name: String,
    /// How much of the other's trouble is its own, 0 to 1; exact.
    #[schema(example = 0.5)]
    weight: Figure,
}

impl From<Service> for ServiceView {
    fn from(service: Service) -> Self {
        let declared = service.declared;
        let dependencies = service.dependencies.into_iter();
        Self {
            name: service.name.to_string(),
            owner: service.owner,
            description: service.description,
            criticality: service.criticality.as_str(),
            dependencies: dependencies
                .map(|(service_name, weight)| DependencyView {
                    service_name: service_name.to_string(),
                    weight: weight.into(),
                })
                .collect(),
            links: service.links,
            managed_by: declared.map(|declared| managed_by(declared.managed_by)),
            version: service.version,
            created_at: declared.map(|declared| declared.created_at),
            updated_at: declared.map(|declared| declared.updated_at),
            warnings: Vec::new(),
        }
    }
}

impl ServiceView {
    /// With what its author should know of it.
    pub(super) fn warning(self, warnings: Vec<Fault>) -> Self {
        Self { warnings, ..self }
    }
}
