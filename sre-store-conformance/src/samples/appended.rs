//! What becomes of a sample, and how it is read back.

use sre_core::count::{Count, Counts};
use sre_core::name::{MetricName, ServiceName};
use sre_core::sample::{Sample, SampleValue};
use sre_core::store::{Appended, Samples, StoreError};
use sre_core::time::Interval;

use crate::Verdict;
use crate::fixtures::{at, at_micros, counts, during, labels, number, sample};
use crate::tools::MANY;

/// A new sample is stored and read back as it was written.
pub async fn an_appended_sample_is_read_back(store: &dyn Samples) -> Verdict {
    let sample = sample(at(5), number(99.9));
    assert_eq!(
        append(store, std::slice::from_ref(&sample)).await?,
        [stored()]
    );
    assert_eq!(series(store, during(0, 60)).await?, [sample]);
    Ok(())
}

/// Appending nothing is no error.
pub async fn no_samples_are_appended(store: &dyn Samples) -> Verdict {
    assert_eq!(append(store, &[]).await?, []);
    assert_eq!(series(store, during(0, 60)).await?, []);
    Ok(())
}

/// The same sample again is a duplicate, also within one batch, and is there once.
pub async fn the_same_sample_again_is_a_duplicate(store: &dyn Samples) -> Verdict {
    let sample = sample(at(5), counts(9, 10));
    let twice = [sample.clone(), sample.clone()];
    assert_eq!(
        append(store, &twice).await?,
        [stored(), Appended::Duplicate]
    );
    assert_eq!(append(store, &twice[..1]).await?, [Appended::Duplicate]);
    assert_eq!(series(store, during(0, 60)).await?, [sample]);
    Ok(())
}

/// Another value of the same sample takes its place.
pub async fn another_value_replaces_a_sample(store: &dyn Samples) -> Verdict {
    append(store, &[sample(at(5), counts(9, 10))]).await?;
    let corrected = sample(at(5), counts(10, 10));
    let answers = append(store, std::slice::from_ref(&corrected)).await?;
    assert_eq!(answers, [Appended::Replaced { is_late: false }]);
    assert_eq!(series(store, during(0, 60)).await?, [corrected]);
    Ok(())
}

/// Label sets tell series apart: values, names, and having any at all.
pub async fn labels_distinguish_samples(store: &dyn Samples) -> Verdict {
    let sets = [
        labels(&[]),
        labels(&[("zone", "a")]),
        labels(&[("zone", "b")]),
        labels(&[("zon", "ea")]),
        labels(&[("zone", "a"), ("path", "/zahlen?ä=\"1\"")]),
        labels(&[("zone", "a\u{1}path")]),
    ];
    let samples = sets.map(|labels| Sample {
        labels,
        ..sample(at(5), number(50.0))
    });
    assert_eq!(append(store, &samples).await?, [stored(); 6]);
    let read = series(store, during(0, 60)).await?;
    assert_eq!(read.len(), 6);
    assert!(
        samples
            .iter()
            .all(|sample| read.contains(sample))
    );
    Ok(())
}

/// Samples are read in the order of their instants, and at one instant in that of their labels.
pub async fn a_series_is_ordered_by_instant_then_labels(store: &dyn Samples) -> Verdict {
    let zoned = |second, zone| Sample {
        labels: labels(&[("zone", zone)]),
        ..sample(at(second), number(1.0))
    };
    let ordered = [
        zoned(1, "b"),
        zoned(2, "a"),
        zoned(2, "b"),
        zoned(2, "c"),
        zoned(3, "a"),
    ];
    for n in [3, 0, 4, 2, 1] {
        append(store, &ordered[n..=n]).await?;
    }
    assert_eq!(series(store, during(0, 60)).await?, ordered);
    Ok(())
}

/// A series has its first instant and not its end.
pub async fn a_series_is_half_open(store: &dyn Samples) -> Verdict {
    let samples = [0, 30, 60].map(|second| sample(at(second), number(1.0)));
    append(store, &samples).await?;
    assert_eq!(series(store, during(0, 60)).await?, samples[..2]);
    assert_eq!(series(store, during(60, 60)).await?, []);
    Ok(())
}

/// A limited series has the earliest samples.
pub async fn a_series_is_limited(store: &dyn Samples) -> Verdict {
    let samples = [1, 2, 3].map(|second| sample(at(second), number(1.0)));
    append(store, &samples).await?;
    let (service, metric) = names();
    assert_eq!(
        store
            .series(&service, &metric, during(0, 60), 2)
            .await?,
        samples[..2]
    );
    Ok(())
}

/// Neither another service's nor another metric's samples are in a series.
pub async fn a_series_is_of_one_metric_of_one_service(store: &dyn Samples) -> Verdict {
    let (service, metric) = names();
    let wanted = sample(at(5), number(1.0));
    let others = [
        Sample {
            service_name: "checkou".parse().expect("a name"),
            ..wanted.clone()
        },
        Sample {
            metric_name: "latency_p95".parse().expect("a name"),
            ..wanted.clone()
        },
        Sample {
            metric_name: "Availability".parse().expect("a name"),
            ..wanted.clone()
        },
    ];
    append(store, &others).await?;
    assert_eq!(
        store
            .series(&service, &metric, during(0, 60), MANY)
            .await?,
        []
    );
    append(store, std::slice::from_ref(&wanted)).await?;
    assert_eq!(
        store
            .series(&service, &metric, during(0, 60), MANY)
            .await?,
        [wanted]
    );
    Ok(())
}

/// Instants are kept to the microsecond, before 1970 too.
pub async fn instants_are_kept_to_the_microsecond(store: &dyn Samples) -> Verdict {
    let long_ago = sre_core::time::at_second(-1) + chrono::TimeDelta::microseconds(1);
    let instants = [
        long_ago,
        at_micros(5, 0),
        at_micros(5, 1),
        at_micros(5, 999_999),
    ];
    let samples = instants.map(|at| sample(at, number(1.0)));
    assert_eq!(append(store, &samples).await?, [stored(); 4]);
    assert_eq!(
        series(store, Interval::new(long_ago, at(60))).await?,
        samples
    );
    Ok(())
}

/// Numbers are kept to the last bit.
pub async fn numbers_are_kept_exactly(store: &dyn Samples) -> Verdict {
    let values = [
        0.1 + 0.2,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_993.0,
    ];
    let samples: Vec<Sample> = (0..)
        .zip(values)
        .map(|(second, value)| sample(at(second), number(value)))
        .collect();
    append(store, &samples).await?;
    assert_eq!(series(store, during(0, 60)).await?, samples);
    Ok(())
}

/// Counts are kept exactly, from none to the most that a sample may hold, to the millionth.
pub async fn counts_are_kept_exactly(store: &dyn Samples) -> Verdict {
    let most = Count::SAMPLE_MAX;
    let one = Count::from_millionths(1);
    let legal = [
        Counts::NONE,
        Counts::with_bad(one, one).expect("legal"),
        Counts::with_bad(Count::ZERO, most).expect("legal"),
        Counts::with_bad(most, most).expect("legal"),
        Counts::new(one, most).expect("legal"),
    ];
    let samples: Vec<Sample> = (0..)
        .zip(legal)
        .map(|(second, counts)| sample(at(second), SampleValue::Counts(counts)))
        .collect();
    append(store, &samples).await?;
    assert_eq!(series(store, during(0, 60)).await?, samples);
    Ok(())
}

/// A metric that has counts refuses a bare number, whatever its labels and its instant.
pub async fn a_metric_with_counts_refuses_a_number(store: &dyn Samples) -> Verdict {
    let first = Sample {
        labels: labels(&[("zone", "a")]),
        ..sample(at(5), counts(1, 1))
    };
    append(store, std::slice::from_ref(&first)).await?;
    let refused = [sample(at(5), number(1.0)), sample(at(9), number(1.0))];
    assert_eq!(append(store, &refused).await?, [Appended::KindRefused; 2]);
    assert_eq!(series(store, during(0, 60)).await?, [first]);
    Ok(())
}

/// A metric that has bare numbers refuses counts, even in the place of one of them.
pub async fn a_metric_with_numbers_refuses_counts(store: &dyn Samples) -> Verdict {
    let first = sample(at(5), number(100.0));
    append(store, std::slice::from_ref(&first)).await?;
    let answers = append(store, &[sample(at(5), counts(1, 1))]).await?;
    assert_eq!(answers, [Appended::KindRefused]);
    assert_eq!(series(store, during(0, 60)).await?, [first]);
    Ok(())
}

/// Within one batch the first sample of a new metric says what the metric is; what is refused
/// holds nothing else up.
pub async fn the_first_sample_says_what_a_metric_is(store: &dyn Samples) -> Verdict {
    let samples = [
        sample(at(1), counts(1, 1)),
        sample(at(2), number(1.0)),
        sample(at(3), counts(2, 2)),
    ];
    let answers = append(store, &samples).await?;
    assert_eq!(answers, [stored(), Appended::KindRefused, stored()]);
    assert_eq!(
        series(store, during(0, 60))
            .await?
            .len(),
        2
    );
    Ok(())
}

/// Ten thousand samples of one batch are all there, in order.
pub async fn ten_thousand_samples_are_appended_at_once(store: &dyn Samples) -> Verdict {
    let samples: Vec<Sample> = (0..10_000)
        .map(|n| sample(at_micros(0, 7 * n), counts(1, 2)))
        .collect();
    assert!(
        append(store, &samples)
            .await?
            .iter()
            .all(|answer| *answer == stored())
    );
    let (service, metric) = names();
    let read = store
        .series(&service, &metric, during(0, 60), 20_000)
        .await?;
    assert!(
        read == samples,
        "{} of them are read, or in another order",
        read.len()
    );
    Ok(())
}

/// Appends when nothing has closed yet.
async fn append(store: &dyn Samples, samples: &[Sample]) -> Result<Vec<Appended>, StoreError> {
    store
        .append(samples, at(-86_400 * 400))
        .await
}

/// All samples of the metric of [`sample`] in a stretch.
pub(super) async fn series(
    store: &dyn Samples,
    during: Interval,
) -> Result<Vec<Sample>, StoreError> {
    let (service, metric) = names();
    store
        .series(&service, &metric, during, MANY)
        .await
}

fn names() -> (ServiceName, MetricName) {
    let sample = sample(at(0), number(0.0));
    (sample.service_name, sample.metric_name)
}

const fn stored() -> Appended {
    Appended::Stored { is_late: false }
}
