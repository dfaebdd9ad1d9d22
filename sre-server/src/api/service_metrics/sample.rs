//! One pushed sample, judged by itself: one that makes no sense costs the others nothing.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sre_core::count::{CountError, Counts};
use sre_core::indicator::MetricKind;
use sre_core::name::MetricName;
use sre_core::sample::{Sample, SampleValue};
use sre_core::time::Span;

use super::AHEAD_MAX;
use crate::api::labels;
use crate::http::fault::Fault;
use crate::http::{ApiError, Fields};

/// When samples may lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The instant of the request.
    pub(super) now: DateTime<Utc>,
    /// For how long samples are kept.
    pub(super) kept: Span,
}

/// The sample that a JSON value is.
///
/// # Errors
///
/// Everything that is wrong with it, in one text.
pub(super) fn read(value: Value, bounds: &Bounds) -> Result<Sample, String> {
    fields(value, bounds).map_err(|error| match error {
        ApiError::Invalid(faults) => {
            let told: Vec<_> = faults
                .iter()
                .map(Fault::to_string)
                .collect();
            told.join("; ")
                .trim_start_matches(": ")
                .to_owned()
        }
        other => other.to_string(),
    })
}

/// What is odd about a sample that is taken as it stands.
pub(super) fn warning(sample: &Sample) -> Option<String> {
    let SampleValue::Number(value) = sample.value else {
        return None;
    };
    let is_percentage = MetricKind::of(&sample.metric_name) != MetricKind::Value;
    (is_percentage && value > 0.0 && value <= 1.0).then(|| {
        format!(
            "{value} is taken as a percentage of {}, 0 to 100; it looks like a ratio",
            sample.metric_name
        )
    })
}

fn fields(value: Value, bounds: &Bounds) -> Result<Sample, ApiError> {
    let mut fields = Fields::of(value)?;
    let service_name = fields.parse("service_name");
    let metric_name = fields.parse("metric_name");
    let at = instant(&mut fields, bounds);
    let value = sample_value(&mut fields, metric_name.as_ref());
    let labels = labels::read(&mut fields);
    fields.finish(|| {
        Some(Sample {
            service_name: service_name?,
            metric_name: metric_name?,
            labels,
            at: at?,
            value: value?,
        })
    })
}

/// When the sample was taken; now where it does not say.
fn instant(fields: &mut Fields, bounds: &Bounds) -> Option<DateTime<Utc>> {
    if !fields.is_given("timestamp") {
        // Named, so that it is known.
        return fields
            .optional("timestamp")
            .instant()
            .or(Some(bounds.now));
    }
    let at = fields.optional("timestamp").instant()?;
    if at > bounds.now + AHEAD_MAX {
        fields.fault("timestamp", "lies more than 5 minutes in the future");
        return None;
    }
    if at < bounds.now - bounds.kept.as_delta() {
        let fault = format!("is older than {}, for which samples are kept", bounds.kept);
        fields.fault("timestamp", fault);
        return None;
    }
    Some(at)
}

/// What the sample says, in one of three forms.
fn sample_value(fields: &mut Fields, metric: Option<&MetricName>) -> Option<SampleValue> {
    let given = ["value", "good", "bad", "total"].map(|name| fields.is_given(name));
    let [value, good, bad, total] =
        ["value", "good", "bad", "total"].map(|name| fields.optional(name).number());
    match given {
        [true, false, false, false] => SampleValue::number(metric?, value?)
            .map_err(|error| fields.fault("value", error))
            .ok(),
        [false, true, false, true] => {
            let counts = Counts::from_good_and_total(good?, total?);
            counts_or_fault(fields, "good", counts)
        }
        [false, false, true, true] => {
            let counts = Counts::from_bad_and_total(bad?, total?);
            counts_or_fault(fields, "bad", counts)
        }
        _ => {
            fields.fault(
                "value",
                "give either value, or good and total, or bad and total",
            );
            None
        }
    }
}

fn counts_or_fault(
    fields: &mut Fields,
    part: &str,
    counts: Result<Counts, CountError>,
) -> Option<SampleValue> {
    match counts {
        Ok(counts) => Some(SampleValue::Counts(counts)),
        Err(CountError::GoodAboveTotal) => {
            fields.fault(part, format_args!("{part} must not exceed total"));
            None
        }
        Err(error) => {
            fields.fault(part, error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sre_core::time::at_second;

    use super::*;

    const NOW: i64 = 1_767_268_800;

    fn bounds() -> Bounds {
        Bounds {
            now: at_second(NOW),
            kept: Span::days(30),
        }
    }

    /// A sample of these fields beside the names.
    fn sample(metric: &str, fields: &Value) -> Result<Sample, String> {
        let mut value = json!({"service_name": "checkout", "metric_name": metric});
        crate::http::json::merge_patch(&mut value, fields);
        read(value, &bounds())
    }

    fn fault(fields: &Value) -> String {
        sample("availability", fields).unwrap_err()
    }

    #[test]
    fn counts_are_taken_as_good_or_as_bad() {
        let good = sample("availability", &json!({"good": 998, "total": 1000})).unwrap();
        let bad = sample("latency_p95", &json!({"bad": 2, "total": 1000.0})).unwrap();
        assert_eq!(
            good.value,
            SampleValue::Counts(Counts::events(998, 1_000).unwrap())
        );
        assert_eq!(good.value, bad.value);
        assert_eq!(good.at, at_second(NOW));
    }

    #[test]
    fn exactly_one_form_is_taken() {
        for fields in [
            json!({}),
            json!({"total": 1}),
            json!({"good": 1}),
            json!({"bad": 1}),
            json!({"value": 1, "total": 1}),
            json!({"good": 1, "bad": 0, "total": 1}),
            json!({"value": 1, "good": 1, "total": 1}),
        ] {
            let told = fault(&fields);
            assert_eq!(
                told, "/value: give either value, or good and total, or bad and total",
                "{fields}"
            );
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        for (fields, expected) in [
            (
                json!({"good": 2, "total": 1}),
                "/good: good must not exceed total",
            ),
            (
                json!({"bad": 2, "total": 1}),
                "/bad: bad must not exceed total",
            ),
            (
                json!({"good": -1, "total": 1}),
                "/good: a count must not be negative",
            ),
            (
                json!({"good": 0, "total": -1}),
                "/good: a count must not be negative",
            ),
            (
                json!({"good": 0, "total": 1e13}),
                "/good: a sample may count at most 1000000000000 events",
            ),
            (
                json!({"value": 101}),
                "/value: a percentage must lie between 0 and 100",
            ),
            (
                json!({"value": -0.1}),
                "/value: a percentage must lie between 0 and 100",
            ),
            (
                json!({"value": "NaN"}),
                "/value: must be a number, not a text",
            ),
        ] {
            assert_eq!(fault(&fields), expected, "{fields}");
        }
        let most = sample("availability", &json!({"good": 0, "total": 1e12})).unwrap();
        assert_eq!(
            most.value,
            SampleValue::Counts(Counts::events(0, 1_000_000_000_000).unwrap())
        );
        assert!(sample("temperature", &json!({"value": -40})).is_ok());
    }

    #[test]
    fn instants_lie_between_retention_and_five_minutes_ahead_and_are_cut_to_microseconds() {
        let at = |second: i64| {
            let at = at_second(NOW + second).to_rfc3339();
            sample("availability", &json!({"value": 99, "timestamp": at}))
        };
        let month = 30 * 86_400;
        for second in [300, 0, -month] {
            assert_eq!(at(second).unwrap().at, at_second(NOW + second));
        }
        assert_eq!(
            at(301).unwrap_err(),
            "/timestamp: lies more than 5 minutes in the future"
        );
        assert_eq!(
            at(-month - 1).unwrap_err(),
            "/timestamp: is older than 30d, for which samples are kept"
        );
        let fine = json!({"value": 99, "timestamp": "2026-01-01T12:00:00.123456789Z"});
        let fine = sample("availability", &fine).unwrap();
        assert_eq!(fine.at.timestamp_subsec_nanos(), 123_456_000);
    }

    #[test]
    fn every_fault_of_a_sample_is_told() {
        let wrong = json!({
            "service_name": "a b", "timestamp": "today", "good": "x", "total": 1, "colour": "red",
            "labels": {"a": 1},
        });
        let told = read(wrong, &bounds()).unwrap_err();
        let places = [
            "/service_name: ",
            "/metric_name: is required",
            "/timestamp: ",
            "/good: ",
        ];
        for place in places
            .into_iter()
            .chain(["/labels/a: ", "/colour: unknown field"])
        {
            assert!(told.contains(place), "{place} is not in {told}");
        }
        assert_eq!(
            read(json!(7), &bounds()).unwrap_err(),
            "must be an object, not a number"
        );
    }

    #[test]
    fn what_looks_like_a_ratio_is_taken_with_a_warning() {
        let warned = |metric, value: f64| {
            warning(&sample(metric, &json!({"value": value})).unwrap()).is_some()
        };
        assert!(warned("availability", 0.999) && warned("availability", 1.0));
        assert!(warned("error_rate", 0.01));
        assert!(!warned("availability", 0.0) && !warned("availability", 1.5));
        assert!(!warned("saturation", 0.5));
        let counts = sample("availability", &json!({"good": 0.5, "total": 1})).unwrap();
        assert_eq!(warning(&counts), None);
    }
}
