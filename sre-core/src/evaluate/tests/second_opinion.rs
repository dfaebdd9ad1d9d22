//! An evaluation against a slow, independent one: plain sums over a map and exact rationals.

use self::random::Random;
use super::*;
use crate::evaluation::InsufficientReason as Reason;

mod random;

/// What is compared; everything else of an evaluation is copied or derived from it.
#[derive(Debug, Eq, PartialEq)]
struct Opinion {
    counts: (u64, u64),
    coverage: (u32, u32),
    state: SloState,
    reason: Option<Reason>,
    verdicts: Vec<RuleVerdict>,
    budget: BudgetVerdict,
    is_stale: bool,
}

/// Slices by number: bad and total millionths, where measured.
type Slices = Vec<Option<(u64, u64)>>;

/// Everything that a case asks.
struct Case {
    definition: Definition,
    /// The second at which the first slice begins, on the hour.
    start: i64,
    slices: Slices,
}

/// The SLO's own window in seconds: how much of it has passed, and all of it.
#[derive(Clone, Copy)]
struct Own {
    passed: i64,
    whole: i64,
}

impl Case {
    fn width(&self) -> i64 {
        self.definition
            .slice
            .span()
            .as_secs_i64()
    }

    /// The counts of one event or slice: shares of slices are held to 10⁻¹².
    fn unit(&self) -> u64 {
        match self.definition.method {
            BudgetingMethod::RatioTimeslices => 1_000_000_000_000,
            _ => 1_000_000,
        }
    }

    /// The window, looked for by stepping from the last slice until the date changes. A quarter of an
    /// hour is the finest that clocks are moved by.
    fn own(&self) -> Own {
        let window = match self.definition.window {
            Window::Rolling(span) => {
                let passed = span.as_secs_i64();
                return Own {
                    passed,
                    whole: passed,
                };
            }
            Window::Calendar(window) => window,
        };
        let zone: chrono_tz::Tz = window
            .zone()
            .name()
            .parse()
            .expect("a zone");
        let date = |second| {
            at_second(second)
                .with_timezone(&zone)
                .date_naive()
        };
        let count = i64::try_from(self.slices.len()).expect("small");
        let end = self.start + count * self.width();
        let last = (end - 1).div_euclid(900) * 900;
        let (mut first, mut after) = (last, last);
        while date(first - 900) == date(last) {
            first -= 900;
        }
        while date(after) == date(last) {
            after += 900;
        }
        Own {
            passed: end - first,
            whole: after - first,
        }
    }

    /// Whether `bad / total` lies above `ppb × factor / 10⁹`, where `factor = num / den`.
    fn is_above(&self, (bad, total): (u64, u64), num: u64, den: u64) -> bool {
        self.is_wide_above((bad.into(), total.into()), num, den)
    }

    fn is_wide_above(&self, (bad, total): (i128, i128), num: u64, den: u64) -> bool {
        let ppb = i128::from(self.definition.target.budget_ppb());
        let lhs = bad * 1_000_000_000 * i128::from(den);
        total > 0 && lhs > ppb * i128::from(num) * total
    }

    fn last(&self, seconds: i64) -> impl Iterator<Item = Option<(u64, u64)>> + '_ {
        let slices = usize::try_from(seconds / self.width()).expect("small");
        self.slices[self.slices.len().saturating_sub(slices)..]
            .iter()
            .copied()
    }

    fn sum(&self, seconds: i64) -> (u64, u64) {
        self.last(seconds)
            .flatten()
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// The median of the last twenty distances between measured slices, the lower of two.
    fn expected(&self) -> Option<i64> {
        if let Some(declared) = self.definition.expected_interval {
            return Some(declared.as_secs_i64());
        }
        let at: Vec<i64> = (0_i64..)
            .zip(&self.slices)
            .filter(|(_, s)| s.is_some())
            .map(|(n, _)| n)
            .collect();
        let mut gaps: Vec<i64> = at
            .windows(2)
            .map(|two| (two[1] - two[0]) * self.width())
            .collect();
        gaps.drain(..gaps.len().saturating_sub(20));
        gaps.sort_unstable();
        if gaps.len() < 2 {
            None
        } else {
            gaps.get((gaps.len() - 1) / 2).copied()
        }
    }

    fn coverage(&self, seconds: i64) -> (u32, u32) {
        let Some(first) = self
            .slices
            .iter()
            .position(Option::is_some)
        else {
            return (0, 0);
        };
        let age = i64::try_from(self.slices.len() - first).expect("small") * self.width();
        let pace = self
            .expected()
            .unwrap_or(0)
            .max(self.width());
        let expected = (age.min(seconds) / pace).max(1);
        let measured = i64::try_from(self.last(seconds).flatten().count()).expect("small");
        let small = |n: i64| u32::try_from(n).expect("small");
        (small(measured.min(expected)), small(expected))
    }

    fn is_covered(&self, seconds: i64) -> bool {
        let (measured, expected) = self.coverage(seconds);
        let permille = i64::from(
            self.definition
                .min_coverage_permille
                .unwrap_or(800),
        );
        expected > 0 && i64::from(measured) * 1_000 >= permille * i64::from(expected)
    }

    fn age(&self) -> i64 {
        let first = self
            .slices
            .iter()
            .position(Option::is_some)
            .unwrap_or(self.slices.len());
        i64::try_from(self.slices.len() - first).expect("small") * self.width()
    }

    fn is_stale(&self) -> bool {
        let (Some(last), Some(expected)) = (
            self.slices
                .iter()
                .rposition(Option::is_some),
            self.expected(),
        ) else {
            return false;
        };
        let silent = i64::try_from(self.slices.len() - 1 - last).expect("small") * self.width();
        silent >= 3 * expected.max(self.width())
    }

    fn verdict(&self, rule: &BurnRule) -> RuleVerdict {
        let (long, short) = (rule.long.as_secs_i64(), rule.short.as_secs_i64());
        let (num, den) = (rule.factor.numerator(), rule.factor.denominator());
        let slices = u64::try_from(long / self.width()).expect("positive");
        let needed = match self.definition.method {
            BudgetingMethod::Occurrences => self.definition.min_bad,
            _ => self.definition.min_bad.min(slices),
        };
        let is_clean =
            |window| self.is_covered(window) && !self.is_above(self.sum(window), num, den);
        if self.age() < short {
            RuleVerdict::Held
        } else if is_clean(long) || is_clean(short) {
            RuleVerdict::Quiet
        } else if !self.is_covered(long) || !self.is_covered(short) {
            RuleVerdict::Held
        } else if self.bad_units(long) < needed {
            RuleVerdict::TooFewBad
        } else {
            RuleVerdict::Firing
        }
    }

    /// How many events or slices were bad in a window; of shares, how many slices were bad at all.
    fn bad_units(&self, seconds: i64) -> u64 {
        match self.definition.method {
            BudgetingMethod::RatioTimeslices => {
                let bad = self
                    .last(seconds)
                    .flatten()
                    .filter(|one| one.0 > 0);
                u64::try_from(bad.count()).expect("small")
            }
            _ => self.sum(seconds).0 / self.unit(),
        }
    }

    fn state(&self, verdicts: &[RuleVerdict]) -> (SloState, Option<Reason>) {
        let Own {
            passed: window,
            whole,
        } = self.own();
        let (bad, total) = self.sum(window);
        let all = u64::try_from(whole / self.width()).expect("positive") * self.unit();
        let counts_slices = self.definition.method != BudgetingMethod::Occurrences;
        let insufficient = |reason| (SloState::InsufficientData, Some(reason));
        if self.slices.iter().all(Option::is_none) {
            (SloState::Waiting, None)
        } else if self.last(window).flatten().count() == 0 {
            (SloState::NoData, None)
        } else if counts_slices && self.is_above((bad, all), 1, 1) {
            (SloState::Violated, None)
        } else if self.is_stale() {
            insufficient(Reason::Stale)
        } else if !self.is_covered(window) {
            insufficient(Reason::Coverage)
        } else if total == 0 {
            insufficient(Reason::NoTraffic)
        } else if total < self.definition.min_events * self.unit() {
            insufficient(Reason::Events)
        } else if self.is_above((bad, total), 1, 1) {
            (SloState::Violated, None)
        } else if verdicts.contains(&RuleVerdict::Firing) || self.is_above((bad, total), 9, 10) {
            (SloState::AtRisk, None)
        } else {
            (SloState::Met, None)
        }
    }

    /// A young window's total is scaled to the whole of it: `bad × filled` against `total × window`.
    fn budget(&self, state: SloState) -> BudgetVerdict {
        let Own {
            passed,
            whole: window,
        } = self.own();
        let filled = self.age().min(passed);
        let (bad, total) = self.sum(passed);
        let scale = |n: u64, by: i64| i128::from(n) * i128::from(by);
        let counts = if filled * 4 < window {
            (scale(bad, filled), scale(total, window))
        } else {
            (scale(bad, 1), scale(total, 1))
        };
        match state {
            SloState::Waiting | SloState::NoData | SloState::InsufficientData => {
                BudgetVerdict::Fine
            }
            _ if self.is_wide_above(counts, 1, 1) => BudgetVerdict::Missed,
            _ if self.is_wide_above(counts, 9, 10) => BudgetVerdict::AtRisk,
            _ => BudgetVerdict::Fine,
        }
    }

    fn opinion(&self, rules: &[BurnRule]) -> Opinion {
        let window = self.own().passed;
        let verdicts: Vec<RuleVerdict> = rules
            .iter()
            .map(|rule| self.verdict(rule))
            .collect();
        let (state, reason) = self.state(&verdicts);
        Opinion {
            counts: self.sum(window),
            coverage: self.coverage(window),
            state,
            reason,
            budget: self.budget(state),
            verdicts,
            is_stale: self.is_stale(),
        }
    }
}

/// What the code under test says.
fn evaluated(case: &Case) -> (Opinion, Vec<BurnRule>) {
    let mut history = History::since(case.start, case.definition.clone());
    let count = Count::from_millionths;
    for slice in &case.slices {
        history.push(slice.map_or(Slice::Unmeasured, |(bad, total)| {
            let counts = crate::count::Counts::with_bad(count(bad), count(total));
            Slice::Measured(counts.expect("legal"))
        }));
    }
    let found = history.evaluate();
    let own = found
        .windows
        .last()
        .expect("its own window");
    let opinion = Opinion {
        counts: (
            own.counts.bad().millionths(),
            own.counts.total().millionths(),
        ),
        coverage: (found.coverage.measured, found.coverage.expected),
        state: found.state,
        reason: found.reason,
        verdicts: found
            .rules
            .iter()
            .map(|outcome| outcome.verdict)
            .collect(),
        budget: found.budget_verdict,
        is_stale: found.is_stale,
    };
    (
        opinion,
        found
            .rules
            .iter()
            .map(|outcome| outcome.rule)
            .collect(),
    )
}

/// Also says that the cases reach every state, reason and verdict.
#[test]
fn twenty_thousand_random_slos_are_judged_as_plain_sums_judge_them() {
    let mut reached: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..20_000 {
        let case = Random(seed * 7_919 + 1).case();
        let (found, rules) = evaluated(&case);
        assert_eq!(found, case.opinion(&rules), "case {seed}");
        *reached
            .entry(format!("{} {:?}", found.state, found.reason))
            .or_default() += 1;
        for verdict in &found.verdicts {
            *reached
                .entry(format!("{verdict:?}"))
                .or_default() += 1;
        }
        *reached
            .entry(format!("budget {:?}", found.budget))
            .or_default() += 1;
    }
    assert_eq!(reached.len(), 9 + 4 + 3, "{reached:?}");
    assert!(
        reached
            .values()
            .all(|times| *times >= 20),
        "{reached:?}"
    );
}
