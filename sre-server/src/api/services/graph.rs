//! `/services/graph`: what stands on what, and how each fares.

use serde::Serialize;
use sre_core::health::ServiceHealth;
use sre_core::name::ServiceName;
use sre_core::service::Service;
use utoipa::ToSchema;

use super::all;
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// `GET /services/graph`
pub(in crate::api) async fn graph(call: Call<Context>) -> Result<Response, ApiError> {
    let context = &call.context;
    let services = all(context).await?;
    let names: Vec<ServiceName> = services
        .iter()
        .map(|service| service.name.clone())
        .collect();
    let found = context
        .health
        .assess(&names, call.now)
        .await?;
    response::ok(&GraphView::new(&services, &found))
}

pub(in crate::api) fn graph_doc() -> Doc {
    Doc::new(Access::Read, "services", "What stands on what")
        .about("Every known service, and an edge from each to what it depends on.")
        .answers::<GraphView>(200, "The graph.")
}

/// Services and what they stand on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceGraph)]
pub(super) struct GraphView {
    nodes: Vec<NodeView>,
    edges: Vec<EdgeView>,
}

/// A service in the graph.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceGraphNode)]
struct NodeView {
    name: String,
    owner: Option<String>,
    criticality: &'static str,
    score: Option<Figure>,
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    status: &'static str,
}

/// One service that stands on another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceGraphEdge)]
struct EdgeView {
    from: String,
    to: String,
    weight: Figure,
}

impl GraphView {
    fn new(services: &[Service], found: &[ServiceHealth]) -> Self {
        let health = |service: &Service| {
            let place = found.binary_search_by(|health| health.service_name.cmp(&service.name));
            place
                .ok()
                .and_then(|place| found.get(place))
        };
        let nodes = services.iter().map(|service| {
            let score = health(service).and_then(|health| health.score);
            NodeView {
                name: service.name.to_string(),
                owner: service.owner.clone(),
                criticality: service.criticality.as_str(),
                score: score.map(Figure::from),
                status: sre_core::health::HealthStatus::of(score).as_str(),
            }
        });
        let edges = services.iter().flat_map(|service| {
            let dependencies = service.dependencies.iter();
            dependencies.map(|(to, weight)| EdgeView {
                from: service.name.to_string(),
                to: to.to_string(),
                weight: (*weight).into(),
            })
        });
        Self {
            nodes: nodes.collect(),
            edges: edges.collect(),
        }
    }
}
