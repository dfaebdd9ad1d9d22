//! `/budget-corrections`: agreed, previewed, listed, cancelled; and the raw figures beside the
//! corrected ones.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use crate::http::Answered;
use crate::world::World;

/// Twenty minutes of a thousand requests; of the last ten minutes 6 % are bad. The path of the SLO.
async fn troubled(world: &World) -> String {
    let slo = json!({
        "name": "Availability", "service_name": "api-gateway", "metric_name": "availability",
        "target_percentage": 99.0, "time_window": "1h",
    });
    let made = world.post("/slo", &slo).await;
    assert_eq!(made.status, 201, "{}", made.json());
    for minute in 0..20 {
        let good = if minute < 10 { 1_000 } else { 940 };
        world
            .push("api-gateway", "availability", counts(good, 1_000))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    world.run_for(Span::minutes(1)).await;
    made.header("location").to_owned()
}

/// Five of the bad minutes.
fn agreed(meaning: &str) -> Value {
    json!({
        "service_name": "api-gateway", "meaning": meaning,
        "from": "2026-01-01T12:10:00Z", "to": "2026-01-01T14:15:00+02:00",
        "reason": "The database was moved", "by": "ada",
    })
}

async fn made(world: &World, body: &Value) -> Answered {
    let made = world
        .post("/budget-corrections", body)
        .await;
    assert_eq!(made.status, 201, "{}", made.json());
    made
}

/// Where in a body faults were found, in order.
async fn faults(world: &World, body: &Value) -> Vec<String> {
    let answer = world
        .post("/budget-corrections", body)
        .await;
    let (_, faults) = answer.problem();
    assert_eq!(answer.status, 422, "{}", answer.json());
    let faults = faults
        .as_array()
        .expect("faults")
        .iter();
    let text = |fault: &Value, name: &str| {
        fault[name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    faults
        .map(|fault| format!("{}: {}", text(fault, "pointer"), text(fault, "detail")))
        .collect()
}

#[tokio::test]
async fn a_correction_is_answered_as_it_was_agreed_and_stays_listed_when_it_is_cancelled() {
    let world = World::new();
    troubled(&world).await;
    let made = made(&world, &agreed("remove_time")).await;
    let mut expected = json!({
        "id": made.json()["id"], "slo_id": null, "service_name": "api-gateway",
        "meaning": "remove_time", "from": "2026-01-01T12:10:00Z", "to": "2026-01-01T12:15:00Z",
        "recurrence": null, "reason": "The database was moved", "created_by": "ada",
        "created_at": "2026-01-01T12:21:00Z", "ended_from": null, "ended_by": null,
        "ended_at": null, "cancelled_by": null, "cancelled_at": null,
        "state": "past", "next": null,
    });
    assert_eq!(
        (made.json(), made.header("etag")),
        (expected.clone(), "\"v1\"")
    );
    let path = made.header("location").to_owned();
    assert_eq!(world.get(&path).await.json(), expected);

    world.run_for(Span::minutes(1)).await;
    let stale = world
        .send("DELETE", &path, &[("if-match", "\"v2\"")], None)
        .await;
    assert_eq!(stale.status, 412);
    let cancelled = world.delete(&path).await;
    expected["cancelled_at"] = json!("2026-01-01T12:22:00Z");
    expected["state"] = json!("cancelled");
    assert_eq!(
        (cancelled.status, cancelled.json()),
        (200, expected.clone())
    );
    world.run_for(Span::minutes(1)).await;
    let again = world.delete(&path).await;
    assert_eq!(
        (again.json(), again.header("etag")),
        (expected.clone(), "\"v2\"")
    );
    let listed = world
        .get("/budget-corrections")
        .await
        .json();
    assert_eq!(listed, json!({"items": [expected], "next_cursor": null}));
}

#[tokio::test]
async fn a_recurring_correction_says_what_comes_next() {
    let world = World::new();
    troubled(&world).await;
    let sundays = json!({
        "service_name": "api-gateway", "meaning": "count_as_good", "reason": "Backups",
        "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2025-12-07T02:00:00",
                       "duration": "2h", "time_zone": "Europe/Berlin"},
    });
    let made = made(&world, &sundays).await.json();
    assert_eq!(made["recurrence"], sundays["recurrence"]);
    let next = json!({"from": "2026-01-04T01:00:00Z", "to": "2026-01-04T03:00:00Z"});
    assert_eq!((&made["next"], &made["state"]), (&next, &json!("ahead")));
    let in_the_week = "/budget-corrections?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z";
    let listed = world.get(in_the_week).await.json();
    assert_eq!(listed["items"][0]["id"], made["id"]);
    let before = "/budget-corrections?to=2025-12-07T00:00:00Z";
    assert_eq!(world.get(before).await.json()["items"], json!([]));
    // What was read can be sent again.
    assert_eq!(
        world
            .post("/budget-corrections", &made)
            .await
            .status,
        201
    );
}

/// What was corrected before stays corrected, and nothing is from then on.
#[tokio::test]
async fn a_recurring_correction_can_be_ended_without_taking_its_past_back() {
    let world = World::new();
    let slo = troubled(&world).await;
    let nightly = json!({
        "service_name": "api-gateway", "meaning": "count_as_good", "reason": "Backups",
        "recurrence": {"rule": "FREQ=DAILY", "start": "2025-12-07T12:00:00", "duration": "2h"},
    });
    let path = made(&world, &nightly)
        .await
        .header("location")
        .to_owned();
    let end = format!("{path}/end");
    let too_early = world
        .post(&end, &json!({"from": "2025-12-07T12:00:00Z"}))
        .await;
    assert_eq!(too_early.status, 422, "{}", too_early.json());

    // Five of the ten bad minutes lie before.
    let ended = world
        .post(&end, &json!({"from": "2026-01-01T12:15:00Z", "by": "eve"}))
        .await;
    let shown = ended.json();
    assert_eq!((ended.status, ended.header("etag")), (200, "\"v2\""));
    assert_eq!(
        (&shown["ended_from"], &shown["ended_by"], &shown["ended_at"]),
        (
            &json!("2026-01-01T12:15:00Z"),
            &json!("eve"),
            &json!("2026-01-01T12:21:00Z")
        )
    );
    assert_eq!(
        (&shown["state"], &shown["next"]),
        (&json!("past"), &Value::Null)
    );
    world.run_for(Span::minutes(1)).await;
    let status = world.get(&slo).await.json()["status"].clone();
    assert_eq!(
        (&status["bad"], &status["raw"]["bad"]),
        (&json!(300), &json!(600))
    );

    // To end it again changes nothing, and from elsewhere is refused; cancelled, it is as if it had
    // never been.
    let again = world.post(&end, &json!({})).await;
    assert_eq!(again.json(), shown);
    let elsewhere = world
        .post(&end, &json!({"from": "2026-01-01T12:20:00Z"}))
        .await;
    assert_eq!(elsewhere.status, 409, "{}", elsewhere.json());
    world.delete(&path).await;
    let cancelled = world.post(&end, &json!({})).await;
    assert_eq!(cancelled.status, 409);
    world.run_for(Span::minutes(1)).await;
    let status = world.get(&slo).await.json()["status"].clone();
    assert_eq!(
        (&status["bad"], &status["raw"]),
        (&json!(600), &Value::Null)
    );
}

/// A service may have more SLOs than a preview computes: it says how many it left out. Of previews at
/// once only a few find a place.
#[tokio::test]
async fn a_preview_says_how_much_it_left_out_and_few_run_at_once() {
    let world = World::new();
    troubled(&world).await;
    for n in 0..102 {
        let slo = json!({
            "name": format!("Number {n}"), "service_name": "api-gateway",
            "metric_name": "availability", "target_percentage": 99.0, "time_window": "1h",
        });
        assert_eq!(world.post("/slo", &slo).await.status, 201);
    }
    let preview = async || {
        world
            .post("/budget-corrections/preview", &agreed("drop_events"))
            .await
    };
    let answer = preview().await.json();
    let items = answer["items"].as_array().map(Vec::len);
    assert_eq!((items, &answer["left_out"]), (Some(100), &json!(3)));

    let places: Vec<_> = std::iter::from_fn(|| world.context.simulations.enter()).collect();
    let refused = preview().await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    drop(places);
    assert_eq!(preview().await.status, 200);
}

#[tokio::test]
async fn every_fault_of_a_correction_is_told_at_once() {
    let world = World::new();
    let nothing = faults(&world, &json!({})).await;
    assert_eq!(
        nothing,
        [
            "/slo_id: is required, or `service_name`",
            "/meaning: is required",
            "/from: is required with `to`, or else `recurrence`",
            "/reason: is required",
        ]
    );
    let everything = json!({
        "slo_id": "019bd1a0-0000-7000-8000-000000000001", "service_name": "api-gateway",
        "meaning": "forget", "reason": "", "by": 7, "colour": "red",
        "from": "2026-01-01T12:10:00Z",
        "recurrence": {"rule": "FREQ=HOURLY", "start": "x", "duration": "2h", "until": 1,
                       "time_zone": "Mars"},
    });
    let found = faults(&world, &everything).await;
    for part in [
        "/service_name: goes without `slo_id`",
        "/meaning: must be remove_time, drop_events or count_as_good",
        "/recurrence/rule: FREQ must be",
        "/recurrence/time_zone: must be an IANA time zone",
        "/recurrence: goes without `from` and `to`",
        "/recurrence/until: unknown field",
        "/reason: ",
        "/by: ",
        "/colour: unknown field",
    ] {
        assert!(
            found
                .iter()
                .any(|fault| fault.starts_with(part)),
            "{part}: {found:#?}"
        );
    }
    for (field, value, fault) in [
        (
            "start",
            "x",
            "/recurrence/start: the start must be a local time",
        ),
        (
            "start",
            "2026-01-05T02:00:00",
            "/recurrence/start: the start must be an occurrence",
        ),
        (
            "duration",
            "60d",
            "/recurrence/duration: an occurrence may be at most 31d long",
        ),
    ] {
        let mut weekly = json!({
            "service_name": "api-gateway", "meaning": "remove_time", "reason": "Sundays",
            "recurrence": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "2026-01-04T02:00:00",
                           "duration": "2h"},
        });
        weekly["recurrence"][field] = json!(value);
        let found = faults(&world, &weekly).await;
        assert!(
            matches!(found.as_slice(), [only] if only.starts_with(fault)),
            "{found:#?}"
        );
    }
    let mut backwards = agreed("remove_time");
    backwards["to"] = backwards["from"].clone();
    assert_eq!(
        faults(&world, &backwards).await,
        ["/to: must end after it begins"]
    );
    // A name that nobody knows is a slip of the pen.
    let unknown = faults(&world, &agreed("remove_time")).await;
    assert_eq!(unknown, ["/service_name: is not known"]);
}

#[tokio::test]
async fn a_preview_says_what_would_be_given_back_and_stores_nothing() {
    let world = World::new();
    troubled(&world).await;
    let preview = world
        .post("/budget-corrections/preview", &agreed("drop_events"))
        .await;
    assert_eq!(preview.status, 200, "{}", preview.json());
    let item = &preview.json()["items"][0];
    // Allowed 200 of 20 000, 600 were bad: -200 % is left. Without the five minutes 300 of 15 000.
    assert_eq!(
        (&item["before"]["bad"], &item["before"]["total"]),
        (&json!(600), &json!(20_000))
    );
    assert_eq!(
        (&item["after"]["bad"], &item["after"]["total"]),
        (&json!(300), &json!(15_000))
    );
    assert_eq!(item["gives_back_percentage"], json!(100));
    assert_eq!(
        item["in_words"],
        "gives back 100 % of the error budget: -100 % would be left, and not -200 %"
    );
    assert_eq!(
        world
            .get("/budget-corrections")
            .await
            .json()["items"],
        json!([])
    );

    // One that is in force is part of what is before.
    made(&world, &agreed("drop_events")).await;
    let again = world
        .post("/budget-corrections/preview", &agreed("drop_events"))
        .await;
    let item = &again.json()["items"][0];
    assert_eq!(
        (&item["before"]["bad"], &item["gives_back_percentage"]),
        (&json!(300), &json!(0))
    );
}

#[tokio::test]
async fn the_raw_figures_stand_beside_the_corrected_ones_until_it_is_cancelled() {
    let world = World::new();
    let path = troubled(&world).await;
    let slo = world.get(&path).await.json();
    assert_eq!(slo["status"]["raw"], Value::Null);
    let made = made(&world, &agreed("count_as_good")).await;
    let correction = made.header("location").to_owned();
    world.run_for(Span::minutes(1)).await;

    let status = world.get(&path).await.json()["status"].clone();
    let bad = |figures: &Value| (figures["bad"].clone(), figures["total"].clone());
    let (corrected, raw) = ((json!(300), json!(20_000)), (json!(600), json!(20_000)));
    assert_eq!(
        (bad(&status), bad(&status["raw"])),
        (corrected.clone(), raw.clone())
    );
    let budget = world.get("/error-budget").await.json()["items"][0].clone();
    assert_eq!(
        (bad(&budget), bad(&budget["raw"])),
        (corrected.clone(), raw.clone())
    );
    assert_eq!(
        budget["raw"]["error_budget"]["remaining_percentage"],
        json!(-200)
    );
    // Recomputed, too.
    let half = world
        .get("/error-budget?window=30m")
        .await
        .json()["items"][0]
        .clone();
    assert_eq!((bad(&half), bad(&half["raw"])), (corrected, raw.clone()));
    let id = path
        .strip_prefix("/slo/")
        .expect("an id");
    let page = world
        .get(&format!("/ui/slos/{id}"))
        .await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        page.contains("As it was measured, −200.0 % of the budget is left: 600 bad of 20,000."),
        "{page}"
    );
    assert!(page.contains("class=\"corrected\""));

    world.delete(&correction).await;
    world.run_for(Span::minutes(1)).await;
    let status = world.get(&path).await.json()["status"].clone();
    assert_eq!((bad(&status), &status["raw"]), (raw, &Value::Null));
}
