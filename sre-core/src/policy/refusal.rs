//! Why a rule cannot stand, and what to think of one that can, each with the arithmetic.

use super::{BurnRule, Ground};
use crate::target::Factor;
use crate::time::{DAY, Span};

impl Ground {
    /// Why a rule cannot stand here, with the arithmetic; `None` when it can.
    #[must_use]
    pub fn refusal(&self, rule: &BurnRule) -> Option<String> {
        self.unreachable(rule)
            .or_else(|| self.on_track(rule))
            .or_else(|| self.windows_refusal(rule))
            .or_else(|| self.uneven(rule))
    }

    /// What is odd about a rule that stands: the budget is gone before it fires. `None` for most.
    #[must_use]
    pub fn warning(&self, rule: &BurnRule) -> Option<String> {
        let (numerator, denominator) = rule
            .line(self.target, self.window)
            .lost();
        // factor × budget × long ≥ budget × window
        let all = u128::from(self.target.budget_ppb()) * u128::from(self.window.as_seconds());
        (numerator >= denominator.saturating_mul(all)).then(|| {
            format!(
                "the budget is gone before it fires: {} times too fast for {} is {} % of what {} \
                 allows",
                rule.factor,
                rule.long,
                shown(rule.share_of_budget(self.window) * 100.0),
                self.window
            )
        })
    }

    /// A total outage burns `1 / (1 − T)` times too fast, and no faster.
    fn unreachable(&self, rule: &BurnRule) -> Option<String> {
        let budget = f64::from(self.target.budget_ppb()) / 1e9;
        if rule
            .factor
            .is_unreachable_for(self.target)
        {
            let (largest, factor) = (budget.recip(), rule.factor);
            let above = 100.0 - 100.0 / factor.as_f64();
            return Some(format!(
                "can never fire: at {} % even a total outage burns only {} times too fast, and the \
                 factor is {factor}; it works at targets above {} %",
                self.target,
                shown(largest),
                shown(above)
            ));
        }
        let share = rule.min_share?;
        rule.line(self.target, self.window)
            .is_unreachable()
            .then(|| {
                let most = self.part(rule.long) / budget;
                format!(
                    "can never fire: at {} % and even traffic a total outage of {} spends only {} of \
                     the budget, and the share is {share}",
                    self.target,
                    rule.long,
                    shown(most)
                )
            })
    }

    /// A factor below 1 alerts on a service whose budget will last.
    fn on_track(&self, rule: &BurnRule) -> Option<String> {
        if rule.factor >= Factor::ONE {
            return None;
        }
        let least = format!(
            "a factor of {} would alert on a service that is on track; the smallest useful share of \
             the budget over {} is {} % ({} ÷ {}), a factor of 1",
            rule.factor,
            rule.long,
            shown(self.part(rule.long) * 100.0),
            rule.long,
            self.window,
        );
        // What it was on 30 days, on windows that scale in its place; more than 1 on shorter ones alone.
        let (window, month) = (self.window.as_seconds(), 30 * DAY);
        let scaled = rule
            .factor
            .scaled(month, window)
            .filter(|factor| *factor >= Factor::ONE);
        let brought = |span: Span| {
            let seconds = u64::from(span.as_seconds()) * u64::from(window) / u64::from(month);
            Span::seconds(u32::try_from(seconds).unwrap_or(u32::MAX))
        };
        Some(match scaled {
            Some(factor) => format!(
                "{least}; or scale the windows: {factor} on {} and {}",
                brought(rule.long),
                brought(rule.short)
            ),
            None => least,
        })
    }

    fn windows_refusal(&self, rule: &BurnRule) -> Option<String> {
        let smallest = self.smallest_window();
        if rule.long < smallest || rule.short < smallest {
            Some(format!(
                "a window must hold two slices and two measurements, here at least {smallest}"
            ))
        } else if rule.short > rule.long {
            Some(format!(
                "the short window {} is longer than the long {}",
                rule.short, rule.long
            ))
        } else if rule.long > self.window {
            Some(format!(
                "the long window {} is longer than the SLO's {}",
                rule.long, self.window
            ))
        } else {
            None
        }
    }

    /// Windows are sums of whole slices.
    fn uneven(&self, rule: &BurnRule) -> Option<String> {
        let (width, slice) = (self.width, self.width.span().as_seconds());
        let is_uneven = |window: &Span| {
            !window
                .as_seconds()
                .is_multiple_of(slice)
        };
        [rule.long, rule.short]
            .into_iter()
            .find(is_uneven)
            .map(|window| format!("its window {window} is not a whole number of slices of {width}"))
    }

    /// Which part of the SLO's window another is.
    fn part(&self, window: Span) -> f64 {
        f64::from(window.as_seconds()) / f64::from(self.window.as_seconds())
    }
}

/// A figure of a sentence: four decimals at most.
fn shown(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
