//! The OpenAPI 3.1 document, made from the route table, so that neither can say what the other does
//! not.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;
use utoipa::openapi::content::Content as MediaType;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn, PathItem, Paths,
};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{Array, KnownFormat, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, Info, License, OpenApiBuilder, Ref, RefOr, Required, Schema, Server,
};

use self::refusals::{Operation as Place, Refusal};
use super::doc::{Access, Answer, BodyRule, Content, Doc, MERGE_PATCH, SchemaOf};
use super::page::LIMIT_MAX;
use super::problem::Problem;

mod examples;
mod refusals;

/// The document of a table of (method, path, documentation), with examples recorded elsewhere.
///
/// # Panics
///
/// When a method is none that OpenAPI knows: a mistake in the table.
pub(super) fn document<'a>(
    table: impl Iterator<Item = (&'a str, &'a str, &'a Doc)>,
    recorded: &Value,
) -> Value {
    let mut schemas = Schemas::default();
    let problem = schemas.reference(SchemaOf::of::<Problem>());
    let mut paths = Paths::new();
    for (method, path, doc) in table {
        let operation = operation(Place { method, path, doc }, &mut schemas);
        let method = http_method(method).expect("the table holds methods that OpenAPI knows");
        let path = path.replace("{*", "{");
        let item = paths.paths.entry(path).or_default();
        item.merge_operations(PathItem::new(method, operation));
    }
    let mut components = Components::new();
    components.schemas.extend(schemas.0);
    components.responses = refusals::components(&problem);
    components.security_schemes = security_schemes();
    let document = OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new("/")]))
        .paths(paths)
        .components(Some(components))
        .build();
    let mut document = serde_json::to_value(document).expect("the document serialises");
    examples::add(&mut document, recorded);
    document
}

/// How a caller says who it is.
fn security_schemes() -> BTreeMap<String, RefOr<SecurityScheme>> {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "A token that `sre-monitor token new` made. Where the service runs without a file of tokens, \
         on loopback, nobody is asked for one."
            .to_owned(),
    );
    let session = ApiKeyValue::with_description(
        "sre_monitor_session",
        "What a browser gets at `/login` for a token. It reads, and writes nothing.",
    );
    [
        (BEARER, SecurityScheme::Http(bearer)),
        (SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session))),
    ]
    .map(|(name, scheme)| (name.to_owned(), scheme.into()))
    .into()
}

const BEARER: &str = "bearer";
const SESSION: &str = "session";

/// By what a caller may be admitted to an operation.
fn security(place: Place<'_>) -> Vec<SecurityRequirement> {
    let needs = |name: &str| SecurityRequirement::new(name, [] as [&str; 0]);
    match (place.doc.access, place.method) {
        (Access::Open, _) => Vec::new(),
        (_, "GET") => vec![needs(BEARER), needs(SESSION)],
        _ => vec![needs(BEARER)],
    }
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

fn operation(place: Place<'_>, schemas: &mut Schemas) -> Operation {
    let Place { method, path, doc } = place;
    let parameters = parameters(place);
    let mut operation = OperationBuilder::new()
        .tag(doc.tag)
        .summary(Some(doc.summary))
        .description(Some(description(doc)))
        .operation_id(Some(operation_id(method, path)))
        .securities(Some(security(place)))
        .parameters((!parameters.is_empty()).then_some(parameters))
        .request_body(
            doc.body
                .as_ref()
                .map(|rule| request_body(rule, schemas)),
        );
    let mut responses: BTreeMap<u16, Response> = BTreeMap::new();
    for answer in &doc.answers {
        let response = response(place, answer, schemas);
        match responses.entry(answer.status) {
            Entry::Vacant(first) => {
                first.insert(response);
            }
            // The same answer in another form.
            Entry::Occupied(mut first) => first
                .get_mut()
                .content
                .extend(response.content),
        }
    }
    for (status, response) in responses {
        operation = operation.response(status.to_string(), response);
    }
    let answered: Vec<u16> = doc
        .answers
        .iter()
        .map(|answer| answer.status)
        .collect();
    for refusal in Refusal::of(place).filter(|refusal| !answered.contains(&refusal.status())) {
        operation = operation.response(refusal.status().to_string(), refusal.reference());
    }
    operation.build()
}

/// What it does, and whom it is for.
fn description(doc: &Doc) -> String {
    let role = match doc.access {
        Access::Open => "Open to everybody.",
        Access::Read => "Needs the role `read`.",
        Access::Acknowledge => "Needs the role `ack`.",
        Access::Write => "Needs the role `write`.",
        Access::Administer => "Needs the role `admin`.",
    };
    doc.description
        .map_or_else(|| role.to_owned(), |text| format!("{text} {role}"))
}

fn parameters(place: Place<'_>) -> Vec<Parameter> {
    let in_path = path_parameters(place.path)
        .map(|name| parameter(name, ParameterIn::Path, None, text(None)));
    let in_query = place
        .doc
        .query
        .iter()
        .map(|(name, about)| parameter(name, ParameterIn::Query, Some(about), asked_as(name)));
    let mut parameters: Vec<_> = in_path.chain(in_query).collect();
    let mut header = |name, about, pattern| {
        parameters.push(parameter(
            name,
            ParameterIn::Header,
            Some(about),
            text(Some(pattern)),
        ));
    };
    if place.method == "POST" && place.doc.access != Access::Open {
        header("Idempotency-Key", IDEMPOTENCY, "^[!-~]{1,255}$");
    }
    if place.method != "GET" && place.path.contains('{') {
        header("If-Match", IF_MATCH, r#"^(\*|"v[0-9]{1,9}")$"#);
    }
    parameters
}

const IDEMPOTENCY: &str = "The caller's name for this request. Repeated within 24 hours under the same \
                           name it is not done again, and is answered the same, with \
                           `Idempotency-Replayed: true`.";

const IF_MATCH: &str = "The version that is meant, as `ETag` said; 412 where it is another by now.";

/// The schema of a parameter of a query. The same name means the same thing everywhere.
fn asked_as(name: &str) -> RefOr<Schema> {
    let instant = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    match name {
        "limit" => Object::builder()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(LIMIT_MAX))
            .into(),
        "at" | "from" | "to" => Object::builder()
            .schema_type(Type::String)
            .format(Some(instant))
            .into(),
        _ => text(None),
    }
}

/// The schema of a text, perhaps of a pattern.
fn text(pattern: Option<&str>) -> RefOr<Schema> {
    let text = Object::builder().schema_type(Type::String);
    text.pattern(pattern).into()
}

fn parameter(
    name: &str,
    place: ParameterIn,
    description: Option<&str>,
    schema: RefOr<Schema>,
) -> Parameter {
    let required = place == ParameterIn::Path;
    let mut parameter = Parameter::new(name);
    parameter.parameter_in = place;
    parameter.required = if required {
        Required::True
    } else {
        Required::False
    };
    parameter.description = description.map(str::to_owned);
    parameter.schema = Some(schema);
    parameter
}

fn request_body(rule: &BodyRule, schemas: &mut Schemas) -> RequestBody {
    let mut body = RequestBody::new();
    body.required = Some(if rule.required {
        Required::True
    } else {
        Required::False
    });
    let is_patch = rule.media_types.contains(&MERGE_PATCH);
    let schema = rule.schema.map(|schema| {
        if is_patch {
            schemas.patch(schema)
        } else {
            schemas.reference(schema)
        }
    });
    for media_type in rule.media_types {
        body.content.insert(
            (*media_type).to_owned(),
            MediaType::new(schema.clone()).into(),
        );
    }
    body
}

fn response(place: Place<'_>, answer: &Answer, schemas: &mut Schemas) -> Response {
    let mut response = Response::new(answer.description);
    if let Some((media_type, content)) = &answer.content {
        let schema = match content {
            Content::One(schema) => schemas.reference(*schema),
            Content::ListOf(schema) => list_of(schemas.reference(*schema)),
            Content::Text => text(None),
        };
        response.content.insert(
            (*media_type).to_owned(),
            MediaType::new(Some(schema)).into(),
        );
    }
    for (name, about, example) in headers(place, answer) {
        let header = refusals::header(about, example);
        response
            .headers
            .insert(name.to_owned(), header.into());
    }
    response
}

/// The headers that belong to an answer.
fn headers(
    place: Place<'_>,
    answer: &Answer,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let id = (
        "X-Request-Id",
        "Under which name the request is logged.",
        "8c1f9a0b3d5e7f42",
    );
    let location = (
        "Location",
        "Where to go, or where what was made is.",
        "/slo/019bd1a0",
    );
    let tag = ("ETag", "The version, for `If-Match`.", "\"v3\"");
    let replayed = (
        "Idempotency-Replayed",
        "`true` when the answer was given before.",
        "true",
    );
    let is_one = matches!(answer.content, Some((_, Content::One(_))));
    [
        (!place.doc.probe).then_some(id),
        matches!(answer.status, 201 | 303).then_some(location),
        (is_one && (answer.status == 201 || place.path.ends_with("{id}"))).then_some(tag),
        (place.method == "POST" && place.doc.access != Access::Open).then_some(replayed),
    ]
    .into_iter()
    .flatten()
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

    /// A reference to the schema of a merge patch of a type: every field of it may be left out.
    fn patch(&mut self, of: SchemaOf) -> RefOr<Schema> {
        self.reference(of);
        let name = format!("{}Patch", (of.name)());
        let mut schema = (of.schema)();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
        }
        self.0.insert(name.clone(), schema);
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
