//! `/slo/{id}/detection`, what rules say of an outage, and the guards that hold them back.

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use super::{body, create, faults, pointers};
use crate::world::World;

/// Google's first rule on 30 days, with more of it.
fn policy(rule: &Value) -> Value {
    let mut first = json!({"level": "emergency", "long": "1h", "short": "5m"});
    sre_server::http::json::merge_patch(&mut first, rule);
    json!({"target_percentage": 99.9, "time_window": "30d", "burn_policy": {"rules": [first]}})
}

/// `docs/mathematics.md` 9.2: at 99.9 % a total outage is seen after 36 s, 108 s and 172.8 s.
#[tokio::test]
async fn a_total_outage_pages_when_the_first_rule_sees_it() {
    let world = World::new();
    let path = create(
        &world,
        &json!({"target_percentage": 99.9, "time_window": "30d"}),
    )
    .await;
    let told = world
        .get(&format!("{path}/detection"))
        .await
        .json();
    assert_eq!(told["error_ratio"], 1);
    assert_eq!(told["traffic"], Value::Null);
    assert_eq!(told["page"]["after_seconds"], 36);
    // A slice of 60 s, its closing of 10 s, and a quarter until its slot.
    assert_eq!(told["page"]["decided_within_seconds"], 121);
    assert_eq!(told["page"]["clears_after_seconds"], 1_791);
    assert_eq!(told["ticket"]["after_seconds"], 172.8);
    assert_eq!(told["budget_lasts_seconds"], 2_592);
    let rules = world.get(&path).await.json()["burn_policy"]["rules"].clone();
    for (rule, (detects, resets)) in [(36.0, 297.0), (108.0, 1_791.0), (172.8, 7_185.6)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(
            rules[rule]["detects_outage_in_seconds"].as_f64(),
            Some(detects)
        );
        assert_eq!(rules[rule]["resets_in_seconds"].as_f64(), Some(resets));
        assert_eq!(
            told["rules"][rule]["fires_after_seconds"].as_f64(),
            Some(detects)
        );
        assert_eq!(
            told["rules"][rule]["clears_after_seconds"].as_f64(),
            Some(resets)
        );
    }
}

/// `docs/mathematics.md` 8.1: 5 % from a baseline of 0.2 %, at 14.4.
#[tokio::test]
async fn a_lesser_outage_takes_longer_and_a_slight_one_for_ever() {
    let world = World::new();
    let path = create(&world, &policy(&json!({"factor": 14.4}))).await;
    let told = async |query: &str| {
        world
            .get(&format!("{path}/detection?{query}"))
            .await
            .json()
    };
    let from_baseline = told("error_ratio=0.05&baseline=0.002").await;
    assert_eq!(from_baseline["page"]["after_seconds"], 930);
    assert_eq!(from_baseline["page"]["clears_after_seconds"], 222.5);
    let slight = told("error_ratio=0.0144").await;
    assert_eq!(slight["page"], Value::Null);
    assert_eq!(slight["rules"][0]["fires_after_seconds"], Value::Null);
    assert_eq!(slight["budget_lasts_seconds"], 180_000);
}

#[tokio::test]
async fn what_is_no_error_ratio_is_told() {
    let world = World::new();
    let path = create(&world, &json!({})).await;
    let answer = world
        .get(&format!("{path}/detection?error_ratio=5&baseline=-1"))
        .await;
    assert_eq!(pointers(&answer), ["error_ratio", "baseline"]);
    let nobody = "/slo/0198c0de-0000-7000-8000-000000000000/detection";
    assert_eq!(world.get(nobody).await.status, 404);
}

/// `docs/mathematics.md` 10.2: with little traffic detection waits for its bad events.
#[tokio::test]
async fn guards_wait_for_their_bad_events_at_the_traffic_there_is() {
    let world = World::new();
    let mut written = policy(&json!({"factor": 14.4}));
    written["significance_level"] = json!(0.0001);
    let path = create(&world, &written).await;
    for _ in 0..60 {
        world
            .push("checkout", "availability", counts(1, 1))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
    let told = world
        .get(&format!("{path}/detection"))
        .await
        .json();
    let per_hour = told["traffic"]["per_hour"]
        .as_f64()
        .expect("known");
    assert!((59.0..=61.0).contains(&per_hour), "{told}");
    assert_eq!(told["rules"][0]["crosses_after_seconds"], 51.84);
    // Of sixty requests an hour seven have to be bad.
    let fires = told["page"]["after_seconds"]
        .as_f64()
        .expect("fires");
    assert!((400.0..=430.0).contains(&fires), "{told}");
    let page = String::from_utf8(
        world
            .get(&path.replace("/slo/", "/ui/slos/"))
            .await
            .body
            .to_vec(),
    )
    .expect("text");
    assert!(page.contains("A total outage pages after 7 min"), "{page}");
}

#[tokio::test]
async fn the_guard_that_holds_a_page_back_is_named_with_its_figures() {
    for (level, verdict) in [
        (json!(null), "firing"),
        (json!(0.000_000_001), "not_significant"),
    ] {
        let world = World::new();
        let mut written = policy(&json!({"factor": 14.4}));
        written["significance_level"] = level.clone();
        let path = create(&world, &written).await;
        for _ in 0..6 {
            world
                .push("checkout", "availability", counts(2, 3))
                .await;
            world.run_for(Span::minutes(1)).await;
        }
        let slo = world.get(&path).await.json();
        assert_eq!(slo["significance_level"], level);
        let rule = &slo["status"]["rules"][0];
        assert_eq!(rule["verdict"], verdict, "{rule}");
        let page = world
            .get(&path.replace("/slo/", "/ui/slos/"))
            .await;
        let page = String::from_utf8(page.body.to_vec()).expect("text");
        if verdict == "firing" {
            assert_eq!(rule["bad_needed"], Value::Null);
        } else {
            let bad = rule["long"]["bad"]
                .as_u64()
                .expect("counted");
            let needed = rule["bad_needed"]
                .as_u64()
                .expect("asked for");
            assert!(needed > bad, "{rule}");
            let words = format!("{bad} of the {needed} that it asks for");
            assert!(page.contains(&words), "{words}");
        }
    }
}

/// A rule may ask for a share of the whole budget beside its factor, or in its place.
#[tokio::test]
async fn a_share_of_the_budget_is_read_back_as_it_was_written() {
    let world = World::new();
    let path = create(&world, &policy(&json!({"min_budget_share": 0.02}))).await;
    let slo = world.get(&path).await.json();
    let rule = &slo["burn_policy"]["rules"][0];
    assert_eq!(
        (&rule["factor"], &rule["min_budget_share"]),
        (&json!(1), &json!(0.02))
    );
    assert_eq!(rule["budget_share"], 0.02);
    assert_eq!(rule["detects_outage_in_seconds"], 51.84);
    let back = world.put(&path, &slo).await;
    assert_eq!(
        (back.status, &back.json()["version"]),
        (200, &slo["version"])
    );
    let patched = world
        .patch(&path, &json!({"min_bad": 4}))
        .await
        .json();
    assert_eq!(patched["burn_policy"], slo["burn_policy"]);
    for (rule, fault) in [
        (
            json!({}),
            "/burn_policy/rules/0/factor: is required, unless there is a min_budget_share",
        ),
        (
            json!({"min_budget_share": 1.5}),
            "/burn_policy/rules/0/min_budget_share: a share of the budget is a decimal above 0",
        ),
    ] {
        let answer = world
            .post("/slo", &body(&policy(&rule)))
            .await;
        let told = faults(&answer);
        assert!(told[0].starts_with(fault), "{told:?}");
    }
}

/// T8: loosening a target can strand a rule; it is refused then, with the arithmetic.
#[tokio::test]
async fn t8_an_edit_of_the_target_that_strands_a_written_rule_is_refused() {
    let world = World::new();
    let path = create(&world, &policy(&json!({"factor": 14.4}))).await;
    for change in [
        json!({"target_percentage": 93}),
        json!({"target_percentage": 90, "description": "looser"}),
    ] {
        let answer = world.patch(&path, &change).await;
        let told = faults(&answer);
        assert_eq!(answer.status, 422);
        assert!(
            told[0].starts_with("/burn_policy/rules/0: can never fire"),
            "{told:?}"
        );
        assert!(
            told[0].contains("it works at targets above 93.0556 %"),
            "{told:?}"
        );
        let mut all = body(&policy(&json!({"factor": 14.4})));
        sre_server::http::json::merge_patch(&mut all, &change);
        assert_eq!(world.put(&path, &all).await.status, 422);
    }
    let kept = world.get(&path).await.json();
    assert_eq!(
        (&kept["target_percentage"], &kept["version"]),
        (&json!(99.9), &json!(1))
    );
    let tighter = json!({"target_percentage": 93.1});
    assert_eq!(
        world
            .patch(&path, &tighter)
            .await
            .status,
        200
    );
}

/// A preset's rule is left out in its place, at the same edit.
#[tokio::test]
async fn an_edit_of_the_target_that_strands_a_preset_rule_leaves_it_out() {
    let world = World::new();
    let path = create(
        &world,
        &json!({"target_percentage": 99.9, "time_window": "30d"}),
    )
    .await;
    let loose = world
        .patch(&path, &json!({"target_percentage": 90}))
        .await
        .json();
    let policy = &loose["burn_policy"];
    assert_eq!(policy["rules"].as_array().map(Vec::len), Some(2));
    assert_eq!(policy["left_out"][0]["rule"]["level"], "emergency");
    let reason = policy["left_out"][0]["reason"].as_str();
    assert!(
        reason
            .expect("a reason")
            .contains("it works at targets above 90 %")
    );
}

/// `docs/mathematics.md` 9.5: a share of 100 % or more is accepted, and the answer warns.
#[tokio::test]
async fn a_rule_that_fires_when_the_budget_is_gone_is_answered_with_a_warning() {
    let world = World::new();
    let late = policy(&json!({"factor": 5, "long": "7d", "short": "14h"}));
    let made = world.post("/slo", &body(&late)).await;
    assert_eq!(made.status, 201);
    let warning = made.json()["burn_policy"]["rules"][0]["warning"].clone();
    let warning = warning.as_str().expect("a warning");
    assert!(
        warning.starts_with("the budget is gone before it fires"),
        "{warning}"
    );
}

/// What an SLO asks for beside its rules is answered as it was written, counts in how long a page takes,
/// and goes when it is set to null.
#[tokio::test]
async fn a_page_that_waits_for_its_breach_takes_so_much_longer() {
    let world = World::new();
    let alerting = json!({"for": "2m", "keep_firing_for": "5m", "resolve_below": 0.5});
    let path = create(
        &world,
        &json!({"target_percentage": 99.9, "time_window": "30d", "alerting": alerting}),
    )
    .await;
    let slo = world.get(&path).await.json();
    assert_eq!(slo["alerting"], alerting);
    let told = world
        .get(&format!("{path}/detection"))
        .await
        .json();
    assert_eq!(told["page"]["after_seconds"], 36 + 120);
    // The short window of the second rule is below half of its factor 4.5 s later, and 5 minutes more.
    assert_eq!(told["page"]["clears_after_seconds"], 1_795.5 + 300.0);
    assert_eq!(
        told["ticket"]["after_seconds"], 172.8,
        "tickets are as they were"
    );
    let change = json!({"alerting": {"for": null, "keep_firing_for": "1m"}});
    let slo = world.patch(&path, &change).await.json();
    let expected = json!({"for": null, "keep_firing_for": "1m", "resolve_below": 0.5});
    assert_eq!(slo["alerting"], expected);
}

/// Nobody should wait until the budget is gone.
#[tokio::test]
async fn an_slo_that_would_be_told_too_late_is_refused_with_the_arithmetic() {
    let world = World::new();
    let refused = |more: Value| {
        let mut alerting = json!({"for": "5m", "keep_firing_for": "2d", "resolve_below": 0});
        sre_server::http::json::merge_patch(&mut alerting, &more);
        body(&json!({"target_percentage": 99.99, "time_window": "30d", "alerting": alerting}))
    };
    let answer = world
        .post("/slo", &refused(json!({"until": "1m"})))
        .await;
    assert_eq!(pointers(&answer), ["/alerting/until"]);
    let answer = world
        .post("/slo", &refused(json!({})))
        .await;
    let all = [
        "/alerting/for",
        "/alerting/keep_firing_for",
        "/alerting/resolve_below",
    ];
    assert_eq!(pointers(&answer), all);
    let told = faults(&answer).join(" ");
    let why = "at 99.99 % over 30d a total outage spends it in 259 s, and this is 5m";
    assert!(told.contains(why), "{told}");
}
