//! The OpenAPI document tells what the answers are.

use serde_json::{Map, Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::create;
use crate::world::World;

/// The document, and how real answers fall short of it.
struct Document(Value);

impl Document {
    async fn of(world: &World) -> Self {
        Self(world.get("/openapi.json").await.json())
    }

    /// The schema of a successful answer.
    fn answer(&self, method: &str, path: &str, status: &str) -> &Value {
        let content = &self.0["paths"][path][method]["responses"][status]["content"];
        let schema = &content["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path} is not in the document");
        schema
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else {
            return schema;
        };
        self.0
            .pointer(reference.trim_start_matches('#'))
            .expect(reference)
    }

    /// Every property of a schema, those of its parts included.
    fn properties(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.resolved(schema);
        let mut properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for part in schema["allOf"]
            .as_array()
            .into_iter()
            .flatten()
        {
            properties.extend(self.properties(part));
        }
        properties
    }

    /// What of `value` the schema does not say.
    fn faults(&self, value: &Value, schema: &Value, place: &str) -> Vec<String> {
        // An indicator has the fields of its type alone; everything else says `null`.
        let is_form = schema["$ref"] == "#/components/schemas/Indicator";
        let schema = self.resolved(schema);
        if let Some(forms) = schema["oneOf"].as_array() {
            let fits = |form: &&Value| {
                self.faults(value, form, place)
                    .is_empty()
            };
            return if forms.iter().any(|form| fits(&form)) {
                Vec::new()
            } else {
                vec![format!("{place}: no form fits {value}")]
            };
        }
        let mut faults = Vec::new();
        if !schema["type"].is_null() && !is_of(value, &schema["type"]) {
            faults.push(format!("{place}: {value} is not {}", schema["type"]));
        }
        for (index, item) in value
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            faults.extend(self.faults(item, &schema["items"], &format!("{place}/{index}")));
        }
        let properties = self.properties(schema);
        for (key, held) in value
            .as_object()
            .filter(|_| !properties.is_empty())
            .into_iter()
            .flatten()
        {
            match properties.get(key) {
                Some(schema) => faults.extend(self.faults(held, schema, &format!("{place}/{key}"))),
                None => faults.push(format!("{place}/{key}: is not in the document")),
            }
        }
        if let Some(object) = value.as_object().filter(|_| !is_form) {
            let missing = properties
                .keys()
                .filter(|key| !object.contains_key(*key));
            faults.extend(missing.map(|key| format!("{place}/{key}: is missing")));
        }
        faults
    }
}

/// Whether a value is of a type, or of one of several.
fn is_of(value: &Value, wanted: &Value) -> bool {
    let is = |wanted: &str| match wanted {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match wanted {
        Value::String(wanted) => is(wanted),
        Value::Array(wanted) => wanted
            .iter()
            .filter_map(Value::as_str)
            .any(is),
        _ => true,
    }
}

#[tokio::test]
async fn every_answer_is_what_the_document_says_field_by_field() {
    let world = World::with_prometheus();
    let path = create(&world, &json!({"description": "x"})).await;
    create(
        &world,
        &json!({"name": "counters", "target_percentage": 90, "indicator": {
        "type": "ratio", "source": "prometheus", "good": "a", "total": "b"}}),
    )
    .await;
    for _ in 0..12 {
        world
            .push("checkout", "availability", counts(9, 10))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world
        .clock
        .set(world.now() + Span::days(3).as_delta());
    world.run_for(Span::minutes(1)).await;
    let document = Document::of(&world).await;
    for (pattern, address) in [
        ("/slo", "/slo".to_owned()),
        ("/slo/{id}", path.clone()),
        (
            "/slo/{id}/history",
            format!("{path}/history?from=2026-01-01T00:00:00Z"),
        ),
        ("/error-budget", "/error-budget".to_owned()),
        (
            "/error-budget/{service}",
            "/error-budget/checkout".to_owned(),
        ),
    ] {
        let answer = world.get(&address).await.json();
        let faults = document.faults(&answer, document.answer("get", pattern, "200"), "");
        assert_eq!(faults, Vec::<String>::new(), "{pattern}");
    }
}

#[tokio::test]
async fn the_example_of_the_document_is_accepted() {
    let world = World::new();
    let document = Document::of(&world).await;
    let example = &document.0["components"]["schemas"]["SloBody"]["example"];
    let made = world.post("/slo", example).await;
    assert_eq!(made.status, 201);
    let schema = document.answer("post", "/slo", "201");
    assert_eq!(
        document.faults(&made.json(), schema, ""),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn every_writable_field_is_in_the_document() {
    let world = World::new();
    let document = Document::of(&world).await;
    let answer = world
        .post("/slo", &json!({"?": 1}))
        .await
        .json();
    let told = answer["errors"]
        .as_array()
        .expect("faults")
        .iter();
    let detail = told
        .filter_map(|fault| fault["detail"].as_str())
        .find_map(|detail| detail.strip_prefix("unknown field; known are "))
        .expect("the known fields");
    let mut known: Vec<_> = detail
        .split(", ")
        .map(str::to_owned)
        .collect();
    let schema = &document.0["components"]["schemas"]["SloBody"];
    let mut described: Vec<_> = document
        .properties(schema)
        .keys()
        .cloned()
        .collect();
    known.sort_unstable();
    described.sort_unstable();
    assert_eq!(described, known);
}
