//! `GET /ui/silences`

use serde_json::json;

use super::{page, words};
use crate::world::World;

#[tokio::test]
async fn silences_are_shown_with_who_why_and_what_they_match() {
    let world = World::new();
    let said = words(&page(&world, "/ui/silences").await);
    assert!(said.contains("Nothing is silenced."), "{said}");
    let alert = json!({
        "service_name": "cart", "alert_type": "queue_full", "severity": "high", "message": "it waits",
    });
    assert_eq!(
        world
            .post("/alerts", &alert)
            .await
            .status,
        201
    );
    let silence = json!({
        "matchers": ["service=\"cart\""], "duration": "2h", "created_by": "<b>ada</b>",
        "comment": "The database moves",
    });
    let made = world.post("/silences", &silence).await;
    assert_eq!(made.status, 201);
    let nightly = json!({
        "matchers": ["service=\"search\""], "created_by": "bob", "comment": "The backup runs",
        "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2020-01-05T02:30:00",
                       "duration": "2h", "time_zone": "Europe/Berlin"},
    });
    assert_eq!(
        world
            .post("/silences", &nightly)
            .await
            .status,
        201
    );
    let shown = page(&world, "/ui/silences").await;
    assert!(!shown.contains("<b>ada"), "{shown}");
    let said = words(&shown);
    for part in [
        "In force",
        "The database moves",
        "it waits",
        "To come",
        "The backup runs",
        "FREQ=WEEKLY;BYDAY=SU",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    world
        .delete(made.header("location"))
        .await;
    let said = words(&page(&world, "/ui/silences").await);
    assert!(said.contains("Nothing is silenced."), "{said}");
    assert!(said.contains("Over since yesterday"), "{said}");
}
