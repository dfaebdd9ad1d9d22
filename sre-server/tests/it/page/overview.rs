//! `GET /`

use serde_json::json;
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{create, minutes, page, words};
use crate::world::World;

#[tokio::test]
async fn an_slo_that_nobody_measured_has_no_figures_at_all() {
    let world = World::new();
    create(&world, &json!({"target_percentage": 99.5})).await;
    let said = words(&page(&world, "/").await);
    assert!(
        said.contains("Availability Waiting for data no data 99.5 % over 24h no data no data"),
        "{said}"
    );
    assert!(said.contains("Nothing can be judged yet"), "{said}");
    let figures = said.replace("99.5 %", "");
    assert!(!figures.contains('%'), "{said}");
}

#[tokio::test]
async fn an_slo_that_is_met_says_so_with_its_figures() {
    let world = World::new();
    create(&world, &json!({})).await;
    minutes(&world, [100, 100, 98, 100, 100, 100, 100]).await;
    let said = words(&page(&world, "/").await);
    assert!(said.contains("All is well"), "{said}");
    assert!(said.contains("1 met"), "{said}");
    assert!(
        said.contains("checkout Availability Met 99.6666 % 99 % over 24h 66.7 %"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_wrong_comes_before_what_is_well() {
    let world = World::new();
    create(
        &world,
        &json!({"name": "Search", "service_name": "a-search"}),
    )
    .await;
    create(&world, &json!({})).await;
    for minute in 0..9 {
        let good = if minute < 4 { 100 } else { 0 };
        world
            .push("a-search", "availability", counts(100, 100))
            .await;
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    let page = page(&world, "/").await;
    let said = words(&page);
    assert!(said.contains("1 of 2 SLOs needs attention"), "{said}");
    assert!(page.contains("<title>(2) Overview"), "{page}");
    let place = |text: &str| {
        said.find(text)
            .unwrap_or_else(|| panic!("{text} in {said}"))
    };
    assert!(place("Open alerts") < place("checkout Availability"));
    assert!(place("checkout Availability Violated") < place("a-search Search Met"));
    assert!(said.contains("nobody was told"), "{said}");
}

#[tokio::test]
async fn a_page_holds_a_hundred_and_leads_to_the_next() {
    let world = World::new();
    for n in 0..3 {
        create(&world, &json!({"name": format!("SLO {n}")})).await;
    }
    let first = page(&world, "/?limit=2").await;
    assert!(first.contains("SLO 0") && first.contains("SLO 1") && !first.contains("SLO 2"));
    let next = first
        .split("<a href=\"/?cursor=")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a next page");
    let second = page(&world, &format!("/?limit=2&cursor={next}")).await;
    assert!(!second.contains("SLO 1") && second.contains("SLO 2"));
    assert!(second.contains("First page") && !second.contains("Next page"));
}

/// A form sends every field that it has.
#[tokio::test]
async fn a_filter_shows_what_it_says_and_an_empty_one_shows_everything() {
    let world = World::new();
    create(&world, &json!({})).await;
    create(&world, &json!({"name": "Other", "service_name": "search"})).await;
    let said = words(&page(&world, "/?service=search&state=").await);
    assert!(
        said.contains("search Other") && !said.contains("Availability"),
        "{said}"
    );
    let said = words(&page(&world, "/?service=&state=waiting").await);
    assert!(
        said.contains("search Other") && said.contains("Availability"),
        "{said}"
    );
    let said = words(&page(&world, "/?state=violated").await);
    assert!(said.contains("No SLO is like that."), "{said}");
    let said = words(&page(&world, "/?service=&state=").await);
    assert!(
        said.contains("search Other") && said.contains("Availability"),
        "{said}"
    );
}

#[tokio::test]
async fn an_empty_store_says_what_to_do() {
    let said = words(&page(&World::new(), "/").await);
    assert!(said.contains("There is no SLO yet."), "{said}");
}
