//! What an incident cost, what there is to learn of it, and how long incidents take.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_core::window::{CalendarUnit, CalendarWindow, Window};
use sre_store_conformance::fixtures;

use super::{got, opened};
use crate::world::World;

/// An hour of traffic, then an outage of five minutes that pages, is mitigated and resolved; the
/// address of its incident.
async fn outage(world: &World) -> String {
    outage_after(world, 60, Window::Rolling(Span::days(1))).await
}

/// The same after so many minutes of traffic, of an SLO over another window.
async fn outage_after(world: &World, before: u32, window: Window) -> String {
    // Its id decides when its slots are, and with them every instant that is told.
    let mut slo = fixtures::slo(7)
        .named("Availability")
        .service("api-gateway")
        .build();
    slo.definition.target = "99".parse().expect("a target");
    slo.definition.window = window;
    let start = fixtures::start_of(&slo);
    let inserted = world
        .context
        .catalog
        .insert(&slo, &start)
        .await;
    inserted.expect("a new SLO");
    minutes(world, before, 1_000).await;
    minutes(world, 5, 500).await;
    let list = got(world, "/incidents").await;
    let id = list["items"][0]["id"]
        .as_str()
        .expect("the page opened one")
        .to_owned();
    let path = format!("/incidents/{id}");
    for status in ["acknowledged", "mitigated", "resolved"] {
        minutes(world, 1, 1_000).await;
        let body = json!({"status": status, "by": "ada"});
        assert_eq!(world.put(&path, &body).await.status, 200);
    }
    path
}

/// Lets so many minutes pass, in each of which so many of a thousand requests are good.
async fn minutes(world: &World, n: u32, good: u64) {
    for _ in 0..n {
        world.run_for(Span::seconds(30)).await;
        world
            .push("api-gateway", "availability", fixtures::counts(good, 1_000))
            .await;
        world.run_for(Span::seconds(30)).await;
    }
}

/// An outage over midnight takes from the new day's budget what was bad in the new day.
#[tokio::test]
async fn what_was_bad_before_midnight_is_not_charged_to_the_day_after() {
    let world = World::new();
    // The day of Nouméa begins at 13:00 UTC, three minutes after the outage.
    let zone = "Pacific/Noumea"
        .parse()
        .expect("a zone");
    let day = CalendarWindow::new(CalendarUnit::Day).in_zone(zone);
    let path = outage_after(&world, 57, Window::Calendar(day)).await;
    let cost = got(&world, &path).await["budget_consumed"][0].clone();
    let figure = |name: &str| {
        cost[name]
            .as_f64()
            .expect("it was measured")
    };
    assert!(figure("consumed") >= 1_500.0, "{cost}");
    // Two bad minutes of 500 each, of the four or five thousand requests since.
    let share = figure("percentage_of_budget");
    assert!((1_900.0..2_600.0).contains(&share), "{cost}");
}

#[tokio::test]
async fn a_page_opens_an_incident_that_knows_what_it_cost() {
    let world = World::new();
    let path = outage(&world).await;
    let incident = got(&world, &path).await;
    let slo = &incident["slo_ids"][0];
    let cost = &incident["budget_consumed"][0];
    assert_eq!(
        (&cost["slo_id"], &cost["slo_name"]),
        (slo, &json!("Availability"))
    );
    let (consumed, share) = (
        cost["consumed"]
            .as_f64()
            .expect("it was measured"),
        cost["percentage_of_budget"]
            .as_f64()
            .expect("it was measured"),
    );
    // From the slice in which the page was opened to the end; 500 bad in each bad minute, of about
    // 68 000 requests, of which a hundredth may be bad.
    assert!(consumed >= 500.0 && consumed % 500.0 == 0.0, "{consumed}");
    assert!(
        (share - 100.0 * consumed / 680.0).abs() < share * 0.05,
        "{share}"
    );
}

#[tokio::test]
async fn what_nobody_measured_cost_nobody_knows_what() {
    let world = World::new();
    let slo = json!({
        "name": "Availability", "service_name": "api-gateway", "metric_name": "availability",
    });
    world.post("/slo", &slo).await;
    let path = opened(&world, &json!({})).await;
    let incident = got(&world, &path).await;
    let cost = &incident["budget_consumed"][0];
    assert_eq!(
        (&cost["consumed"], &cost["percentage_of_budget"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(incident["slo_ids"], json!([]));
}

#[tokio::test]
async fn the_report_says_what_there_is_to_learn_and_says_it_twice() {
    let world = World::new();
    let path = outage(&world).await;
    let report = got(&world, &format!("{path}/report")).await;
    let text = serde_json::to_string_pretty(&report).expect("JSON");
    insta::assert_snapshot!("report", text);
    world
        .clock
        .set(world.now() + Span::days(1).as_delta());
    assert_eq!(got(&world, &format!("{path}/report")).await, report);
}

#[tokio::test]
async fn the_report_is_markdown_for_those_who_ask_for_it() {
    let world = World::new();
    let path = outage(&world).await;
    let address = format!("{path}/report");
    let accept = async |range: &str| {
        world
            .send("GET", &address, &[("accept", range)], None)
            .await
    };
    let answer = accept("text/html, text/markdown;q=0.9").await;
    assert_eq!(
        (answer.header("content-type"), answer.header("vary")),
        ("text/markdown; charset=utf-8", "accept")
    );
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    insta::assert_snapshot!("report_markdown", text);
    for range in ["*/*", "application/json", "text/markdown;q=0"] {
        assert_eq!(
            accept(range)
                .await
                .header("content-type"),
            "application/json",
            "{range}"
        );
    }
}

#[tokio::test]
async fn statistics_say_from_where_to_where_and_nothing_of_what_nobody_did() {
    let world = World::new();
    let none = json!({"p50": null, "p90": null, "mean": null, "n": 0});
    assert_eq!(
        got(&world, "/incidents/stats").await,
        json!({"count": 0, "open": 0, "mttd_seconds": none, "mtta_seconds": none,
               "mttm_seconds": none, "mttr_seconds": none, "auto_resolved_seconds": none})
    );
    let path = opened(&world, &json!({"started_at": "2026-01-01T11:59:00Z"})).await;
    opened(&world, &json!({"service_name": "search"})).await;
    for status in ["acknowledged", "mitigated", "resolved"] {
        world
            .clock
            .set(world.now() + Span::seconds(90).as_delta());
        world
            .put(&path, &json!({"status": status}))
            .await;
    }
    let one = |seconds: u32| json!({"p50": seconds, "p90": seconds, "mean": seconds, "n": 1});
    assert_eq!(
        got(&world, "/incidents/stats?service=api-gateway").await,
        json!({"count": 1, "open": 0, "mttd_seconds": one(60), "mtta_seconds": one(90),
               "mttm_seconds": one(180), "mttr_seconds": one(270),
               "auto_resolved_seconds": none})
    );
    let all = got(&world, "/incidents/stats").await;
    assert_eq!((&all["count"], &all["open"]), (&json!(2), &json!(1)));
    let later = got(&world, "/incidents/stats?from=2026-01-01T12:30:00Z").await;
    assert_eq!(later["count"], 0);
    assert_eq!(
        world
            .get("/incidents/stats?to=2026-01-01T00:00:00Z&from=2026-01-02T00:00:00Z")
            .await
            .status,
        422
    );
}
