//! The page, as it is served: over the store in memory and the real evaluator, without a browser.
//! What a browser makes of it is seen in `tests/e2e`, in a module `with_chromium`.

mod alerts;
mod channels;
mod escaping;
mod frame;
mod incidents;
mod overview;
mod services;
mod silences;
mod slo;

use serde_json::{Value, json};
use sre_core::time::Span;
use sre_store_conformance::fixtures::counts;

use crate::http::Answered;
use crate::world::World;

/// The text of a page that must be there.
async fn page(world: &World, path: &str) -> String {
    let answer = world.get(path).await;
    let text = text(&answer);
    assert_eq!(answer.status, 200, "{path}: {text}");
    text
}

pub(crate) fn text(answer: &Answered) -> String {
    String::from_utf8(answer.body.to_vec()).expect("UTF-8")
}

/// Creates an SLO of `checkout` over a day; answers its id.
async fn create(world: &World, changes: &Value) -> String {
    let mut body = json!({
        "name": "Availability", "service_name": "checkout", "metric_name": "availability",
        "target_percentage": 99, "time_window": "24h",
    });
    sre_server::http::json::merge_patch(&mut body, changes);
    let made = world.post("/slo", &body).await;
    assert_eq!(made.status, 201, "{}", text(&made));
    made.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Minutes of `checkout`, each with so many good events of a hundred.
async fn minutes(world: &World, good: impl IntoIterator<Item = u64>) {
    for good in good {
        world
            .push("checkout", "availability", counts(good, 100))
            .await;
        world.run_for(Span::minutes(1)).await;
    }
}

/// What a reader sees: the page without its tags.
pub(crate) fn words(page: &str) -> String {
    let mut out = String::new();
    let mut is_tag = false;
    for letter in page.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                out.push(' ');
            }
            letter if !is_tag => out.push(letter),
            _ => {}
        }
    }
    out.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
