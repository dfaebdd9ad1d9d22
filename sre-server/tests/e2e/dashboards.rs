//! What operators are given to look at: the dashboards and the rules, and whether they show anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A question that a panel asks.
#[derive(Clone, Debug)]
struct Asked {
    /// The dashboard's file and the panel's title.
    panel: String,
    /// PromQL, with Grafana's variables filled in.
    expr: String,
}

fn monitoring() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../monitoring")
}

/// The dashboards, by the name of their file.
fn dashboards() -> Vec<(String, Value)> {
    let folder = monitoring().join("grafana/dashboards");
    let mut found: Vec<(String, Value)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("a text");
            let name = path.file_name().expect("a name");
            let json = serde_json::from_str(&text).expect("JSON");
            (name.to_string_lossy().into_owned(), json)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"]
        .as_array()
        .expect("panels")
        .iter()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn asked() -> Vec<Asked> {
    let mut asked = Vec::new();
    for (file, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let targets = panel["targets"].as_array();
            for target in targets.into_iter().flatten() {
                let expr = text(target, "expr")
                    .replace("$service", ".*")
                    .replace("$__rate_interval", "20s");
                asked.push(Asked {
                    panel: format!("{file}: {}", text(panel, "title")),
                    expr,
                });
            }
        }
    }
    asked
}

/// The metrics of ours that a text of PromQL names.
fn metrics(promql: &str) -> BTreeSet<String> {
    promql
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("sre_monitor_"))
        .map(|word| {
            word.trim_end_matches("_bucket")
                .to_owned()
        })
        .collect()
}

#[test]
fn every_panel_has_an_id_of_its_own_a_title_and_a_place_of_its_own() {
    let names: Vec<String> = dashboards()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "alert-management.json",
            "service-health.json",
            "sre-overview.json"
        ]
    );
    let mut uids = BTreeSet::new();
    for (file, dashboard) in dashboards() {
        assert!(uids.insert(text(&dashboard, "uid").to_owned()), "{file}");
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
        for panel in panels(&dashboard) {
            let id = panel["id"].as_u64().expect("an id");
            assert!(ids.insert(id), "{file}: panel {id} is there twice");
            assert!(!text(panel, "title").is_empty(), "{file}: panel {id}");
            let place = |name: &str| {
                panel["gridPos"][name]
                    .as_u64()
                    .expect("a place")
            };
            let (left, top) = (place("x"), place("y"));
            assert!(left + place("w") <= 24, "{file}: panel {id} is too wide");
            for x in left..left + place("w") {
                for y in top..top + place("h") {
                    assert!(cells.insert((x, y)), "{file}: panel {id} covers another");
                }
            }
        }
    }
}

#[test]
fn every_panel_asks_the_datasource_that_is_chosen_and_says_its_unit() {
    for (file, dashboard) in dashboards() {
        let variables = dashboard["templating"]["list"]
            .as_array()
            .expect("variables");
        assert!(
            variables
                .iter()
                .any(|variable| variable["type"] == "datasource"
                    && variable["query"] == "prometheus"),
            "{file}"
        );
        for panel in panels(&dashboard).filter(|panel| panel["type"] != "row") {
            let title = text(panel, "title");
            assert_eq!(
                panel["datasource"]["uid"], "${datasource}",
                "{file}: {title}"
            );
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!text(defaults, "unit").is_empty(), "{file}: {title}");
            assert!(
                defaults["thresholds"]["steps"]
                    .as_array()
                    .is_some_and(|steps| !steps.is_empty()),
                "{file}: {title}"
            );
            for target in panel["targets"]
                .as_array()
                .expect("targets")
            {
                assert_eq!(
                    target["datasource"]["uid"], "${datasource}",
                    "{file}: {title}"
                );
            }
        }
    }
}

mod with_prometheus {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::client::Client;
    use crate::process::Service;
    use crate::prometheus::Prometheus;
    use crate::waiting::{eventually, say};

    /// What may show nothing while all is well, and why.
    const MAY_BE_EMPTY: &[(&str, &str)] = &[
        ("> 5", "nothing burns fast enough to page"),
        (
            "error_budget_exhaustion_seconds",
            "no budget's end is in sight",
        ),
        (
            "by (service) (sre_monitor_slo_state{service=~\".*\",state=~\"violated|at_risk\"})",
            "every SLO is met",
        ),
    ];

    async fn ask(prometheus: &Client, expr: &str) -> Value {
        let query: String = url::form_urlencoded::byte_serialize(expr.as_bytes()).collect();
        let answer = prometheus
            .get(&format!("/api/v1/query?query={query}"))
            .await;
        assert_eq!(answer.status, 200, "{expr}: {}", answer.body);
        assert_eq!(answer.body["status"], "success", "{expr}: {}", answer.body);
        answer.body
    }

    fn is_empty(answer: &Value) -> bool {
        answer["data"]["result"]
            .as_array()
            .is_none_or(Vec::is_empty)
    }

    #[tokio::test]
    async fn every_panel_shows_something_of_a_service_that_runs() {
        // A channel that is on has figures, also when nobody is there.
        let mut service = Service::new().with("WEBHOOK_URL", "http://127.0.0.1:9/");
        let running = service.start().await;
        let alert = json!({
            "service_name": "checkout", "alert_type": "custom", "severity": "emergency",
            "message": "made for the dashboards",
        });
        running
            .client
            .post("/alerts", &alert)
            .await
            .expect(201);
        let prometheus = Prometheus::watching("sre-monitor", running.client.address(), "1s").await;
        let asking = Client::new(&prometheus.url);
        let mut shown = 0;
        for asked in asked() {
            let answer = ask(&asking, &asked.expr).await;
            let may_be_empty = MAY_BE_EMPTY
                .iter()
                .any(|(part, _)| asked.expr.contains(part));
            if may_be_empty || !is_empty(&answer) {
                shown += 1;
                continue;
            }
            // The service's own SLOs have figures after half a minute.
            let what = format!("{} shows something: {}", asked.panel, asked.expr);
            eventually(&what, Duration::from_secs(90), || async {
                running
                    .client
                    .get("/slo")
                    .await
                    .expect(200);
                (!is_empty(&ask(&asking, &asked.expr).await)).then_some(())
            })
            .await;
            shown += 1;
        }
        say(&format!("dashboards: {shown} questions, all answered"));
        every_metric_is_there(&running.client).await;
        running.stop().await;
    }

    /// Also those of the rules, which are silent while all is well.
    async fn every_metric_is_there(client: &Client) {
        let page = client.get("/metrics").await.expect(200);
        let page = page.as_str().expect("a text");
        let rules = fs::read_to_string(monitoring().join("prometheus/rules/sre-monitor.yml"))
            .expect("rules");
        let exprs: String = rules
            .lines()
            .filter(|line| line.trim_start().starts_with("expr:"))
            .collect();
        let named = asked()
            .iter()
            .flat_map(|asked| metrics(&asked.expr))
            .chain(metrics(&exprs))
            .collect::<BTreeSet<_>>();
        assert!(named.len() > 20, "{named:?}");
        for name in named {
            if MAY_BE_EMPTY
                .iter()
                .any(|(part, _)| name.contains(part))
            {
                continue;
            }
            assert!(
                page.contains(&format!("# TYPE {name} ")),
                "{name} is not shown"
            );
        }
    }
}
