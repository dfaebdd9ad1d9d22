//! What the three methods make of the same slices: published answers, laws, and a slow second opinion.

use proptest::prelude::*;

use super::*;
use crate::budget::ErrorBudget;
use crate::slice::Sums;
use crate::source::{Measurement, OnAbsent};

#[test]
fn a_slice_target_of_everything_lets_the_worst_vote_decide() {
    let all: SliceTarget = "100".parse().expect("a share");
    let most: SliceTarget = "95".parse().expect("a share");
    for (good, total, by_all, by_most) in [
        (100, 100, true, true),
        (99, 100, false, true),
        (95, 100, false, true),
        (94, 100, false, false),
    ] {
        let counts = Counts::events(good, total).expect("legal");
        assert_eq!(
            (all.is_met_by(counts), most.is_met_by(counts)),
            (by_all, by_most),
            "{good}"
        );
    }
    assert_eq!((all, all.to_string().as_str()), (SliceTarget::ALL, "100"));
    assert_eq!(most.to_string().parse(), Ok(most));
    assert!("0".parse::<SliceTarget>().is_err());
}

/// The data of the three answers: slices of so many good events among so many.
const A: [(u64, u64); 10] = [
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (90, 100),
    (0, 10),
    (96, 100),
];
const B: [(u64, u64); 10] = [
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 100),
    (100, 10_000),
];

fn methods() -> [BudgetingMethod; 3] {
    let most = "95".parse().expect("a share");
    [
        BudgetingMethod::Occurrences,
        BudgetingMethod::Timeslices(most),
        BudgetingMethod::RatioTimeslices,
    ]
}

fn events(good: u64, total: u64) -> Slice {
    Slice::Measured(Counts::events(good, total).expect("legal"))
}

/// The budget of slices of events under 99 %.
fn budget(method: BudgetingMethod, slices: impl IntoIterator<Item = Slice>) -> ErrorBudget {
    let sums = slices
        .into_iter()
        .try_fold(Sums::default(), |sums, slice| {
            sums.checked_add_slice(method.judge(slice))
        });
    let counts = sums.expect("fits").counts;
    ErrorBudget::new(counts, "99".parse().expect("a target")).counted_in(method.grain())
}

fn to_four_places(value: Option<f64>) -> String {
    format!("{:.4}", value.expect("there are events"))
}

/// `docs/mathematics.md` 6, "Same data, three answers", with the eleventh slice empty.
#[test]
fn the_same_data_have_three_answers() {
    for (data, answers) in [
        (
            A,
            [
                ("97.3626", "2.6374"),
                ("80.0000", "20.0000"),
                ("88.6000", "11.4000"),
            ],
        ),
        (
            B,
            [
                ("9.1743", "90.8257"),
                ("90.0000", "10.0000"),
                ("90.1000", "9.9000"),
            ],
        ),
    ] {
        for (method, (sli, burn)) in methods().into_iter().zip(answers) {
            let slices = data
                .map(|(good, total)| events(good, total))
                .into_iter()
                .chain([events(0, 0)]);
            let budget = budget(method, slices);
            assert_eq!(to_four_places(budget.sli_percentage()), sli, "{method:?}");
            assert_eq!(to_four_places(budget.burn_rate()), burn, "{method:?}");
        }
    }
}

/// `docs/mathematics.md` 6, the same with the empty slice taken for good or for bad.
#[test]
fn an_absent_slice_counts_as_one_slice_where_it_is_said_to() {
    for (data, good, bad) in [
        (A, ["81.8182", "89.6364"], ["72.7273", "80.5455"]),
        (B, ["90.9091", "91.0000"], ["81.8182", "81.9091"]),
    ] {
        for (on_absent, answers) in [(OnAbsent::Good, good), (OnAbsent::Bad, bad)] {
            for (method, sli) in methods()
                .into_iter()
                .skip(1)
                .zip(answers)
            {
                let slices = data
                    .map(|(good, total)| events(good, total))
                    .into_iter()
                    .chain([Measurement::Absent.to_slice(on_absent)]);
                let budget = budget(method, slices);
                assert_eq!(to_four_places(budget.sli_percentage()), sli, "{method:?}");
            }
        }
    }
}

/// `docs/mathematics.md` 6, OpenSLO's example: two weeks of minutes at 99 %, a target of 95 %, an attack of which
/// 1 % succeeds. A slice is bad at 1 %; the budget lasts for 1008 minutes of timeslices, for 822.86 of
/// ratio timeslices, and for 14 297.9 requests.
#[test]
fn an_attack_is_survived_for_as_long_as_the_method_says() {
    let target: Target = "95".parse().expect("a target");
    let is_met = |method: BudgetingMethod, minutes: usize| {
        let (calm, attack) = (events(99, 100), events(1, 100));
        let slices = (0..20_160).map(|minute| if minute < minutes { attack } else { calm });
        let counts = budget(method, slices).counts();
        target.is_met_by(counts)
    };
    let [_, timeslices, ratio] = methods();
    assert!(is_met(timeslices, 1_008) && !is_met(timeslices, 1_009));
    assert!(is_met(ratio, 822) && !is_met(ratio, 823));
    let attacked = |requests: u64| {
        let calm = Counts::events(332_640, 336_000).expect("legal");
        let (good, total) = (
            Count::from_millionths(requests * 10_000),
            Count::events(requests),
        );
        let attack = Counts::new(good, total.expect("fits")).expect("legal");
        target.is_met_by(calm.checked_add(attack).expect("fits"))
    };
    assert!(attacked(14_297) && !attacked(14_298));
}

/// T1: the mean of ratios is had by name only. Ten bad of ten, then none of 990.
#[test]
fn t1_only_the_method_of_that_name_takes_the_mean_of_ratios() {
    let slices = [events(0, 10), events(990, 990)];
    let sli = methods().map(|method| budget(method, slices).sli_percentage());
    assert_eq!(sli, [Some(99.0), Some(50.0), Some(50.0)]);
}

#[test]
fn what_nobody_measured_and_what_had_no_traffic_stays_what_it_is() {
    for method in methods() {
        assert_eq!(method.judge(Slice::Unmeasured), Slice::Unmeasured);
        let idle = Slice::Measured(Counts::NONE);
        assert_eq!(method.judge(idle), idle);
    }
}

#[test]
fn a_share_is_never_understated_and_never_more_than_everything() {
    let judged = |bad, total| {
        let counts = Counts::with_bad(Count::from_millionths(bad), Count::from_millionths(total));
        BudgetingMethod::RatioTimeslices
            .judge(Slice::Measured(counts.expect("legal")))
            .counts()
    };
    let unit = Grain::Trillionths.unit();
    assert_eq!(judged(1, u64::MAX).bad(), Count::from_millionths(1));
    assert_eq!(judged(u64::MAX - 1, u64::MAX).bad(), unit);
    assert_eq!(judged(u64::MAX, u64::MAX).bad(), unit);
    assert_eq!(judged(0, 1).bad(), Count::ZERO);
    assert_eq!(judged(1, 1).total(), unit);
}

/// The longest window of the finest slices still fits a stored sum.
#[test]
fn four_hundred_days_of_ten_second_slices_fit() {
    let slices = 400 * 86_400 / 10;
    let sum = Grain::Trillionths
        .units(slices)
        .expect("fits");
    assert!(sum.millionths() < i64::MAX.cast_unsigned());
    assert_eq!(Grain::Trillionths.whole_units(sum), slices);
}

/// L13: of n slices, one that turns bad moves the SLI of timeslices by exactly one n-th, and that of
/// ratio timeslices by the share that was bad.
#[test]
fn l13_one_slice_moves_the_timeslices_sli_by_one_nth() {
    let [_, timeslices, ratio] = methods();
    for n in [2_u64, 7, 60, 1_440] {
        let with = |last: Slice| {
            let slices = (1..n)
                .map(|_| events(100, 100))
                .chain([last]);
            slices.collect::<Vec<_>>()
        };
        let bad = |method, last| {
            budget(method, with(last))
                .counts()
                .bad()
        };
        assert_eq!(bad(timeslices, events(0, 7)), Count::ONE, "{n}");
        assert_eq!(
            budget(timeslices, with(events(0, 7)))
                .counts()
                .total(),
            Count::events(n).expect("fits")
        );
        let quarter = Count::from_millionths(250_000_000_000);
        assert_eq!(bad(ratio, events(3, 4)), quarter, "{n}");
    }
}

/// Slices of so many bad events among so many.
fn slices() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let slice = (0_u64..=1_000_000_000).prop_flat_map(|total| (0..=total, Just(total)));
    prop::collection::vec(slice, 1..40)
}

fn all(slices: &[(u64, u64)]) -> Vec<Slice> {
    slices
        .iter()
        .map(|(bad, total)| events(total - bad, *total))
        .collect()
}

proptest! {
    /// L14: under equal traffic occurrences and ratio timeslices agree to 10⁻¹², and what ratio
    /// timeslices differ by is never in favour of good.
    #[test]
    fn l14_under_equal_traffic_occurrences_are_ratio_timeslices(
        total in 1_u64..1_000_000_000,
        shares in prop::collection::vec(0_u64..=1_000, 1..60),
    ) {
        let slices: Vec<_> = shares
            .iter()
            .map(|share| events(total - total * share / 1_000, total))
            .collect();
        let [occurrences, _, ratio] = methods().map(|method| budget(method, slices.clone()).counts());
        // bad ÷ total of the one less that of the other, times both totals: below 10⁻¹² of them.
        let wide = |count: Count| u128::from(count.millionths());
        let by_ratio = wide(ratio.bad()) * wide(occurrences.total());
        let by_events = wide(occurrences.bad()) * wide(ratio.total());
        let unit = wide(Grain::Trillionths.unit());
        prop_assert!(by_ratio >= by_events);
        prop_assert!((by_ratio - by_events) * unit <= wide(ratio.total()) * wide(occurrences.total()));
    }

    /// With a slice target of everything, timeslices are never better than ratio timeslices.
    #[test]
    fn timeslices_of_everything_are_at_most_ratio_timeslices(slices in slices()) {
        let whole = budget(BudgetingMethod::Timeslices(SliceTarget::ALL), all(&slices));
        let share = budget(BudgetingMethod::RatioTimeslices, all(&slices));
        let in_shares = |budget: ErrorBudget| {
            let width = Grain::Trillionths.unit().millionths() / budget.grain().unit().millionths();
            budget.counts().bad().millionths() * width
        };
        prop_assert!(in_shares(whole) >= in_shares(share));
    }

    /// Splitting every slice into two halves of equal ratio changes no SLI.
    #[test]
    fn halves_of_equal_ratio_change_no_sli(slices in slices()) {
        let doubled: Vec<_> = slices.iter().map(|(bad, total)| (bad * 2, total * 2)).collect();
        let halves: Vec<_> = slices.iter().flat_map(|slice| [*slice, *slice]).collect();
        for method in methods() {
            let whole = budget(method, all(&doubled)).counts();
            let split = budget(method, all(&halves)).counts();
            let wide = |count: Count| u128::from(count.millionths());
            prop_assert_eq!(wide(whole.bad()) * wide(split.total()), wide(split.bad()) * wide(whole.total()));
        }
    }

    /// Occurrences do not depend on how wide slices are.
    #[test]
    fn occurrences_do_not_depend_on_the_width_of_slices(slices in slices()) {
        let wide: Vec<_> = slices
            .chunks(5)
            .map(|chunk| chunk.iter().fold((0, 0), |(b, t), (bad, total)| (b + bad, t + total)))
            .collect();
        let method = BudgetingMethod::Occurrences;
        prop_assert_eq!(budget(method, all(&slices)), budget(method, all(&wide)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// The second opinion: the share is the least number of 10⁻¹² that is not below bad ÷ total.
    #[test]
    fn a_share_is_the_least_that_does_not_understate(total in 1..=u64::MAX, part in any::<u64>()) {
        let bad = u64::try_from(u128::from(total) * u128::from(part) / u128::from(u64::MAX));
        let bad = bad.expect("at most the total");
        let counts = Counts::with_bad(Count::from_millionths(bad), Count::from_millionths(total));
        let slice = BudgetingMethod::RatioTimeslices.judge(Slice::Measured(counts.expect("legal")));
        let held = u128::from(slice.counts().bad().millionths());
        let (bad, total) = (u128::from(bad), u128::from(total));
        prop_assert!(held * total >= bad * 1_000_000_000_000);
        prop_assert!(held == 0 || (held - 1) * total < bad * 1_000_000_000_000);
        prop_assert_eq!(slice.counts().total().millionths(), 1_000_000_000_000);
    }

    /// The second opinion: a slice is good where it is by the definition, in plain fractions.
    #[test]
    fn a_timeslice_is_good_as_its_definition_says(
        total in 1..=u64::MAX,
        part in any::<u64>(),
        ppb in 1_u32..1_000_000_000,
    ) {
        let bad = u64::try_from(u128::from(total) * u128::from(part) / u128::from(u64::MAX));
        let bad = bad.expect("at most the total");
        let target = Target::from_budget_ppb(ppb).expect("legal");
        let method = BudgetingMethod::Timeslices(SliceTarget(Some(target)));
        let counts = Counts::with_bad(Count::from_millionths(bad), Count::from_millionths(total));
        let slice = method.judge(Slice::Measured(counts.expect("legal"))).counts();
        // bad ÷ total ≤ ppb ÷ 10⁹
        let is_good = u128::from(bad) * 1_000_000_000 <= u128::from(ppb) * u128::from(total);
        prop_assert_eq!((slice.bad().is_zero(), slice.total()), (is_good, Count::ONE));
    }
}

/// Where events are counted a share weighs one event; elsewhere it is judged as a slice is.
#[test]
fn a_slice_that_is_known_by_its_share_weighs_one() {
    let unit = Grain::Trillionths.unit();
    let tenth = Count::from_millionths(unit.millionths() / 10);
    let share = Slice::Measured(Counts::with_bad(tenth, unit).expect("legal"));
    let one = |bad| {
        let bad = Count::from_millionths(bad);
        Slice::Measured(Counts::with_bad(bad, Count::ONE).expect("legal"))
    };
    let target = |text: &str| BudgetingMethod::Timeslices(text.parse().expect(text));
    assert_eq!(
        BudgetingMethod::Occurrences.judge_shares(share),
        one(100_000)
    );
    assert_eq!(target("90").judge_shares(share), one(0));
    assert_eq!(target("90.1").judge_shares(share), one(1_000_000));
    assert_eq!(BudgetingMethod::RatioTimeslices.judge_shares(share), share);
    for method in [
        BudgetingMethod::Occurrences,
        BudgetingMethod::RatioTimeslices,
    ] {
        assert_eq!(method.judge_shares(Slice::Unmeasured), Slice::Unmeasured);
    }
}
