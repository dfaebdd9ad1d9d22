//! What an SLO is judged to be, against a slow judge: slices in a list, windows by counting back, and
//! every comparison between exact fractions. The gate of significance is the binomial sum itself, in
//! integers of any size.
//!
//! The judge follows the definitions, one after the other, and knows nothing of grains, prefix sums,
//! cross-multiplication or bounds. Besides, it counts what it says, so that a run that never reaches a
//! verdict, a state or a level is no proof.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use num_bigint::BigUint;
use sre_core::count::Counts;
use sre_core::evaluate::{EvaluationSettings, Plan, evaluate};
use sre_core::evaluation::{Evaluation, InsufficientReason, Progress, RuleVerdict, SloState};
use sre_core::hour::Hour;
use sre_core::ledger::Ledger;
use sre_core::policy::{BurnLevel, BurnRule, BurnThresholds, PolicyChoice};
use sre_core::slice::{Slice, SliceWidth};
use sre_core::slo::{Definition, Slo};
use sre_core::time::{Span, at_second};

use crate::reference::{Exact, Method, Random};

/// 2026-01-01 00:00 UTC.
const START: i64 = 1_767_225_600;

/// Good and bad of one slice are whole events; `None` where nobody measured.
type Slices = Vec<Option<(i128, i128)>>;

struct Judge {
    method: Method,
    definition: Definition,
    /// Bad and all events.
    slices: Slices,
    /// What may be bad of everything.
    budget: Exact,
    /// The level of significance, if one is asked for, as a fraction.
    significance: Option<(u32, u32)>,
}

/// A rule as it was written.
#[derive(Clone, Copy)]
struct Written {
    factor: Exact,
    share: Option<Exact>,
    long: i64,
    short: i64,
}

fn exact(n: i64) -> Exact {
    Exact::from(i128::from(n))
}

impl Judge {
    fn width(&self) -> i64 {
        self.definition
            .slice
            .span()
            .as_secs_i64()
    }

    fn period(&self) -> i64 {
        self.definition
            .window
            .span()
            .as_secs_i64()
    }

    fn age_of_slice(&self, index: usize) -> i64 {
        i64::try_from(self.slices.len() - index).expect("small") * self.width()
    }

    /// The measured slices that lie wholly within the last `seconds`, in units of the method.
    fn units(&self, seconds: i64) -> Vec<(Exact, Exact)> {
        let mut held = Vec::new();
        for (index, slice) in self.slices.iter().enumerate() {
            if let (Some(counted), true) = (slice, self.age_of_slice(index) <= seconds) {
                held.push(self.method.units(*counted));
            }
        }
        held
    }

    fn sums(&self, seconds: i64) -> (Exact, Exact) {
        let none = (Exact::from(0), Exact::from(0));
        let add = |sum: (Exact, Exact), one: (Exact, Exact)| (sum.0 + one.0, sum.1 + one.1);
        self.units(seconds)
            .into_iter()
            .fold(none, add)
    }

    /// Since the first data.
    fn age(&self) -> i64 {
        let first = self
            .slices
            .iter()
            .position(Option::is_some);
        first.map_or(0, |first| self.age_of_slice(first))
    }

    /// Declared, or the (lower) median of the last twenty distances, once there are two.
    fn expected_interval(&self) -> Option<i64> {
        if let Some(declared) = self.definition.expected_interval {
            return Some(declared.as_secs_i64());
        }
        let (mut last, mut gaps) = (None, Vec::new());
        for (index, slice) in self.slices.iter().enumerate() {
            if slice.is_some() {
                gaps.extend(last.map(|last: usize| index - last));
                last = Some(index);
            }
        }
        let mut gaps = gaps.split_off(gaps.len().saturating_sub(20));
        gaps.sort_unstable();
        let median = gaps.get(gaps.len().saturating_sub(1) / 2)?;
        (gaps.len() >= 2).then(|| i64::try_from(*median).expect("small") * self.width())
    }

    fn is_covered(&self, seconds: i64) -> bool {
        let known = self.age().min(seconds);
        if known == 0 {
            return false;
        }
        let pace = self
            .expected_interval()
            .unwrap_or(0)
            .max(self.width());
        let expected = (known / pace).max(1);
        let measured = i64::try_from(self.units(seconds).len()).expect("small");
        let floor = self
            .definition
            .min_coverage_permille
            .unwrap_or(800);
        Exact::new(measured.min(expected).into(), expected.into())
            >= Exact::new(floor.into(), 1_000)
    }

    fn is_stale(&self) -> bool {
        let last = self
            .slices
            .iter()
            .rposition(Option::is_some);
        let (Some(last), Some(expected)) = (last, self.expected_interval()) else {
            return false;
        };
        self.age_of_slice(last) - self.width() >= 3 * expected.max(self.width())
    }

    /// `(bad ÷ total) ÷ (1 − T)`; none without events.
    fn burn(&self, seconds: i64) -> Option<Exact> {
        let (bad, total) = self.sums(seconds);
        (total > exact(0)).then(|| bad / total / self.budget)
    }

    fn burns(&self, rule: &Written, seconds: i64) -> bool {
        let is_fast = self
            .burn(seconds)
            .is_some_and(|burn| burn > rule.factor);
        is_fast
            && rule.share.is_none_or(|share| {
                let known = self.age().min(self.period());
                // What the whole period allows, if it goes on as it began.
                let allowed =
                    self.budget * self.sums(self.period()).1 * exact(self.period()) / exact(known);
                let part = share * Exact::new(seconds.into(), rule.long.into());
                self.sums(seconds).0 >= part * allowed
            })
    }

    /// Bad events, bad slices, or of shares the slices that were bad at all: as many as `min_bad`, or
    /// all slices of a window that holds fewer.
    fn is_evident(&self, rule: &Written) -> bool {
        let slices = rule.long / self.width();
        let min_bad = i64::try_from(self.definition.min_bad).expect("small");
        let bad = self.sums(rule.long).0;
        let bad_slices = self
            .units(rule.long)
            .iter()
            .filter(|(bad, _)| *bad > exact(0))
            .count();
        match self.method {
            Method::Occurrences => bad >= exact(min_bad),
            Method::Timeslices(_) => bad >= exact(min_bad.min(slices)),
            Method::RatioTimeslices => {
                i64::try_from(bad_slices).expect("small") >= min_bad.min(slices)
            }
        }
    }

    fn verdict(&self, rule: &Written) -> RuleVerdict {
        let is_clean = |seconds| self.is_covered(seconds) && !self.burns(rule, seconds);
        if self.age() < rule.short {
            RuleVerdict::Held
        } else if is_clean(rule.long) || is_clean(rule.short) {
            RuleVerdict::Quiet
        } else if !(self.is_covered(rule.long) && self.is_covered(rule.short)) {
            RuleVerdict::Held
        } else if !self.is_evident(rule) {
            RuleVerdict::TooFewBad
        } else if self.is_chance(rule) {
            RuleVerdict::NotSignificant
        } else {
            RuleVerdict::Firing
        }
    }

    /// Whether a service exactly at the line of the rule shows so much bad with more than the asked
    /// probability: `P(Bin(n, θ) ≥ k) > α`. What misses the level by less than one part in 10¹², such as
    /// four of four at a line of a tenth and a level of 10⁻⁴, is held back: the gate promises no more.
    fn is_chance(&self, rule: &Written) -> bool {
        let Some((level, of)) = self.significance else {
            return false;
        };
        let by_factor = rule.factor * self.budget;
        let period = Exact::new(self.period().into(), rule.long.into());
        let line = rule.share.map_or(by_factor, |share| {
            by_factor.max(share * self.budget * period)
        });
        if line >= exact(1) {
            return true;
        }
        let (bad, total) = self.sums(rule.long);
        // Shares of slices are read as whole slices, of what is shown: rounded up to a millionth.
        let million = exact(1_000_000);
        let shown = (bad * million).ceil() / million;
        let count = |n: Exact| u32::try_from(n.to_integer()).expect("small");
        let (bad, total) = (count(shown), count(total));
        let big = |n: i128| BigUint::from(u128::try_from(n).expect("not negative"));
        let (numer, denom) = (big(*line.numer()), big(*line.denom()));
        let good = &denom - &numer;
        let (mut tail, mut choose) = (BigUint::ZERO, BigUint::from(1_u32));
        for k in (bad..=total).rev() {
            // `choose` is the number of ways to pick the `total − k` good ones.
            tail += &choose * numer.pow(k) * good.pow(total - k);
            choose = choose * k / (total - k + 1);
        }
        let parts = 1_000_000_000_000_u64;
        tail * of * parts > denom.pow(total) * level * (parts - 1)
    }

    fn state(&self, verdicts: &[RuleVerdict]) -> (SloState, Option<InsufficientReason>) {
        let insufficient = |reason| (SloState::InsufficientData, Some(reason));
        let (bad, total) = self.sums(self.period());
        let slices = exact(self.period() / self.width());
        let counts_slices = !matches!(self.method, Method::Occurrences);
        if self.age() == 0 {
            (SloState::Waiting, None)
        } else if self.units(self.period()).is_empty() {
            (SloState::NoData, None)
        } else if counts_slices && (slices - bad) / slices < exact(1) - self.budget {
            (SloState::Violated, None)
        } else if self.is_stale() {
            insufficient(InsufficientReason::Stale)
        } else if !self.is_covered(self.period()) {
            insufficient(InsufficientReason::Coverage)
        } else if total == exact(0) {
            insufficient(InsufficientReason::NoTraffic)
        } else if total < Exact::from(i128::from(self.definition.min_events)) {
            insufficient(InsufficientReason::Events)
        } else {
            (self.judged(verdicts, (total - bad) / total), None)
        }
    }

    fn judged(&self, verdicts: &[RuleVerdict], sli: Exact) -> SloState {
        let left = exact(1) - (exact(1) - sli) / self.budget;
        if sli < exact(1) - self.budget {
            SloState::Violated
        } else if verdicts.contains(&RuleVerdict::Firing) || left < Exact::new(1, 10) {
            SloState::AtRisk
        } else {
            SloState::Met
        }
    }

    /// The highest default level that the last hour has reached, or the whole window where it is
    /// shorter.
    fn level(&self) -> BurnLevel {
        let burn = self.burn(self.period().min(3_600));
        let reaches = |factor| burn.is_some_and(|burn| burn >= exact(factor));
        if reaches(10) {
            BurnLevel::Emergency
        } else if reaches(5) {
            BurnLevel::Critical
        } else if reaches(2) {
            BurnLevel::Warning
        } else {
            BurnLevel::None
        }
    }

    /// What the engine says: packed hours, a ledger, and one evaluation.
    fn engine(&self) -> Evaluation {
        let (definition, width) = (&self.definition, self.definition.slice);
        let mut ledger = Ledger::new(width, definition.window.reach(), at_second(START));
        let (mut hours, mut progress) = (BTreeMap::new(), Progress::default());
        for slice in &self.slices {
            let start = ledger.end();
            let number = |n: i128| u64::try_from(n).expect("small");
            let slice = slice.map_or(Slice::Unmeasured, |(bad, total)| {
                let counts = Counts::events(number(total - bad), number(total));
                definition
                    .method
                    .judge(Slice::Measured(counts.expect("legal")))
            });
            ledger
                .append(start, slice)
                .expect("in order");
            let hour = hours.entry(Hour::floor(start));
            hour.or_insert_with(|| Hour::unmeasured(start, width))
                .set(start, slice);
            if slice.is_measured() {
                progress.note_measured(start, start + TimeDelta::seconds(self.width()));
            }
        }
        let end = ledger.end();
        let policy = definition.policy(&BurnThresholds::default(), progress.learned_interval());
        let plan = Plan::new(definition, policy);
        for start in ledger.missing_hours(end, plan.windows(definition, end)) {
            let held = hours.get(&start).cloned();
            ledger.attach(&held.unwrap_or_else(|| Hour::unmeasured(start, width)));
        }
        let settings = EvaluationSettings::default();
        evaluate(definition, &plan, &ledger, &progress, end, &settings).expect("attached")
    }
}

/// A decimal as it is written, and as a fraction.
type Number = (&'static str, (i128, i128));

fn fraction((_, (numer, denom)): Number) -> Exact {
    Exact::new(numer, denom)
}

struct Maker(Random);

impl Maker {
    fn rule(&mut self) -> (BurnRule, Written) {
        let factors: [Number; 5] = [
            ("1", (1, 1)),
            ("2", (2, 1)),
            ("1.5", (3, 2)),
            ("5", (5, 1)),
            ("14.4", (72, 5)),
        ];
        let shares: [Number; 3] = [("0.02", (1, 50)), ("0.25", (1, 4)), ("0.5", (1, 2))];
        let factor = self.0.pick(&factors);
        let share = (self.0.below(3) == 0).then(|| self.0.pick(&shares));
        let (long, short) = self
            .0
            .pick(&[(1_800, 600), (1_200, 600), (3_600, 1_800), (600, 600)]);
        let levels = [
            BurnLevel::Warning,
            BurnLevel::Critical,
            BurnLevel::Emergency,
        ];
        let mut rule = BurnRule::new(
            self.0.pick(&levels),
            factor.0.parse().expect("a factor"),
            Span::seconds(long),
            Span::seconds(short),
        );
        rule.min_share = share.map(|share| share.0.parse().expect("a share"));
        let written = Written {
            factor: fraction(factor),
            share: share.map(fraction),
            long: long.into(),
            short: short.into(),
        };
        (rule, written)
    }

    /// A stretch of one temper: a hole, a hole in every so many, silence, health, exactly one in ten,
    /// chance.
    fn stretch(&mut self, n: u64) -> Slices {
        let (temper, every, one_in) = (
            self.0.below(7),
            self.0.below(5) + 2,
            self.0.pick(&[1, 2, 4, 10, 40]),
        );
        let mut slice = |number: u64| match temper {
            0 => None,
            1 if number.is_multiple_of(every) => None,
            2 => Some((0, 0)),
            3 => Some((1, 10)),
            4 => Some((0, 7)),
            _ => {
                let total = self.0.below(10);
                let bad = (0..total).filter(|_| self.0.below(one_in) == 0);
                Some((i128::try_from(bad.count()).expect("small"), total.into()))
            }
        };
        (0..n).map(&mut slice).collect()
    }

    fn judge(&mut self, method: Method) -> (Judge, Vec<(BurnRule, Written)>) {
        let targets: [Number; 6] = [
            ("99.9", (1, 1_000)),
            ("99", (1, 100)),
            ("95", (1, 20)),
            ("90", (1, 10)),
            ("75", (1, 4)),
            ("50", (1, 2)),
        ];
        let levels: [(&str, (u32, u32)); 3] = [
            ("0.1", (1, 10)),
            ("0.01", (1, 100)),
            ("0.0001", (1, 10_000)),
        ];
        let target = self.0.pick(&targets);
        let significance = (self.0.below(3) == 0).then(|| self.0.pick(&levels));
        let width = SliceWidth::new(Span::seconds(self.0.pick(&[30, 60, 60, 300])));
        let period = Span::minutes(self.0.pick(&[30, 60, 90, 180]));
        let pace = self
            .0
            .pick(&[None, None, None, Some(Span::minutes(5))]);
        let rules: Vec<_> = (0..self.0.below(4))
            .map(|_| self.rule())
            .collect();
        let mut definition = Slo::builder("checkout", "availability")
            .target_percentage(target.0)
            .expect("a target")
            .rolling(period)
            .slice(width.expect("a width"))
            .budgeting_method(method.ours())
            .expected_interval(pace)
            .min_events(self.0.pick(&[0, 0, 0, 20, 200]))
            .min_bad(self.0.pick(&[1, 1, 3, 20]))
            .min_coverage_permille(
                self.0
                    .pick(&[None, None, Some(500), Some(1_000)]),
            )
            .significance_level(significance.map(|level| level.0.parse().expect("a level")))
            .definition()
            .expect("legal");
        // Rules that cannot stand are left out, and not judged.
        definition.burn_policy = PolicyChoice::Custom(
            rules
                .iter()
                .map(|(rule, _)| *rule)
                .collect(),
        );
        let mut slices = Slices::new();
        for _ in 0..=self.0.below(4) {
            let n = self.0.below(60);
            slices.extend(self.stretch(n));
        }
        let judge = Judge {
            method,
            definition,
            slices,
            budget: fraction(target),
            significance: significance.map(|level| level.1),
        };
        (judge, rules)
    }
}

/// Also says that every state, reason, verdict and level was reached, if that can be.
fn run(method: Method, cases: u64) {
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..cases {
        let random = Random(seed.wrapping_mul(6_151) + 77);
        let (judge, rules) = Maker(random).judge(method);
        let found = judge.engine();
        let mut verdicts = Vec::new();
        for outcome in &found.rules {
            let (_, written) = rules
                .iter()
                .find(|(rule, _)| *rule == outcome.rule)
                .expect("a rule that was written");
            let verdict = judge.verdict(written);
            assert_eq!(outcome.verdict, verdict, "case {seed}: {outcome:?}");
            verdicts.push(verdict);
        }
        let state = judge.state(&verdicts);
        assert_eq!((found.state, found.reason), state, "case {seed}: state");
        assert_eq!(found.burn_level, judge.level(), "case {seed}: level");
        let said = verdicts
            .iter()
            .map(|verdict| format!("{verdict:?}"))
            .chain([format!("{state:?}"), format!("level {}", found.burn_level)]);
        for said in said.collect::<BTreeSet<_>>() {
            *reached.entry(said).or_default() += 1;
        }
    }
    // Five verdicts, five states and four reasons, four levels. A slice counts as an event of a
    // slice-counting method, so silence has none there either.
    assert_eq!(reached.len(), 5 + 5 + 4 + 4, "{reached:?}");
    assert!(
        reached
            .values()
            .all(|times| *times >= 50),
        "{reached:?}"
    );
}

#[test]
fn a_hundred_thousand_slos_of_events_are_judged_as_fractions_judge_them() {
    run(Method::Occurrences, 100_000);
}

#[test]
fn a_hundred_thousand_slos_of_timeslices_are_judged_as_fractions_judge_them() {
    for (percent, cases) in [(100, 40_000), (95, 20_000), (75, 40_000)] {
        run(Method::Timeslices(percent), cases);
    }
}

#[test]
fn a_hundred_thousand_slos_of_shares_are_judged_as_fractions_judge_them() {
    run(Method::RatioTimeslices, 100_000);
}
