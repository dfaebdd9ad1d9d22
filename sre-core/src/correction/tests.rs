//! Corrections against a slow second opinion.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::count::Counts;
use crate::hour::Hour;
use crate::ledger::Ledger;
use crate::slice::{Slice, SliceWidth, Sums};
use crate::time::{Interval, Span, at_second};

mod recurrence;

/// The edge of an hour.
const START: i64 = 1_767_225_600;
const WIDTH: i64 = 300;

fn stretch(from: i64, to: i64) -> Interval {
    Interval::new(at_second(START + from), at_second(START + to))
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A correction of these seconds.
fn correction(from: i64, to: i64, meaning: Meaning) -> Correction {
    Correction {
        id: CorrectionId(uuid::Uuid::from_u128(7)),
        scope: Scope::Service("checkout".parse().expect("a name")),
        meaning,
        period: Period::once(stretch(from, to).start(), stretch(from, to).end()).expect("legal"),
        reason: "maintenance".to_owned(),
        created_by: None,
        created_at: at_second(START),
        ended: None,
        cancelled: None,
    }
}

fn meanings() -> impl Strategy<Value = Meaning> {
    prop::sample::select(Meaning::ALL.to_vec())
}

/// Corrections of 14 hours, often beside the edges of slices.
fn corrections() -> impl Strategy<Value = Vec<Correction>> {
    let one = (0..168_i64, -40..40_i64, 1..40_i64, meanings()).prop_map(
        |(slice, aside, length, meaning)| {
            let from = slice * WIDTH + aside.clamp(-1, 30);
            correction(from, from + length * 150 + aside.abs(), meaning)
        },
    );
    prop::collection::vec(one, 0..6)
}

/// Slices of 5 minutes, measured or not.
fn history() -> impl Strategy<Value = Vec<Slice>> {
    let measured = (0..5_u64, 0..5_u64)
        .prop_map(|(good, bad)| Counts::events(good, good + bad).expect("legal"));
    let slice = prop_oneof![
        1 => Just(Slice::Unmeasured),
        4 => measured.prop_map(Slice::Measured)
    ];
    prop::collection::vec(slice, 1..168)
}

/// What a slice becomes, asked second by second.
fn slowly(slice: Slice, start: i64, corrections: &[Correction]) -> Slice {
    let Slice::Measured(counts) = slice else {
        return Slice::Unmeasured;
    };
    let is_covered = |up_to: Meaning| {
        (start..start + WIDTH).all(|second| {
            corrections.iter().any(|held| {
                let Period::Once(once) = held.period else {
                    return false;
                };
                held.meaning <= up_to && once.contains(at_second(START + second))
            })
        })
    };
    if is_covered(Meaning::RemoveTime) {
        Slice::Unmeasured
    } else if is_covered(Meaning::DropEvents) {
        Slice::Measured(Counts::NONE)
    } else if is_covered(Meaning::CountAsGood) {
        let total = counts.total().whole_events();
        Slice::Measured(Counts::events(total, total).expect("legal"))
    } else {
        slice
    }
}

fn width() -> SliceWidth {
    SliceWidth::new(Span::minutes(5)).expect("legal")
}

/// A ledger of a day, with its hours, as they would be stored.
fn ledger(slices: &[Slice]) -> (Ledger, Vec<Hour>) {
    let mut hours: BTreeMap<DateTime<Utc>, Hour> = BTreeMap::new();
    for (slice, start) in slices
        .iter()
        .zip((START..).step_by(300))
    {
        let at = at_second(start);
        hours
            .entry(Hour::floor(at))
            .or_insert_with(|| Hour::unmeasured(at, width()))
            .set(at, *slice);
    }
    let hours: Vec<Hour> = hours.into_values().collect();
    let end = START + WIDTH * i64::try_from(slices.len()).expect("short");
    let ledger = Ledger::from_hours(width(), Span::days(1), at_second(end), &hours);
    (ledger.expect("it fits"), hours)
}

/// The sums of all windows that begin at an edge of a slice and end at the end.
fn windows(ledger: &Ledger, hours: &[Hour]) -> Vec<Sums> {
    let mut ledger = ledger.clone();
    for hour in hours {
        ledger.attach(hour);
    }
    let start = at_second(START);
    let all = (ledger.end() - start).num_seconds() / WIDTH;
    (0..all)
        .map(|n| {
            let from = at_second(START + n * WIDTH);
            ledger
                .sum(Interval::new(from, ledger.end()))
                .expect("attached")
        })
        .collect()
}

proptest! {
    /// The corrected ledger is what the slices themselves say when each is corrected by hand, be they
    /// there before the correction or come after.
    #[test]
    fn a_corrected_ledger_is_that_of_the_corrected_slices(
        slices in history(), corrections in corrections(), known in 0..168_usize,
    ) {
        let range = stretch(0, 86_400);
        let overlay = Arc::new(Overlay::new(&corrections, range));
        let by_hand: Vec<Slice> = slices
            .iter()
            .zip((0..).step_by(300))
            .map(|(slice, start)| slowly(*slice, start, &corrections))
            .collect();
        let (expected, expected_hours) = ledger(&by_hand);

        let known = known.min(slices.len());
        let (before, rest) = slices.split_at(known);
        let (raw, hours) = ledger(before);
        let mut corrected = raw.corrected(&overlay, &hours).expect("it fits");
        for slice in rest {
            corrected.append(corrected.end(), *slice).expect("in order");
        }
        let (_, all_hours) = ledger(&slices);
        prop_assert_eq!(windows(&corrected, &all_hours), windows(&expected, &expected_hours));
    }

    /// Applied and taken back, corrections leave nothing: not in the corrected ledger, and never in
    /// the raw one.
    #[test]
    fn what_was_applied_and_cancelled_was_never_there(
        slices in history(), corrections in corrections(),
    ) {
        let (raw, hours) = ledger(&slices);
        let before = windows(&raw, &hours);
        let overlay = Arc::new(Overlay::new(&corrections, stretch(0, 86_400)));
        raw.corrected(&overlay, &hours).expect("it fits");
        prop_assert_eq!(windows(&raw, &hours), before.clone());

        let at = at_second(START);
        let cancelled: Vec<_> = corrections
            .into_iter()
            .map(|held| Correction { cancelled: Some(Cancellation { at, by: None }), ..held })
            .collect();
        let overlay = Overlay::new(&cancelled, stretch(0, 86_400));
        prop_assert_eq!(&overlay, &Overlay::default());
        let identity = raw.corrected(&Arc::new(overlay), &hours).expect("it fits");
        prop_assert_eq!(windows(&identity, &hours), before);
    }

    /// Correcting is idempotent, and never adds events, measured slices, or bad.
    #[test]
    fn a_correction_takes_away_only(
        slices in history(), corrections in corrections(),
    ) {
        let overlay = Overlay::new(&corrections, stretch(0, 86_400));
        for (slice, start) in slices.iter().zip((0..).step_by(300)) {
            let during = stretch(start, start + WIDTH);
            let corrected = overlay.correct(during, *slice);
            prop_assert_eq!(overlay.correct(during, corrected), corrected);
            prop_assert!(corrected.counts().total() <= slice.counts().total());
            prop_assert!(corrected.counts().bad() <= slice.counts().bad());
            prop_assert!(slice.is_measured() || !corrected.is_measured());
        }
    }

    /// What is removed is counted in whole slices, as many as lie inside.
    #[test]
    fn removed_seconds_are_those_of_the_removed_slices(
        corrections in corrections(), from in 0..168_i64, length in 0..168_i64,
    ) {
        let overlay = Overlay::new(&corrections, stretch(-86_400, 2 * 86_400));
        let removed = (from..from + length)
            .filter(|n| {
                let slice = stretch(n * WIDTH, (n + 1) * WIDTH);
                overlay.meaning_of(slice) == Some(Meaning::RemoveTime)
            })
            .count();
        let during = stretch(from * WIDTH, (from + length) * WIDTH);
        let seconds = overlay.removed_seconds(during, width());
        prop_assert_eq!(i64::from(seconds), WIDTH * i64::try_from(removed).expect("few"));
    }

    /// No text is too strange to be refused, and no rule too strange to be expanded.
    #[test]
    fn no_rule_panics(
        rule in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY))?(;[A-Z]{3,10}=[-0-9A-Z,]{0,9}){0,3}",
        day in 1..29_u32, seconds in -4_000_000_000_000_i64..4_000_000_000_000,
    ) {
        let start = format!("2024-02-{day:02}T02:30:00");
        if let Ok(held) = Recurrence::new(&rule, &start, Span::hours(1), "Australia/Lord_Howe") {
            let at = DateTime::from_timestamp(seconds, 0).expect("an instant");
            let range = Interval::new(at, at + Span::days(400).as_delta());
            prop_assert!(held.during(range).len() <= OCCURRENCES_MAX);
            let _ = held.ends_at();
        }
    }
}

/// Two corrections that meet inside a slice cover it together; where meanings differ, by the one
/// that claims less.
#[test]
fn overlapping_corrections_are_a_union() {
    use Meaning::{CountAsGood, DropEvents, RemoveTime};
    let meets = |first, second| {
        let held = [correction(0, 100, first), correction(100, 300, second)];
        Overlay::new(&held, stretch(0, 300)).meaning_of(stretch(0, 300))
    };
    assert_eq!(meets(RemoveTime, RemoveTime), Some(RemoveTime));
    assert_eq!(meets(RemoveTime, DropEvents), Some(DropEvents));
    assert_eq!(meets(RemoveTime, CountAsGood), Some(CountAsGood));
    let overlaps = |first, second| {
        let held = [correction(0, 300, first), correction(0, 300, second)];
        Overlay::new(&held, stretch(0, 300)).meaning_of(stretch(0, 300))
    };
    assert_eq!(overlaps(RemoveTime, CountAsGood), Some(RemoveTime));
    assert_eq!(overlaps(CountAsGood, DropEvents), Some(DropEvents));
    assert_eq!(overlaps(CountAsGood, RemoveTime), Some(RemoveTime));
}

/// An hour that is kept as its sum is corrected whole or not at all.
#[test]
fn a_summed_hour_is_corrected_where_it_lies_wholly_inside() {
    let (_, hours) = ledger(&[Slice::Measured(Counts::events(1, 3).expect("legal")); 12]);
    let summed = hours[0].summed().expect("it fits");
    let within = |to, meaning| {
        let overlay = Overlay::of([(stretch(0, to), meaning)]);
        overlay
            .correct_hour(&summed)
            .sums()
            .expect("it fits")
    };
    for meaning in Meaning::ALL {
        assert_eq!(Some(within(3_599, meaning)), summed.sums());
    }
    let sums = |good, total, measured| {
        let counts = Counts::events(good, total).expect("legal");
        Sums { counts, measured }
    };
    assert_eq!(within(3_600, Meaning::RemoveTime), sums(0, 0, 0));
    assert_eq!(within(3_600, Meaning::DropEvents), sums(0, 0, 12));
    assert_eq!(within(3_600, Meaning::CountAsGood), sums(36, 36, 12));
}

#[test]
fn a_period_has_a_length_and_no_more_than_a_window() {
    let (from, to) = (at_second(START), at_second(START + 1));
    assert_eq!(Period::once(to, from), Err(InvalidPeriod::Empty));
    assert_eq!(Period::once(from, from), Err(InvalidPeriod::Empty));
    let most = from + Span::days(400).as_delta();
    assert!(Period::once(from, most).is_ok());
    let more = most + Span::SECOND.as_delta();
    assert_eq!(Period::once(from, more), Err(InvalidPeriod::TooLong));
}

#[test]
fn a_correction_applies_to_the_slo_or_to_the_service_that_it_names_and_to_no_other() {
    let slo = |service: &str, metric: &str| {
        let written = Slo::builder(service, metric);
        let written = written
            .target_percentage("99.9")
            .expect("a target");
        written.build().expect("legal")
    };
    let (one, other) = (
        slo("checkout", "availability"),
        slo("search", "availability"),
    );
    assert!(Scope::Slo(one.id).holds(&one) && !Scope::Slo(one.id).holds(&other));
    let service = Scope::Service(one.definition.service_name.clone());
    assert!(service.holds(&one) && !service.holds(&other));
}

#[test]
fn a_meaning_is_read_as_it_is_written() {
    for meaning in Meaning::ALL {
        assert_eq!(meaning.to_string().parse(), Ok(meaning));
        assert_eq!(meaning.as_str(), meaning.to_string());
    }
    assert!("".parse::<Meaning>().is_err() && "xyzzy".parse::<Meaning>().is_err());
}

/// A correction that was ended keeps what lies before, an occurrence that was under way is cut, and
/// nothing comes after.
#[test]
fn what_was_ended_stays_corrected_up_to_there() {
    let at = |text: &str| -> DateTime<Utc> { text.parse().expect("an instant") };
    let nightly = Recurrence::new(
        "FREQ=DAILY",
        "2026-01-01T02:00:00",
        Span::hours(2),
        "Etc/UTC",
    );
    let mut held = correction(0, 60, Meaning::RemoveTime);
    held.period = Period::Recurring(nightly.expect("a rule"));
    let january = Interval::new(at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
    assert_eq!((held.during(january).len(), held.ends_at()), (31, None));
    let from = at("2026-01-10T03:00:00Z");
    held.ended = Some(Ended {
        from,
        at: from,
        by: None,
    });
    let kept = held.during(january);
    assert_eq!((kept.len(), held.ends_at()), (10, Some(from)));
    let cut = Interval::new(at("2026-01-10T02:00:00Z"), from);
    assert_eq!(kept.last(), Some(&cut));
    let overlay = Overlay::new([&held], january);
    assert!(overlay.touches(cut) && !overlay.touches(Interval::new(from, january.end())));
}

#[test]
fn a_single_period_is_found_where_it_touches_and_ends_where_it_ends() {
    let once = Period::once(at_second(3_600), at_second(7_200)).expect("legal");
    let whole = Interval::new(at_second(3_600), at_second(7_200));
    let during = |from, to| once.during(Interval::new(at_second(from), at_second(to)));
    assert_eq!(during(7_199, 9_000), [whole]);
    assert_eq!(during(0, 3_601), [whole]);
    assert_eq!(
        (during(7_200, 9_000), during(0, 3_600)),
        (Vec::new(), Vec::new())
    );
    assert_eq!(once.ends_at(), Some(at_second(7_200)));
    assert_eq!(once.begins_at(), at_second(3_600));
}
