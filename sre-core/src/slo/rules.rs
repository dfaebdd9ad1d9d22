//! What every definition must be, field by field.

use super::alerting;
use super::builder::FieldFault;
use super::{Definition, ENTRIES_MAX, LABEL_NAME_MAX, NAME_MAX, RULES_MAX, TEXT_MAX};
use crate::count::Count;
use crate::indicator::Indicator;
use crate::method::BudgetingMethod;
use crate::policy::PolicyChoice;
use crate::slice::SliceWidth;
use crate::time::Span;
use crate::window::Window;

/// Everything that is wrong with a definition.
pub(super) fn faults(definition: &Definition) -> Vec<FieldFault> {
    let mut faults = of_texts(definition);
    faults.extend(of_watching(
        definition.window,
        definition.slice,
        definition.expected_interval,
    ));
    faults.extend(of_floors(definition));
    faults.extend(of_policy(definition));
    faults.extend(alerting::faults(definition));
    let is_composite = matches!(definition.indicator, Indicator::Composite(_));
    if is_composite && definition.method == BudgetingMethod::Occurrences {
        let detail = "a composite has no events of its own: take timeslices or ratio_timeslices";
        faults.push(FieldFault::new("budgeting_method", detail));
    }
    faults
}

/// What is wrong with window, slice and pace together.
pub(super) fn of_watching(
    window: Window,
    slice: SliceWidth,
    expected_interval: Option<Span>,
) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let span = window.span();
    let width = slice.span().as_seconds();
    let refusal = if span > Window::MAX {
        Some(format!("may be at most {}", Window::MAX))
    } else if span.as_seconds() < width.saturating_mul(2) {
        Some(format!("must hold at least two slices of {slice}"))
    } else if !span.as_seconds().is_multiple_of(width) {
        Some(format!("must be a whole number of slices of {slice}"))
    } else {
        None
    };
    faults.extend(refusal.map(|detail| FieldFault::new("time_window", detail)));
    // An SLO that is expected more seldom could never be stale.
    let is_too_seldom =
        expected_interval.is_some_and(|pace| pace.as_secs_i64() * 2 > span.as_secs_i64());
    if is_too_seldom {
        let detail = "may be at most half of the window";
        faults.push(FieldFault::new("expected_interval", detail));
    }
    faults
}

fn of_texts(definition: &Definition) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    let mut refuse = |field: &str, detail: String| faults.push(FieldFault::new(field, detail));
    if !(1..=NAME_MAX).contains(&definition.name.chars().count()) {
        refuse("name", format!("must have 1 to {NAME_MAX} characters"));
    }
    if definition.description.chars().count() > TEXT_MAX {
        refuse("description", format!("has at most {TEXT_MAX} characters"));
    }
    for (field, entries) in [("labels", &definition.labels), ("links", &definition.links)] {
        if entries.len() > ENTRIES_MAX {
            refuse(field, format!("has at most {ENTRIES_MAX} entries"));
        }
        for (name, value) in entries {
            if value.chars().count() > TEXT_MAX {
                let detail = format!("has at most {TEXT_MAX} characters");
                refuse(&format!("{field}/{}", escaped(name)), detail);
            }
        }
    }
    for name in definition.labels.keys() {
        if name.chars().count() > LABEL_NAME_MAX {
            let detail = format!("a label's name has at most {LABEL_NAME_MAX} characters");
            refuse(&format!("labels/{}", escaped(name)), detail);
        }
    }
    for (name, address) in &definition.links {
        if !is_web(address) {
            let detail = "must be an address such as https://wiki.example/runbook".to_owned();
            refuse(&format!("links/{}", escaped(name)), detail);
        }
    }
    faults
}

fn of_floors(definition: &Definition) -> Vec<FieldFault> {
    let most = Count::SAMPLE_MAX.whole_events();
    let mut faults = Vec::new();
    if definition.min_events > most {
        faults.push(FieldFault::new("min_events", format!("is at most {most}")));
    }
    if !(1..=most).contains(&definition.min_bad) {
        let detail = format!("must lie between 1 and {most}");
        faults.push(FieldFault::new("min_bad", detail));
    }
    if definition
        .min_coverage_permille
        .is_some_and(|permille| permille > 1_000)
    {
        faults.push(FieldFault::new("min_coverage", "is a share, at most 1"));
    }
    faults
}

/// Rules that were written out must stand; those of a preset that cannot are left out.
fn of_policy(definition: &Definition) -> Vec<FieldFault> {
    let PolicyChoice::Custom(rules) = &definition.burn_policy else {
        return Vec::new();
    };
    if rules.len() > RULES_MAX {
        let detail = format!("holds at most {RULES_MAX} rules");
        return vec![FieldFault::new("burn_policy/rules", detail)];
    }
    let ground = definition.ground(None);
    rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| {
            Some(FieldFault::new(
                format!("burn_policy/rules/{index}"),
                ground.refusal(rule)?,
            ))
        })
        .collect()
}

/// Whether people can follow it: a scheme of the web and a host.
fn is_web(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else {
        return false;
    };
    let is_of_web = ["https", "http"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    is_of_web && rest.starts_with(|c: char| c.is_alphanumeric() || c == '[')
}

/// The name of an entry as a step of a path, escaped as RFC 6901 asks.
fn escaped(name: &str) -> String {
    name.replace('~', "~0")
        .replace('/', "~1")
}
