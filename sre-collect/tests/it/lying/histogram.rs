//! Histograms that lie.

use super::*;

/// What is answered to a question that asks for the bounds of a histogram, its buckets, and all.
struct Histogram {
    bounds: String,
    buckets: String,
    count: String,
}

impl Histogram {
    /// Three minutes of ten calls each, of which eight take at most 0.3 s.
    fn honest() -> Self {
        Self {
            bounds: bounds(&[("0.3", "1"), ("+Inf", "1")]),
            buckets: bucket("0.3", &[(0, "0"), (30, "8"), (90, "16"), (150, "24")]),
            count: series("h_count", &[(0, "0"), (30, "10"), (90, "20"), (150, "30")]),
        }
    }

    async fn answer(self) -> Answer {
        let reply = move |request: &str| {
            Reply::matrix(if request.contains("/api/v1/query_range ") {
                &self.bounds
            } else if request.contains("query=h_bucket") {
                &self.buckets
            } else if request.contains("query=h_count") {
                &self.count
            } else {
                ""
            })
        };
        let liar = Liar::answering(reply).await;
        let query = latency("h", "", "300ms");
        let source = source_with(&liar.url, TIMEOUT);
        ask(&source, &query, seconds(0, 180), "60s").await
    }
}

/// How many series there are by bound.
fn bounds(counts: &[(&str, &str)]) -> String {
    let one = |(le, count): &(&str, &str)| {
        format!(
            r#"{{"metric":{{"le":"{le}"}},"values":[[{},"{count}"]]}}"#,
            ZERO + 180
        )
    };
    counts
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(",")
}

fn bucket(le: &str, samples: &[(i64, &str)]) -> String {
    series("h_bucket", samples).replace(r#""job":"shop""#, &format!(r#""job":"shop","le":"{le}""#))
}

#[tokio::test]
async fn an_honest_histogram_is_measured_and_a_lying_one_makes_no_good_slice() {
    let honest = Histogram::honest().answer().await;
    assert_eq!(honest.slices, vec![measured(2, 10); 3]);
    let impossible = Some(FailureClass::Impossible);

    // More within a bucket than there are.
    let mut above = Histogram::honest();
    above.buckets = bucket("0.3", &[(0, "0"), (30, "80"), (90, "81"), (150, "82")]);
    assert_eq!(classes(&above.answer().await), [impossible, None, None]);

    // Bounds that are none, or only +Inf: nothing says where the threshold lies.
    for (given, class) in [
        (bounds(&[("+Inf", "1")]), impossible),
        (bounds(&[("9", "1"), ("+Inf", "1")]), impossible),
        (bounds(&[("0.1", "1"), ("+Inf", "1")]), impossible),
        (bounds(&[("NaN", "1"), ("-Inf", "1"), ("soon", "1")]), None),
        (String::new(), None),
    ] {
        let mut strange = Histogram::honest();
        strange.bounds = given.clone();
        let answer = strange.answer().await;
        assert_eq!(classes(&answer), [class; 3], "{given}");
        let is_good = |slice: &Measurement| matches!(slice, Measurement::Measured(_));
        assert!(!answer.slices.iter().any(is_good), "{given}: {answer:?}");
    }

    // A bucket that is promised and does not come, beside requests: none of them is known good.
    let mut missing = Histogram::honest();
    missing.buckets = String::new();
    assert_eq!(missing.answer().await.slices, vec![measured(10, 10); 3]);

    // Another bucket than was asked for is not taken for it.
    let mut other = Histogram::honest();
    other.buckets = bucket("5", &[(0, "0"), (30, "10"), (90, "20"), (150, "30")]);
    assert_eq!(other.answer().await.slices, vec![measured(10, 10); 3]);

    // Requests without their number are nobody's.
    let mut uncounted = Histogram::honest();
    uncounted.count = String::new();
    assert_eq!(
        uncounted.answer().await.slices,
        vec![Measurement::Absent; 3]
    );

    let mut torn = Histogram::honest();
    torn.bounds = r#"{"metric":{"le":"0.3"},"values":[[1,1]]}"#.to_owned();
    assert_eq!(
        classes(&torn.answer().await),
        [Some(FailureClass::Malformed); 3]
    );
}
