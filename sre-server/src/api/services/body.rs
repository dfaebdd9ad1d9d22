//! What people say of a service.

use std::collections::BTreeMap;

use sre_core::name::ServiceName;
use sre_core::service::{Criticality, Service, Weight};
use utoipa::ToSchema;

use crate::api::slo::entries::links;
use crate::http::{ApiError, Fields};

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 5] = [
    "managed_by",
    "version",
    "created_at",
    "updated_at",
    "warnings",
];
/// The longest owner, in characters.
const OWNER_MAX: usize = 200;
/// The longest description, in characters.
const DESCRIPTION_MAX: usize = 2_000;
/// How many services one may depend on directly.
const DEPENDENCIES_MAX: usize = 100;

/// What people say of a service.
#[derive(Debug, ToSchema)]
#[schema(as = ServiceBody, example = json!({
    "name": "api-gateway",
    "owner": "platform",
    "criticality": "critical",
    "dependencies": [{"service_name": "intent-parser-server", "weight": 0.5}],
    "links": {"runbook": "https://wiki.example/api-gateway"}
}))]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
pub(super) struct ServiceBody {
    /// `[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}`; where the path has it, it may be left out.
    name: String,
    /// Who looks after it.
    owner: Option<String>,
    /// What it is.
    description: Option<String>,
    /// `low`, `normal`, `high` or `critical`; `normal` by default. The alerts of a critical service
    /// are one step graver, those of a low one a step less grave.
    criticality: Option<String>,
    /// At most 100, each service once; a ring is taken, with a warning.
    dependencies: Option<Vec<DependencyBody>>,
    /// At most 32 addresses, such as `runbook`.
    #[schema(value_type = Option<Object>)]
    links: Option<()>,
}

/// A service that another stands on.
#[derive(Debug, ToSchema)]
#[schema(as = DependencyBody)]
#[expect(
    dead_code,
    reason = "described, and read field by field so that every fault is told"
)]
struct DependencyBody {
    service_name: String,
    /// How much of the other's trouble is its own: 0 to 1, at most 6 decimals, 1 by default.
    weight: Option<f64>,
}

/// A service as a body says it, undeclared yet. `named` is the name that the path has.
pub(super) fn read(mut fields: Fields, named: Option<&ServiceName>) -> Result<Service, ApiError> {
    fields.ignore(&READ_ONLY);
    let name = name(&mut fields, named);
    let owner = fields
        .optional("owner")
        .text(1..=OWNER_MAX);
    let description = fields
        .optional("description")
        .prose(0..=DESCRIPTION_MAX)
        .unwrap_or_default();
    let criticality: Criticality = fields
        .optional("criticality")
        .parse()
        .unwrap_or_default();
    let dependencies = dependencies(&mut fields, name.as_ref());
    let mut deeper = Vec::new();
    let links = links(&mut fields, &mut deeper);
    let read = fields.finish(|| {
        Some(Service {
            owner,
            description,
            criticality,
            dependencies,
            links,
            ..Service::named(name?)
        })
    });
    match read {
        Err(ApiError::Invalid(mut faults)) => {
            faults.extend(deeper);
            Err(ApiError::Invalid(faults))
        }
        Ok(_) if !deeper.is_empty() => Err(ApiError::Invalid(deeper)),
        read => read,
    }
}

/// The name: of the path, where it has one, and of no other path.
fn name(fields: &mut Fields, named: Option<&ServiceName>) -> Option<ServiceName> {
    let Some(named) = named else {
        let name: Option<ServiceName> = fields.parse("name");
        if name
            .as_ref()
            .is_some_and(|name| name.as_str() == "graph")
        {
            fields.fault(
                "name",
                "is taken: /services/graph is the graph of all services",
            );
        }
        return name;
    };
    let given: Option<ServiceName> = fields.optional("name").parse();
    if given.is_some_and(|given| given != *named) {
        fields.fault(
            "name",
            "is not the name of the path: a service keeps its name",
        );
    }
    Some(named.clone())
}

/// What it stands on: each once, and not itself.
fn dependencies(fields: &mut Fields, name: Option<&ServiceName>) -> BTreeMap<ServiceName, Weight> {
    let listed = fields
        .optional("dependencies")
        .list(DEPENDENCIES_MAX, |item| {
            item.object(|fields| {
                let service: Option<ServiceName> = fields.parse("service_name");
                let weight = fields.is_given("weight");
                let weight = if weight {
                    fields.optional("weight").decimal()?
                } else {
                    Weight::WHOLE
                };
                Some((service?, weight))
            })
        })
        .unwrap_or_default();
    let mut dependencies = BTreeMap::new();
    for (service, weight) in listed {
        if Some(&service) == name {
            fields.fault("dependencies", "a service does not depend on itself");
        }
        if dependencies.contains_key(&service) {
            fields.fault("dependencies", format_args!("names {service} twice"));
        }
        dependencies.insert(service, weight);
    }
    dependencies
}
