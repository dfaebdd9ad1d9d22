//! An answer of the query API, believed only as far as it can be true.
//!
//! What the protocol forbids is *malformed* here: no JSON, another type of result, a sample twice or
//! out of order, a label set twice. What no counter can show (NaN, a negative value) is passed on:
//! it concerns its slice only, and the core judges it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use sre_core::counter::{Reading, ScrapeTarget, Series};
use sre_core::source::{Failure, FailureClass};

use crate::failure::{ErrorBody, failure, of_answer, words};
use crate::limits;

/// Series with their samples, and what the source warns of.
#[derive(Debug, Default)]
pub(crate) struct Matrix {
    pub(crate) series: Vec<Series>,
    pub(crate) warnings: Vec<String>,
}

/// Reads the body of an answer whose HTTP status says success.
pub(crate) fn decode(status: u16, body: &[u8]) -> Result<Matrix, Failure> {
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| {
        let said = words(&error.to_string());
        malformed(format!("not an answer of the query API: {said}"))
    })?;
    if envelope.status != "success" {
        return Err(of_answer(
            status,
            &ErrorBody {
                kind: envelope.kind,
                error: envelope.error,
            },
        ));
    }
    let result = match envelope.data {
        Some(Data::Matrix(result)) => result,
        Some(Data::Vector(_) | Data::Scalar(_) | Data::String(_)) => {
            return Err(malformed("the result is not a matrix"));
        }
        None => return Err(malformed("a success without data")),
    };
    within_limits(&result)?;
    let mut identities = BTreeSet::new();
    let mut series = Vec::with_capacity(result.len());
    for one in result {
        if !identities.insert(one.metric.clone()) {
            return Err(malformed(format!("the series {} twice", name(&one.metric))));
        }
        series.push(one.checked()?);
    }
    let warnings = envelope.warnings.unwrap_or_default();
    let warnings = warnings
        .iter()
        .take(limits::WARNINGS_MAX)
        .map(|said| words(said))
        .collect();
    Ok(Matrix { series, warnings })
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    warnings: Option<Vec<String>>,
    #[serde(default, rename = "errorType")]
    kind: String,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Matrix(Vec<RawSeries>),
    Vector(IgnoredAny),
    Scalar(IgnoredAny),
    String(IgnoredAny),
}

#[derive(Deserialize)]
struct RawSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, Value)>,
    /// Native histograms, which are no counters.
    histograms: Option<IgnoredAny>,
}

impl RawSeries {
    fn checked(self) -> Result<Series, Failure> {
        if self.histograms.is_some() {
            return Err(malformed(format!(
                "{} is a histogram, not a counter",
                name(&self.metric)
            )));
        }
        let mut readings: Vec<Reading> = Vec::with_capacity(self.values.len());
        for (seconds, value) in self.values {
            let at = instant(seconds).ok_or_else(|| malformed("a sample without an instant"))?;
            if readings
                .last()
                .is_some_and(|last| last.at >= at)
            {
                let name = name(&self.metric);
                return Err(malformed(format!(
                    "samples of {name} twice or out of order at {at}"
                )));
            }
            readings.push(Reading { at, value: value.0 });
        }
        let target = target(&self.metric);
        Ok(Series {
            labels: self.metric,
            target,
            readings,
        })
    }
}

/// A value, which the API writes as a string: exactly the number that stands there, NaN and
/// infinities included.
struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| D::Error::custom("a value that is no number"))
    }
}

fn within_limits(result: &[RawSeries]) -> Result<(), Failure> {
    let samples: usize = result
        .iter()
        .map(|series| series.values.len())
        .sum();
    let too_large = |detail| Err(failure(FailureClass::TooLarge, detail));
    if result.len() > limits::SERIES_MAX {
        return too_large(format!("more than {} series", limits::SERIES_MAX));
    }
    if samples > limits::SAMPLES_MAX {
        return too_large(format!("more than {} samples", limits::SAMPLES_MAX));
    }
    Ok(())
}

/// The instant of so many seconds; the API keeps milliseconds.
fn instant(seconds: f64) -> Option<DateTime<Utc>> {
    let millis = (seconds * 1_000.0).round();
    if !(0.0..1e15).contains(&millis) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 10¹⁵")]
    DateTime::from_timestamp_millis(millis as i64)
}

/// Where a series was scraped: Prometheus writes both labels to whatever it scrapes.
fn target(labels: &BTreeMap<String, String>) -> Option<ScrapeTarget> {
    let label = |name| {
        labels
            .get(name)
            .cloned()
            .unwrap_or_default()
    };
    let target = ScrapeTarget {
        job: label("job"),
        instance: label("instance"),
    };
    (!target.job.is_empty() || !target.instance.is_empty()).then_some(target)
}

/// What a series is called where people read it.
fn name(labels: &BTreeMap<String, String>) -> String {
    words(&format!("{labels:?}"))
}

fn malformed(detail: impl Into<String>) -> Failure {
    failure(FailureClass::Malformed, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_body_makes_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(200, &body);
        }

        #[test]
        fn a_torn_or_overwritten_answer_is_an_error_or_in_order(
            at in 0_usize..140, byte in any::<u8>(), kept in 0_usize..200,
        ) {
            let mut body = br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[10,"1"],[20,"2"],[30.5,"3"]]}]}}"#.to_vec();
            if let Some(place) = body.get_mut(at) {
                *place = byte;
            }
            body.truncate(kept);
            for series in decode(200, &body).unwrap_or_default().series {
                prop_assert!(series.readings.is_sorted_by(|one, next| one.at < next.at));
            }
        }
    }

    fn matrix(result: &str) -> Result<Matrix, Failure> {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#
        );
        decode(200, body.as_bytes())
    }

    fn class(body: &str) -> FailureClass {
        decode(200, body.as_bytes())
            .expect_err(body)
            .class
    }

    #[test]
    fn numbers_are_read_exactly_as_they_are_written() {
        let texts = [
            "1e309",
            "NaN",
            "+Inf",
            "-Inf",
            "-1",
            "9007199254740993",
            "0.1",
            "1e3",
        ];
        let values: Vec<_> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| format!(r#"[{n},"{text}"]"#))
            .collect();
        let found = matrix(&format!(
            r#"{{"metric":{{}},"values":[{}]}}"#,
            values.join(",")
        ));
        let found = found
            .expect("well-formed")
            .series
            .remove(0)
            .readings;
        let found: Vec<_> = found
            .iter()
            .map(|reading| reading.value.to_string())
            .collect();
        assert_eq!(
            found,
            [
                "inf",
                "NaN",
                "inf",
                "-inf",
                "-1",
                "9007199254740992",
                "0.1",
                "1000"
            ]
        );
    }

    #[test]
    fn an_instant_keeps_its_milliseconds() {
        let found = matrix(r#"{"metric":{},"values":[[1704067260.501,"7"]]}"#).expect("one");
        assert_eq!(
            found.series[0].readings[0]
                .at
                .timestamp_millis(),
            1_704_067_260_501
        );
    }

    #[test]
    fn a_series_says_where_it_was_scraped() {
        let target = |labels| {
            let one = format!(r#"{{"metric":{labels},"values":[]}}"#);
            matrix(&one)
                .expect("one")
                .series
                .remove(0)
                .target
        };
        let expected = ScrapeTarget {
            job: "a".to_owned(),
            instance: "b".to_owned(),
        };
        assert_eq!(
            target(r#"{"job":"a","instance":"b","x":"y"}"#),
            Some(expected)
        );
        assert_eq!(target(r#"{"x":"y"}"#), None);
    }

    #[test]
    fn what_the_protocol_forbids_is_malformed() {
        for result in [
            r#"{"metric":{},"values":[[1,"1"],[1,"1"]]}"#,
            r#"{"metric":{},"values":[[2,"1"],[1,"1"]]}"#,
            r#"{"metric":{},"values":[]},{"metric":{},"values":[]}"#,
            r#"{"metric":{},"values":[[1,1]]}"#,
            r#"{"metric":{},"values":[[1,"one"]]}"#,
            r#"{"metric":{},"values":[[1,""]]}"#,
            r#"{"metric":{},"values":[["1","1"]]}"#,
            r#"{"metric":{},"values":[[1,"1",2]]}"#,
            r#"{"metric":{},"values":[[1e300,"1"]]}"#,
            r#"{"metric":{},"values":[[-5,"1"]]}"#,
            r#"{"metric":{"a":1},"values":[]}"#,
            r#"{"metric":{},"histograms":[[1,{}]]}"#,
            "7",
        ] {
            assert_eq!(
                matrix(result).expect_err(result).class,
                FailureClass::Malformed,
                "{result}"
            );
        }
        for body in [
            "",
            "<html><body>Sign in</body></html>",
            "null",
            "[]",
            "{}",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#,
            r#"{"status":"success","data":{"resultType":"poem","result":[]}}"#,
            r#"{"status":"success","data":{"resultType":"matrix"}}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}"#,
        ] {
            assert_eq!(class(body), FailureClass::Malformed, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(class(&deep), FailureClass::Malformed);
    }

    #[test]
    fn an_error_under_a_status_of_success_is_an_error() {
        let body = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        assert_eq!(class(body), FailureClass::Refused);
    }

    #[test]
    fn one_series_or_sample_too_many_is_too_large() {
        let series = |n| -> String {
            let one = |n| format!(r#"{{"metric":{{"n":"{n}"}},"values":[]}}"#);
            (0..n)
                .map(one)
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(
            matrix(&series(1_000))
                .expect("legal")
                .series
                .len(),
            1_000
        );
        assert_eq!(
            matrix(&series(1_001))
                .expect_err("too many")
                .class,
            FailureClass::TooLarge
        );
        let samples = |n: usize| -> String {
            let values: Vec<_> = (0..n)
                .map(|n| format!(r#"[{n},"1"]"#))
                .collect();
            format!(r#"{{"metric":{{}},"values":[{}]}}"#, values.join(","))
        };
        assert!(matrix(&samples(50_000)).is_ok());
        assert_eq!(
            matrix(&samples(50_001))
                .expect_err("too many")
                .class,
            FailureClass::TooLarge
        );
    }

    #[test]
    fn warnings_are_few_and_short() {
        let warning = format!("\"{}\"", "w".repeat(10_000));
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[]}},"warnings":[{}]}}"#,
            vec![warning; 1_000].join(",")
        );
        let found = decode(200, body.as_bytes())
            .expect("a success")
            .warnings;
        assert_eq!(found.len(), limits::WARNINGS_MAX);
        assert!(
            found
                .iter()
                .all(|said| said.chars().count() <= limits::WORDS_MAX_CHARS + 1)
        );
    }
}
