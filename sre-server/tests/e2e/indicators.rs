//! What an SLO can ask of a real Prometheus: histograms, expressions and thresholds, from the request
//! that makes it to the figures that are answered, over a past whose truth is known.

mod with_prometheus {
    use std::fmt::Write as _;
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::client::Client;
    use crate::process::Service;
    use crate::prometheus::Prometheus;
    use crate::waiting::{eventually, now};

    /// How long ago the past begins, and how often it was scraped.
    const BEGAN: i64 = 3_600;
    const SCRAPE: i64 = 15;
    /// Requests of each scrape, by how long they took at most; +Inf is all of them.
    const WITHIN: [(&str, i64); 4] = [("0.1", 5), ("0.25", 8), ("0.5", 9), ("+Inf", 10)];
    /// Of so many scrapes of the queue the first few find it long.
    const WAVE: i64 = 40;
    const LONG: i64 = 8;

    /// An hour of requests, which began at 0 with a target that was known, and of a queue.
    fn past() -> String {
        let end = now().timestamp();
        let scrapes = || (0..BEGAN / SCRAPE).map(move |n| (n, end - BEGAN + n * SCRAPE));
        let mut past = String::new();
        let mut series = |name: &str, labels: &str, value: &dyn Fn(i64) -> i64| {
            for (n, second) in scrapes() {
                let labels = format!("job=\"shop\",instance=\"a:1\"{labels}");
                writeln!(past, "{name}{{{labels}}} {} {second}", value(n)).expect("a string");
            }
        };
        for (le, within) in WITHIN {
            let labels = format!(",le=\"{le}\"");
            series("shop_seconds_bucket", &labels, &|n| n * within);
        }
        series("shop_seconds_count", "", &|n| n * 10);
        series("shop_queue", "", &|n| if n % WAVE < LONG { 90 } else { 3 });
        past
    }

    fn slo(name: &str, indicator: &Value) -> Value {
        json!({"name": name, "service_name": "shop", "target_percentage": 90, "time_window": "1d",
            "indicator": indicator})
    }

    async fn made(client: &Client, name: &str, indicator: Value) -> Value {
        client
            .post("/slo", &slo(name, &indicator))
            .await
            .expect(201)
    }

    /// The SLO once its past is folded.
    async fn folded(client: &Client, made: &Value) -> Value {
        let address = format!("/slo/{}", made["id"].as_str().expect("an id"));
        eventually("the past", Duration::from_mins(2), || async {
            let slo = client.get(&address).await.expect(200);
            let window_is_known = slo["status"]["filled"]
                .as_f64()
                .is_some_and(|filled| filled * 86_400.0 > 3_400.0);
            window_is_known.then_some(slo)
        })
        .await
    }

    fn counted(slo: &Value) -> (u64, u64) {
        let count = |name: &str| {
            slo["status"][name]
                .as_f64()
                .unwrap_or_else(|| panic!("{}", slo["status"]))
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and small"
        )]
        let whole = |value: f64| value.round() as u64;
        (whole(count("bad")), whole(count("total")))
    }

    #[tokio::test]
    async fn every_form_of_an_indicator_counts_what_happened() {
        let prometheus = Prometheus::scraping(&[], &past()).await;
        let mut service = Service::new()
            .with("PROMETHEUS_URL", &prometheus.url)
            .with("SRE_MONITOR_DEFAULTS", "none");
        let server = service.start().await;
        let client = &server.client;
        let latency = |threshold: &str| {
            json!({"type": "latency", "source": "prometheus", "histogram": "shop_seconds",
                "selector": "job=\"shop\"", "threshold": threshold})
        };
        let exact = made(client, "exact", latency("500ms")).await;
        let inside = made(client, "inside", latency("300ms")).await;
        assert_eq!(exact["warnings"], json!([]));
        let warned = inside["warnings"][0]["detail"]
            .as_str()
            .expect("a warning");
        assert!(warned.contains("from 0.25 to 0.5"), "{warned}");
        let rewritten = json!({"type": "ratio", "source": "prometheus",
            "good_query": "sum(rate(shop_seconds_bucket{le=\"0.5\"}[{{window}}]))",
            "total_query": "sum by (job) (increase(shop_seconds_count[{{window}}]))"});
        let rewritten = made(client, "rewritten", rewritten).await;
        let written = json!({"type": "ratio", "source": "prometheus",
            "bad_query": "sum(increase(shop_seconds_count[{{window}}])) \
                          - sum(increase(shop_seconds_bucket{le=\"0.5\"}[{{window}}]))",
            "total_query": "sum(increase(shop_seconds_count[{{window}}])) + 0"});
        let written = made(client, "written", written).await;
        let queue = json!({"type": "threshold", "source": "prometheus", "query": "shop_queue",
            "operator": "lt", "value": 50});
        let queue = made(client, "queue", queue).await;

        let exact = folded(client, &exact).await;
        let (bad, total) = counted(&exact);
        // 240 scrapes, of which the first has nothing before it.
        assert_eq!((bad, total), (239, 2_390), "{exact}");
        assert_eq!(exact["resolved_source"]["estimated"], false);
        assert_eq!(
            exact["resolved_source"]["bucket"],
            json!({"below": 0.5, "above": 0.5, "exact": true})
        );

        let inside = folded(client, &inside).await;
        assert_eq!(counted(&inside), (2 * 239, 2_390), "{inside}");
        assert_eq!(
            inside["resolved_source"]["bucket"],
            json!({"below": 0.25, "above": 0.5, "exact": false})
        );

        let rewritten = folded(client, &rewritten).await;
        assert_eq!(counted(&rewritten), (bad, total), "{rewritten}");
        assert_eq!(rewritten["resolved_source"]["estimated"], false);

        let written = folded(client, &written).await;
        assert_eq!(written["resolved_source"]["estimated"], true);
        let (estimated_bad, estimated) = counted(&written);
        assert!(estimated.abs_diff(total) < total / 20, "{written}");
        assert!(estimated_bad.abs_diff(bad) < bad / 10, "{written}");

        let queue = folded(client, &queue).await;
        // Of ten minutes the queue is long at the end of two, so the target of nine is missed.
        assert_eq!(queue["status"]["state"], "violated", "{queue}");
        assert_eq!(queue["status"]["unit"], "slices");
        let (bad, total) = counted(&queue);
        assert!(
            (58..=66).contains(&total) && (10..=14).contains(&bad),
            "{queue}"
        );
        server.stop().await;
    }

    #[tokio::test]
    async fn what_prometheus_refuses_is_refused_when_it_is_written() {
        let prometheus = Prometheus::scraping(&[], &past()).await;
        let mut service = Service::new().with("PROMETHEUS_URL", &prometheus.url);
        let server = service.start().await;
        let refused = |indicator: Value| {
            let client = &server.client;
            async move {
                let answer = client
                    .post("/slo", &slo("refused", &indicator))
                    .await
                    .expect(422);
                let fault = &answer["errors"][0];
                (fault["pointer"].clone(), fault["detail"].to_string())
            }
        };
        for (indicator, pointer, said) in [
            (
                json!({"type": "latency", "source": "prometheus", "histogram": "shop_seconds",
                    "threshold": "2s"}),
                "/indicator/threshold",
                "above the highest bucket, 0.5",
            ),
            (
                json!({"type": "threshold", "source": "prometheus", "query": "max(",
                    "operator": "lt", "value": 1}),
                "/indicator/query",
                "parse error",
            ),
            (
                json!({"type": "ratio", "source": "prometheus",
                    "good_query": "increase(shop_seconds_bucket[{{window}}])",
                    "total_query": "sum(increase(shop_seconds_count[{{window}}]))"}),
                "/indicator/good_query",
                "answers 4 series",
            ),
        ] {
            let (found, detail) = refused(indicator).await;
            assert_eq!(found, pointer, "{detail}");
            assert!(detail.contains(said), "{detail}");
        }
        server.stop().await;
    }
}
