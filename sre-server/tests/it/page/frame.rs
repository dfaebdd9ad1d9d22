//! What all pages have in common.

use std::collections::BTreeSet;

use serde_json::json;
use sre_server::admission::Role;
use sre_store_conformance::fixtures;

use super::{create, minutes, page, text, words};
use crate::api_access::Guarded;
use crate::world::World;

/// An installation in which everything is to be seen, and the addresses of its pages.
async fn lively() -> (World, Vec<String>) {
    let world = World::with(|context| context.destinations = vec![fixtures::destination("ops")]);
    let id = create(
        &world,
        &json!({"links": {"runbook": "https://wiki.example/checkout"}}),
    )
    .await;
    minutes(&world, [100, 100, 100, 0, 0, 0, 0, 0, 0]).await;
    let alerts = world.get("/alerts").await.json();
    let alert = alerts["items"][0]["id"]
        .as_str()
        .expect("it fires");
    let incidents = world.get("/incidents").await.json();
    let incident = incidents["items"][0]["id"]
        .as_str()
        .expect("it was opened");
    let pages = [
        "/".to_owned(),
        "/ui/services".to_owned(),
        "/ui/services/checkout".to_owned(),
        "/ui/incidents".to_owned(),
        format!("/ui/incidents/{incident}"),
        format!("/ui/slos/{id}"),
        "/ui/alerts".to_owned(),
        format!("/ui/alerts/{alert}"),
        "/ui/silences".to_owned(),
        "/ui/channels".to_owned(),
        "/ui/status".to_owned(),
        "/ui/messages".to_owned(),
    ];
    (world, pages.into())
}

/// The values of an attribute.
fn attributes<'a>(page: &'a str, name: &str) -> BTreeSet<&'a str> {
    page.split(&format!(" {name}=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[tokio::test]
async fn no_page_may_load_or_run_or_be_framed_by_anything_from_elsewhere() {
    let (world, pages) = lively().await;
    for path in pages
        .iter()
        .map(String::as_str)
        .chain(["/ui/slos/nowhere"])
    {
        let answer = world.get(path).await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
}

/// The policy would refuse them; a page must not need them.
#[tokio::test]
async fn no_page_has_inline_styles_scripts_or_handlers() {
    let (world, pages) = lively().await;
    for path in &pages {
        let page = page(&world, path).await;
        assert!(!page.contains(" style="), "{path}: {page}");
        assert!(!page.contains("<style"), "{path}: {page}");
        assert_eq!(page.matches("<script").count(), 1, "{path}: {page}");
        assert!(
            page.contains("<script src=\"/assets/page."),
            "{path}: {page}"
        );
        for event in ["onload", "onclick", "onerror", "onchange", "onsubmit"] {
            assert!(!page.contains(&format!(" {event}=")), "{path}: {event}");
        }
    }
}

#[tokio::test]
async fn every_link_of_every_page_leads_somewhere() {
    let (world, pages) = lively().await;
    let mut seen = BTreeSet::new();
    let mut ahead = pages;
    while let Some(path) = ahead.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        if answer.header("content-type") != "text/html; charset=utf-8" {
            continue;
        }
        let page = text(&answer);
        let links = attributes(&page, "href");
        ahead.extend(
            links
                .iter()
                .chain(&attributes(&page, "src"))
                .filter(|link| link.starts_with('/'))
                .map(|link| link.replace("&amp;", "&")),
        );
        let elsewhere: Vec<_> = links
            .iter()
            .filter(|link| !link.starts_with(['/', '#']))
            .collect();
        assert!(
            elsewhere.is_empty() || elsewhere == [&"https://wiki.example/checkout"],
            "{path}: {elsewhere:?}"
        );
    }
    assert!(seen.len() >= 9, "{seen:?}");
}

#[tokio::test]
async fn every_id_of_a_page_is_there_once_and_every_label_is_there() {
    let (world, pages) = lively().await;
    for path in &pages {
        let page = page(&world, path).await;
        for id in attributes(&page, "id") {
            assert_eq!(
                page.matches(&format!(" id=\"{id}\""))
                    .count(),
                1,
                "{path}: {id}"
            );
        }
        for name in attributes(&page, "aria-labelledby") {
            assert!(page.contains(&format!(" id=\"{name}\"")), "{path}: {name}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert_eq!(page.matches("<main").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn assets_may_be_kept_for_ever_and_have_no_other_name() {
    let world = World::new();
    let page = page(&world, "/").await;
    let style = attributes(&page, "href")
        .into_iter()
        .find(|link| link.starts_with("/assets/page."))
        .expect("a stylesheet")
        .to_owned();
    let found = world.get(&style).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        found.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let tag = found.header("etag").to_owned();
    let again = world
        .send("GET", &style, &[("if-none-match", &tag)], None)
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(
        world
            .get("/assets/page.css")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words_under_its_status() {
    let world = World::new();
    let answer = world.get("/ui/slos/nowhere").await;
    assert_eq!(answer.status, 404);
    let said = words(&text(&answer));
    assert!(said.contains("There is no such SLO."), "{said}");
    assert!(said.contains(answer.header("x-request-id")), "{said}");

    let answer = world
        .get("/?state=fine&colour=red")
        .await;
    assert_eq!(answer.status, 422);
    let said = words(&text(&answer));
    assert!(said.contains("colour: unknown parameter"), "{said}");
    // Programs get what they always got.
    assert_eq!(
        world
            .get("/slo/nowhere")
            .await
            .problem()
            .0,
        "not-found"
    );
}

#[tokio::test]
async fn everybody_is_warned_where_nobody_is_told() {
    let said = words(&page(&World::new(), "/").await);
    assert!(
        said.contains("Nobody is told. No channel is configured"),
        "{said}"
    );

    let told = |context: &mut sre_server::context::Context| {
        context.destinations = vec![fixtures::destination("ops")];
    };
    let said = words(&page(&World::with(told), "/").await);
    assert!(!said.contains("obody is told"), "{said}");

    let world = World::with(|context| {
        told(context);
        context.about.is_shadow = true;
    });
    let said = words(&page(&world, "/ui/status").await);
    assert!(said.contains("Shadow mode: nobody is told."), "{said}");
}

/// Pages are for people; a program that reads the document has no use for them.
#[tokio::test]
async fn the_document_of_the_api_holds_no_page() {
    let world = World::new();
    let document = world.get("/openapi.json").await.json();
    let paths = document["paths"]
        .as_object()
        .expect("paths");
    assert!(paths.contains_key("/slo"));
    assert!(!paths.contains_key("/"), "{paths:?}");
    assert!(
        !paths
            .keys()
            .any(|path| path.starts_with("/ui")),
        "{paths:?}"
    );
}

#[tokio::test]
async fn who_is_not_logged_in_is_led_to_the_login_and_back() {
    let guarded = Guarded::new();
    let world = &guarded.world;
    let answer = world
        .get("/ui/alerts?service=checkout")
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        "/login?next=%2Fui%2Falerts%3Fservice%3Dcheckout"
    );
    // Programs are not led anywhere.
    assert_eq!(world.get("/alerts").await.status, 401);

    let token = format!("Bearer {}", guarded.token(Role::Read));
    let answer = world
        .send("GET", "/", &[("authorization", &token)], None)
        .await;
    assert_eq!(answer.status, 200);
    assert!(text(&answer).contains("action=\"/logout\""));
    assert!(
        !page(&World::new(), "/")
            .await
            .contains("/logout")
    );
}
