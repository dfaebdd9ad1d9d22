//! `GET /ui/slos/{id}`

use serde_json::json;
use sre_core::time::Span;

use super::{create, minutes, page, words};
use crate::world::World;

#[tokio::test]
async fn the_burn_down_ends_at_what_is_left() {
    let world = World::new();
    let id = create(&world, &json!({"time_window": "1h"})).await;
    minutes(
        &world,
        (0..50).map(|minute| if minute % 10 == 3 { 95 } else { 100 }),
    )
    .await;
    let slo = world
        .get(&format!("/slo/{id}"))
        .await
        .json();
    let left = slo["status"]["error_budget"]["remaining_percentage"]
        .as_f64()
        .expect("a figure");
    let page = page(&world, &format!("/ui/slos/{id}")).await;
    let last = page
        .split("<title>")
        .filter_map(|rest| rest.split("</title>").next())
        .filter(|title| title.contains(" left, "))
        .last()
        .expect("a step that was measured");
    let shown = format!("{left:.1} % left");
    assert!(last.contains(&shown), "{last} is not {shown}");
    assert!(page.contains("from 100 % to "), "{page}");
}

/// The axis of a calendar window reaches to its end, and what has not come is no gap.
#[tokio::test]
async fn the_burn_down_of_a_month_is_of_all_of_the_month() {
    let world = World::new();
    let month = json!({"calendar": "month", "time_zone": "Asia/Tokyo"});
    let id = create(&world, &json!({"time_window": month})).await;
    minutes(&world, [98; 40]).await;
    let page = page(&world, &format!("/ui/slos/{id}")).await;
    let said = words(&page);
    for expected in [
        "Error budget over the month (Asia/Tokyo)",
        "promised 99 % over the month (Asia/Tokyo)",
        "Left of what the whole window allows at the traffic so far.",
        "so far; of what the whole window allows at this traffic",
        "31 Dec 16 Jan 31 Jan",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let gaps = page
        .matches(": not measured</title>")
        .count();
    assert_eq!(gaps, 2, "before the first data alone, in both charts");
    // 31 days of a hundred a minute allow 44 640 at 99 %; 80 were bad.
    assert!(page.contains("99.8 % left, "), "{page}");
    assert!(page.contains("from 100 % to 99.8 %"), "{page}");
}

#[tokio::test]
async fn a_stretch_that_nobody_measured_is_a_gap_and_not_a_line() {
    let world = World::new();
    let id = create(&world, &json!({"time_window": "1h"})).await;
    minutes(&world, [100; 10]).await;
    world.run_for(Span::minutes(20)).await;
    minutes(&world, [100; 10]).await;
    let page = page(&world, &format!("/ui/slos/{id}")).await;
    assert_eq!(
        page.matches("<path class=\"area\"")
            .count(),
        2,
        "two runs"
    );
    let words = "1 Jan 12:10 to 1 Jan 12:30 UTC: not measured</title>";
    assert_eq!(page.matches(words).count(), 1, "{page}");
}

#[tokio::test]
async fn a_new_slo_has_nothing_to_draw() {
    let world = World::new();
    let id = create(&world, &json!({})).await;
    let page = page(&world, &format!("/ui/slos/{id}")).await;
    let said = words(&page);
    assert!(
        said.contains("Nothing was measured in its window"),
        "{said}"
    );
    assert!(
        said.contains("SLI no data promised 99 % over 24h"),
        "{said}"
    );
    assert!(!page.contains("class=\"plot\""), "{page}");
}

#[tokio::test]
async fn an_outage_is_seen_in_burns_rules_states_and_alerts() {
    let world = World::new();
    let id = create(&world, &json!({"description": "Carts can be paid."})).await;
    minutes(&world, [100; 6]).await;
    minutes(&world, [0; 6]).await;
    let said = words(&page(&world, &format!("/ui/slos/{id}")).await);
    assert!(said.contains("Carts can be paid."), "{said}");
    assert!(said.contains("Burn emergency"), "{said}");
    assert!(
        said.contains("emergency (page) 10× 100× over 2m 100× over 2m firing"),
        "{said}"
    );
    assert!(said.contains("Met → Violated"), "{said}");
    assert!(said.contains("Alerts Emergency"), "{said}");
}

#[tokio::test]
async fn the_definition_says_where_events_come_from_and_links_lead_to_the_web_alone() {
    let world = World::with(|context| {
        context.about.dashboards = "https://grafana.example/".parse().ok();
    });
    let id = create(
        &world,
        &json!({"links": {"runbook": "https://wiki.example/checkout"}, "labels": {"team": "pay"}}),
    )
    .await;
    let page = page(&world, &format!("/ui/slos/{id}")).await;
    let said = words(&page);
    assert!(
        said.contains("availability {service_name=&quot; checkout &quot;}")
            || said.contains("availability{service_name=&quot;checkout&quot;}"),
        "{said}"
    );
    assert!(said.contains("team pay"), "{said}");
    for link in ["https://wiki.example/checkout", "https://grafana.example/"] {
        let link = format!("<a href=\"{link}\" rel=\"noopener noreferrer external\">");
        assert!(page.contains(&link), "{page}");
    }
}
