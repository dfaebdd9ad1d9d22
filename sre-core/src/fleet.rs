//! Many SLOs side by side: which of a million burn, in about the time that reading them takes.
//!
//! One SLO is asked of its [`Ledger`](crate::ledger::Ledger). Who holds very many in one process, one
//! for each customer, say, and asks all of them the same question, waits for memory: each ledger is a
//! place of its own. A fleet holds what ledgers say in columns, one for each window, so that a question
//! reads nothing but the numbers that it is about, in their order.
//!
//! It answers what burns, exactly. What pages is said by [`evaluate`](mod@crate::evaluate), which also
//! knows coverage and evidence; a fleet finds the few that are worth evaluating, or how many a factor
//! would catch before it is set.

use crate::slice::Sums;
use crate::target::{Factor, Target};
use crate::time::Span;

/// The sums of many SLOs over the same windows.
///
/// ```
/// use sre_core::count::Counts;
/// use sre_core::fleet::Fleet;
/// use sre_core::slice::Sums;
/// use sre_core::target::Factor;
/// use sre_core::time::Span;
///
/// let hour = Span::hours(1);
/// let mut fleet = Fleet::new(vec![hour]);
/// for bad in 0..100 {
///     let counts = Counts::events(10_000 - bad, 10_000)?;
///     fleet.push("99.9".parse()?, &[Sums { counts, measured: 60 }]);
/// }
/// // Above five times the sustainable pace are those with more than 50 bad of 10 000.
/// let burning: Vec<usize> = fleet.burning(hour, Factor::whole(5)).collect();
/// assert_eq!(burning, (51..100).collect::<Vec<_>>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    columns: Vec<Column>,
    /// Of each SLO, in parts per billion.
    budgets: Vec<u32>,
}

/// One window of every SLO, in millionths.
#[derive(Clone, Debug)]
struct Column {
    window: Span,
    bad: Vec<u64>,
    total: Vec<u64>,
}

impl Fleet {
    /// No SLO yet, over these windows.
    #[must_use]
    pub fn new(windows: Vec<Span>) -> Self {
        let column = |window| Column {
            window,
            bad: Vec::new(),
            total: Vec::new(),
        };
        Self {
            columns: windows
                .into_iter()
                .map(column)
                .collect(),
            budgets: Vec::new(),
        }
    }

    /// Adds an SLO with its sums, in the order of the windows, as
    /// [`Ending::windows`](crate::ledger::Ending::windows) writes them; windows without a sum are
    /// empty. Answers its number: they count from 0.
    pub fn push(&mut self, target: Target, sums: &[Sums]) -> usize {
        let number = self.budgets.len();
        self.budgets.push(target.budget_ppb());
        for column in &mut self.columns {
            column.bad.push(0);
            column.total.push(0);
        }
        self.set(number, sums);
        number
    }

    /// Replaces the sums of an SLO, once another of its slices has closed. Does nothing for a number
    /// that was not given.
    pub fn set(&mut self, number: usize, sums: &[Sums]) {
        for (column, sum) in self.columns.iter_mut().zip(sums) {
            let held = column.bad.get_mut(number);
            if let Some((bad, total)) = held.zip(column.total.get_mut(number)) {
                *bad = sum.counts.bad().millionths();
                *total = sum.counts.total().millionths();
            }
        }
    }

    /// How many SLOs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.budgets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty()
    }

    /// The numbers, ascending, of those whose burn over `window` lies strictly above `factor`; an SLO
    /// without an event does not burn. None for a window that the fleet was not made with.
    pub fn burning(&self, window: Span, factor: Factor) -> impl Iterator<Item = usize> + '_ {
        let sieve = Sieve::new(factor);
        let column = self
            .columns
            .iter()
            .find(|column| column.window == window);
        let (bad, total) = column.map_or((&[][..], &[][..]), |column| {
            (&column.bad[..], &column.total[..])
        });
        bad.iter()
            .zip(total)
            .zip(&self.budgets)
            .enumerate()
            .filter(move |(_, ((bad, total), ppb))| sieve.is_exceeded_by(**bad, **total, **ppb))
            .map(|(number, _)| number)
    }
}

/// A factor, ready to be compared with many burns.
///
/// A burn lies above it where `bad > total × ppb × factor ÷ 10⁹`. The right side rounded down is one
/// product with a rate that is worked out once, and most have no more bad than that; the few that have
/// are compared exactly.
#[derive(Clone, Copy, Debug)]
struct Sieve {
    factor: Factor,
    /// `factor ÷ 10⁹` in parts of 2⁶⁴, rounded down.
    rate: u64,
    /// Of larger budgets, in parts per billion, not even a total failure burns faster than the factor:
    /// times the rate they are the whole or more.
    widest: u32,
}

impl Sieve {
    fn new(factor: Factor) -> Self {
        let rate = factor.per_billion_of_budget();
        let widest = u64::MAX / rate.max(1);
        Self {
            factor,
            rate,
            widest: u32::try_from(widest).unwrap_or(u32::MAX),
        }
    }

    /// [`Factor::is_exceeded_by`] of millionths of which `bad` are not more than `total`.
    #[inline]
    fn is_exceeded_by(self, bad: u64, total: u64, ppb: u32) -> bool {
        // Wraps for budgets beyond the widest alone.
        let share = u64::from(ppb).wrapping_mul(self.rate);
        let line = (u128::from(total) * u128::from(share)) >> 64;
        u128::from(bad) > line && ppb <= self.widest && self.factor.is_exceeded(bad, total, ppb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::{Count, Counts};

    /// Every answer is that of [`Factor::is_exceeded_by`], one by one.
    #[test]
    fn a_fleet_burns_as_each_of_its_slos_does() {
        let (hour, day) = (Span::hours(1), Span::days(1));
        let edges = [0, 1, 10, 11, 999, 1_000, u64::MAX];
        let targets = ["50", "99", "99.9", "99.999999"];
        let mut fleet = Fleet::new(vec![hour, day]);
        let mut held = Vec::new();
        for (bad, total) in edges
            .iter()
            .flat_map(|bad| edges.map(|total| (*bad, total)))
            .filter(|(bad, total)| bad <= total)
        {
            for target in targets {
                let target: Target = target.parse().expect("a target");
                let count = Count::from_millionths;
                let counts = Counts::with_bad(count(bad), count(total)).expect("legal");
                let sums = Sums {
                    counts,
                    measured: 1,
                };
                let number = fleet.push(target, &[Sums::default(), Sums::default()]);
                fleet.set(number, &[Sums::default(), sums]);
                held.push((counts, target));
            }
        }
        assert_eq!(fleet.len(), held.len());
        for factor in ["0.000001", "0.5", "1", "10", "14.4", "1000", "999999999"] {
            let factor: Factor = factor.parse().expect("a factor");
            let one_by_one: Vec<usize> = (0..)
                .zip(&held)
                .filter(|(_, (counts, target))| factor.is_exceeded_by(*counts, *target))
                .map(|(number, _)| number)
                .collect();
            assert!(
                fleet
                    .burning(day, factor)
                    .eq(one_by_one.iter().copied())
            );
            assert_eq!(fleet.burning(hour, factor).next(), None);
            assert_eq!(
                fleet
                    .burning(Span::SECOND, factor)
                    .next(),
                None
            );
        }
    }
}
