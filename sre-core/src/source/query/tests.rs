//! How queries are stored.

use super::*;
use crate::indicator::Indicator;
use crate::threshold::Operator;

fn latency() -> LatencyQuery {
    LatencyQuery {
        histogram: "http_request_duration_seconds".to_owned(),
        selector: "job=\"api\"".to_owned(),
        threshold: "300ms".parse().expect("a latency"),
        unit: LatencyUnit::Seconds,
    }
}

#[test]
fn counters_are_stored_as_they_were_before_anything_else_could_be_asked() {
    let old = r#"{"prometheus":{"part":{"bad":"errors_total"},"total":"calls_total"}}"#;
    let counters = CounterRatio {
        part: CounterPart::Bad("errors_total".to_owned()),
        total: "calls_total".to_owned(),
    };
    let indicator = Indicator::Prometheus(counters.into());
    assert_eq!(
        serde_json::from_str::<Indicator>(old).expect("readable"),
        indicator
    );
    assert_eq!(serde_json::to_string(&indicator).expect("writable"), old);
}

#[test]
fn every_query_is_read_as_it_was_stored() {
    let ratio = QueryRatio {
        part: CounterPart::Good("good".to_owned()),
        total: "total".to_owned(),
    };
    let threshold = ThresholdQuery {
        query: "queue_length".to_owned(),
        line: Threshold::new(Operator::Lt, 0.1).expect("finite"),
    };
    for query in [
        Query::Latency(latency()),
        Query::Ratio(ratio),
        Query::Threshold(threshold),
    ] {
        let stored = serde_json::to_string(&query).expect("writable");
        assert_eq!(
            serde_json::from_str::<Query>(&stored).expect(&stored),
            query
        );
    }
}
