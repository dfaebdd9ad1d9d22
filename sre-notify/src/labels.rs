//! The labels of an alert where labels are all that tells alerts apart: at Alertmanager, and in its
//! webhook.

use std::collections::BTreeMap;

use sre_core::alert::{Alert, Severity};

/// The labels of an alert that is so grave: `alertname`, `service`, `severity` and `slo_id`, and its
/// own, which never hide those.
pub(crate) fn of_alert(alert: &Alert, severity: Severity) -> BTreeMap<String, String> {
    let mut labels = fit(alert.labels());
    labels.insert("alertname".to_owned(), alert.alert_type().to_string());
    labels.insert("service".to_owned(), alert.service_name().to_string());
    labels.insert("severity".to_owned(), severity.to_string());
    if let Some(id) = alert.slo_id() {
        labels.insert("slo_id".to_owned(), id.to_string());
    }
    labels
}

/// Labels under names that Prometheus allows, without those that have no value.
pub(crate) fn fit(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut fitted = BTreeMap::new();
    for (name, value) in labels {
        if !value.is_empty() {
            // Of two names that differ in nothing else, the first stands.
            fitted
                .entry(fitting_name(name))
                .or_insert_with(|| value.clone());
        }
    }
    fitted
}

/// The name with every character that Prometheus refuses made `_`: `team.name` is `team_name`.
fn fitting_name(name: &str) -> String {
    let fits = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let mut fitting: String = name
        .chars()
        .map(|char| if fits(char) { char } else { '_' })
        .collect();
    if fitting.is_empty() || fitting.starts_with(|char: char| char.is_ascii_digit()) {
        fitting.insert(0, '_');
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_prometheus_allows() {
        for (name, fitting) in [
            ("zone", "zone"),
            ("_x9", "_x9"),
            ("team.name", "team_name"),
            ("9lives", "_9lives"),
            ("größe", "gr__e"),
            ("", "_"),
        ] {
            assert_eq!(fitting_name(name), fitting);
        }
    }

    #[test]
    fn a_label_without_a_value_is_none_and_of_two_alike_the_first_stands() {
        let labels = [("a.b", "1"), ("a_b", "2"), ("c", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let fitted = BTreeMap::from([("a_b".to_owned(), "1".to_owned())]);
        assert_eq!(fit(&labels), fitted);
    }
}
