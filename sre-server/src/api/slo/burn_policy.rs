//! Which burn rules an SLO's owner chose, and whether those that were written out can stand.

use std::str::FromStr;

use sre_core::policy::{BudgetShare, BurnLevel, BurnRule, Ground, PolicyChoice};
use sre_core::slice::SliceWidth;
use sre_core::slo::RULES_MAX;
use sre_core::target::{Factor, Target};
use sre_core::time::Span;
use thiserror::Error;

use super::definition::note;
use super::given::Given;
use crate::http::Fields;
use crate::http::fault::Fault;
use crate::http::field::Field;

/// Fields of a rule that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 4] = [
    "budget_share",
    "detects_outage_in_seconds",
    "resets_in_seconds",
    "warning",
];

/// Reads a policy: a preset by its name, or rules written out.
///
/// Beside a preset its rules are passed over: an answer shows them as they stand scaled to the
/// window, and what was read can be sent back.
pub(super) fn read(fields: &mut Fields) -> Option<PolicyChoice> {
    let name = Given::read(fields, "name", |field| field.text(1..=64)).or("custom".to_owned())?;
    match name.as_str() {
        "default" => {
            fields.ignore(&["rules", "left_out"]);
            Some(PolicyChoice::Default)
        }
        "google-sre" => {
            fields.ignore(&["rules", "left_out"]);
            Some(PolicyChoice::GoogleSre)
        }
        "custom" => custom(fields),
        _ => {
            fields.ignore(&["rules", "left_out"]);
            note(
                fields,
                "name",
                "must be one of default and google-sre, or rules written out",
            )
        }
    }
}

/// Rules written out, and those of them that an answer had listed as left out.
pub(super) fn custom(fields: &mut Fields) -> Option<PolicyChoice> {
    let left_out = fields
        .optional("left_out")
        .list(RULES_MAX, |item| {
            item.object(|fields| {
                fields.ignore(&["reason"]);
                fields.required("rule").object(rule)
            })
        });
    let mut rules = fields
        .required("rules")
        .list(RULES_MAX, |item: Field<'_>| item.object(rule))?;
    rules.extend(left_out.into_iter().flatten());
    if rules.is_empty() {
        return note(fields, "rules", "must hold at least one rule");
    }
    Some(PolicyChoice::Custom(rules))
}

fn rule(fields: &mut Fields) -> Option<BurnRule> {
    fields.ignore(&READ_ONLY);
    let level = level(fields);
    let min_share = Given::read(fields, "min_budget_share", Field::decimal::<BudgetShare>);
    let factor = Given::read(fields, "factor", Field::decimal::<Factor>);
    if factor.is_missing() && min_share.is_missing() {
        fields.fault("factor", "is required, unless there is a min_budget_share");
    }
    let long = fields.parse::<Span>("long");
    let short = fields.parse::<Span>("short");
    Some(BurnRule {
        level: level?.0,
        // What spends a share and burns no faster than sustainable is on track.
        factor: factor.or(Factor::ONE)?,
        long: long?,
        short: short?,
        min_share: min_share.map(Some).or(None)?,
    })
}

/// What the rule makes, called `level`, or `severity` as an alert has it.
fn level(fields: &mut Fields) -> Option<Level> {
    let level = Given::read(fields, "level", Field::parse::<Level>);
    let severity = Given::read(fields, "severity", Field::parse::<Level>);
    match (level, severity) {
        (Given::There(level), Given::Not) | (Given::Not, Given::There(level)) => Some(level),
        (Given::Not, Given::Not) => note(fields, "level", "is required"),
        (Given::There(_), Given::There(_)) => note(fields, "severity", "is the same as level"),
        (Given::Wrong, _) | (_, Given::Wrong) => None,
    }
}

/// The level of a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Level(BurnLevel);

/// Why a text is not the level of a rule.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be one of warning, critical and emergency")]
struct LevelError;

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        [
            BurnLevel::Warning,
            BurnLevel::Critical,
            BurnLevel::Emergency,
        ]
        .into_iter()
        .find(|level| level.as_str() == text)
        .map(Self)
        .ok_or(LevelError)
    }
}

/// What rules of a definition have to stand on. Only a declared interval counts: one that was
/// learned moves by itself, and a rule that it strands is listed as left out.
pub(super) fn ground(
    target: Target,
    window: Span,
    width: SliceWidth,
    expected_interval: Option<Span>,
) -> Ground {
    Ground {
        target,
        window,
        width,
        expected_interval,
    }
}

/// The written rules that cannot stand, each with the arithmetic.
pub(super) fn stranded(policy: &PolicyChoice, ground: &Ground) -> Vec<Fault> {
    stranded_rules(policy, ground)
        .into_iter()
        .map(|(index, reason)| Fault::at(format!("/burn_policy/rules/{index}"), reason))
        .collect()
}

/// The numbers of the written rules that cannot stand, each with the arithmetic.
pub(super) fn stranded_rules(policy: &PolicyChoice, ground: &Ground) -> Vec<(usize, String)> {
    let PolicyChoice::Custom(rules) = policy else {
        return Vec::new();
    };
    rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| Some((index, ground.refusal(rule)?)))
        .collect()
}
