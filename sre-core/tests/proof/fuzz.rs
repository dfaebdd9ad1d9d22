//! Input that nobody would write. Every run takes a few hundred cases of each; `PROPTEST_CASES` takes as
//! many as there is time for, see CONTRIBUTING.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;
use sre_core::count::{Count, Counts, Rounding};
use sre_core::hour::Hour;
use sre_core::ledger::Ledger;
use sre_core::slice::{Slice, SliceWidth, Sums};
use sre_core::target::{Factor, Target};
use sre_core::time::{Interval, Span, at_second};

/// Texts near those that are read, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{0,12}[smhdw]?",
        "[0-9]{0,3}\\.?[0-9]{0,9}%?",
        "[-+ ]?[0-9.,eE]{0,12}",
        any::<String>(),
    ]
}

fn width() -> impl Strategy<Value = SliceWidth> {
    prop::sample::select(vec![10, 15, 20, 30, 60, 300, 900])
        .prop_map(|seconds| SliceWidth::new(Span::seconds(seconds)).expect("a width"))
}

fn slice() -> impl Strategy<Value = Slice> {
    let counts = prop_oneof![0..1_000_u64, 0..1_u64 << 61].prop_flat_map(|total| {
        (0..=total).prop_map(move |bad| {
            let count = Count::from_millionths;
            Slice::Measured(Counts::with_bad(count(bad), count(total)).expect("legal"))
        })
    });
    prop_oneof![1 => Just(Slice::Unmeasured), 4 => counts]
}

/// What can be done to a ledger.
#[derive(Clone, Debug)]
enum Step {
    Append(Slice),
    Fill(u32),
    /// The slice so many before the end is now this.
    Late(u16, Slice),
    Attach(u16),
    Detach(Vec<u32>),
    Ask(u32),
    Reload,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => slice().prop_map(Step::Append),
        2 => (0..500_u32).prop_map(Step::Fill),
        // Up to ages, and a hundred of them within what a calendar holds.
        1 => (0..4_000_000_u32).prop_map(Step::Fill),
        4 => (0..4_000_u16, slice()).prop_map(|(back, slice)| Step::Late(back, slice)),
        2 => (0..80_u16).prop_map(Step::Attach),
        1 => prop::collection::vec(1..400_000_u32, 0..4).prop_map(Step::Detach),
        6 => (1..400_000_u32).prop_map(Step::Ask),
        1 => Just(Step::Reload),
    ]
}

/// The ledger beside a map of its slices.
struct Pair {
    width: SliceWidth,
    horizon: Span,
    ledger: Ledger,
    slices: BTreeMap<i64, Slice>,
}

impl Pair {
    fn hour(&self, start: chrono::DateTime<chrono::Utc>) -> Hour {
        let mut hour = Hour::unmeasured(start, self.width);
        let during = hour.interval();
        let numbers = self.width.index_of(during.start())..self.width.index_of(during.end());
        for (number, slice) in self.slices.range(numbers) {
            hour.set(self.width.interval(*number).start(), *slice);
        }
        hour
    }

    /// `None` where plain addition does not fit: the ledger must have refused before.
    fn plain_sum(&self, during: Interval) -> Option<Sums> {
        let numbers = self.width.index_of(during.start())..self.width.index_of(during.end());
        let mut held = self.slices.range(numbers);
        held.try_fold(Sums::default(), |sums, (_, slice)| {
            sums.checked_add_slice(*slice)
        })
    }

    fn ask(&mut self, seconds: u32) {
        let slices = (seconds / self.width.span().as_seconds()).max(1);
        let span = Span::seconds(slices.saturating_mul(self.width.span().as_seconds()));
        let window = span.min(self.horizon);
        let end = self.ledger.end();
        for hour in self.ledger.missing_hours(end, [window]) {
            let held = self.hour(hour);
            self.ledger.attach(&held);
        }
        let during = Interval::ending(end, window);
        let sums = self.ledger.latest().window(window);
        assert_eq!(sums.ok(), self.plain_sum(during), "{window}");
        assert_eq!(self.ledger.sum(during), sums);
    }

    fn late(&mut self, back: u16, slice: Slice) {
        let number = self.width.index_of(self.ledger.end()) - 1 - i64::from(back);
        let start = self.width.interval(number).start();
        if start < self.ledger.begin() {
            return;
        }
        let before = self.slices.insert(number, slice);
        let hour = self.hour(start);
        if self.ledger.set_hour(&hour).is_err() {
            match before {
                Some(before) => self.slices.insert(number, before),
                None => self.slices.remove(&number),
            };
        }
    }

    fn take(&mut self, step: Step) {
        let end = self.ledger.end();
        match step {
            Step::Append(slice) => {
                if self.ledger.append(end, slice).is_ok() {
                    self.slices
                        .insert(self.width.index_of(end), slice);
                }
            }
            Step::Fill(slices) => {
                let seconds = i64::from(slices) * self.width.span().as_secs_i64();
                self.ledger
                    .fill_to(end + TimeDelta::seconds(seconds))
                    .expect("unmeasured");
            }
            Step::Late(back, slice) => self.late(back, slice),
            Step::Attach(back) => {
                let hour = self.hour(end - TimeDelta::hours(i64::from(back)));
                self.ledger.attach(&hour);
            }
            Step::Detach(windows) => {
                let windows: Vec<_> = windows
                    .into_iter()
                    .map(Span::seconds)
                    .collect();
                self.ledger
                    .detach_all_but(end, &windows);
            }
            Step::Ask(seconds) => self.ask(seconds),
            Step::Reload => self.reload(),
        }
    }

    fn reload(&mut self) {
        let end = self.ledger.end();
        let mut at = Hour::floor(end - self.horizon.as_delta());
        let mut hours = Vec::new();
        while at < end {
            hours.push(self.hour(at));
            at += TimeDelta::hours(1);
        }
        if let Ok(ledger) = Ledger::from_hours(self.width, self.horizon, end, &hours) {
            self.ledger = ledger;
        }
    }
}

/// A sequence of steps is many cases in one.
fn an_eighth() -> ProptestConfig {
    ProptestConfig::with_cases(
        ProptestConfig::default()
            .cases
            .div_ceil(8),
    )
}

proptest! {
    /// L32: what is read survives being written.
    #[test]
    fn l32_texts_are_read_or_refused_and_what_is_read_is_written_back(text in text()) {
        if let Ok(span) = text.parse::<Span>() {
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }
        if let Ok(target) = text.parse::<Target>() {
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
            prop_assert!(target.budget_ppb() > 0 && target.budget_ppb() < 1_000_000_000);
        }
        if let Ok(factor) = text.parse::<Factor>() {
            prop_assert_eq!(factor.to_string().parse::<Factor>(), Ok(factor));
        }
        if let Ok(width) = text.parse::<SliceWidth>() {
            prop_assert_eq!(width.to_string().parse::<SliceWidth>(), Ok(width));
        }
    }

    /// Any float is a count or none, and bad is never understated by reading it.
    #[test]
    fn floats_are_counted_or_refused(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let read = (
            Count::from_f64(value, Rounding::Down), Count::from_f64(value, Rounding::Up));
        prop_assert_eq!(read.0.is_ok(), (0.0..=1e12).contains(&value));
        if let (Ok(down), Ok(up)) = read {
            prop_assert!(down <= up && up.millionths() - down.millionths() <= 1);
        }
    }

    /// Bytes are an hour or refused, and an hour is what it was packed from.
    #[test]
    fn bytes_are_an_hour_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200), width in width()
    ) {
        if let Ok(hour) = Hour::unpack(at_second(0), width, &bytes) {
            prop_assert_eq!(Hour::unpack(at_second(0), width, &hour.pack()), Ok(hour));
        }
    }

}

proptest! {
    #![proptest_config(an_eighth())]

    /// L23, L36: after any sequence of whatever can be done to it, a ledger says what plain addition
    /// says, and sums that do not fit are refused.
    #[test]
    fn l23_any_sequence_of_steps_agrees_with_plain_addition(
        steps in prop::collection::vec(step(), 1..120),
        width in width(),
        hours in 1..72_u32,
        from in -4_000_000_000_i64..4_000_000_000,
    ) {
        let horizon = Span::hours(hours);
        let mut pair = Pair {
            width,
            horizon,
            ledger: Ledger::new(width, horizon, at_second(from)),
            slices: BTreeMap::new(),
        };
        for step in steps {
            pair.take(step);
        }
        for seconds in [1, 3_600, 14_400, 100_000, u32::MAX] {
            pair.ask(seconds);
        }
    }
}
