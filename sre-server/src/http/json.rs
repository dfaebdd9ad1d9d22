//! JSON as it is accepted: at most 32 deep, every key once, not more values than memory should
//! bear; and merging by RFC 7396.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::ApiError;

/// How deep arrays and objects may nest. Nothing the API takes is deeper than six.
pub const DEPTH_MAX: usize = 32;

/// How many values one document may hold. A value costs at least 32 bytes once it is read, sixteen
/// times its text in the worst case (`[0,0,…`): this keeps a document of the default size under
/// 8 MiB.
pub const VALUES_MAX: usize = 250_000;

/// Reads a whole document.
///
/// # Errors
///
/// [`ApiError::Malformed`], with line and column, for what is not JSON, is nested too deep, is too
/// much, or has a key twice in one object (which of the two would be meant?).
pub fn parse(text: &[u8]) -> Result<Value, ApiError> {
    let malformed =
        |error: serde_json::Error| ApiError::Malformed(format!("the body is not JSON: {error}"));
    if text.trim_ascii().is_empty() {
        return Err(ApiError::Malformed(
            "the body is empty; JSON is expected".to_owned(),
        ));
    }
    let left = Cell::new(VALUES_MAX);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Bounded {
        depth: 0,
        left: &left,
    }
    .deserialize(&mut reader)
    .map_err(malformed)?;
    reader.end().map_err(malformed)?;
    Ok(value)
}

/// Applies a merge patch (RFC 7396): objects merge key by key, `null` removes, all else replaces.
///
/// ```
/// use serde_json::json;
///
/// let mut slo = json!({"name": "a", "labels": {"team": "x", "tier": "1"}});
/// sre_server::http::json::merge_patch(&mut slo, &json!({"labels": {"tier": null, "env": "p"}}));
/// assert_eq!(slo, json!({"name": "a", "labels": {"team": "x", "env": "p"}}));
/// ```
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else {
        return;
    };
    for (key, change) in patch {
        if change.is_null() {
            target.remove(key);
        } else {
            merge_patch(target.entry(key).or_insert(Value::Null), change);
        }
    }
}

/// One value, so many levels deep, of a document with so many values left.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl Bounded<'_> {
    /// What is inside this value, one level down.
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!(
                "nested deeper than {DEPTH_MAX} levels"
            )));
        }
        Ok(Self {
            depth: self.depth + 1,
            left: self.left,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| {
                D::Error::custom(format_args!("a document of more than {VALUES_MAX} values"))
            })?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Value, S::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Value, M::Error> {
        let inside = self.inside()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(M::Error::custom(format_args!(
                    "the key {key:?} is there twice"
                )));
            }
            let value = entries.next_value_seed(inside)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(text: &str) -> String {
        let error = parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.status(), 400);
        error.to_string()
    }

    #[test]
    fn a_document_reads_as_it_is() {
        let text = r#"{"a":[1,-2,99.9,true,null,"x"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(
            parse(text.as_bytes())
                .unwrap()
                .to_string(),
            text
        );
    }

    #[test]
    fn what_is_not_json_is_told_with_line_and_column() {
        assert_eq!(refusal("  "), "the body is empty; JSON is expected");
        assert!(refusal("{\n  \"a\": nope}").ends_with("at line 2 column 9"));
        assert!(refusal("{} {}").contains("trailing"));
        assert!(refusal("{\"a\":1e999}").contains("out of range"));
        assert!(refusal("\u{feff}{}").contains("line 1"));
        assert!(refusal(r#""\ud800""#).contains("line 1"));
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn thirty_two_levels_are_read_and_no_more() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(refusal(&nested(33)).contains("deeper than 32"));
        assert!(refusal(&"[".repeat(100_000)).contains("deeper than 32"));
        assert!(refusal(&"{\"a\":".repeat(100_000)).contains("deeper than 32"));
    }

    #[test]
    fn a_million_small_values_are_refused() {
        assert!(refusal(&format!("[{}0]", "0,".repeat(1_000_000))).contains("250000 values"));
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        assert!(refusal(r#"{"a":1,"a":2}"#).contains("twice"));
    }

    /// The table of RFC 7396, appendix A.
    #[test]
    fn merging_follows_the_rfc() {
        for (target, patch, merged) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (
                json!({"a":"b","b":"c"}),
                json!({"a":null}),
                json!({"b":"c"}),
            ),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (
                json!({}),
                json!({"a":{"bb":{"ccc":null}}}),
                json!({"a":{"bb":{}}}),
            ),
        ] {
            let mut result = target.clone();
            merge_patch(&mut result, &patch);
            assert_eq!(result, merged, "{target} with {patch}");
        }
    }
}
