//! The services of a demo: who looks after them, and what they stand on.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sre_core::service::{Criticality, Declared, Service};
use sre_core::slo::ManagedBy;

/// A service, and those it stands on with how much of their trouble is its own.
struct Cast {
    name: &'static str,
    owner: &'static str,
    description: &'static str,
    criticality: Criticality,
    dependencies: &'static [(&'static str, &'static str)],
}

const SERVICES: &[Cast] = &[
    Cast {
        name: "api-gateway",
        owner: "platform",
        description: "What everybody reaches first",
        criticality: Criticality::High,
        dependencies: &[
            ("intent-parser-server", "0.6"),
            ("federation-server", "0.3"),
        ],
    },
    Cast {
        name: "intent-parser-server",
        owner: "language",
        description: "Understands what people ask for",
        criticality: Criticality::High,
        dependencies: &[("mcp-manager-server", "0.4")],
    },
    Cast {
        name: "mcp-manager-server",
        owner: "integrations",
        description: "Runs the tools",
        criticality: Criticality::Normal,
        dependencies: &[],
    },
    Cast {
        name: "federation-server",
        owner: "platform",
        description: "Speaks to other installations",
        criticality: Criticality::Normal,
        dependencies: &[],
    },
    Cast {
        name: "test-data-api",
        owner: "quality",
        description: "Makes data for tests",
        criticality: Criticality::Low,
        dependencies: &[],
    },
];

/// The services as people would have declared them at `at`.
pub(super) fn services(at: DateTime<Utc>) -> Vec<Service> {
    SERVICES
        .iter()
        .filter_map(|cast| service(cast, at))
        .collect()
}

/// `None` never, as a test says: every text above is legal.
fn service(cast: &Cast, at: DateTime<Utc>) -> Option<Service> {
    let mut dependencies = BTreeMap::new();
    for (name, weight) in cast.dependencies {
        dependencies.insert(name.parse().ok()?, weight.parse().ok()?);
    }
    Some(Service {
        owner: Some(cast.owner.to_owned()),
        description: cast.description.to_owned(),
        criticality: cast.criticality,
        dependencies,
        version: 1,
        declared: Some(Declared {
            managed_by: ManagedBy::Api,
            created_at: at,
            updated_at: at,
        }),
        ..Service::named(cast.name.parse().ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::CAST;

    #[test]
    fn every_service_with_an_slo_is_declared_and_stands_on_declared_ones() {
        let services = services(DateTime::UNIX_EPOCH);
        assert_eq!(services.len(), SERVICES.len());
        let is_declared = |name: &str| {
            services
                .iter()
                .any(|service| service.name.as_str() == name)
        };
        for part in CAST {
            assert!(is_declared(part.service), "{}", part.service);
        }
        for service in &services {
            for name in service.dependencies.keys() {
                assert!(is_declared(name.as_str()), "{name}");
            }
        }
    }
}
