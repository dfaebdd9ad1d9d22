use proptest::prelude::*;

use super::*;
use crate::time::at_second;

const TEN: SliceWidth = SliceWidth::TEN_SECONDS;

fn target(instance: &str) -> ScrapeTarget {
    ScrapeTarget {
        job: "shop".to_owned(),
        instance: instance.to_owned(),
    }
}

fn series(readings: &[(i64, f64)]) -> Series {
    let reading = |&(second, value)| Reading {
        at: at_second(second),
        value,
    };
    Series {
        labels: BTreeMap::new(),
        target: Some(target("a:1")),
        readings: readings.iter().map(reading).collect(),
    }
}

fn every(step: i64, values: &[f64]) -> Series {
    let at = (0..).step_by(usize::try_from(step).expect("positive"));
    series(
        &at.zip(values.iter().copied())
            .collect::<Vec<_>>(),
    )
}

fn seconds(start: i64, end: i64) -> Interval {
    Interval::new(at_second(start), at_second(end))
}

fn minute() -> SliceWidth {
    SliceWidth::MINUTE
}

fn up(scrapes: &[i64]) -> Scrapes {
    let mut known = Scrapes::default();
    for second in scrapes {
        known.record(&target("a:1"), at_second(*second));
    }
    known
}

fn increases_of(series: &[Series], during: Interval, width: SliceWidth) -> Vec<Increase> {
    increases(series, during, width, &Scrapes::default(), Rounding::Up)
}

fn sum(increases: &[Increase]) -> u64 {
    increases
        .iter()
        .map(|increase| increase.count().millionths())
        .sum()
}

fn events(n: u64) -> Increase {
    Increase::Counted(Count::events(n).expect("fits"))
}

fn bad() -> CounterPart {
    CounterPart::Bad("errors_total".to_owned())
}

fn good() -> CounterPart {
    CounterPart::Good("ok_total".to_owned())
}

// Vectors: Prometheus, promql/testdata/functions.test and the proposal PROM-52.

#[test]
fn a_reset_counts_from_zero() {
    let counter = every(300, &[0.0, 1.0, 2.0, 3.0, 2.0, 3.0, 4.0]);
    assert_eq!(
        sum(&increases_of(&[counter], seconds(0, 3_600), minute())),
        7_000_000
    );
}

#[test]
fn a_steady_counter_is_never_extrapolated_whatever_it_starts_from() {
    for start in [0.0, 10.0, 1.0] {
        let values: Vec<f64> = (0..11)
            .map(|n| start + 10.0 * f64::from(n))
            .collect();
        let found = increases_of(&[every(300, &values)], seconds(0, 3_600), minute());
        assert_eq!(sum(&found), 100_000_000, "from {start}");
    }
}

#[test]
fn prom_52_counts_seven_in_the_minute_before_second_80() {
    let values = [1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 10.0, 11.0, 12.0, 13.0];
    let found = increases_of(&[every(15, &values)], seconds(20, 80), minute());
    assert_eq!(found, [events(7)]);
}

#[test]
fn a_reading_on_an_edge_belongs_to_the_slice_that_begins_there() {
    let counter = series(&[(0, 1.0), (10, 3.0), (19, 4.0), (20, 9.0)]);
    let found = increases_of(&[counter], seconds(0, 30), TEN);
    assert_eq!(found, [Increase::Baseline, events(3), events(5)]);
}

#[test]
fn a_long_gap_lays_the_whole_increase_into_the_slice_of_the_later_reading() {
    let counter = series(&[(0, 0.0), (55, 12.0)]);
    let found = increases_of(&[counter], seconds(0, 60), TEN);
    assert_eq!(found.last(), Some(&events(12)));
    assert_eq!(found[1..5], [Increase::Unseen; 4]);
}

#[test]
fn series_are_subtracted_before_they_are_summed() {
    // Summed first: 110, 105, and the difference would read as a reset to 105.
    let found = increases_of(
        &[every(10, &[100.0, 102.0]), every(10, &[10.0, 3.0])],
        seconds(10, 20),
        TEN,
    );
    assert_eq!(found, [events(5)]);
}

#[test]
fn a_series_born_while_its_target_was_scraped_counts_from_zero() {
    let born = series(&[(12, 3.0), (22, 4.0)]);
    let known = increases(
        std::slice::from_ref(&born),
        seconds(0, 30),
        TEN,
        &up(&[2]),
        Rounding::Up,
    );
    assert_eq!(known, [Increase::Unseen, events(3), events(1)]);
    let unknown = increases_of(&[born], seconds(0, 30), TEN);
    assert_eq!(unknown, [Increase::Unseen, Increase::Baseline, events(1)]);
}

#[test]
fn the_scrape_that_brought_the_first_reading_is_no_earlier_scrape() {
    let born = series(&[(12, 3.0)]);
    let found = increases(&[born], seconds(10, 20), TEN, &up(&[12]), Rounding::Up);
    assert_eq!(found, [Increase::Baseline]);
}

#[test]
fn another_targets_scrapes_make_no_birth() {
    let mut born = series(&[(12, 3.0)]);
    born.target = Some(target("b:1"));
    let found = increases(
        std::slice::from_ref(&born),
        seconds(10, 20),
        TEN,
        &up(&[2]),
        Rounding::Up,
    );
    assert_eq!(found, [Increase::Baseline]);
    born.target = None;
    let found = increases(&[born], seconds(10, 20), TEN, &up(&[2]), Rounding::Up);
    assert_eq!(found, [Increase::Baseline]);
}

#[test]
fn across_an_hour_an_increase_counts_and_across_more_it_does_not() {
    for (second, expected) in [(3_600, events(5)), (3_601, Increase::Baseline)] {
        let counter = series(&[(0, 10.0), (second, 15.0)]);
        let found = increases_of(&[counter], seconds(3_600, 3_610), TEN);
        assert_eq!(found, [expected], "after {second} s");
    }
}

#[test]
fn a_scrape_more_than_an_hour_ago_makes_no_birth() {
    let late = series(&[(3_605, 3.0)]);
    let slice = seconds(3_600, 3_610);
    for (scrape, expected) in [(5, events(3)), (4, Increase::Baseline)] {
        let late = [late.clone()];
        let found = increases(&late, slice, TEN, &up(&[scrape]), Rounding::Up);
        assert_eq!(found, [expected], "scraped at {scrape}");
    }
}

#[test]
fn an_impossible_reading_spoils_its_slice_and_that_of_the_next_reading_only() {
    for (value, error) in [
        (f64::NAN, CountError::NotFinite),
        (f64::INFINITY, CountError::NotFinite),
        (-1.0, CountError::Negative),
    ] {
        let counter = series(&[(0, 1.0), (5, 2.0), (15, value), (35, 4.0), (45, 6.0)]);
        let found = increases_of(&[counter], seconds(0, 50), TEN);
        let impossible = |second| Increase::Impossible {
            at: at_second(second),
            error,
        };
        let expected = [
            events(1),
            impossible(15),
            Increase::Unseen,
            impossible(35),
            events(2),
        ];
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn an_increase_above_the_limit_of_a_sample_is_impossible() {
    let two = [every(10, &[0.0, 6e11]), every(10, &[0.0, 6e11])];
    let error = CountError::TooLarge;
    for counters in [&two[..], &[every(10, &[0.0, 2e12])]] {
        let found = increases_of(counters, seconds(10, 20), TEN);
        assert_eq!(
            found,
            [Increase::Impossible {
                at: at_second(10),
                error
            }]
        );
    }
    // The counter itself may stand higher.
    let high = every(10, &[8e15, 8e15 + 3.0]);
    assert_eq!(increases_of(&[high], seconds(10, 20), TEN), [events(3)]);
}

#[test]
fn a_first_reading_inside_asks_for_the_hour_before_it() {
    let late = series(&[(7_215, 3.0)]);
    let during = seconds(7_200, 7_260);
    let hole = unexplained(std::slice::from_ref(&late), during, at_second(6_900));
    assert_eq!(hole, Some(seconds(3_615, 6_900)));
    assert_eq!(unexplained(&[late], during, at_second(3_615)), None);
    let explained = series(&[(7_190, 2.0), (7_215, 3.0)]);
    assert_eq!(unexplained(&[explained], during, at_second(6_900)), None);
}

#[test]
fn births_are_the_readings_with_nothing_to_be_subtracted_from() {
    let counter = series(&[(10, 1.0), (20, 2.0), (4_000, 1.0)]);
    let found: Vec<_> = births(std::slice::from_ref(&counter), seconds(0, 5_000))
        .map(|(_, at)| at.timestamp())
        .collect();
    assert_eq!(found, [10, 4_000]);
}

#[test]
fn beside_a_present_total_a_missing_part_is_nothing() {
    let of = |part: &CounterPart, increase| {
        measurements(part, &[increase], &[events(10)])
            .first()
            .cloned()
    };
    let measured = |good| {
        Some(Measurement::Measured(
            Counts::events(good, 10).expect("legal"),
        ))
    };
    for missing in [Increase::Unseen, Increase::Baseline] {
        assert_eq!(of(&bad(), missing), measured(10));
        assert_eq!(of(&good(), missing), measured(0));
    }
    assert_eq!(of(&bad(), events(3)), measured(7));
}

#[test]
fn without_anything_to_subtract_total_from_nobody_has_measured() {
    for total in [Increase::Unseen, Increase::Baseline] {
        assert_eq!(
            measurements(&bad(), &[events(1)], &[total]),
            [Measurement::Absent]
        );
    }
}

#[test]
fn counters_that_stand_still_are_no_traffic() {
    for part in [good(), bad()] {
        assert_eq!(
            measurements(&part, &[Increase::Unseen], &[events(0)]),
            [Measurement::NoTraffic]
        );
    }
}

#[test]
fn a_part_above_total_is_impossible_beyond_floating_noise() {
    let total = Count::from_millionths(3_000_000);
    for (part, legal) in [(3_000_003, true), (3_000_004, false)] {
        let part = Increase::Counted(Count::from_millionths(part));
        for of in [good(), bad()] {
            let found = measurements(&of, &[part], &[Increase::Counted(total)]);
            assert_eq!(
                matches!(found[..], [Measurement::Measured(_)]),
                legal,
                "{found:?}"
            );
        }
    }
    let found = measurements(&bad(), &[events(1)], &[events(0)]);
    assert!(matches!(found[..], [Measurement::Failed(_)]), "{found:?}");
}

/// Ascending instants within two hours, with values that rise and reset.
fn any_series() -> impl Strategy<Value = Series> {
    proptest::collection::btree_map(0_i64..7_200, 0_u32..1_000, 0..40).prop_map(|readings| {
        let readings: Vec<_> = readings
            .into_iter()
            .map(|(second, value)| (second, f64::from(value)))
            .collect();
        series(&readings)
    })
}

fn width() -> impl Strategy<Value = SliceWidth> {
    prop_oneof![
        Just("10s"),
        Just("15s"),
        Just("30s"),
        Just("1m"),
        Just("5m"),
        Just("15m")
    ]
    .prop_map(|width| width.parse().expect("a width"))
}

proptest! {
    #[test]
    fn any_partition_into_slices_sums_to_the_whole(
        all in proptest::collection::vec(any_series(), 0..4), width in width(), cut in 0_i64..8,
    ) {
        let scrapes = up(&[0, 1_000, 5_000]);
        let whole = |during, width| increases(&all, during, width, &scrapes, Rounding::Up);
        let coarse = sum(&whole(seconds(0, 7_200), "15m".parse().expect("a width")));
        prop_assert_eq!(sum(&whole(seconds(0, 7_200), width)), coarse);
        let cut = cut * 900;
        let halves = sum(&whole(seconds(0, cut), width)) + sum(&whole(seconds(cut, 7_200), width));
        prop_assert_eq!(halves, coarse);
    }

    /// L7: a cumulative sample that is sent again, at any later instant before the next one, changes
    /// no slice. Gaps stay below an hour, since a repeat across a hole would close it.
    #[test]
    fn l7_a_cumulative_sample_that_is_repeated_changes_nothing(
        steps in proptest::collection::vec((1_i64..3_000, 0_u32..1_000, 0_i64..3_000), 0..30),
        width in width(),
    ) {
        let (mut at, mut once, mut again) = (0, Vec::new(), Vec::new());
        for (gap, value, later) in steps {
            let reading = (at, f64::from(value));
            once.push(reading);
            again.push(reading);
            if later > 0 && later < gap {
                again.push((at + later, reading.1));
            }
            at += gap;
        }
        let counts = |readings: &[(i64, f64)]| -> Vec<Count> {
            let found = increases_of(&[series(readings)], seconds(0, 90_000), width);
            found.into_iter().map(Increase::count).collect()
        };
        prop_assert_eq!(counts(&again), counts(&once));
    }

    #[test]
    fn the_order_of_the_series_does_not_matter(
        mut all in proptest::collection::vec(any_series(), 0..5), width in width(),
    ) {
        let forth = increases_of(&all, seconds(0, 7_200), width);
        all.reverse();
        prop_assert_eq!(increases_of(&all, seconds(0, 7_200), width), forth);
    }

    #[test]
    fn series_add_up(one in any_series(), other in any_series(), width in width()) {
        let of = |series: &[Series]| sum(&increases_of(series, seconds(0, 7_200), width));
        prop_assert_eq!(of(&[one.clone(), other.clone()]), of(&[one]) + of(&[other]));
    }

    #[test]
    fn a_counter_that_only_rises_grows_by_last_less_first(steps in proptest::collection::vec(0_u32..1_000, 1..60)) {
        let mut value = 7.0;
        let values: Vec<f64> = steps.iter().map(|step| { value += f64::from(*step); value }).collect();
        let found = increases_of(&[every(30, &values)], seconds(0, 1_800), minute());
        let grown = steps.iter().skip(1).map(|step| u64::from(*step)).sum::<u64>();
        prop_assert_eq!(sum(&found), grown * 1_000_000);
    }

    #[test]
    fn a_reset_loses_nothing_that_was_read(
        before in proptest::collection::vec(0_u32..1_000, 1..20),
        after in proptest::collection::vec(0_u32..1_000, 1..20),
    ) {
        // Every run starts above the previous reading or below it: what is seen of the new run
        // is never more than it counted.
        let mut value = 0.0;
        let mut rise = |steps: &[u32]| -> Vec<f64> {
            value = 0.0;
            steps.iter().map(|step| { value += f64::from(*step); value }).collect()
        };
        let (old, new) = (rise(&before), rise(&after));
        let readings = [old.clone(), new.clone()].concat();
        let found = increases_of(&[every(30, &readings)], seconds(0, 1_800), minute());
        let (first, last) = (old[0], old[old.len() - 1]);
        let seen = if new[0] < last { new[new.len() - 1] } else { new[new.len() - 1] - last };
        let expected = Count::from_f64(last - first + seen, Rounding::Up).expect("a count");
        prop_assert_eq!(sum(&found), expected.millionths());
    }
}

/// Of several faults the earliest is told, in whatever order the series come.
#[test]
fn the_earliest_impossible_reading_is_the_one_that_is_told() {
    let early = series(&[(0, 1.0), (12, f64::NAN)]);
    let late = series(&[(0, 1.0), (17, -1.0)]);
    for counters in [[early.clone(), late.clone()], [late, early]] {
        let found = increases_of(&counters, seconds(10, 20), TEN);
        let error = CountError::NotFinite;
        let at = at_second(12);
        assert_eq!(found, [Increase::Impossible { at, error }]);
    }
}

/// Where a series was read, its target was scraped.
#[test]
fn a_series_tells_when_its_target_was_scraped() {
    let mut known = Scrapes::default();
    known.record_series(&series(&[(100, 1.0), (160, 2.0)]));
    let knew = |second| known.knew(&target("a:1"), at_second(second));
    assert!(knew(101) && knew(161) && !knew(100));
    assert!(!known.knew(&target("b:1"), at_second(161)));
}
