//! `GET /ui/incidents` and `GET /ui/incidents/{id}`

use serde_json::json;

use super::{create, minutes, page, words};
use crate::world::World;

#[tokio::test]
async fn an_outage_is_an_incident_with_its_cost_alerts_and_what_happened() {
    let world = World::new();
    let said = words(&page(&world, "/ui/incidents").await);
    assert!(said.contains("Nobody deals with anything."), "{said}");

    create(&world, &json!({})).await;
    minutes(&world, [100; 6]).await;
    minutes(&world, [0; 6]).await;
    let incidents = world.get("/incidents").await.json();
    let id = incidents["items"][0]["id"]
        .as_str()
        .expect("it was opened");
    let title = incidents["items"][0]["title"]
        .as_str()
        .expect("a title");

    let overview = words(&page(&world, "/").await);
    assert!(
        overview.contains("Incidents going on Emergency"),
        "{overview}"
    );
    let said = words(&page(&world, "/ui/incidents").await);
    assert!(
        said.contains(title) && said.contains("checkout · open, since 1 Jan"),
        "{said}"
    );

    let said = words(&page(&world, &format!("/ui/incidents/{id}")).await);
    assert!(said.contains(title), "{said}");
    assert!(
        said.contains(
            "What it cost SLO Service Bad while it lasted Of the budget Availability checkout"
        ),
        "{said}"
    );
    assert!(said.contains("What happened"), "{said}");
    assert!(said.contains("opened by system"), "{said}");

    let alerts = world
        .get("/alerts?type=burn_rate")
        .await
        .json();
    let alert = alerts["items"][0]["id"]
        .as_str()
        .expect("it fires");
    let alert = page(&world, &format!("/ui/alerts/{alert}")).await;
    assert!(
        alert.contains(&format!("<a href=\"/ui/incidents/{id}\">")),
        "{alert}"
    );
}

#[tokio::test]
async fn what_people_write_of_an_incident_stays_text() {
    let world = World::new();
    let wicked = "</title><script>alert(1)</script>";
    let body = json!({
        "title": wicked, "description": wicked, "service_name": "checkout", "severity": "low",
    });
    let made = world.post("/incidents", &body).await;
    assert_eq!(made.status, 201, "{}", super::text(&made));
    let id = made.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let note = json!({"text": wicked, "by": wicked});
    world
        .post(&format!("/incidents/{id}/timeline"), &note)
        .await;
    for path in [
        "/".to_owned(),
        "/ui/incidents".to_owned(),
        format!("/ui/incidents/{id}"),
    ] {
        let page = page(&world, &path).await;
        assert!(!page.contains("<script>alert"), "{path}: {page}");
        assert!(page.contains("&lt;script&gt;alert(1)"), "{path}: {page}");
    }
    assert_eq!(
        world
            .get("/ui/incidents/nowhere")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_older_ones_of_a_service_are_its_own() {
    let world = World::new();
    for title in ["Orders are late", "Orders are lost"] {
        let body = json!({"title": title, "service_name": "checkout", "severity": "high"});
        assert_eq!(
            world
                .post("/incidents", &body)
                .await
                .status,
            201
        );
    }
    let shown = page(&world, "/ui/incidents?service=checkout&limit=1").await;
    assert!(
        shown.contains("/ui/incidents?service=checkout&amp;cursor="),
        "{shown}"
    );
}
