//! The scripts. Those of the first file are Alertmanager's own (`test/with_api_v2/acceptance`,
//! Apache-2.0), with times in units; those of the second are what it leaves out.

mod acceptance;
mod beyond;

use super::super::scenario::{Route, Scenario, Webhook};

pub(super) fn all() -> Vec<Scenario> {
    let mut all = acceptance::all();
    all.extend(beyond::all());
    all
}

/// A script on the usual route, in which nothing happens yet.
fn script(name: &'static str, until: f64) -> Scenario {
    Scenario {
        name,
        route: Route {
            group_by: "[alertname]",
            wait: 1.0,
            interval: 1.0,
            repeat: NEVER,
        },
        webhooks: vec![Webhook::default()],
        steps: Vec::new(),
        wants: Vec::new(),
        until,
        cooldown: None,
    }
}

/// Nothing is repeated within a script.
const NEVER: f64 = 900.0;
