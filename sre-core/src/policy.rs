//! Burn-rate rules: which pace of burning pages, which makes a ticket.
//!
//! One threshold on one window is either slow or noisy. A rule therefore asks two windows of the
//! same factor: the **long** one says that enough budget is gone to matter, the **short** one that
//! it still burns, so that the page ends minutes after the burning does (Google SRE Workbook,
//! chapter 5). What a rule means is its share of the budget at detection, `factor × long / window`;
//! windows or factors scale with the SLO's window so that the share stays.

use std::fmt;

use crate::slice::SliceWidth;
use crate::target::{Factor, Target};
use crate::time::{DAY, Span};

mod line;
mod refusal;
mod share;

pub use self::line::Line;
pub use self::share::{BudgetShare, ParseBudgetShareError, Spending};

/// How grave a pace of burning is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum BurnLevel {
    /// Slow enough.
    #[default]
    None,
    /// Makes a ticket.
    Warning,
    /// Pages.
    Critical,
    /// Pages at once.
    Emergency,
}

impl BurnLevel {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Warning, Self::Critical, Self::Emergency];

    /// The level as it stands in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Emergency => "emergency",
        }
    }

    /// Whether a rule of this level pages; a lower one makes a ticket.
    #[must_use]
    pub fn pages(self) -> bool {
        self >= Self::Critical
    }
}

impl fmt::Display for BurnLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Fires when the burn over both windows lies strictly above the factor, and, where the rule asks for
/// it, enough of the whole budget goes at that pace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct BurnRule {
    /// What the rule makes: a page (critical, emergency) or a ticket (warning).
    pub level: BurnLevel,
    /// The pace.
    pub factor: Factor,
    /// Whether enough is gone.
    pub long: Span,
    /// Whether it still burns.
    pub short: Span,
    /// The share of the SLO's whole budget that must be gone within the long window. The factor
    /// weighs bad events by the traffic of the window itself, this by that of the SLO's window: a
    /// night hour of little traffic burns fast and costs little.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub min_share: Option<BudgetShare>,
}

/// Which rules an SLO's owner chose.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum PolicyChoice {
    /// Emergency, critical and warning at the configured thresholds.
    #[default]
    Default,
    /// The Workbook's table: 14.4, 6, 3 and 1.
    GoogleSre,
    /// Written out.
    Custom(Vec<BurnRule>),
}

/// The factors of the default policy, for a window of 30 days; they increase strictly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BurnThresholds {
    warning: Factor,
    critical: Factor,
    emergency: Factor,
}

/// A rule that cannot stand, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The rule as it was meant.
    pub rule: BurnRule,
    /// Why, with the arithmetic.
    pub reason: String,
}

/// The rules that stand for one SLO, scaled to its window.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BurnPolicy {
    /// `default`, `google-sre` or `custom`.
    pub name: &'static str,
    /// What is judged at every slot.
    pub rules: Vec<BurnRule>,
    /// Rules of a preset that cannot stand here.
    pub left_out: Vec<LeftOut>,
}

impl BurnThresholds {
    /// Thresholds that increase strictly; `None` otherwise.
    #[must_use]
    pub fn new(warning: Factor, critical: Factor, emergency: Factor) -> Option<Self> {
        (warning < critical && critical < emergency).then_some(Self {
            warning,
            critical,
            emergency,
        })
    }

    /// The factor from which on the burn has the level; `None` for [`BurnLevel::None`].
    #[must_use]
    pub const fn factor(&self, level: BurnLevel) -> Option<Factor> {
        match level {
            BurnLevel::None => None,
            BurnLevel::Warning => Some(self.warning),
            BurnLevel::Critical => Some(self.critical),
            BurnLevel::Emergency => Some(self.emergency),
        }
    }

    /// The level that a burn has reached; equality has (status levels use `≥`, alerts `>`).
    ///
    /// ```
    /// use sre_core::count::Counts;
    /// use sre_core::policy::{BurnLevel, BurnThresholds};
    ///
    /// // 5 of 1000 bad at 99.9 % is five times the sustainable pace: a status counts from there on, an
    /// // alert only above.
    /// let level = BurnThresholds::default().level(Counts::events(995, 1_000)?, "99.9".parse()?);
    /// assert_eq!(level, BurnLevel::Critical);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn level(&self, counts: crate::count::Counts, target: Target) -> BurnLevel {
        [
            BurnLevel::Emergency,
            BurnLevel::Critical,
            BurnLevel::Warning,
        ]
        .into_iter()
        .find(|level| {
            self.factor(*level)
                .is_some_and(|factor| factor.is_reached_by(counts, target))
        })
        .unwrap_or_default()
    }
}

/// Warning 2, critical 5, emergency 10: the documented defaults.
impl Default for BurnThresholds {
    fn default() -> Self {
        Self {
            warning: Factor::whole(2),
            critical: Factor::whole(5),
            emergency: Factor::whole(10),
        }
    }
}

impl BurnRule {
    /// A rule of a factor alone.
    #[must_use]
    pub const fn new(level: BurnLevel, factor: Factor, long: Span, short: Span) -> Self {
        Self {
            level,
            factor,
            long,
            short,
            min_share: None,
        }
    }

    /// The error ratio at which the rule sits, on an SLO of this target and window.
    #[must_use]
    pub fn line(&self, target: Target, window: Span) -> Line {
        Line::of(self, target, window)
    }

    /// The share of the budget that is gone when the rule fires, `factor × long / window`, or the
    /// rule's least share where that is more, under even traffic; for showing.
    ///
    /// ```
    /// use sre_core::policy::{BurnLevel, BurnRule};
    /// use sre_core::time::Span;
    ///
    /// // The Workbook's page: 14.4 over an hour is 2 % of a budget of 30 days.
    /// let rule = BurnRule::new(
    ///     BurnLevel::Emergency,
    ///     "14.4".parse()?,
    ///     Span::hours(1),
    ///     Span::minutes(5),
    /// );
    /// assert!((rule.share_of_budget(Span::days(30)) - 0.02).abs() < 1e-12);
    /// # Ok::<(), sre_core::target::ParseFactorError>(())
    /// ```
    #[must_use]
    pub fn share_of_budget(&self, window: Span) -> f64 {
        let (long, window) = (self.long.as_seconds(), window.as_seconds());
        let by_factor = self.factor.as_f64() * f64::from(long) / f64::from(window);
        self.min_share
            .map_or(by_factor, |share| by_factor.max(share.as_f64()))
    }
}

/// What the rules have to stand on.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    /// The promise.
    pub target: Target,
    /// The SLO's window.
    pub window: Span,
    /// The length of its slices.
    pub width: SliceWidth,
    /// How often it is expected to be measured, where known.
    pub expected_interval: Option<Span>,
}

impl PolicyChoice {
    /// The name in the API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::GoogleSre => "google-sre",
            Self::Custom(_) => "custom",
        }
    }

    /// The rules that stand on this ground. Rules of a preset are scaled to the window and left out
    /// where they cannot stand; written ones stand as they are, see [`Ground::refusal`].
    ///
    /// ```
    /// use sre_core::policy::{BurnThresholds, Ground, PolicyChoice};
    /// use sre_core::slice::SliceWidth;
    /// use sre_core::time::Span;
    ///
    /// let ground = Ground {
    ///     target: "90".parse()?,
    ///     window: Span::days(30),
    ///     width: SliceWidth::MINUTE,
    ///     expected_interval: None,
    /// };
    /// // No service can fail 14.4 times as often as a tenth of the time.
    /// let policy = PolicyChoice::GoogleSre.resolve(&BurnThresholds::default(), &ground);
    /// let factors = |rules: Vec<sre_core::policy::BurnRule>| -> Vec<String> {
    ///     rules.iter().map(|rule| rule.factor.to_string()).collect()
    /// };
    /// assert_eq!(factors(policy.rules), ["6", "3", "1"]);
    /// let left_out = policy.left_out.into_iter().map(|left_out| left_out.rule).collect();
    /// assert_eq!(factors(left_out), ["14.4"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resolve(&self, thresholds: &BurnThresholds, ground: &Ground) -> BurnPolicy {
        let preset = match self {
            Self::Default => default_rules(thresholds),
            Self::GoogleSre => google_sre_rules(),
            Self::Custom(rules) => {
                let (rules, left_out) = ground.sift(rules.iter().map(|rule| Ok(*rule)));
                return BurnPolicy {
                    name: self.name(),
                    rules,
                    left_out,
                };
            }
        };
        let (rules, left_out) = ground.sift(
            preset
                .iter()
                .map(|rule| ground.scale(*rule)),
        );
        BurnPolicy {
            name: self.name(),
            rules,
            left_out,
        }
    }
}

impl Ground {
    /// Two slices and two measurements.
    pub(crate) fn smallest_window(&self) -> Span {
        let width = self.width.span();
        let expected = self.expected_interval.unwrap_or(width);
        Span::seconds(
            width
                .max(expected)
                .as_seconds()
                .saturating_mul(2),
        )
    }

    /// The rule brought from 30 days to this window so that its share of the budget stays: from 28
    /// days on by its factor, below by its windows. An error carries a rule that cannot be brought. Rules
    /// of presets look at three days of the thirty at most, so what does not fit a window was stretched.
    fn scale(&self, rule: BurnRule) -> Result<BurnRule, LeftOut> {
        let (window, month) = (self.window.as_seconds(), 30 * DAY);
        if window >= 28 * DAY {
            let factor = rule.factor.scaled(window, month);
            return factor
                .map(|factor| BurnRule { factor, ..rule })
                .ok_or_else(|| LeftOut {
                    rule,
                    reason: format!("its factor does not scale to a window of {}", self.window),
                });
        }
        let (long, is_stretched) = self.scaled_window(rule.long);
        let (short, _) = self.scaled_window(rule.short);
        let scaled = BurnRule {
            long,
            short,
            ..rule
        };
        if is_stretched {
            let finest = Self {
                width: SliceWidth::TEN_SECONDS,
                ..*self
            };
            let (_, is_stretched) = finest.scaled_window(rule.long);
            let way_out = if is_stretched {
                ""
            } else {
                "; finer slices bring it back"
            };
            return Err(LeftOut {
                rule: scaled,
                reason: format!(
                    "its long window of {} on 30d is too short to scale to {}: slices of {} need \
                     at least {}{way_out}",
                    rule.long,
                    self.window,
                    self.width,
                    self.smallest_window()
                ),
            });
        }
        Ok(scaled)
    }

    /// `window × SLO window / 30 d`, rounded up to whole slices and to the smallest window, and
    /// whether that made it more than 1.5 times as long.
    fn scaled_window(&self, window: Span) -> (Span, bool) {
        let exact = u64::from(window.as_seconds()) * u64::from(self.window.as_seconds());
        let month = u64::from(30 * DAY);
        let slice = u64::from(self.width.span().as_seconds());
        let whole = exact.div_ceil(month).div_ceil(slice) * slice;
        let seconds = whole.max(u64::from(self.smallest_window().as_seconds()));
        let is_stretched = seconds * month * 2 > exact * 3;
        (
            Span::seconds(u32::try_from(seconds).unwrap_or(u32::MAX)),
            is_stretched,
        )
    }

    fn sift(
        &self,
        rules: impl Iterator<Item = Result<BurnRule, LeftOut>>,
    ) -> (Vec<BurnRule>, Vec<LeftOut>) {
        let (mut standing, mut left_out) = (Vec::new(), Vec::new());
        for rule in rules {
            match rule {
                Ok(rule) => match self.refusal(&rule) {
                    None => standing.push(rule),
                    Some(reason) => left_out.push(LeftOut { rule, reason }),
                },
                Err(unscaled) => left_out.push(unscaled),
            }
        }
        (standing, left_out)
    }
}

/// Emergency on 1h/5m, critical on 6h/30m, warning on 24h/2h.
fn default_rules(thresholds: &BurnThresholds) -> Vec<BurnRule> {
    let rule = BurnRule::new;
    vec![
        rule(
            BurnLevel::Emergency,
            thresholds.emergency,
            Span::hours(1),
            Span::minutes(5),
        ),
        rule(
            BurnLevel::Critical,
            thresholds.critical,
            Span::hours(6),
            Span::minutes(30),
        ),
        rule(
            BurnLevel::Warning,
            thresholds.warning,
            Span::hours(24),
            Span::hours(2),
        ),
    ]
}

/// 14.4 on 1h/5m and 6 on 6h/30m page; 3 on 24h/2h and 1 on 3d/6h make the ticket (SRE Workbook;
/// the third row from Sloth).
fn google_sre_rules() -> Vec<BurnRule> {
    let rule = BurnRule::new;
    let fourteen_four = Factor::whole(72)
        .scaled(1, 5)
        .unwrap_or(Factor::ONE);
    vec![
        rule(
            BurnLevel::Emergency,
            fourteen_four,
            Span::hours(1),
            Span::minutes(5),
        ),
        rule(
            BurnLevel::Critical,
            Factor::whole(6),
            Span::hours(6),
            Span::minutes(30),
        ),
        rule(
            BurnLevel::Warning,
            Factor::whole(3),
            Span::hours(24),
            Span::hours(2),
        ),
        rule(
            BurnLevel::Warning,
            Factor::ONE,
            Span::days(3),
            Span::hours(6),
        ),
    ]
}

#[cfg(test)]
mod tests;
