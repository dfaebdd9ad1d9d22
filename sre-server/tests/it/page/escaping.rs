//! What comes from outside is text, wherever it is shown.

use serde_json::json;
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, page};
use crate::world::World;

/// Texts that are somebody's try to be more than a text.
const WICKED: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "\u{202e}txt.exe <b>",
    "' autofocus onfocus=alert(1) x='",
];

/// What may not stand in a page as it came.
const FORBIDDEN: [&str; 5] = [
    "<script>alert",
    "<img",
    "<svg onload",
    "<b>",
    "</title><svg",
];

fn assert_harmless(page: &str, path: &str) {
    for text in FORBIDDEN {
        assert!(!page.contains(text), "{text} in {path}: {page}");
    }
    // Inside of a tag, nothing that came from outside ends its attribute.
    for tag in page
        .split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
    {
        assert!(
            !tag.contains("onerror=") && !tag.contains(" onfocus=alert(1) x='\""),
            "{tag} in {path}"
        );
    }
}

#[tokio::test]
async fn names_descriptions_labels_messages_and_comments_stay_text() {
    let world = World::new();
    let mut pages = vec!["/".to_owned(), "/ui/alerts".to_owned()];
    for wicked in WICKED {
        let slo = json!({
            "name": wicked, "description": wicked, "labels": {wicked: wicked},
            "links": {wicked: "https://wiki.example/"},
        });
        pages.push(format!("/ui/slos/{}", create(&world, &slo).await));
        let alert = json!({
            "service_name": "checkout", "alert_type": "slo_violation", "severity": "high",
            "message": wicked, "labels": {wicked: wicked},
        });
        let made = world
            .post("/alerts", &alert)
            .await
            .json();
        let id = made["id"].as_str().expect("an id");
        let by = json!({"by": wicked, "comment": wicked});
        world
            .post(&format!("/alerts/{id}/acknowledge"), &by)
            .await;
        pages.push(format!("/ui/alerts/{id}"));
    }
    world
        .push("checkout", "availability", counts(90, 100))
        .await;
    world.run_for(Span::minutes(2)).await;
    for path in &pages {
        let page = page(&world, path).await;
        assert!(
            page.contains("&lt;") || page.contains("constructor") || page.contains("autofocus")
        );
        assert_harmless(&page, path);
    }
}

/// A right-to-left override in one name must not turn what stands beside it.
#[tokio::test]
async fn every_name_from_outside_is_isolated_in_its_direction() {
    let world = World::new();
    let name = "\u{202e}derit";
    let id = create(&world, &json!({"name": name})).await;
    for path in ["/".to_owned(), format!("/ui/slos/{id}")] {
        let page = page(&world, &path).await;
        let body = page
            .split("<main")
            .nth(1)
            .expect("a body");
        assert!(body.contains(name), "{path}");
        assert_eq!(
            body.matches(name).count(),
            body.matches(&format!("<bdi>{name}</bdi>"))
                .count(),
            "{path}: {body}"
        );
    }
}

#[tokio::test]
async fn a_name_of_two_hundred_characters_is_shown_whole() {
    let world = World::new();
    let name = "ä".repeat(200);
    let id = create(&world, &json!({"name": name})).await;
    for path in ["/".to_owned(), format!("/ui/slos/{id}")] {
        assert!(
            page(&world, &path)
                .await
                .contains(&name),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_refused_address_is_not_a_way_in() {
    let world = World::new();
    let path = "/?state=%3Cscript%3Ealert(1)%3C/script%3E&%3Cimg%20src=x%3E=1";
    let answer = world.get(path).await;
    assert_eq!(answer.status, 422);
    assert_harmless(&super::text(&answer), path);
}
