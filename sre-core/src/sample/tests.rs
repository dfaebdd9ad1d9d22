//! Samples become slices: sums of counts, or votes.

use proptest::prelude::*;

use super::*;
use crate::indicator::Indicator;
use crate::method::BudgetingMethod;
use crate::slo::tests::definition;
use crate::threshold::{Operator, Threshold};
use crate::time::at_second;

fn sample(metric: &str, label: &str, value: SampleValue) -> Sample {
    Sample {
        service_name: "checkout".parse().expect("a name"),
        metric_name: metric.parse().expect("a name"),
        labels: BTreeMap::from([("zone".to_owned(), label.to_owned())]),
        at: at_second(0),
        value,
    }
}

fn on(metric: &str, method: BudgetingMethod) -> Definition {
    let indicator = Indicator::Metric(metric.parse().expect("a name"));
    Definition {
        indicator,
        method,
        ..definition()
    }
}

fn timeslices(share: &str) -> BudgetingMethod {
    BudgetingMethod::Timeslices(share.parse().expect("a share"))
}

fn measured(good: u64, total: u64) -> Slice {
    Slice::Measured(Counts::events(good, total).expect("legal"))
}

fn folded(definition: &Definition, metric: &str, values: &[SampleValue]) -> Slice {
    let samples: Vec<Sample> = values
        .iter()
        .map(|value| sample(metric, "a", *value))
        .collect();
    fold(definition, samples.iter())
}

fn counts(good: u64, total: u64) -> SampleValue {
    SampleValue::Counts(Counts::events(good, total).expect("legal"))
}

/// Counts of several label sets are summed.
#[test]
fn counts_of_all_label_sets_are_summed() {
    let samples = [
        sample("availability", "a", counts(9, 10)),
        sample("availability", "b", counts(90, 90)),
        sample("availability", "c", counts(0, 0)),
    ];
    let definition = on("availability", BudgetingMethod::Occurrences);
    assert_eq!(fold(&definition, samples.iter()), measured(99, 100));
    assert_eq!(fold(&definition, samples.iter().rev()), measured(99, 100));
}

#[test]
fn no_sample_leaves_a_slice_unmeasured_and_one_of_no_traffic_measures_it() {
    let definition = on("availability", BudgetingMethod::Occurrences);
    assert_eq!(folded(&definition, "availability", &[]), Slice::Unmeasured);
    assert_eq!(
        folded(&definition, "availability", &[counts(0, 0)]),
        measured(0, 0)
    );
}

/// A bare percentage weighs one event, rounded so that bad is never understated.
#[test]
fn a_percentage_weighs_one_event_and_is_rounded_against_the_service() {
    let number = SampleValue::Number;
    let good = on("availability", BudgetingMethod::Occurrences);
    let bad = on("error_rate", BudgetingMethod::Occurrences);
    for (metric, definition, value, bad) in [
        ("availability", &good, 99.5, 5_000),
        ("availability", &good, 100.0, 0),
        ("availability", &good, 99.999_99, 1),
        ("error_rate", &bad, 0.5, 5_000),
        ("error_rate", &bad, 0.0, 0),
        ("error_rate", &bad, 0.000_01, 1),
    ] {
        let slice = folded(definition, metric, &[number(value)]);
        assert_eq!(
            slice.counts().bad(),
            Count::from_millionths(bad),
            "{metric} {value}"
        );
        assert_eq!(slice.counts().total(), Count::ONE);
    }
}

#[test]
fn a_number_that_its_name_does_not_allow_is_refused_at_the_door() {
    let number = |metric: &str, value| SampleValue::number(&metric.parse().expect("a name"), value);
    for metric in ["availability", "error_rate", "latency_p95"] {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(
                number(metric, value),
                Err(SampleError::NotFinite),
                "{metric} {value}"
            );
        }
    }
    for metric in [
        "availability",
        "success_rate",
        "error_rate",
        "probe_success",
    ] {
        assert_eq!(number(metric, -0.1), Err(SampleError::NotAPercentage));
        assert_eq!(number(metric, 100.1), Err(SampleError::NotAPercentage));
        assert_eq!(number(metric, 100.0), Ok(SampleValue::Number(100.0)));
    }
    assert_eq!(number("latency_p95", -3.0), Ok(SampleValue::Number(-3.0)));
}

/// Each sample, over all label sets, is one vote; with 100 % the worst decides.
#[test]
fn values_vote_and_the_share_of_votes_decides_the_slice() {
    let line = Threshold::new(Operator::Lt, 500.0).ok();
    let votes = |share: &str, values: &[f64]| {
        let definition = Definition {
            threshold: line,
            ..on("latency_p95", timeslices(share))
        };
        let values: Vec<SampleValue> = values
            .iter()
            .copied()
            .map(SampleValue::Number)
            .collect();
        folded(&definition, "latency_p95", &values)
    };
    assert_eq!(votes("100", &[100.0, 499.9]), measured(1, 1));
    assert_eq!(votes("100", &[100.0, 500.0]), measured(0, 1));
    assert_eq!(votes("50", &[100.0, 500.0]), measured(1, 1));
    assert_eq!(votes("50", &[100.0, 500.0, 700.0]), measured(0, 1));
    assert_eq!(votes("100", &[]), Slice::Unmeasured);
}

#[test]
fn a_value_without_a_line_says_nothing() {
    let definition = on("latency_p95", timeslices("100"));
    let value = SampleValue::Number(3.0);
    assert_eq!(
        folded(&definition, "latency_p95", &[value]),
        Slice::Unmeasured
    );
}

/// `docs/mathematics.md` 6, data A and B: eleven one-minute slices, target 95 % a slice.
#[test]
fn timeslices_and_occurrences_count_the_same_data_as_the_published_table() {
    let a = [(100, 100); 7]
        .into_iter()
        .chain([(90, 100), (0, 10), (96, 100)]);
    let b = [(100, 100); 9]
        .into_iter()
        .chain([(100, 10_000)]);
    let sum = |method: BudgetingMethod, data: Vec<(u64, u64)>| {
        let slices = data
            .into_iter()
            .map(|(good, total)| method.judge(measured(good, total)));
        let sum = slices.fold(Counts::NONE, |sum, slice| {
            sum.checked_add(slice.counts())
                .expect("small")
        });
        (sum.good().whole_events(), sum.total().whole_events())
    };
    assert_eq!(
        sum(BudgetingMethod::Occurrences, a.clone().collect()),
        (886, 910)
    );
    assert_eq!(sum(timeslices("95"), a.collect()), (8, 10));
    assert_eq!(
        sum(BudgetingMethod::Occurrences, b.clone().collect()),
        (1_000, 10_900)
    );
    assert_eq!(sum(timeslices("95"), b.collect()), (9, 10));
}

#[test]
fn a_slice_without_an_event_is_neither_good_nor_bad() {
    assert_eq!(timeslices("95").judge(measured(0, 0)), measured(0, 0));
    assert_eq!(timeslices("95").judge(Slice::Unmeasured), Slice::Unmeasured);
}

#[test]
fn a_sum_that_does_not_fit_leaves_the_slice_unmeasured() {
    let largest = Counts::new(Count::ZERO, Count::from_millionths(u64::MAX)).expect("legal");
    let definition = on("availability", BudgetingMethod::Occurrences);
    let one = SampleValue::Counts(largest);
    assert_eq!(
        folded(&definition, "availability", &[one, counts(1, 1)]),
        Slice::Unmeasured
    );
}

proptest! {
    /// L6: any order of distinct samples gives the same slice.
    #[test]
    fn the_order_of_samples_does_not_matter(
        mut pairs in prop::collection::vec((0_u64..1_000, 0_u64..1_000), 0..20),
        seed in any::<u64>(), slices in any::<bool>(),
    ) {
        let method = if slices { timeslices("95") } else { BudgetingMethod::Occurrences };
        let definition = on("availability", method);
        let values = |pairs: &[(u64, u64)]| -> Vec<SampleValue> {
            pairs.iter().map(|(good, bad)| counts(*good, good + bad)).collect()
        };
        let before = folded(&definition, "availability", &values(&pairs));
        let length = pairs.len().max(1);
        pairs.rotate_left(usize::try_from(seed % length as u64).expect("small"));
        pairs.reverse();
        prop_assert_eq!(folded(&definition, "availability", &values(&pairs)), before);
    }
}
