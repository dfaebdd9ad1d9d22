//! Composites, from their definition to what a late sample of a member does to them.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::{at, counts};

use super::{body, create, faults};
use crate::world::World;

/// The id in an address.
fn id(address: &str) -> &str {
    address.trim_start_matches("/slo/")
}

/// Two SLOs, of checkout and of basket, and one made of both.
struct Made {
    world: World,
    checkout: String,
    basket: String,
    both: String,
}

impl Made {
    async fn with(indicator: &Value) -> Self {
        let world = World::new();
        let checkout = create(&world, &json!({"name": "Checkout"})).await;
        let basket = create(&world, &json!({"name": "Basket", "service_name": "basket"})).await;
        let mut indicator = indicator.clone();
        indicator["type"] = json!("composite");
        for (place, member) in [&checkout, &basket]
            .into_iter()
            .enumerate()
        {
            indicator["of"][place]["slo"] = json!(id(member));
        }
        let changes = json!({"name": "Shop", "service_name": "shop", "time_window": "1h",
            "metric_name": null, "indicator": indicator});
        let both = create(&world, &changes).await;
        Self {
            world,
            checkout,
            basket,
            both,
        }
    }

    /// Ten minutes in which each is measured, and time for all to fold them.
    async fn run(&self) {
        for _ in 0..10 {
            for service in ["checkout", "basket"] {
                self.world
                    .push(service, "availability", counts(100, 100))
                    .await;
            }
            self.world
                .run_for(Span::minutes(1))
                .await;
        }
        self.world
            .run_for(Span::minutes(3))
            .await;
    }

    async fn shop(&self) -> Value {
        self.world.get(&self.both).await.json()
    }
}

fn figures(shop: &Value) -> (Value, Value, Value) {
    let status = &shop["status"];
    (
        status["good"].clone(),
        status["bad"].clone(),
        status["total"].clone(),
    )
}

#[tokio::test]
async fn a_late_sample_of_a_member_moves_the_composite() {
    let made = Made::with(&json!({"of": [{"weight": 3}, {"weight": 1}]})).await;
    made.run().await;
    let before = made.shop().await;
    assert_eq!(figures(&before), (json!(10), json!(0), json!(10)));
    assert_eq!(before["status"]["unit"], "slices");
    assert_eq!(before["budgeting_method"], "ratio_timeslices");
    // A hundred failures in the sixth minute of the basket: half of that minute, a quarter of the two.
    let late = at(301);
    made.world
        .push_at(late, "basket", "availability", counts(0, 100))
        .await;
    made.world
        .run_for(Span::minutes(3))
        .await;
    let after = made.shop().await;
    assert_eq!(figures(&after), (json!(9.875), json!(0.125), json!(10)));
    assert_eq!(after["status"]["sli_percentage"], json!(98.75));
    assert_eq!(after["status"]["error_budget"]["allowed"], json!(0.1));
}

#[tokio::test]
async fn a_member_whose_target_is_changed_is_judged_by_it_in_the_past_too() {
    let made = Made::with(&json!({"of": [{}, {}], "combine": "any_bad"})).await;
    made.world
        .push_at(at(1), "basket", "availability", counts(2, 100))
        .await;
    made.run().await;
    // Of 200 requests in the first minute 102 were good: too few for 99 %, enough for half.
    let before = made.shop().await;
    assert_eq!(before["budgeting_method"], "timeslices");
    assert_eq!(figures(&before), (json!(9), json!(1), json!(10)));
    let answer = made
        .world
        .patch(&made.basket, &json!({"target_percentage": 50}))
        .await;
    assert_eq!(answer.status, 200);
    made.world
        .run_for(Span::minutes(3))
        .await;
    assert_eq!(
        figures(&made.shop().await),
        (json!(10), json!(0), json!(10))
    );
}

#[tokio::test]
async fn a_composite_tells_what_it_is_made_of_and_what_is_missing() {
    let made = Made::with(&json!({"of": [{"weight": 2.5}, {}]})).await;
    made.run().await;
    let shop = made.shop().await;
    let source = &shop["resolved_source"];
    assert_eq!(source["kind"], "composite");
    assert_eq!(
        source["members"][0],
        json!({"slo_id": id(&made.checkout), "name": "Checkout", "service_name": "checkout",
            "weight": 2.5, "href": made.checkout})
    );
    // For three minutes nobody has measured anything.
    assert_eq!(source["missing_members"], 2);
    // What was read can be sent back.
    let again = made.world.put(&made.both, &shop).await;
    assert_eq!(
        again.status,
        200,
        "{}",
        String::from_utf8_lossy(&again.body)
    );
    assert_eq!(again.json()["version"], shop["version"]);
    let page = made
        .world
        .get(&format!("/ui/slos/{}", id(&made.both)))
        .await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let link = format!("/ui/slos/{}", id(&made.basket));
    assert!(page.contains(&link), "{page}");
}

#[tokio::test]
async fn a_deleted_member_is_missing_from_then_on_and_its_past_stays() {
    let made = Made::with(&json!({"of": [{}, {}], "combine": "min"})).await;
    made.world
        .push_at(at(1), "basket", "availability", counts(0, 100))
        .await;
    made.run().await;
    assert_eq!(
        figures(&made.shop().await),
        (json!(9.5), json!(0.5), json!(10))
    );
    assert_eq!(
        made.world
            .delete(&made.basket)
            .await
            .status,
        204
    );
    for _ in 0..2 {
        made.world
            .push("checkout", "availability", counts(100, 100))
            .await;
        made.world
            .push("basket", "availability", counts(0, 100))
            .await;
        made.world
            .run_for(Span::minutes(1))
            .await;
    }
    made.world
        .run_for(Span::minutes(3))
        .await;
    let shop = made.shop().await;
    assert_eq!(figures(&shop), (json!(11.5), json!(0.5), json!(12)));
    assert_eq!(shop["resolved_source"]["members"][1]["name"], json!(null));
}

#[tokio::test]
async fn a_composite_of_nothing_that_can_be_is_refused_with_every_reason() {
    let world = World::new();
    let member = create(&world, &json!({"name": "member", "slice": "5m"})).await;
    let refused = async |indicator: Value, changes: Value| {
        let mut changes = changes;
        changes["indicator"] = indicator;
        faults(
            &world
                .post("/slo", &body(&changes))
                .await,
        )
    };
    let composite =
        |of: Value, combine: &str| json!({"type": "composite", "of": of, "combine": combine});
    let unknown = "01981111-2222-7333-8444-555566667777";
    let told = refused(
        composite(json!([{"slo": unknown}, {"slo": id(&member)}]), "min"),
        json!({}),
    )
    .await;
    assert_eq!(told[0], "/indicator/of/0/slo: there is no such SLO");
    assert!(
        told[1].starts_with("/indicator/of/1/slo: its slices of 5m do not tile"),
        "{told:?}"
    );
    let of = json!([{"slo": unknown, "weight": 2}, {"slo": unknown}, {"slo": "x"}]);
    let told = refused(
        composite(of, "series"),
        json!({"budgeting_method": "occurrences"}),
    )
    .await;
    assert_eq!(
        told[0],
        "/indicator/of/0/weight: is only for the combine weighted_ratio"
    );
    assert_eq!(told[1], "/indicator/of/1/slo: is a member already");
    assert!(told[2].starts_with("/indicator/of/2/slo: "), "{told:?}");
    let told = refused(composite(json!([]), "min"), json!({})).await;
    assert_eq!(told, ["/indicator/of: a composite has at least one member"]);
    let told = refused(composite(json!([{"slo": id(&member)}]), "mean"), json!({})).await;
    assert!(
        told[0].starts_with("/indicator/combine: must be one of"),
        "{told:?}"
    );
    let told = refused(
        composite(json!([{"slo": id(&member)}]), "min"),
        json!({"slice": "5m", "budgeting_method": "occurrences"}),
    )
    .await;
    assert!(
        told[0].starts_with("/budgeting_method: a composite has no events"),
        "{told:?}"
    );
}

#[tokio::test]
async fn no_composite_is_made_of_itself() {
    let made = Made::with(&json!({"of": [{}, {}]})).await;
    let outer = create(
        &made.world,
        &json!({"name": "Company", "metric_name": null,
            "indicator": {"type": "composite", "of": [{"slo": id(&made.both)}]}}),
    )
    .await;
    let told = async |of: Value| {
        let patch = json!({"indicator": {"of": of}});
        faults(
            &made
                .world
                .patch(&made.both, &patch)
                .await,
        )
    };
    let itself = told(json!([{"slo": id(&made.both)}])).await;
    assert_eq!(itself, ["/indicator/of/0/slo: is the SLO itself"]);
    let circle = told(json!([{"slo": id(&made.basket)}, {"slo": id(&outer)}])).await;
    assert_eq!(
        circle,
        ["/indicator/of/1/slo: is made of this SLO itself: Company"]
    );
}
