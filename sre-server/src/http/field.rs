//! One field of an object that is being read: each reader answers the value or notes a fault.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Number, Value};
use sre_core::time::truncate;

use super::fault::{Fault, step};
use super::fields::{Fields, noun};

/// A field that is or is not there. Every reader answers `None` when it is not, or when it is not
/// what it should be, which is then noted.
#[derive(Debug)]
#[must_use = "a field is refused only by reading it"]
pub struct Field<'a> {
    pointer: String,
    value: Option<Value>,
    faults: &'a mut Vec<Fault>,
}

impl<'a> Field<'a> {
    pub(super) fn new(pointer: String, value: Option<Value>, faults: &'a mut Vec<Fault>) -> Self {
        Self {
            pointer,
            value,
            faults,
        }
    }

    /// The value as it came.
    pub fn value(self) -> Option<Value> {
        self.value
    }

    /// Whether it is an object: for what may be written as one or as a text.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Some(Value::Object(_)))
    }

    /// Whether it is there, and a text: for fields that may be that or something else.
    pub fn is_text(&self) -> bool {
        matches!(self.value, Some(Value::String(_)))
    }

    /// A line of text, so many characters long, without control characters.
    pub fn text(self, length: RangeInclusive<usize>) -> Option<String> {
        self.characters(&length, |c| !c.is_control())
    }

    /// Text that may have several lines.
    pub fn prose(self, length: RangeInclusive<usize>) -> Option<String> {
        self.characters(&length, |c| !c.is_control() || c == '\n' || c == '\t')
    }

    /// A text with a type of its own; `T`'s error says what is wrong.
    pub fn parse<T: FromStr<Err: Display>>(mut self) -> Option<T> {
        let text = self.string()?;
        text.parse()
            .map_err(|error| self.fault(error))
            .ok()
    }

    /// A number (or the text of one) with a type of its own that reads exact decimal text: `99.9`
    /// is read from `99.9`, never from the binary fraction nearest to it.
    pub fn decimal<T: FromStr<Err: Display>>(mut self) -> Option<T> {
        let text = match self.value.take()? {
            Value::Number(number) => plain(&number),
            Value::String(text) => text,
            other => return self.wrong("a number", &other),
        };
        text.parse()
            .map_err(|error| self.fault(error))
            .ok()
    }

    /// A number; JSON has no infinities and no NaN, so it is finite.
    pub fn number(mut self) -> Option<f64> {
        match self.value.take()? {
            Value::Number(number) => number.as_f64(),
            other => self.wrong("a number", &other),
        }
    }

    /// A whole number within a range.
    pub fn integer(mut self, range: RangeInclusive<u64>) -> Option<u64> {
        let number = match self.value.take()? {
            Value::Number(number) => number.as_u64(),
            other => return self.wrong("a whole number", &other),
        };
        if !number.is_some_and(|number| range.contains(&number)) {
            let (least, most) = (range.start(), range.end());
            if least == most {
                self.fault(format_args!("must be {least}"));
            } else {
                self.fault(format_args!(
                    "must be a whole number between {least} and {most}"
                ));
            }
            return None;
        }
        number
    }

    /// `true` or `false`.
    pub fn boolean(mut self) -> Option<bool> {
        match self.value.take()? {
            Value::Bool(boolean) => Some(boolean),
            other => self.wrong("true or false", &other),
        }
    }

    /// An instant (RFC 3339, any offset), cut to microseconds.
    pub fn instant(mut self) -> Option<DateTime<Utc>> {
        let text = self.string()?;
        let parsed = DateTime::parse_from_rfc3339(&text);
        if parsed.is_err() {
            self.fault("must be an instant such as 2026-01-31T12:00:00Z (RFC 3339)");
        }
        parsed
            .ok()
            .map(|at| truncate(at.to_utc()))
    }

    /// An object, read by `read`; fields that it does not take are unknown.
    pub fn object<T>(mut self, read: impl FnOnce(&mut Fields) -> Option<T>) -> Option<T> {
        match self.value.take()? {
            Value::Object(map) => {
                let mut fields = Fields::at(self.pointer, map);
                let result = read(&mut fields);
                self.faults.extend(fields.into_faults());
                result
            }
            other => self.wrong("an object", &other),
        }
    }

    /// An array of so many items at most, each read by `read`; `None` when any is refused.
    pub fn list<T>(
        mut self,
        items_max: usize,
        mut read: impl FnMut(Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match self.value.take()? {
            Value::Array(items) => items,
            other => return self.wrong("an array", &other),
        };
        if items.len() > items_max {
            self.fault(format_args!("may hold {items_max} items at most"));
            return None;
        }
        let mut all = Some(Vec::with_capacity(items.len()));
        for (index, item) in items.into_iter().enumerate() {
            let pointer = step(&self.pointer, &index.to_string());
            // An item that is null is there, and wrong for every reader.
            let read = read(Field::new(pointer, Some(item), self.faults));
            all = all.zip(read).map(|(mut all, item)| {
                all.push(item);
                all
            });
        }
        all
    }

    /// An object of texts, such as labels: so many entries, and characters in each, at most.
    pub fn texts(
        mut self,
        entries_max: usize,
        length_max: usize,
    ) -> Option<BTreeMap<String, String>> {
        let map = match self.value.take()? {
            Value::Object(map) => map,
            other => return self.wrong("an object of texts", &other),
        };
        if map.len() > entries_max {
            self.fault(format_args!("may hold {entries_max} entries at most"));
            return None;
        }
        let faults_before = self.faults.len();
        let mut texts = BTreeMap::new();
        for (name, value) in map {
            let pointer = step(&self.pointer, &name);
            let key = Value::String(name);
            let name = Field::new(pointer.clone(), Some(key), self.faults).text(1..=length_max);
            let text = Field::new(pointer, Some(value), self.faults).text(0..=length_max);
            texts.extend(name.zip(text));
        }
        (self.faults.len() == faults_before).then_some(texts)
    }

    fn characters(
        mut self,
        length: &RangeInclusive<usize>,
        allowed: impl Fn(char) -> bool,
    ) -> Option<String> {
        let text = self.string()?;
        if !length.contains(&text.chars().count()) {
            let (least, most) = (length.start(), length.end());
            self.fault(format_args!("must have {least} to {most} characters"));
            return None;
        }
        if !text.chars().all(allowed) {
            self.fault("must not hold control characters");
            return None;
        }
        Some(text)
    }

    fn string(&mut self) -> Option<String> {
        match self.value.take()? {
            Value::String(text) => Some(text),
            other => self.wrong("a text", &other),
        }
    }

    fn wrong<T>(&mut self, expected: &str, found: &Value) -> Option<T> {
        self.fault(format_args!("must be {expected}, not {}", noun(found)));
        None
    }

    fn fault(&mut self, detail: impl Display) {
        self.faults
            .push(Fault::at(self.pointer.as_str(), detail));
    }
}

/// The shortest decimal text of a number, without an exponent.
fn plain(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a reader makes of a value, or the faults it notes.
    fn read<T>(value: Value, reader: impl FnOnce(Field<'_>) -> Option<T>) -> Result<T, String> {
        let mut faults = Vec::new();
        let result = reader(Field::new("/x".to_owned(), Some(value), &mut faults));
        assert_eq!(result.is_none(), !faults.is_empty(), "one or the other");
        result.ok_or_else(|| {
            faults
                .iter()
                .map(Fault::to_string)
                .collect::<Vec<_>>()
                .join("; ")
        })
    }

    #[test]
    fn a_number_is_read_as_its_shortest_text() {
        let text = |value| read(value, |field| -> Option<String> { field.decimal() }).unwrap();
        assert_eq!(text(json!(99.9)), "99.9");
        assert_eq!(text(json!(99.0)), "99");
        assert_eq!(text(json!(0.000_000_1)), "0.0000001");
        assert_eq!(text(json!(u64::MAX)), "18446744073709551615");
        assert_eq!(text(json!(-1)), "-1");
        assert_eq!(text(json!("99.99")), "99.99");
    }

    #[test]
    fn text_is_counted_in_characters_and_holds_no_control_characters() {
        assert_eq!(read(json!("äöü"), |f| f.text(1..=3)).unwrap(), "äöü");
        let long = read(json!("äöüß"), |f| f.text(1..=3)).unwrap_err();
        assert_eq!(long, "/x: must have 1 to 3 characters");
        for control in ["a\nb", "a\u{0}b", "a\u{85}b"] {
            let fault = read(json!(control), |f| f.text(0..=9)).unwrap_err();
            assert_eq!(fault, "/x: must not hold control characters");
        }
        assert_eq!(read(json!("a\nb"), |f| f.prose(0..=9)).unwrap(), "a\nb");
    }

    #[test]
    fn whole_numbers_have_a_range() {
        assert_eq!(read(json!(3), |f| f.integer(1..=5)), Ok(3));
        for wrong in [json!(0), json!(6), json!(-1), json!(1.5)] {
            let fault = read(wrong, |f| f.integer(1..=5)).unwrap_err();
            assert_eq!(fault, "/x: must be a whole number between 1 and 5");
        }
        let fault = read(json!(2), |f| f.integer(1..=1)).unwrap_err();
        assert_eq!(fault, "/x: must be 1");
        assert_eq!(
            read(json!("3"), |f| f.integer(1..=5)).unwrap_err(),
            "/x: must be a whole number, not a text"
        );
    }

    #[test]
    fn instants_are_utc_and_cut_to_microseconds() {
        let at = read(json!("2026-01-01T01:00:00.0000019+01:00"), |field| {
            field.instant()
        })
        .unwrap();
        assert_eq!(at.timestamp_micros(), 1_767_225_600_000_001);
        assert!(
            read(json!("today"), |field| field
                .instant()
                .map(|at| at.to_rfc3339()))
            .is_err()
        );
    }

    #[test]
    fn faults_inside_point_to_their_place() {
        let rules = json!([{"factor": 2}, {"factor": "y", "b": 1}, 3]);
        let fault = read(rules, |field| {
            field.list(9, |item| {
                item.object(|fields| fields.required("factor").number())
            })
        })
        .unwrap_err();
        assert_eq!(
            fault,
            "/x/1/factor: must be a number, not a text; \
             /x/1/b: unknown field; known are factor; \
             /x/2: must be an object, not a number"
        );
    }

    #[test]
    fn an_item_that_is_null_is_a_fault() {
        let fault = read(json!(["a", null]), |f| f.list(9, |item| item.text(1..=9))).unwrap_err();
        assert_eq!(fault, "/x/1: must be a text, not null");
    }

    #[test]
    fn lists_and_labels_have_a_length() {
        assert_eq!(
            read(json!([1, 2]), |f| f.list(2, |item| item.integer(0..=9))),
            Ok(vec![1, 2])
        );
        assert!(read(json!([1, 2]), |f| f.list(1, |item| item.integer(0..=9))).is_err());
        assert_eq!(
            read(json!({"a": "b"}), |f| f.texts(1, 9)).unwrap()["a"],
            "b"
        );
        assert!(read(json!({"a": "b", "c": "d"}), |f| f.texts(1, 9)).is_err());
        let fault = read(json!({"a": 1, "": "x"}), |f| f.texts(9, 9)).unwrap_err();
        assert_eq!(
            fault,
            "/x/: must have 1 to 9 characters; /x/a: must be a text, not a number"
        );
    }
}
