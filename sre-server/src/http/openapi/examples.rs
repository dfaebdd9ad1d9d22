//! Examples: recorded from real answers where there is a record, else put together from what the
//! schemas say of their fields.

use serde_json::{Map, Value};

/// How deep a schema is followed: one that holds itself ends here.
const DEPTH_MAX: usize = 12;

/// Gives every body of `document` that has no example one: the recorded, by operation and status, as
/// `{"post_slo": {"request": …, "answers": {"201": …}}}`.
pub(super) fn add(document: &mut Value, recorded: &Value) {
    let components = document["components"].clone();
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
    {
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let record = recorded
            .get(&id)
            .unwrap_or(&Value::Null);
        if let Some(body) = operation.get_mut("requestBody") {
            illustrate(body, record.get("request"), &components);
        }
        let Some(answers) = operation["responses"].as_object_mut() else {
            continue;
        };
        for (status, answer) in answers {
            let recorded = record
                .get("answers")
                .and_then(|answers| answers.get(status));
            illustrate(answer, recorded, &components);
        }
    }
}

/// Puts an example beside each schema of a body.
fn illustrate(body: &mut Value, recorded: Option<&Value>, components: &Value) {
    let Some(content) = body
        .get_mut("content")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for media in content
        .values_mut()
        .filter_map(Value::as_object_mut)
    {
        if media.contains_key("example") {
            continue;
        }
        let schema = media
            .get("schema")
            .unwrap_or(&Value::Null);
        let example = recorded
            .cloned()
            .unwrap_or_else(|| of_schema(schema, components, 0));
        media.insert("example".to_owned(), example);
    }
}

/// A value that the schema describes.
fn of_schema(schema: &Value, components: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(example) = schema
        .get("example")
        .or_else(|| schema.pointer("/examples/0"))
        .or_else(|| schema.get("const"))
        .or_else(|| schema.pointer("/enum/0"))
    {
        return example.clone();
    }
    let referred = schema["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix("#/components"))
        .and_then(|pointer| components.pointer(pointer));
    if let Some(referred) = referred {
        return of_schema(referred, components, depth + 1);
    }
    for choice in ["oneOf", "anyOf"] {
        let choices = schema[choice]
            .as_array()
            .into_iter()
            .flatten();
        if let Some(first) = choices
            .clone()
            .find(|one| one["type"] != "null")
        {
            return of_schema(first, components, depth + 1);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts
            .iter()
            .map(|part| of_schema(part, components, depth + 1));
        return parts.fold(Value::Object(Map::new()), |mut whole, part| {
            if let (Some(whole), Value::Object(part)) = (whole.as_object_mut(), part) {
                whole.extend(part);
            }
            whole
        });
    }
    of_type(schema, components, depth)
}

fn of_type(schema: &Value, components: &Value, depth: usize) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match kind {
        Some("array") => Value::Array(vec![of_schema(&schema["items"], components, depth + 1)]),
        Some("object") => Value::Object(of_object(schema, components, depth)),
        Some("integer") => schema
            .get("minimum")
            .cloned()
            .unwrap_or_else(|| 1.into()),
        Some("number") => 1.0.into(),
        Some("boolean") => true.into(),
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => "2026-01-31T12:00:00Z".into(),
            Some("uuid") => "019bd1a0-0000-7000-8000-000000000000".into(),
            _ => "text".into(),
        },
        _ => Value::Null,
    }
}

fn of_object(schema: &Value, components: &Value, depth: usize) -> Map<String, Value> {
    let properties = schema["properties"]
        .as_object()
        .into_iter()
        .flatten();
    let mut object: Map<String, Value> = properties
        .map(|(name, schema)| (name.clone(), of_schema(schema, components, depth + 1)))
        .collect();
    let more = &schema["additionalProperties"];
    if object.is_empty() && more.is_object() {
        object.insert("name".to_owned(), of_schema(more, components, depth + 1));
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        let media = json!({"content": {"application/json": {"schema": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "name": {"type": ["string", "null"], "example": "ada"},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                "state": {"oneOf": [{"type": "null"}, {"enum": ["on", "off"]}]},
            },
        }}}});
        json!({
            "paths": {"/thing": {"post": {
                "operationId": "post_thing", "requestBody": media,
                "responses": {"201": media, "default": {"description": "nothing"}},
            }}},
            "components": {"schemas": {"Part": {
                "type": "object",
                "properties": {"more": {"$ref": "#/components/schemas/Part"}, "size": {"type": "integer"}},
            }}},
        })
    }

    #[test]
    fn what_is_recorded_is_shown_and_what_is_not_is_put_together() {
        let mut document = document();
        add(
            &mut document,
            &json!({"post_thing": {"answers": {"201": {"id": 7}}}}),
        );
        let post = &document["paths"]["/thing"]["post"];
        assert_eq!(
            post["responses"]["201"]["content"]["application/json"]["example"],
            json!({"id": 7})
        );
        let example = &post["requestBody"]["content"]["application/json"]["example"];
        assert_eq!(
            (&example["name"], &example["state"]),
            (&json!("ada"), &json!("on"))
        );
        assert_eq!(example["parts"][0]["size"], 1);
    }
}
