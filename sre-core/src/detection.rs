//! How long until this pages? Detection and reset of burn rules in closed form.
//!
//! The fluid model of the SRE Workbook, chapter 5: traffic is even, and the error ratio steps from a
//! baseline `e₀` to `e` at an instant. The mean over a window `w` then rises along a straight line,
//! `e₀ + (e − e₀) t ÷ w`, and crosses the rule's line `θ` after
//!
//! ```text
//! T = w (θ − e₀) ÷ (e − e₀)        if e > θ ≥ e₀, never otherwise (at once if e₀ > θ)
//! R = w_s − T w_s ÷ w              the short window is clean again so long after the end
//! ```
//!
//! Everything is a fraction of integers; floats appear when it is shown. What is evaluated in steps
//! fires at the first step after `T` ([`Seconds::step_above`]).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::count::{Count, Grain};
use crate::decimal::Decimal;
use crate::evidence::SignificanceLevel;
use crate::policy::{BurnRule, Line};
use crate::slo::Definition;
use crate::target::{Target, write_decimal};
use crate::time::Span;

mod answer;
mod flapping;

pub use self::answer::{PolicyDetection, RuleDetection, detect};
pub use self::flapping::Flapping;

/// The share of bad events, `0 ≤ e ≤ 1`, in parts per billion.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct ErrorRatio(u32);

/// Why a text is not an error ratio.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an error ratio is a decimal from 0 to 1 with at most 9 decimals, such as 0.05")]
pub struct ParseErrorRatioError;

/// The error ratio steps from a baseline to another.
///
/// ```
/// use sre_core::detection::Outage;
/// use sre_core::policy::{BurnLevel, BurnRule};
/// use sre_core::time::Span;
///
/// let (hour, minutes, month) = (Span::hours(1), Span::minutes(5), Span::days(30));
/// let rule = BurnRule::new(BurnLevel::Emergency, "14.4".parse()?, hour, minutes);
/// let line = rule.line("99.9".parse()?, month);
/// let detected = Outage::TOTAL.crosses(&line, hour).ok_or("never")?;
/// assert_eq!(detected.as_f64(), 51.84);
/// assert_eq!(Outage::TOTAL.clears(&line, minutes).ok_or("never")?.as_f64(), 295.68);
/// assert_eq!(Outage::of("0.0144".parse()?).crosses(&line, hour), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outage {
    /// The share of bad events before.
    pub baseline: ErrorRatio,
    /// The share of bad events while it lasts.
    pub error_ratio: ErrorRatio,
}

/// A length of time, not negative: an exact fraction of a second.
#[derive(Clone, Copy)]
pub struct Seconds {
    numerator: u128,
    denominator: u128,
}

/// How much of what the budget counts there is: so many events, or slices, in so many seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Traffic {
    /// What was counted.
    pub total: Count,
    /// In how long.
    pub seconds: u32,
}

/// What guards the rules of an SLO, and the traffic that they see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Guards {
    /// So many bad events or slices at least.
    pub min_bad: u64,
    /// At most so probable by chance.
    pub significance_level: Option<SignificanceLevel>,
    /// How much there is to see.
    pub traffic: Traffic,
    /// Whether `min_bad` asks for slices that are bad at all, as it does of slices that are counted in
    /// shares.
    pub is_any_bad: bool,
}

impl ErrorRatio {
    /// Nothing is bad.
    pub const NONE: Self = Self(0);
    /// Everything is bad.
    pub const ALL: Self = Self(BILLION);

    /// The ratio of so many parts per billion; everything where it is more.
    #[must_use]
    pub const fn from_ppb(ppb: u32) -> Self {
        Self(if ppb > BILLION { BILLION } else { ppb })
    }

    /// The ratio in parts per billion.
    #[must_use]
    pub const fn ppb(self) -> u32 {
        self.0
    }

    /// The value as a float, for showing.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e9
    }
}

impl Outage {
    /// Everything fails where nothing did.
    pub const TOTAL: Self = Self::of(ErrorRatio::ALL);

    /// So many fail where nothing did.
    #[must_use]
    pub const fn of(error_ratio: ErrorRatio) -> Self {
        Self {
            baseline: ErrorRatio::NONE,
            error_ratio,
        }
    }

    /// When the mean over a window crosses the line, after the outage began; `None` where it never
    /// does, zero where it was across before.
    #[must_use]
    pub fn crosses(self, line: &Line, window: Span) -> Option<Seconds> {
        let [before, during] = [self.baseline, self.error_ratio].map(|ratio| u128::from(ratio.0));
        if line.is_crossed_by(before) {
            return Some(Seconds::ZERO);
        }
        if !line.is_crossed_by(during) {
            return None;
        }
        // (w × θ − w × e₀) ÷ (e − e₀) for the rule's own long window, and its part for another. The
        // line lies between both ratios, so no difference is negative: at a share's line itself they
        // may be equal, and all of the window is needed.
        let (lost, parts) = line.lost();
        let long = u128::from(line.window().as_seconds());
        let rise = during.saturating_sub(before);
        if rise == 0 {
            return Some(Seconds::ZERO);
        }
        let missing = lost.saturating_sub(before * long * parts);
        let own = Seconds::new(missing, parts * rise);
        Some(own.part(window, line.window()))
    }

    /// When the short window is clean again after the outage ended, if it lasted until it was
    /// detected; `None` where it never is detected, and where the baseline itself is across.
    #[must_use]
    pub fn clears(self, line: &Line, short: Span) -> Option<Seconds> {
        let before = u128::from(self.baseline.0);
        let rise = self
            .crosses(line, short)
            .filter(|_| !line.is_crossed_by(before))?;
        Some(rise.left_of(short))
    }

    /// How long the budget of a window lasts that was full, in an outage that goes on; `None` where
    /// nothing is bad.
    #[must_use]
    pub fn exhausts(self, target: Target, window: Span) -> Option<Seconds> {
        let seconds = u128::from(window.as_seconds()) * u128::from(target.budget_ppb());
        (self.error_ratio > ErrorRatio::NONE)
            .then(|| Seconds::new(seconds, u128::from(self.error_ratio.0)))
    }

    /// How long the guards wait for what they want to see bad before the rule may fire, after the
    /// outage began; `None` where that never happens.
    #[must_use]
    fn persuades(self, rule: &BurnRule, line: &Line, guards: &Guards) -> Option<Seconds> {
        let long = rule.long.as_seconds();
        let traffic = guards.traffic;
        let ratios = [self.baseline, self.error_ratio].map(|ratio| u128::from(ratio.0));
        // In even traffic a slice of an outage is bad at all, however little of it is.
        let seen = ratios.map(|ratio| match ratio {
            0 => 0,
            _ if guards.is_any_bad => u128::from(BILLION),
            _ => ratio,
        });
        let enough = traffic.shows(guards.min_bad, seen, long)?;
        let Some(level) = guards.significance_level else {
            return Some(enough);
        };
        let events = u128::from(traffic.total.millionths()) * u128::from(long)
            / u128::from(traffic.seconds.max(1))
            / 1_000_000;
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let significant = traffic.shows(level.bad_needed(events, line)?, ratios, long)?;
        Some(enough.max(significant))
    }
}

impl Traffic {
    /// When a window of `long` seconds has shown so many bad ones, after an outage that changes the bad
    /// share from the first ratio to the second; `None` where it never does.
    fn shows(self, needed: u64, [before, during]: [u128; 2], long: u32) -> Option<Seconds> {
        // needed ÷ rate: how many seconds of nothing but failures, then as for the line.
        let seconds = u128::from(needed)
            .checked_mul(1_000_000)?
            .checked_mul(u128::from(self.seconds))?
            .checked_mul(u128::from(BILLION))?;
        let total = u128::from(self.total.millionths());
        let already = before * u128::from(long);
        let missing = seconds.saturating_sub(already.checked_mul(total)?);
        if missing == 0 {
            return Some(Seconds::ZERO);
        }
        let rise = during.saturating_sub(before) * total;
        (rise > 0)
            .then(|| Seconds::new(missing, rise))
            .filter(|wait| *wait <= Seconds::new(u128::from(long), 1))
    }
}

impl Guards {
    /// The guards of an SLO for a rule over `long`: of slices no more are asked for than it holds.
    #[must_use]
    pub fn of(definition: &Definition, long: Span, traffic: Traffic) -> Self {
        let slices = u64::from(long.as_seconds() / definition.slice.span().as_seconds());
        let min_bad = if definition.method.counts_slices() {
            definition.min_bad.min(slices)
        } else {
            definition.min_bad
        };
        Self {
            min_bad,
            significance_level: definition.significance_level,
            traffic,
            is_any_bad: definition.method.grain() == Grain::Trillionths,
        }
    }
}

impl Seconds {
    /// At once.
    pub const ZERO: Self = Self::new(0, 1);

    /// The fraction; `denominator` is not zero.
    const fn new(numerator: u128, denominator: u128) -> Self {
        Self {
            numerator,
            denominator,
        }
    }

    /// A span as a fraction.
    #[must_use]
    pub const fn whole(span: Span) -> Self {
        Self::new(span.as_seconds() as u128, 1)
    }

    /// The value as a float, for showing.
    #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// The first step of this width that lies above: `(⌊T ÷ d⌋ + 1) × d` seconds. It is when a rule
    /// fires that is evaluated in steps, since its factor has to be exceeded.
    #[must_use]
    pub fn step_above(self, width: Span) -> u64 {
        let width = u64::from(width.as_seconds());
        let steps = self.whole_seconds() / width;
        steps
            .saturating_add(1)
            .saturating_mul(width)
    }

    /// The first step of this width that does not lie below: `⌈R ÷ d⌉ × d` seconds. It is when a rule
    /// is quiet again that is evaluated in steps.
    #[must_use]
    pub fn step_reached(self, width: Span) -> u64 {
        let width = u64::from(width.as_seconds());
        let whole = self.whole_seconds();
        let is_step = self
            .numerator
            .is_multiple_of(self.denominator)
            && whole.is_multiple_of(width);
        let steps = (whole / width).saturating_add(u64::from(!is_step));
        steps.saturating_mul(width)
    }

    fn whole_seconds(self) -> u64 {
        let whole = self
            .numerator
            .checked_div(self.denominator);
        u64::try_from(whole.unwrap_or_default()).unwrap_or(u64::MAX)
    }

    /// Its part of a shorter window. A fraction that a line makes has a numerator below 2⁹³ and a
    /// denominator below 2⁶⁴, and spans lie below 2²⁹.
    fn part(self, part: Span, of: Span) -> Self {
        Self::new(
            self.numerator
                .saturating_mul(u128::from(part.as_seconds())),
            self.denominator
                .saturating_mul(u128::from(of.as_seconds())),
        )
    }

    /// So much later.
    fn plus(self, span: Option<Span>) -> Self {
        let whole = span.map_or(0, |span| u128::from(span.as_seconds()));
        let later = whole.saturating_mul(self.denominator);
        Self::new(self.numerator.saturating_add(later), self.denominator)
    }

    /// What is left of a span; nothing where this is longer.
    fn left_of(self, span: Span) -> Self {
        let whole = u128::from(span.as_seconds()).saturating_mul(self.denominator);
        Self::new(whole.saturating_sub(self.numerator), self.denominator)
    }
}

/// By continued fractions, so that no product is needed.
impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (*self, *other);
        loop {
            let whole =
                (left.numerator / left.denominator).cmp(&(right.numerator / right.denominator));
            let rests = (
                left.numerator % left.denominator,
                right.numerator % right.denominator,
            );
            match (whole, rests) {
                (Ordering::Equal, (0, _) | (_, 0)) => return rests.0.cmp(&rests.1),
                // a/b < c/d exactly when d/c < b/a.
                (Ordering::Equal, (a, c)) => {
                    (left, right) = (
                        Self::new(right.denominator, c),
                        Self::new(left.denominator, a),
                    );
                }
                (unequal, _) => return unequal,
            }
        }
    }
}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Seconds {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Seconds {}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.as_f64())
    }
}

impl FromStr for ErrorRatio {
    type Err = ParseErrorRatioError;

    fn from_str(text: &str) -> Result<Self, ParseErrorRatioError> {
        Decimal::in_parts(text, 9)
            .filter(|ppb| *ppb <= BILLION)
            .map(Self)
            .ok_or(ParseErrorRatioError)
    }
}

impl fmt::Display for ErrorRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), u128::from(BILLION))
    }
}

impl fmt::Debug for ErrorRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Parts of the whole in which error ratios are held.
const BILLION: u32 = 1_000_000_000;

#[cfg(test)]
mod tests;
