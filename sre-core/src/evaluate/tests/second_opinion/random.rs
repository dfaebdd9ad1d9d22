//! Random SLOs with random pasts.

use super::*;
use crate::window::{CalendarUnit, CalendarWindow};

/// A cheap generator; the seed is the case.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }

    fn definition(&mut self) -> Definition {
        let rolling = [30, 60, 90, 180, 360].map(|minutes| Window::Rolling(Span::minutes(minutes)));
        let zones = [
            "UTC",
            "America/New_York",
            "America/St_Johns",
            "Europe/Zurich",
            "Pacific/Marquesas",
        ];
        let window = if self.below(4) == 0 {
            let zone = self
                .pick(&zones)
                .parse()
                .expect("a zone");
            Window::Calendar(CalendarWindow::new(CalendarUnit::Day).in_zone(zone))
        } else {
            self.pick(&rolling)
        };
        let slice = SliceWidth::new(Span::seconds(self.pick(&[30, 60, 60, 300]))).expect("a width");
        let windows: [(u32, u32); 4] = [(30, 10), (20, 10), (60, 30), (10, 10)];
        let levels = [
            BurnLevel::Warning,
            BurnLevel::Critical,
            BurnLevel::Emergency,
        ];
        let rules: Vec<BurnRule> = (0..self.below(4))
            .map(|_| {
                let (long, short) = self.pick(&windows);
                let factor = self.pick(&[1, 2, 5, 10]);
                rule(self.pick(&levels), factor, long, short)
            })
            .collect();
        let methods = [
            BudgetingMethod::Occurrences,
            BudgetingMethod::Occurrences,
            timeslices(),
            BudgetingMethod::RatioTimeslices,
        ];
        Definition {
            target: self
                .pick(&["90", "95", "99", "99.9", "50"])
                .parse()
                .expect("a target"),
            window,
            method: self.pick(&methods),
            slice,
            expected_interval: self.pick(&[None, None, None, Some(Span::minutes(5))]),
            min_events: self.pick(&[0, 0, 0, 50, 2_000]),
            min_bad: self.pick(&[0, 1, 3, 3, 20]),
            min_coverage_permille: self.pick(&[None, None, Some(500), Some(1_000)]),
            ..with_rules(&rules)
        }
    }

    /// A stretch of slices of one temper: holes, silence, health, errors on and around the line.
    fn slices(&mut self, definition: &Definition, n: u64) -> Slices {
        let ppb = u64::from(definition.target.budget_ppb());
        let (temper, every) = (self.below(6), self.below(6) + 1);
        let slice = |n: u64, random: &mut Self| match temper {
            0 => None,
            1 if !n.is_multiple_of(every) => None,
            2 => Some((0, 0)),
            // Exactly on the line, or a little beside it.
            3 => Some((ppb / 1_000 + u64::from(every == 1), 1_000_000)),
            4 => Some((random.below(20) * ppb / 1_000, 10_000_000)),
            5 if random.below(3) == 0 => None,
            _ => {
                let total = random.below(50) * 1_000_000;
                Some((
                    random.below(total + 1).min(total) / (random.below(40) + 1),
                    total,
                ))
            }
        };
        (0..n).map(|n| slice(n, self)).collect()
    }

    pub(super) fn case(&mut self) -> Case {
        let definition = self.definition();
        let mut slices = Slices::new();
        for _ in 0..=self.below(5) {
            let n = self.below(80);
            slices.extend(self.slices(&definition, n));
        }
        if definition.method != BudgetingMethod::Occurrences {
            let is_share = definition.method == BudgetingMethod::RatioTimeslices;
            let vote = |(bad, total): (u64, u64)| match total {
                0 => (0, 0),
                _ if is_share => {
                    let share = u128::from(bad) * 1_000_000_000_000;
                    let share = share.div_ceil(u128::from(total));
                    (
                        u64::try_from(share).expect("at most one"),
                        1_000_000_000_000,
                    )
                }
                _ => (u64::from(bad > 0) * 1_000_000, 1_000_000),
            };
            slices = slices
                .into_iter()
                .map(|slice| slice.map(vote))
                .collect();
        }
        // Also before the nights in which New York, St. John's and Zurich move their clocks.
        let start = match definition.window {
            Window::Rolling(_) => START,
            Window::Calendar(_) => self.pick(&[
                START,
                1_774_735_200,
                1_792_875_600,
                1_793_484_000,
                1_772_942_400,
            ]),
        };
        Case {
            definition,
            start,
            slices,
        }
    }
}
