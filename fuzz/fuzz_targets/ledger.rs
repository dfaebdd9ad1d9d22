//! Whatever is done to a ledger, it says what adding up its slices says, or refuses a sum that does not
//! fit.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use sre_core::count::{Count, Counts};
use sre_core::hour::Hour;
use sre_core::ledger::Ledger;
use sre_core::slice::{Slice, SliceWidth, Sums};
use sre_core::time::{Interval, Span, at_second};

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Given {
    Unmeasured,
    Small(u8, u8),
    Any(u64, u64),
}

impl Given {
    fn slice(self) -> Slice {
        let (one, other) = match self {
            Self::Unmeasured => return Slice::Unmeasured,
            Self::Small(one, other) => (u64::from(one), u64::from(other)),
            Self::Any(one, other) => (one, other),
        };
        let count = Count::from_millionths;
        let counts = Counts::with_bad(count(one.min(other)), count(one.max(other)));
        counts.map_or(Slice::Unmeasured, Slice::Measured)
    }
}

#[derive(Arbitrary, Debug)]
enum Step {
    Append(Given),
    Repeat(u8, Given),
    /// Appended at any instant: refused before the end, and beyond it after a gap.
    AppendAt(i32, Given),
    Fill(u16),
    /// Also back, which is refused or nothing.
    FillTo(i32),
    Late(u16, Given),
    Attach(u8),
    Detach(u32, u32),
    Ask(u32),
    Between(u32, u32),
    Reload,
}

#[derive(Arbitrary, Debug)]
struct Input {
    from: i32,
    width: u8,
    hours: u8,
    steps: Vec<Step>,
}

struct Pair {
    width: SliceWidth,
    horizon: Span,
    ledger: Ledger,
    slices: BTreeMap<i64, Slice>,
}

impl Pair {
    fn hour(&self, at: DateTime<Utc>) -> Hour {
        let mut hour = Hour::unmeasured(Hour::floor(at), self.width);
        let during = hour.interval();
        let numbers = self.width.index_of(during.start())..self.width.index_of(during.end());
        for (number, slice) in self.slices.range(numbers) {
            hour.set(self.width.interval(*number).start(), *slice);
        }
        Hour::unpack(hour.interval().start(), self.width, &hour.pack()).expect("packed")
    }

    fn plain(&self, during: Interval) -> Option<Sums> {
        let numbers = self.width.index_of(during.start())..self.width.index_of(during.end());
        let mut held = self.slices.range(numbers);
        held.try_fold(Sums::default(), |sums, (_, slice)| {
            sums.checked_add_slice(*slice)
        })
    }

    fn append(&mut self, given: Given) {
        let end = self.ledger.end();
        if self
            .ledger
            .append(end, given.slice())
            .is_ok()
        {
            self.slices
                .insert(self.width.index_of(end), given.slice());
        }
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
        assert_eq!(sums.ok(), self.plain(during), "{window}");
        assert_eq!(self.ledger.sum(during), sums);
    }

    fn take(&mut self, step: &Step) {
        let end = self.ledger.end();
        let after = |seconds: i32| end + TimeDelta::seconds(seconds.into());
        match step {
            Step::Append(given) => self.append(*given),
            Step::Repeat(times, given) => (0..*times).for_each(|_| self.append(*given)),
            Step::AppendAt(seconds, given) => {
                let at = after(*seconds);
                let number = self.width.index_of(at);
                let is_next = number >= self.width.index_of(end);
                let appended = self.ledger.append(at, given.slice());
                assert!(is_next || appended.is_err(), "before the end");
                if appended.is_ok() {
                    self.slices
                        .insert(number, given.slice());
                }
            }
            Step::Fill(slices) => {
                let seconds = i64::from(*slices) * self.width.span().as_secs_i64();
                let to = end + TimeDelta::seconds(seconds);
                self.ledger
                    .fill_to(to)
                    .expect("unmeasured");
            }
            Step::FillTo(seconds) => {
                let _ = self
                    .ledger
                    .fill_to(self.width.floor(after(*seconds)));
                assert!(self.ledger.end() >= end);
            }
            Step::Late(back, given) => {
                let number = self.width.index_of(end) - 1 - i64::from(*back);
                let start = self.width.interval(number).start();
                if start < self.ledger.begin() {
                    return;
                }
                let before = self
                    .slices
                    .insert(number, given.slice());
                let hour = self.hour(start);
                if self.ledger.set_hour(&hour).is_err() {
                    match before {
                        Some(before) => self.slices.insert(number, before),
                        None => self.slices.remove(&number),
                    };
                }
            }
            Step::Attach(back) => {
                let hour = self.hour(end - TimeDelta::hours((*back).into()));
                self.ledger.attach(&hour);
            }
            Step::Detach(one, other) => {
                let kept: Vec<_> = [*one, *other]
                    .into_iter()
                    .filter_map(Span::from_seconds)
                    .collect();
                self.ledger.detach_all_but(end, &kept);
            }
            Step::Ask(seconds) => self.ask(*seconds),
            // Whatever is asked is answered rightly or refused.
            Step::Between(back, length) => {
                let to = end - TimeDelta::seconds((*back).into());
                let Some(length) = Span::from_seconds(*length) else {
                    return;
                };
                let during = Interval::ending(self.width.floor(to), length);
                let during = Interval::new(self.width.floor(during.start()), during.end());
                if let Ok(sums) = self.ledger.sum(during) {
                    assert_eq!(Some(sums), self.plain(during), "{during:?}");
                }
            }
            Step::Reload => {
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
    }
}

fuzz_target!(|input: Input| {
    let widths = [10, 15, 20, 30, 60, 300, 900];
    let width = widths[usize::from(input.width) % widths.len()];
    let width = SliceWidth::new(Span::seconds(width)).expect("a width");
    let horizon = Span::hours(u32::from(input.hours % 96) + 1);
    let mut pair = Pair {
        width,
        horizon,
        ledger: Ledger::new(width, horizon, at_second(input.from.into())),
        slices: BTreeMap::new(),
    };
    for step in input.steps.iter().take(200) {
        pair.take(step);
    }
    for seconds in [1, 3_600, 14_400, 100_000, u32::MAX] {
        pair.ask(seconds);
    }
});
