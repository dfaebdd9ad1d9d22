//! The engine against a slow one: raw events in a list, counted again for every question, and exact
//! fractions in lowest terms. The two share no code and no way of thinking.
//!
//! L23: whatever sequence of events, holes, late events, restarts and questions there was, the engine
//! says what counting again says. L6: in whatever order events came.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use num_rational::Ratio;
use sre_core::budget::ErrorBudget;
use sre_core::count::Counts;
use sre_core::hour::Hour;
use sre_core::ledger::Ledger;
use sre_core::method::BudgetingMethod;
use sre_core::policy::{BurnLevel, BurnThresholds};
use sre_core::slice::{Slice, SliceWidth, Sums};
use sre_core::target::{Factor, Target};
use sre_core::time::{Span, at_second};

pub(crate) type Exact = Ratio<i128>;

/// A cheap generator; the seed is the case.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }

    fn signed(&mut self, n: u64) -> i64 {
        i64::try_from(self.below(n)).expect("small")
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }
}

/// Everything that happened, and nothing else.
#[derive(Default)]
struct Events {
    list: Vec<(i64, bool)>,
    /// Slices, by their first second, that somebody measured.
    measured: Vec<i64>,
}

impl Events {
    fn in_slice(&self, start: i64, width: i64) -> (i128, i128) {
        let inside = |second: i64| second >= start && second < start + width;
        let held = self
            .list
            .iter()
            .filter(|(second, _)| inside(*second));
        held.fold((0, 0), |(bad, total), (_, is_bad)| {
            (bad + i128::from(*is_bad), total + 1)
        })
    }

    /// Bad and all units of the measured slices in `[from, to)`.
    fn in_window(&self, method: Method, from: i64, to: i64, width: i64) -> (Exact, Exact, u32) {
        let mut sums = (Exact::from(0), Exact::from(0), 0);
        for start in &self.measured {
            if *start >= from && *start < to {
                let (bad, total) = method.units(self.in_slice(*start, width));
                sums = (sums.0 + bad, sums.1 + total, sums.2 + 1);
            }
        }
        sums
    }
}

/// A method by its definition, in fractions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    Occurrences,
    /// Good from so many percent on.
    Timeslices(i128),
    RatioTimeslices,
}

impl Method {
    pub(crate) fn ours(self) -> BudgetingMethod {
        match self {
            Self::Occurrences => BudgetingMethod::Occurrences,
            Self::Timeslices(percent) => BudgetingMethod::Timeslices(
                percent
                    .to_string()
                    .parse()
                    .expect("a share"),
            ),
            Self::RatioTimeslices => BudgetingMethod::RatioTimeslices,
        }
    }

    /// How many of our counts are one unit.
    fn grain(self) -> i128 {
        match self {
            Self::RatioTimeslices => 1_000_000_000_000,
            _ => 1_000_000,
        }
    }

    /// Bad and all units of one slice.
    pub(crate) fn units(self, (bad, total): (i128, i128)) -> (Exact, Exact) {
        if total == 0 {
            return (Exact::from(0), Exact::from(0));
        }
        let share = Exact::new(bad, total);
        match self {
            Self::Occurrences => (Exact::from(bad), Exact::from(total)),
            Self::Timeslices(percent) => {
                let is_good = Exact::from(1) - share >= Exact::new(percent, 100);
                (Exact::from(i128::from(!is_good)), Exact::from(1))
            }
            // Held to a trillionth, and never understated.
            Self::RatioTimeslices => {
                let unit = Exact::from(self.grain());
                ((share * unit).ceil() / unit, Exact::from(1))
            }
        }
    }
}

/// The engine, as a service keeps it: a ledger, and the hours in its store.
struct Engine {
    method: BudgetingMethod,
    width: SliceWidth,
    horizon: Span,
    ledger: Ledger,
    store: BTreeMap<DateTime<Utc>, Hour>,
}

impl Engine {
    fn put(&mut self, start: DateTime<Utc>, (bad, total): (i128, i128)) -> Hour {
        let number = |n: i128| u64::try_from(n).expect("small");
        let counts = Counts::events(number(total - bad), number(total)).expect("legal");
        let slice = self
            .method
            .judge(Slice::Measured(counts));
        let hour = self
            .store
            .entry(Hour::floor(start))
            .or_insert_with(|| Hour::unmeasured(start, self.width));
        hour.set(start, slice);
        // What is stored is packed.
        *hour = Hour::unpack(start, self.width, &hour.pack()).expect("what was packed");
        hour.clone()
    }

    fn hour(&self, at: DateTime<Utc>) -> Hour {
        let held = self.store.get(&at).cloned();
        held.unwrap_or_else(|| Hour::unmeasured(at, self.width))
    }

    fn sums(&mut self, window: Span) -> Sums {
        let end = self.ledger.end();
        for hour in self.ledger.missing_hours(end, [window]) {
            let held = self.hour(hour);
            self.ledger.attach(&held);
        }
        self.ledger
            .latest()
            .window(window)
            .expect("attached")
    }
}

struct Case {
    random: Random,
    method: Method,
    events: Events,
    engine: Engine,
}

impl Case {
    fn new(seed: u64, method: Method) -> Self {
        let mut random = Random(seed.wrapping_mul(7_919) + 1);
        let width = SliceWidth::new(Span::seconds(random.pick(&[60, 300, 900]))).expect("a width");
        let horizon = Span::hours(random.pick(&[1, 4, 7, 26]));
        let from = at_second(1_767_225_600 + random.signed(40) * width.span().as_secs_i64());
        let mut case = Self {
            random,
            method,
            events: Events::default(),
            engine: Engine {
                method: method.ours(),
                width,
                horizon,
                ledger: Ledger::new(width, horizon, from),
                store: BTreeMap::new(),
            },
        };
        case.engine
            .ledger
            .fill_to(from)
            .expect("unmeasured");
        case
    }

    fn seconds(&self) -> i64 {
        self.engine.width.span().as_secs_i64()
    }

    fn happen(&mut self, start: i64) {
        for _ in 0..self.random.below(9) {
            let second = start
                + self
                    .random
                    .signed(self.seconds().unsigned_abs());
            let is_bad = self.random.below(4) == 0;
            self.events.list.push((second, is_bad));
        }
    }

    /// One slice closes.
    fn advance(&mut self) {
        let start = self.engine.ledger.end();
        let second = start.timestamp();
        self.happen(second);
        self.events.measured.push(second);
        let counted = self
            .events
            .in_slice(second, self.seconds());
        let hour = self.engine.put(start, counted);
        let slice = hour.slice_at(start);
        self.engine
            .ledger
            .append(start, slice)
            .expect("in order");
    }

    fn hole(&mut self) {
        let slices = self.random.signed(90);
        let to = self.engine.ledger.end() + TimeDelta::seconds(slices * self.seconds());
        self.engine
            .ledger
            .fill_to(to)
            .expect("unmeasured");
    }

    /// Events of a slice that has closed, measured or not.
    fn late(&mut self) {
        let back = 1 + self.random.signed(120);
        let start = self.engine.ledger.end() - TimeDelta::seconds(back * self.seconds());
        if start < self.engine.ledger.begin() {
            return;
        }
        let second = start.timestamp();
        self.happen(second);
        if !self.events.measured.contains(&second) {
            self.events.measured.push(second);
        }
        let counted = self
            .events
            .in_slice(second, self.seconds());
        let hour = self.engine.put(start, counted);
        self.engine
            .ledger
            .set_hour(&hour)
            .expect("small");
    }

    /// The process begins anew, with what is stored.
    fn restart(&mut self) {
        let engine = &mut self.engine;
        let end = engine.ledger.end();
        let begin = Hour::floor(end - engine.horizon.as_delta());
        let hours = engine.store.range(begin..end);
        engine.ledger = Ledger::from_hours(
            engine.width,
            engine.horizon,
            end,
            hours.map(|(_, hour)| hour),
        )
        .expect("small");
    }

    fn compare(&mut self, seed: u64) {
        let longest = self.engine.horizon.as_seconds() / self.engine.width.span().as_seconds();
        let slices = 1 + u32::try_from(self.random.below(u64::from(longest))).expect("small");
        let window = Span::seconds(slices * self.engine.width.span().as_seconds());
        let end = self.engine.ledger.end().timestamp();
        let from = end - window.as_secs_i64();
        let (bad, total, measured) = self
            .events
            .in_window(self.method, from, end, self.seconds());
        let sums = self.engine.sums(window);
        let grain = Exact::from(self.method.grain());
        let units =
            |count: sre_core::count::Count| Exact::from(i128::from(count.millionths())) / grain;
        let found = (
            units(sums.counts.bad()),
            units(sums.counts.total()),
            sums.measured,
        );
        assert_eq!(found, (bad, total, measured), "case {seed}, {window}");
        self.compare_decisions(sums.counts, bad, total, seed);
    }

    fn compare_decisions(&mut self, counts: Counts, bad: Exact, total: Exact, seed: u64) {
        let (text, allowed) = self.random.pick(&[
            ("99.9", (1, 1_000)),
            ("99", (1, 100)),
            ("90", (1, 10)),
            ("75", (1, 4)),
            ("50", (1, 2)),
            ("66.666667", (33_333_333, 100_000_000)),
        ]);
        let target: Target = text.parse().expect("a target");
        let allowed = Exact::new(allowed.0, allowed.1) * total;
        let budget = ErrorBudget::new(counts, target);
        assert_eq!(budget.is_met(), bad <= allowed, "case {seed}: met");
        let is_below = total > Exact::from(0) && (allowed - bad) * Exact::from(10) < allowed;
        assert_eq!(budget.is_below_tenth(), is_below, "case {seed}: a tenth");

        let (text, factor) = self.random.pick(&[
            ("1", (1, 1)),
            ("2", (2, 1)),
            ("14.4", (72, 5)),
            ("0.5", (1, 2)),
        ]);
        let ours: Factor = text.parse().expect("a factor");
        let line = Exact::new(factor.0, factor.1) * allowed;
        assert_eq!(
            ours.is_exceeded_by(counts, target),
            bad > line,
            "case {seed}: above {text}"
        );
        let is_reached = total > Exact::from(0) && bad >= line;
        assert_eq!(
            ours.is_reached_by(counts, target),
            is_reached,
            "case {seed}: at {text}"
        );
        let level = [
            (BurnLevel::Emergency, 10),
            (BurnLevel::Critical, 5),
            (BurnLevel::Warning, 2),
        ]
        .into_iter()
        .find(|(_, factor)| total > Exact::from(0) && bad >= allowed * Exact::from(*factor))
        .map_or(BurnLevel::None, |(level, _)| level);
        let found = BurnThresholds::default().level(counts, target);
        assert_eq!(found, level, "case {seed}: level");
    }
}

fn run(method: Method, cases: u64) {
    for seed in 0..cases {
        let mut case = Case::new(seed, method);
        // Most are short; some outlast every horizon.
        let steps = if seed.is_multiple_of(500) {
            600
        } else {
            seed % 40
        };
        for _ in 0..steps {
            match case.random.below(24) {
                0 => case.hole(),
                1..=3 => case.late(),
                4 => case.restart(),
                5 => case.compare(seed),
                _ => case.advance(),
            }
        }
        case.compare(seed);
    }
}

#[test]
fn l23_a_hundred_thousand_histories_of_events_are_judged_as_counting_again_judges_them() {
    run(Method::Occurrences, 100_000);
}

#[test]
fn l23_a_hundred_thousand_histories_of_timeslices_are_judged_as_counting_again_judges_them() {
    for (percent, cases) in [(100, 40_000), (95, 20_000), (75, 40_000)] {
        run(Method::Timeslices(percent), cases);
    }
}

#[test]
fn l23_a_hundred_thousand_histories_of_shares_are_judged_as_counting_again_judges_them() {
    run(Method::RatioTimeslices, 100_000);
}
