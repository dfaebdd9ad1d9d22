//! `kill -9`, again and again, while everything is written and sent.
//!
//! What was acknowledged is there, what was refused is not, what nobody answered is there whole or
//! not at all; no slot is missing or double; every message arrives, and one that may come again says
//! so.

mod load;
mod verdict;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use sre_store_sqlite::{Options, SqliteStore};
use tokio::time::{Instant, sleep};

use self::load::Load;
use self::verdict::{Kill, Verdict};
use crate::client::Client;
use crate::process::Service;
use crate::random::Random;
use crate::sink::{SECRET, Sink};
use crate::waiting::{eventually, now, say};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_tear_nothing_and_repeat_nothing_in_silence() {
    let began = Instant::now();
    let seed = now().timestamp_micros().cast_unsigned();
    say(&format!("kill: the seed is {seed}"));
    let mut random = Random::new(seed);
    let sink = sometimes_slow_sink(&random).await;
    let mut service = Service::new()
        .with("SLO_VALIDATION_INTERVAL", "10s")
        .with("WEBHOOK_URL", &sink.url)
        .with("WEBHOOK_SECRET", SECRET)
        .with("WEBHOOK_TIMEOUT", "1s");
    let mut running = service.start().await;
    let watched = watch(&running.client).await;
    let load = Load::begin(seed, &running.client);

    let mut kills = Vec::new();
    while kills.len() < KILLS {
        sleep(random.millis(300, 2_500)).await;
        let kill = Kill {
            at: now(),
            writes: load.in_flight(),
            messages: sink.unanswered(),
        };
        running.kill();
        kills.push(kill);
        // Some die before they listen.
        while kills.len() < KILLS && random.below(8) == 0 {
            let starting = service.spawn();
            sleep(random.millis(1, 60)).await;
            drop(starting);
            kills.push(Kill {
                at: now(),
                writes: 0,
                messages: 0,
            });
        }
        running = service.start().await;
        load.turn_to(&running.client);
    }
    say(&format!(
        "kill: {KILLS} kills took {:.0} s",
        began.elapsed().as_secs_f64()
    ));

    let written = load.end().await;
    let told = everything_is_told(&running.client, &sink).await;
    let verdict = Verdict {
        client: &running.client,
        kills: &kills,
        written: &written,
    };
    verdict.samples_are_there().await;
    verdict.alerts_are_there().await;
    verdict.slos_are_there().await;
    verdict
        .no_slot_is_missing_or_double(&watched)
        .await;
    verdict
        .the_ledger_is_the_sum_of_samples(&watched)
        .await;
    verdict
        .every_message_arrived(&sink)
        .await;
    verdict.repeats_are_marked_and_excused(&sink);
    verdict.something_was_hit();
    say(&format!(
        "kill: {told} messages, all told, {:.0} s",
        began.elapsed().as_secs_f64()
    ));

    running.stop().await;
    is_sound(&service).await;
}

/// Few messages are taken at once, most slowly, and some so slowly that nobody waits for it.
async fn sometimes_slow_sink(random: &Random) -> Sink {
    let random = Mutex::new(random.clone());
    Sink::slow_by(move || {
        let mut random = random
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match random.below(20) {
            0..=2 => Duration::from_millis(1_500),
            3..=16 => random.millis(200, 900),
            _ => Duration::ZERO,
        }
    })
    .await
}

/// An SLO with the shortest slices, over what the load pushes.
async fn watch(client: &Client) -> String {
    let slo = json!({
        "name": "Watched", "service_name": load::PUSHED, "metric_name": "availability",
        "target_percentage": 50, "time_window": "1h", "slice": "10s",
    });
    let made = client
        .post("/slo", &slo)
        .await
        .expect(201);
    made["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Waits until nothing is left to be told; how many messages came.
async fn everything_is_told(client: &Client, sink: &Sink) -> usize {
    // A message whose sender died waits for its claim to end: a try's time and a margin.
    eventually("everything is told", Duration::from_mins(2), || async {
        let metrics = client.get("/metrics").await.expect(200);
        let is_idle = [
            "sre_monitor_queue_intents 0\n",
            "sre_monitor_queue_deliveries 0\n",
        ]
        .iter()
        .all(|line| {
            metrics
                .as_str()
                .is_some_and(|metrics| metrics.contains(line))
        });
        is_idle.then_some(())
    })
    .await;
    sink.messages().len()
}

/// Whoever opens the file after all that finds nothing wrong with it.
async fn is_sound(service: &Service) {
    let path = service.data().join("sre-monitor.db");
    let store = SqliteStore::open(&path, Options::default())
        .await
        .expect("it opens");
    assert_eq!(
        store
            .check()
            .await
            .expect("it can be read"),
        Vec::<String>::new()
    );
    store.close().await;
}

/// How often the process is killed.
const KILLS: usize = 50;
