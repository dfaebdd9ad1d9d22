//! Every value that has a text, in one place: what is written is read back, whoever writes it.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use crate::composite::{Availability, Combine, MemberWeight, MissingMember};
use crate::count::Count;
use crate::detection::ErrorRatio;
use crate::evidence::{Certainty, SignificanceLevel};
use crate::histogram::Bound;
use crate::latency::{Latency, LatencyUnit};
use crate::method::{BudgetingMethod, SliceTarget};
use crate::policy::{BudgetShare, PolicyChoice};
use crate::slice::SliceWidth;
use crate::target::{Factor, Target};
use crate::threshold::{Operator, Threshold};
use crate::time::Span;
use crate::window::{Anchor, CalendarUnit, TimeZone};

/// Reads the text and gives the value back, which is written as it was read.
fn read<T: FromStr + Display>(text: &str) -> T {
    let Ok(value) = text.parse::<T>() else {
        panic!("{text} is not read");
    };
    assert_eq!(value.to_string(), text);
    value
}

/// As [`read`], through the conversions by which a value is stored.
fn stored<T>(text: &str) -> T
where
    T: FromStr + Display + Clone + PartialEq + Debug + Into<String> + TryFrom<String>,
{
    let value: T = read(text);
    let written: String = value.clone().into();
    assert_eq!(written, text);
    assert_eq!(T::try_from(written).ok().as_ref(), Some(&value));
    value
}

#[test]
fn what_is_stored_as_a_text_is_read_back() {
    stored::<Span>("47m");
    stored::<Target>("99.95");
    stored::<SliceTarget>("99.5");
    stored::<SliceTarget>("100");
    stored::<SliceWidth>("10s");
    stored::<SignificanceLevel>("0.0001");
    stored::<BudgetShare>("0.02");
    stored::<Bound>("0.25");
    stored::<Bound>("+Inf");
    stored::<Anchor>("2024-01-31");
    stored::<TimeZone>("Europe/Zurich");
    stored::<Latency>("250ms");
}

/// A test or a log that fails should show `99.9`, not the parts that it is held in.
#[test]
fn a_number_is_shown_in_a_log_as_it_is_written() {
    let shown = |value: &dyn Debug| format!("{value:?}");
    assert_eq!(shown(&read::<Span>("30d")), "30d");
    assert_eq!(shown(&read::<Target>("99.9")), "99.9 %");
    assert_eq!(shown(&read::<Factor>("14.4")), "14.4");
    assert_eq!(shown(&read::<ErrorRatio>("0.05")), "0.05");
    assert_eq!(shown(&read::<SignificanceLevel>("0.0001")), "0.0001");
    assert_eq!(shown(&read::<BudgetShare>("0.02")), "0.02");
    assert_eq!(shown(&Count::from_millionths(2_500_000)), "2.5");
}

#[test]
fn every_word_of_the_api_is_read_as_itself_and_no_other_is() {
    fn words<T: FromStr + Copy + PartialEq + Debug>(said: &[(&str, T)]) {
        for (word, value) in said {
            assert_eq!(word.parse::<T>().ok(), Some(*value));
        }
        assert!("xyzzy".parse::<T>().is_err());
    }
    words(&[
        ("seconds", LatencyUnit::Seconds),
        ("milliseconds", LatencyUnit::Milliseconds),
    ]);
    words(&Combine::ALL.map(|combine| (combine.as_str(), combine)));
    words(&MissingMember::ALL.map(|missing| (missing.as_str(), missing)));
    words(&CalendarUnit::ALL.map(|unit| (unit.as_str(), unit)));
    assert_eq!(
        Combine::ALL.map(Combine::as_str),
        ["weighted_ratio", "any_bad", "all_bad", "series", "min"]
    );
    assert_eq!(
        MissingMember::ALL.map(MissingMember::as_str),
        ["exclude", "bad", "good"]
    );
    assert_eq!(
        Combine::ALL.map(Combine::is_whole),
        [false, true, true, false, false]
    );
    let methods = [
        BudgetingMethod::Occurrences,
        BudgetingMethod::Timeslices(SliceTarget::ALL),
        BudgetingMethod::RatioTimeslices,
    ];
    assert_eq!(
        methods.map(|method| (method.as_str(), method.unit())),
        [
            ("occurrences", "events"),
            ("timeslices", "slices"),
            ("ratio_timeslices", "slices")
        ]
    );
    let certainties = [Certainty::Met, Certainty::Missed, Certainty::Uncertain];
    assert_eq!(
        certainties.map(Certainty::as_str),
        ["met", "missed", "uncertain"]
    );
    assert_eq!(PolicyChoice::GoogleSre.name(), "google-sre");
}

#[test]
fn what_is_shown_as_a_percentage_or_a_ratio_is_the_number_that_it_is() {
    assert_eq!(
        read::<Target>("99.9")
            .as_percentage()
            .to_string(),
        "99.9"
    );
    assert_eq!(
        read::<BudgetShare>("0.02")
            .as_f64()
            .to_string(),
        "0.02"
    );
    assert_eq!(
        read::<ErrorRatio>("0.05")
            .as_f64()
            .to_string(),
        "0.05"
    );
    assert_eq!(
        read::<Availability>("99.95")
            .as_percentage()
            .to_string(),
        "99.95"
    );
}

/// The longest there is, in the words that refuse more.
#[test]
fn limits_are_what_the_documentation_says() {
    assert_eq!(Span::MAX.as_seconds(), 315_360_000);
    assert_eq!(Span::from_seconds(Span::MAX.as_seconds()), Some(Span::MAX));
    assert_eq!(Span::from_seconds(Span::MAX.as_seconds() + 1), None);
    assert_eq!(Span::days(3_651), Span::MAX);
    assert_eq!("1w".parse().map(Span::as_seconds), Ok(604_800));
    assert_eq!(Latency::MAX.as_nanos(), 2_592_000_000_000_000);
    assert_eq!(Count::SAMPLE_MAX.millionths(), 1_000_000_000_000_000_000);
    let weight = MemberWeight::from_millionths;
    assert!(weight(1_000_000_000_000).is_some());
    assert_eq!((weight(0), weight(1_000_000_000_001)), (None, None));
    assert_eq!(Span::minutes(0), Span::SECOND);
    assert_eq!(Target::from_budget_ppb(0), None);
    assert_eq!(Target::from_budget_ppb(1_000_000_000), None);
    assert_eq!(ErrorRatio::from_ppb(1_000_000_001), ErrorRatio::ALL);
    assert!("7s".parse::<SliceWidth>().is_err());
}

/// Equal lines have equal hashes, and those of lines that differ are no constant.
#[test]
fn thresholds_that_differ_are_hashed_apart() {
    use std::hash::BuildHasher;
    let hash = |value| {
        let line = Threshold::new(Operator::Lte, value).expect("finite");
        std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(line)
    };
    assert_eq!(hash(0.0), hash(-0.0));
    assert_ne!(hash(250.0), hash(251.0));
}
