//! What a template sees: the webhook's names, and a few that save it from counting.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use serde_json::Value as Json;
use sre_core::matcher::MatchLabels;
use sre_core::notification::{AlertNews, Content, Message, Tally};
use sre_core::time::truncate;

use crate::body::{Bases, alert_facts, incident_facts};
use crate::render::{headline_of, headline_of_one, one_line};

/// Names that people give, with their values. One that is not there is an empty text, as for a matcher:
/// whether an alert has a label is known when it comes, and no reason to lose it.
#[derive(Debug)]
struct Named(BTreeMap<String, Value>);

impl Object for Named {
    /// For `in` and brackets: what is there.
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }

    /// For `labels.team`: what is there, or nothing.
    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let value = self.0.get(name).cloned();
        Some(value.unwrap_or_else(|| Value::from("")))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.0
                .keys()
                .map(|name| Value::from(name.as_str()))
                .collect(),
        )
    }
}

/// The alerts of a message that is told in words of one's own.
pub(super) const fn news<'a>(message: &Message<'a>) -> Option<&'a [AlertNews<'a>]> {
    match message.content {
        Content::Alerts { news, .. } | Content::Digest { news } => Some(news),
        _ => None,
    }
}

/// The names of a message, with the first `kept` of its alerts.
pub(super) fn context(
    message: &Message<'_>,
    news: &[AlertNews<'_>],
    kept: usize,
    bases: &Bases,
) -> Value {
    let tally = Tally::of(news);
    let service = match message.content {
        Content::Alerts { service_name, .. } => Some(service_name.as_str()),
        _ => None,
    };
    let is_over = tally.firing == 0;
    let gravest = news
        .iter()
        .filter(|news| is_over || !crate::render::is_over(news))
        .map(|news| news.alert.severity)
        .max();
    let alerts: Vec<Value> = news
        .iter()
        .take(kept)
        .map(|news| alert(news, message, bases))
        .collect();
    let incident = message
        .content
        .incident()
        .map(|incident| seen(incident_facts(incident)));
    object([
        ("type", Value::from(message.content.kind())),
        ("timestamp", Value::from(truncate(message.now).to_rfc3339())),
        ("headline", Value::from(headline_of(message))),
        (
            "state",
            Value::from(if is_over { "resolved" } else { "firing" }),
        ),
        (
            "severity",
            gravest.map_or_else(none, |severity| Value::from(severity.as_str())),
        ),
        ("service_name", service.map_or_else(none, Value::from)),
        ("incident", incident.unwrap_or_else(none)),
        ("alerts", Value::from(alerts)),
        ("omitted", Value::from(news.len().saturating_sub(kept))),
        ("firing", Value::from(tally.firing)),
        ("resolved", Value::from(tally.resolved)),
        ("common_labels", common_labels(news)),
        (
            "note",
            message
                .note
                .map_or_else(none, |note| Value::from(one_line(note))),
        ),
    ])
}

/// One alert by the names of the webhook's body, and its line.
fn alert(news: &AlertNews<'_>, message: &Message<'_>, bases: &Bases) -> Value {
    let Json::Object(facts) = alert_facts(news, message.now, bases) else {
        return none();
    };
    let mut alert = BTreeMap::from([
        ("headline".to_owned(), Value::from(headline_of_one(news))),
        // In a body it is left out where it says nothing.
        ("while_held".to_owned(), none()),
    ]);
    for (name, fact) in facts {
        let value = match (name.as_str(), fact) {
            ("labels", Json::Object(labels)) => named(labels, |_| true),
            // What is no address of the web might be run and not read.
            ("links", Json::Object(links)) => named(links, |link| {
                link.starts_with("https://") || link.starts_with("http://")
            }),
            (_, fact) => seen(fact),
        };
        alert.insert(name, value);
    }
    Value::from(alert)
}

/// Names and those of their texts that `is_fit`.
fn named(texts: serde_json::Map<String, Json>, is_fit: impl Fn(&str) -> bool) -> Value {
    let texts = texts
        .into_iter()
        .filter_map(|(name, text)| match text {
            Json::String(text) if is_fit(&text) => {
                Some((one_line(&name), Value::from(one_line(&text))))
            }
            _ => None,
        });
    Value::from_object(Named(texts.collect()))
}

/// The labels that all alerts have in common, those of the group among them.
fn common_labels(news: &[AlertNews<'_>]) -> Value {
    let labels: Vec<_> = news
        .iter()
        .map(|news| news.alert.match_labels())
        .collect();
    let mut all = labels.iter().map(MatchLabels::all);
    let mut common = all.next().unwrap_or_default();
    for labels in all {
        common.retain(|name, value| labels.get(name) == Some(value));
    }
    let common = common
        .iter()
        .map(|(name, value)| (one_line(name), Value::from(one_line(value))));
    Value::from_object(Named(common.collect()))
}

/// A fact as it is; texts on one line, so that none forges another.
fn seen(fact: Json) -> Value {
    match fact {
        Json::Null => none(),
        Json::Bool(flag) => Value::from(flag),
        Json::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or_else(none),
        Json::String(text) => Value::from(one_line(&text)),
        Json::Array(items) => Value::from(
            items
                .into_iter()
                .map(seen)
                .collect::<Vec<Value>>(),
        ),
        Json::Object(fields) => Value::from(
            fields
                .into_iter()
                .map(|(name, value)| (name, seen(value)))
                .collect::<BTreeMap<String, Value>>(),
        ),
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::from(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect::<BTreeMap<String, Value>>(),
    )
}

fn none() -> Value {
    Value::from(())
}
