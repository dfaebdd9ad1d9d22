//! The OpenAPI 3.1 document, made from the route table, so that neither can say what the other does
//! not.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::PartialSchema as _;
use utoipa::openapi::content::Content as MediaType;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{Array, Object, SchemaType, Type};
use utoipa::openapi::{
    Components, Info, License, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Schema, Server,
};

use super::doc::{Answer, BodyRule, Content, Doc, SchemaOf};
use super::problem::Problem;

/// The document of a table of (method, path, documentation).
///
/// # Panics
///
/// When a method is none that OpenAPI knows: a mistake in the table.
pub(super) fn document<'a>(table: impl Iterator<Item = (&'a str, &'a str, &'a Doc)>) -> OpenApi {
    let mut schemas = Schemas::default();
    schemas.reference(SchemaOf::of::<Problem>());
    let mut paths = Paths::new();
    for (method, path, doc) in table {
        let operation = operation(method, path, doc, &mut schemas);
        let method = http_method(method).expect("the table holds methods that OpenAPI knows");
        let path = path.replace("{*", "{");
        let item = paths.paths.entry(path).or_default();
        item.merge_operations(PathItem::new(method, operation));
    }
    let mut components = Components::new();
    components.schemas.extend(schemas.0);
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/")]))
        // No scheme: this version asks nobody who they are.
        .security(Some([]))
        .paths(paths)
        .components(Some(components))
        .build()
}

fn info() -> Info {
    let mut info = Info::new("SRE Monitor", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "SLOs, error budgets, alerts and incidents. Errors are problem documents (RFC 9457) whose \
         `type` is `urn:sre-monitor:problem:<kind>`; unknown fields and parameters are refused; \
         values that do not exist are `null`."
            .to_owned(),
    );
    let mut license = License::new("MIT");
    license.identifier = Some("MIT".to_owned());
    info.license = Some(license);
    info
}

fn operation(method: &str, path: &str, doc: &Doc, schemas: &mut Schemas) -> Operation {
    let in_path = path_parameters(path).map(|name| parameter(name, ParameterIn::Path, None));
    let in_query = doc
        .query
        .iter()
        .map(|(name, text)| parameter(name, ParameterIn::Query, Some(*text)));
    let parameters: Vec<_> = in_path.chain(in_query).collect();
    let mut operation = OperationBuilder::new()
        .tag(doc.tag)
        .summary(Some(doc.summary))
        .description(doc.description)
        .operation_id(Some(operation_id(method, path)))
        .parameters((!parameters.is_empty()).then_some(parameters))
        .request_body(
            doc.body
                .as_ref()
                .map(|rule| request_body(rule, schemas)),
        );
    for answer in &doc.answers {
        operation = operation.response(answer.status.to_string(), response(answer, schemas));
    }
    let problem = schemas.reference(SchemaOf::of::<Problem>());
    operation
        .response("4XX", refusal("What was wrong with the request.", &problem))
        .response(
            "5XX",
            refusal(
                "The service could not do it, for now or by a fault.",
                &problem,
            ),
        )
        .build()
}

fn refusal(description: &str, problem: &RefOr<Schema>) -> Response {
    let mut response = Response::new(description);
    let content = MediaType::new(Some(problem.clone()));
    response
        .content
        .insert("application/problem+json".to_owned(), content.into());
    response
}

fn parameter(name: &str, place: ParameterIn, description: Option<&str>) -> Parameter {
    let required = place == ParameterIn::Path;
    let mut parameter = Parameter::new(name);
    parameter.parameter_in = place;
    parameter.required = if required {
        Required::True
    } else {
        Required::False
    };
    parameter.description = description.map(str::to_owned);
    parameter.schema = Some(String::schema());
    parameter
}

fn request_body(rule: &BodyRule, schemas: &mut Schemas) -> RequestBody {
    let mut body = RequestBody::new();
    body.required = Some(if rule.required {
        Required::True
    } else {
        Required::False
    });
    let schema = rule
        .schema
        .map(|schema| schemas.reference(schema));
    for media_type in rule.media_types {
        body.content.insert(
            (*media_type).to_owned(),
            MediaType::new(schema.clone()).into(),
        );
    }
    body
}

fn response(answer: &Answer, schemas: &mut Schemas) -> Response {
    let mut response = Response::new(answer.description);
    if let Some((media_type, content)) = &answer.content {
        let schema = match content {
            Content::One(schema) => schemas.reference(*schema),
            Content::ListOf(schema) => list_of(schemas.reference(*schema)),
            Content::Text => String::schema(),
        };
        response.content.insert(
            (*media_type).to_owned(),
            MediaType::new(Some(schema)).into(),
        );
    }
    response
}

/// The schema of a page of a list.
fn list_of(item: RefOr<Schema>) -> RefOr<Schema> {
    let cursor = SchemaType::Array(vec![Type::String, Type::Null]);
    let list = Object::builder()
        .property("items", Array::new(item))
        .required("items")
        .property("next_cursor", Object::with_type(cursor))
        .required("next_cursor");
    list.into()
}

/// The schemas that are referred to, by name.
#[derive(Default)]
struct Schemas(BTreeMap<String, RefOr<Schema>>);

impl Schemas {
    /// A reference to a type's schema, which is put among the components with what it refers to.
    fn reference(&mut self, of: SchemaOf) -> RefOr<Schema> {
        let name = (of.name)().into_owned();
        if !self.0.contains_key(&name) {
            let mut nested = Vec::new();
            (of.nested)(&mut nested);
            self.0.extend(nested);
            self.0
                .insert(name.clone(), (of.schema)());
        }
        RefOr::Ref(Ref::from_schema_name(name))
    }
}

/// A name for generated clients: `get_slo_id_history`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method.to_ascii_lowercase().as_str())
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

/// The names between braces.
fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .map(|name| name.trim_start_matches('*'))
}

fn http_method(name: &str) -> Option<HttpMethod> {
    serde_json::from_value(Value::String(name.to_ascii_lowercase())).ok()
}
