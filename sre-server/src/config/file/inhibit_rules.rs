//! `inhibit_rules`: which alerts keep others back while they fire.

use sre_core::matcher::{MatchOperator, Matchers};
use sre_core::suppression::{InhibitRule, RULES_MAX};

use super::matchers;
use super::yaml::{Key, Map, Node, Reader};

/// Every rule.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Vec<InhibitRule> {
    let mut rules: Vec<InhibitRule> = Vec::new();
    for item in reader.list(node, "inhibit_rules") {
        let Some(map) = reader.map(item, "a rule of inhibition", &KEYS) else {
            continue;
        };
        let Some(rule) = rule(reader, item, &map) else {
            continue;
        };
        if rules
            .iter()
            .any(|known| known.name == rule.name)
        {
            let cause = format!("two rules of inhibition are called {}", rule.name);
            reader.refuse(map.get("name").unwrap_or(item), cause);
        }
        rules.push(rule);
    }
    if rules.len() > RULES_MAX {
        reader.refuse(
            node,
            format!("there are at most {RULES_MAX} rules of inhibition"),
        );
    }
    rules
}

fn rule(reader: &mut Reader<'_>, node: &Node<'_>, map: &Map<'_, '_>) -> Option<InhibitRule> {
    let source = side(reader, node, map, "source_matchers");
    let target = side(reader, node, map, "target_matchers");
    let mut equal: Vec<String> = Vec::new();
    if let Some(node) = map.get("equal") {
        for item in reader.list(node, "equal") {
            let Some(label) = reader.text(item) else {
                continue;
            };
            if equal.iter().any(|known| known == label) {
                reader.refuse(item, format!("{label} stands here a second time"));
            }
            equal.push(label.to_owned());
        }
    }
    let inhibits_emergency = map
        .get("inhibit_emergency")
        .and_then(|node| reader.flag(node))
        .unwrap_or(false);
    let (source, target) = source.zip(target)?;
    if !inhibits_emergency && asks_for_emergency(&target) {
        reader.refuse(
            map.get("target_matchers")
                .unwrap_or(node),
            "an emergency is kept back by no rule, unless it has inhibit_emergency: true",
        );
    }
    let name = map
        .get("name")
        .and_then(|node| reader.text(node).map(str::to_owned))
        .unwrap_or_else(|| by_content(&source, &target, &equal));
    Some(InhibitRule {
        name,
        source,
        target,
        equal,
        inhibits_emergency,
    })
}

/// One side. Where it were left out, every alert would be on it.
fn side(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    map: &Map<'_, '_>,
    name: &str,
) -> Option<Matchers> {
    let Some(list) = map.get(name) else {
        reader.refuse(node, format!("a rule of inhibition has {name}"));
        return None;
    };
    let faults = reader.count();
    let read = matchers::read(reader, list, name);
    if read.is_empty() && reader.count() == faults {
        reader.refuse(list, format!("{name} has at least one matcher"));
    }
    match Matchers::new(read) {
        Ok(matchers) => (reader.count() == faults).then_some(matchers),
        Err(error) => {
            reader.refuse(list, error.to_string());
            None
        }
    }
}

/// Whether it can only match what no rule keeps back.
fn asks_for_emergency(target: &Matchers) -> bool {
    target.iter().any(|matcher| {
        matcher.name() == "severity"
            && matcher.operator() == MatchOperator::Equal
            && matcher.value() == "emergency"
    })
}

/// What a rule without a name is called: what it says.
fn by_content(source: &Matchers, target: &Matchers, equal: &[String]) -> String {
    if equal.is_empty() {
        format!("{source} over {target}")
    } else {
        format!("{source} over {target} by {}", equal.join(", "))
    }
}

const KEYS: [Key; 9] = [
    Key::known("name"),
    Key::known("source_matchers"),
    Key::known("target_matchers"),
    Key::known("equal"),
    Key::known("inhibit_emergency"),
    Key::later(
        "source_match",
        "is written as source_matchers: [name=\"value\"]",
    ),
    Key::later(
        "source_match_re",
        "is written as source_matchers: [name=~\"expression\"]",
    ),
    Key::later(
        "target_match",
        "is written as target_matchers: [name=\"value\"]",
    ),
    Key::later(
        "target_match_re",
        "is written as target_matchers: [name=~\"expression\"]",
    ),
];
