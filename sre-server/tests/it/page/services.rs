//! `GET /ui/services` and `GET /ui/services/{name}`

use serde_json::json;

use super::{create, minutes, page, words};
use crate::world::World;

#[tokio::test]
async fn the_least_healthy_service_comes_first_with_what_it_lost() {
    let world = World::new();
    create(&world, &json!({})).await;
    create(
        &world,
        &json!({"name": "Search", "service_name": "a-search"}),
    )
    .await;
    let shop = json!({
        "name": "shop", "owner": "Team <Shop>", "criticality": "high",
        "dependencies": [{"service_name": "checkout", "weight": 0.5}],
        "links": {"wiki": "https://wiki.example/shop"},
    });
    let made = world.post("/services", &shop).await;
    assert_eq!(made.status, 201, "{}", super::text(&made));
    minutes(&world, [100; 6]).await;
    minutes(&world, [0; 6]).await;

    let said = words(&page(&world, "/ui/services").await);
    let place = |text: &str| {
        said.find(text)
            .unwrap_or_else(|| panic!("{text} in {said}"))
    };
    assert!(place("checkout Unhealthy") < place("shop "), "{said}");
    assert!(place("shop ") < place("a-search Unknown no data"), "{said}");

    let checkout = words(&page(&world, "/ui/services/checkout").await);
    assert!(
        checkout.contains("What it lost Points By What exactly"),
        "{checkout}"
    );
    assert!(checkout.contains("What stands on it shop"), "{checkout}");
    assert!(
        checkout.contains("checkout Availability Violated"),
        "{checkout}"
    );

    let shop = page(&world, "/ui/services/shop").await;
    assert!(shop.contains("Team &lt;Shop&gt;"), "{shop}");
    assert!(
        shop.contains("<a href=\"https://wiki.example/shop\""),
        "{shop}"
    );
    let said = words(&shop);
    assert!(
        said.contains("What it stands on Service Score Weight checkout"),
        "{said}"
    );
    assert!(said.contains("Probable cause checkout"), "{said}");
}

#[tokio::test]
async fn a_name_with_a_slash_has_a_page_and_an_unknown_one_has_none() {
    let world = World::new();
    create(&world, &json!({"service_name": "team/shop:v2"})).await;
    let list = page(&world, "/ui/services").await;
    assert!(
        list.contains("href=\"/ui/services/team%2Fshop:v2\""),
        "{list}"
    );
    let one = words(&page(&world, "/ui/services/team%2Fshop:v2").await);
    assert!(
        one.contains("Nobody measures it, so nobody can say."),
        "{one}"
    );
    assert_eq!(
        world
            .get("/ui/services/nobody")
            .await
            .status,
        404
    );
}
