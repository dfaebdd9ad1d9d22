//! The API's documentation for people, made from the OpenAPI document: a page at `/docs`, and the
//! text of `docs/api.md`.

mod markdown;
mod page;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

pub use self::markdown::markdown;
pub(super) use self::page::{get, get_doc};

/// The document as people read it.
#[derive(Debug)]
struct Reference {
    /// What holds for everything.
    about: String,
    /// Operations by tag, in the order of tags.
    parts: BTreeMap<String, Vec<Operation>>,
    /// The fields of each type that is referred to.
    types: BTreeMap<String, Vec<Field>>,
    /// How requests are refused: status, kind, meaning.
    refusals: Vec<[String; 3]>,
}

/// One operation.
#[derive(Debug)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: String,
    parameters: Vec<Parameter>,
    request: Option<Body>,
    answers: Vec<Answer>,
    /// The statuses with which it is refused.
    refused: Vec<String>,
}

/// What may be given beside a body.
#[derive(Debug)]
struct Parameter {
    name: String,
    place: String,
    about: String,
}

/// What is sent one way or the other.
#[derive(Debug)]
struct Body {
    media_type: String,
    type_name: String,
    example: Option<Value>,
}

/// A way in which an operation answers.
#[derive(Debug)]
struct Answer {
    status: String,
    about: String,
    body: Option<Body>,
}

/// A field of a type.
#[derive(Debug)]
struct Field {
    name: String,
    type_name: String,
    is_required: bool,
    about: String,
}

impl Reference {
    /// Reads the document that [`super::document`] makes.
    fn new() -> Self {
        let document = super::document();
        let components = &document["components"];
        let mut parts: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for (path, methods) in entries(&document["paths"]) {
            for (method, operation) in entries(methods) {
                let part = parts
                    .entry(text(&operation["tags"][0]))
                    .or_default();
                part.push(Operation::new(method, path, operation));
            }
        }
        let types = entries(&components["schemas"])
            .map(|(name, schema)| (name.clone(), fields(schema)))
            .collect();
        let mut refusals: Vec<_> = entries(&components["responses"])
            .map(|(_, response)| refusal(response))
            .collect();
        refusals.sort();
        Self {
            about: text(&document["info"]["description"]),
            parts,
            types,
            refusals,
        }
    }
}

impl Operation {
    fn new(method: &str, path: &str, operation: &Value) -> Self {
        let (refused, answers): (Vec<_>, Vec<_>) = entries(&operation["responses"])
            .partition(|(_, response)| response.get("$ref").is_some());
        Self {
            id: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            about: text(&operation["description"]),
            parameters: items(&operation["parameters"])
                .map(|parameter| Parameter {
                    name: text(&parameter["name"]),
                    place: text(&parameter["in"]),
                    about: text(&parameter["description"]),
                })
                .collect(),
            request: body(&operation["requestBody"]),
            answers: answers
                .into_iter()
                .map(|(status, answer)| Answer {
                    status: status.clone(),
                    about: text(&answer["description"]),
                    body: body(answer),
                })
                .collect(),
            refused: refused
                .into_iter()
                .map(|(status, _)| status.clone())
                .collect(),
        }
    }

    /// A request that can be pasted into a shell, given `$TOKEN` and what the path names.
    fn curl(&self) -> String {
        let method = match self.method.as_str() {
            "GET" => String::new(),
            method => format!("-X {method} "),
        };
        let path = self
            .path
            .replace('{', "$")
            .replace('}', "");
        let mut command = format!(
            "curl {method}\"http://localhost:8080{path}\" \\\n  -H \"Authorization: Bearer $TOKEN\""
        );
        if let Some(body) = &self.request {
            let example = body
                .example
                .as_ref()
                .map(pretty)
                .unwrap_or_default();
            let example = example.replace('\'', "'\\''");
            let media_type = &body.media_type;
            // A text takes everything.
            let _ = write!(
                command,
                " \\\n  -H 'Content-Type: {media_type}' \\\n  -d '{example}'"
            );
        }
        command
    }
}

/// The first kind of content of a body, and what it holds.
fn body(body: &Value) -> Option<Body> {
    let (media_type, media) = entries(&body["content"]).next()?;
    Some(Body {
        media_type: media_type.clone(),
        type_name: type_name(&media["schema"]),
        example: media
            .get("example")
            .filter(|_| media_type.ends_with("json"))
            .cloned(),
    })
}

fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<_> = items(&schema["required"])
        .filter_map(Value::as_str)
        .collect();
    let of_parts = items(&schema["allOf"]).flat_map(fields);
    entries(&schema["properties"])
        .map(|(name, schema)| Field {
            name: name.clone(),
            type_name: type_name(schema),
            is_required: required.contains(&name.as_str()),
            about: text(&schema["description"]),
        })
        .chain(of_parts)
        .collect()
}

/// What a schema describes, in a few words: the name of a type where it has one.
fn type_name(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
    }
    for choices in ["oneOf", "anyOf"] {
        if schema[choices].is_array() {
            let names: Vec<_> = items(&schema[choices])
                .map(type_name)
                .collect();
            return names.join(" or ");
        }
    }
    if schema["enum"].is_array() {
        let words: Vec<_> = items(&schema["enum"])
            .map(text)
            .collect();
        return words.join(", ");
    }
    let kinds: Vec<_> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        kind => vec![text(kind)],
    };
    let kinds = kinds
        .into_iter()
        .map(|kind| match kind.as_str() {
            "array" => format!("list of {}", type_name(&schema["items"])),
            "string" if schema["format"].is_string() => text(&schema["format"]),
            "object" if schema["additionalProperties"].is_object() => {
                format!("map of {}", type_name(&schema["additionalProperties"]))
            }
            "" => "anything".to_owned(),
            _ => kind,
        });
    kinds.collect::<Vec<_>>().join(" or ")
}

fn refusal(response: &Value) -> [String; 3] {
    let example = &response["content"]["application/problem+json"]["example"];
    let kind = text(&example["type"]).replace("urn:sre-monitor:problem:", "");
    [
        example["status"].to_string(),
        kind,
        text(&response["description"]),
    ]
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value
        .as_object()
        .into_iter()
        .flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
