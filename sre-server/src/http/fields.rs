//! Reading a JSON object field by field, with every fault at once.
//!
//! serde stops at the first fault; a person who writes an SLO by hand wants all of them. So a body
//! is read as a raw object first, each field is taken from it by name, and what is wrong is noted
//! instead of returned. [`Fields::finish`] refuses what nobody took (unknown fields) and tells
//! everything together:
//!
//! ```
//! use serde_json::json;
//! use sre_core::time::Span;
//! use sre_server::http::fields::Fields;
//!
//! struct NewSlo { name: String, description: String, window: Span }
//!
//! fn new_slo(body: serde_json::Value) -> Result<NewSlo, sre_server::http::problem::ApiError> {
//!     let mut fields = Fields::of(body)?;
//!     fields.ignore(&["id", "created_at"]);
//!     let name = fields.required("name").text(1..=200);
//!     let description = fields.optional("description").prose(0..=2000).unwrap_or_default();
//!     let window = fields.required("time_window").parse();
//!     fields.finish(|| Some(NewSlo { name: name?, description, window: window? }))
//! }
//!
//! let slo = new_slo(json!({"id": 7, "name": "a", "time_window": "30d"}))?;
//! assert_eq!((slo.name.as_str(), slo.description.as_str()), ("a", ""));
//! assert_eq!(slo.window, "30d".parse()?);
//!
//! let error = new_slo(json!({"name": "", "time_window": "x", "target": 1})).err();
//! assert_eq!(error.map(|error| error.to_string()).as_deref(), Some("the request has 3 fault(s)"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::fault::{Fault, step};
use super::field::Field;
use super::problem::ApiError;

/// An object that is being read, and what was found wrong with it so far.
#[derive(Debug)]
pub struct Fields {
    map: Map<String, Value>,
    pointer: String,
    known: Vec<String>,
    faults: Vec<Fault>,
}

impl Fields {
    /// The fields of a whole body.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] when the body is not an object.
    pub fn of(body: Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(map) => Ok(Self::at(String::new(), map)),
            other => Err(ApiError::invalid(
                "",
                format_args!("must be an object, not {}", noun(&other)),
            )),
        }
    }

    /// The fields of an object somewhere in a body.
    pub(super) fn at(pointer: String, map: Map<String, Value>) -> Self {
        Self {
            map,
            pointer,
            known: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// A field that must be there; `null` counts as missing.
    pub fn required(&mut self, name: &str) -> Field<'_> {
        let value = self.take(name);
        if value.is_none() {
            self.fault(name, "is required");
        }
        self.field(name, value)
    }

    /// A field that may be left out; `null` counts as left out.
    pub fn optional(&mut self, name: &str) -> Field<'_> {
        let value = self.take(name);
        self.field(name, value)
    }

    /// A required line of text, so many characters long.
    pub fn text(&mut self, name: &str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
        self.required(name).text(length)
    }

    /// A required field that is written as text and has a type of its own.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.required(name).parse()
    }

    /// Whether the field is there, be it `null`.
    pub fn has(&mut self, name: &str) -> bool {
        self.know(name);
        self.map.contains_key(name)
    }

    /// Whether the field is there and not `null`: for fields that another one asks for.
    pub fn is_given(&mut self, name: &str) -> bool {
        self.know(name);
        self.map
            .get(name)
            .is_some_and(|value| !value.is_null())
    }

    /// Passes over fields that only answers carry: a resource that was read can be sent back.
    pub fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.map.remove(*name);
        }
    }

    /// Notes what is wrong with a field, or with how several go together (name the culprit).
    pub fn fault(&mut self, name: &str, detail: impl Display) {
        self.faults
            .push(Fault::at(step(&self.pointer, name), detail));
    }

    /// What was read, unless anything was wrong. `build` joins the parts; it answers `None` only
    /// where a part is missing, which was noted when it was read.
    ///
    /// # Errors
    ///
    /// [`ApiError::Invalid`] with every fault, unknown fields among them.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, ApiError> {
        let faults = self.into_faults();
        if !faults.is_empty() {
            return Err(ApiError::Invalid(faults));
        }
        build().ok_or_else(|| ApiError::internal("a field was refused without a fault"))
    }

    /// Everything that was wrong, with the fields nobody asked for.
    pub(super) fn into_faults(mut self) -> Vec<Fault> {
        let unknown = format!("unknown field; known are {}", self.known.join(", "));
        for name in self.map.keys() {
            self.faults
                .push(Fault::at(step(&self.pointer, name), &unknown));
        }
        self.faults
    }

    /// Remembers a name that somebody asked for, so that whoever mistypes it is told of it.
    fn know(&mut self, name: &str) {
        if !self
            .known
            .iter()
            .any(|known| known == name)
        {
            self.known.push(name.to_owned());
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.know(name);
        self.map
            .remove(name)
            .filter(|value| !value.is_null())
    }

    fn field(&mut self, name: &str, value: Option<Value>) -> Field<'_> {
        Field::new(step(&self.pointer, name), value, &mut self.faults)
    }
}

/// What a value is, in words.
pub(super) fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_is_told_at_once() {
        let mut fields =
            Fields::of(json!({"name": 7, "window": "x", "a/b": 1, "kind": null})).unwrap();
        let name = fields.text("name", 1..=200);
        let window = fields.parse::<u32>("window");
        let kind = fields.text("kind", 1..=10);
        let Err(ApiError::Invalid(faults)) = fields.finish(|| Some((name?, window?, kind?))) else {
            panic!("accepted")
        };
        let told: Vec<_> = faults
            .iter()
            .map(Fault::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "/name: must be a text, not a number",
                "/window: invalid digit found in string",
                "/kind: is required",
                "/a~1b: unknown field; known are name, window, kind",
            ]
        );
    }

    #[test]
    fn a_field_that_was_only_looked_for_is_known() {
        let mut fields = Fields::of(json!({"nmae": 1})).unwrap();
        assert!(!fields.is_given("name") && !fields.has("window"));
        fields.optional("name").value();
        let Err(ApiError::Invalid(faults)) = fields.finish(|| Some(())) else {
            panic!("accepted")
        };
        assert_eq!(
            faults
                .first()
                .map(Fault::to_string)
                .as_deref(),
            Some("/nmae: unknown field; known are name, window")
        );
    }

    #[test]
    fn read_only_fields_are_passed_over() {
        let mut fields = Fields::of(json!({"id": 1, "version": null})).unwrap();
        fields.ignore(&["id", "version"]);
        assert!(fields.finish(|| Some(())).is_ok());
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        let error = Fields::of(json!([])).unwrap_err();
        assert_eq!(error.status(), 422);
    }

    #[test]
    fn a_part_that_is_missing_without_a_fault_is_our_failure() {
        let fields = Fields::of(json!({})).unwrap();
        assert_eq!(
            fields
                .finish(|| None::<()>)
                .unwrap_err()
                .status(),
            500
        );
    }
}
