//! Inhibition by rules that people write, as Alertmanager has them: while one alert fires, others are no
//! news.
//!
//! A rule says more than a dependency: which alerts, of any service, by labels. It holds all news of
//! its targets but their end, and no longer than a source fires. Whether a source is silenced, held or
//! acknowledged itself makes no difference; one that is pending does not fire.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Holder, Suppression};
use crate::alert::{Alert, Severity};
use crate::matcher::{Labelled, Matchers};
use crate::name::{AlertId, InhibitRuleId, derived_id};
use crate::time::Span;

/// The most rules: each is held against whatever is to be sent.
pub const RULES_MAX: usize = 200;

/// How soon what a rule keeps back is judged again: nothing says at once that a source is over.
pub const RECHECK: Span = Span::seconds(30);

/// A rule by which some alerts keep others back while they fire, as Alertmanager has it.
///
/// ```
/// use sre_core::suppression::InhibitRule;
///
/// let rule = InhibitRule {
///     name: "a cluster that is down".to_owned(),
///     source: r#"alertname="cluster_down""#.parse()?,
///     target: r#"severity=~"low|medium|high""#.parse()?,
///     equal: vec!["cluster".to_owned()],
///     inhibits_emergency: false,
/// };
/// # let _ = rule;
/// # Ok::<(), sre_core::matcher::MatcherError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct InhibitRule {
    /// What people call it; no two rules share it.
    pub name: String,
    /// Which alerts keep others back.
    pub source: Matchers,
    /// Which are kept back.
    pub target: Matchers,
    /// Labels that both must have in common; one that is missing is empty.
    pub equal: Vec<String>,
    /// Whether it keeps alerts of severity `emergency` back as well.
    pub inhibits_emergency: bool,
}

impl InhibitRule {
    /// Its id, made of its name: the same after a restart.
    #[must_use]
    pub fn id(&self) -> InhibitRuleId {
        InhibitRuleId(derived_id("inhibit rule", &[self.name.as_bytes()]))
    }

    /// Whether `source` keeps `target` back. Only what fires does, and what matches both sides is not
    /// kept back by what matches both sides: no alert keeps itself back.
    #[must_use]
    pub fn inhibits(&self, source: &Alert, target: &Alert) -> bool {
        let (from, to) = (source.match_labels(), target.match_labels());
        self.is_source(source)
            && source.id != target.id
            && self.concerns(target)
            && !(self.target.matches(&from) && self.source.matches(&to))
            && self.shared(&from) == self.shared(&to)
    }

    /// Whether the alert keeps others back.
    fn is_source(&self, alert: &Alert) -> bool {
        alert.is_open()
            && !alert.is_pending()
            && self
                .source
                .matches(&alert.match_labels())
    }

    /// Whether the alert may be kept back, if a source fires.
    #[must_use]
    pub fn concerns(&self, target: &Alert) -> bool {
        (self.inhibits_emergency || target.severity < Severity::Emergency)
            && self
                .target
                .matches(&target.match_labels())
    }

    /// What an alert has in common with those that it concerns.
    fn shared(&self, labels: &impl Labelled) -> Vec<String> {
        self.equal
            .iter()
            .map(|name| labels.label(name).to_owned())
            .collect()
    }
}

/// Rules, and what fires by which they keep others back.
#[derive(Clone, Debug, Default)]
pub struct Rulings(Vec<Ruling>);

/// A rule with its sources, by the labels that they share with what they keep back.
#[derive(Clone, Debug)]
struct Ruling {
    rule: InhibitRule,
    sources: BTreeMap<Vec<String>, Vec<Source>>,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    alert_id: AlertId,
    /// Whether it matches the target's side as well.
    is_two_sided: bool,
}

impl Rulings {
    /// These rules, while these alerts are open.
    #[must_use]
    pub fn new(rules: &[InhibitRule], open: &[Alert]) -> Self {
        let rulings = rules
            .iter()
            .map(|rule| Ruling::new(rule, open));
        Self(rulings.collect())
    }

    /// What people call the rule.
    pub(super) fn name(&self, id: InhibitRuleId) -> Option<&str> {
        self.0
            .iter()
            .find(|ruling| ruling.rule.id() == id)
            .map(|ruling| ruling.rule.name.as_str())
    }

    /// What keeps the alert back, by each rule the source with the least id.
    pub(super) fn holds<'a>(
        &'a self,
        alert: &'a Alert,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = Suppression> + 'a {
        self.0.iter().filter_map(move |ruling| {
            let source = ruling.source_of(alert)?;
            let rule = ruling.rule.id();
            Some(Suppression {
                by: Holder::Rule { rule, source },
                until: now + RECHECK.as_delta(),
            })
        })
    }
}

impl Ruling {
    fn new(rule: &InhibitRule, open: &[Alert]) -> Self {
        let mut sources: BTreeMap<Vec<String>, Vec<Source>> = BTreeMap::new();
        for alert in open
            .iter()
            .filter(|alert| rule.is_source(alert))
        {
            let labels = alert.match_labels();
            let source = Source {
                alert_id: alert.id,
                is_two_sided: rule.target.matches(&labels),
            };
            sources
                .entry(rule.shared(&labels))
                .or_default()
                .push(source);
        }
        Self {
            rule: rule.clone(),
            sources,
        }
    }

    fn source_of(&self, target: &Alert) -> Option<AlertId> {
        if !self.rule.concerns(target) {
            return None;
        }
        let labels = target.match_labels();
        let is_two_sided = self.rule.source.matches(&labels);
        self.sources
            .get(&self.rule.shared(&labels))?
            .iter()
            .filter(|source| source.alert_id != target.id && !(source.is_two_sided && is_two_sided))
            .map(|source| source.alert_id)
            .min()
    }
}
