//! Direct health checks against servers that are well, ill, slow and endless.

use std::time::Duration;

use sre_collect::{HttpCheck, HttpProbe, ProbeOutcome};

use crate::liar::{Liar, Reply};
use crate::question::install_tls;

const TIMEOUT: Duration = Duration::from_millis(800);

async fn probe(reply: Reply) -> ProbeOutcome {
    let liar = Liar::answering(move |_| reply.clone()).await;
    probe_url(&liar.url, false).await
}

async fn probe_url(url: &str, redirect_is_success: bool) -> ProbeOutcome {
    install_tls();
    let mut check = HttpCheck::new(url.parse().expect("a url"), TIMEOUT);
    check.redirect_is_success = redirect_is_success;
    HttpProbe::new()
        .expect("a client")
        .probe(&check)
        .await
}

fn status(status: u16) -> Reply {
    Reply::Whole(status, "", "hello".to_owned())
}

#[tokio::test]
async fn a_status_of_2xx_is_a_good_event_and_any_other_a_bad_one() {
    for (code, success) in [
        (200, true),
        (204, true),
        (299, true),
        (404, false),
        (500, false),
    ] {
        let outcome = probe(status(code)).await;
        assert_eq!(
            (outcome.success, outcome.detail),
            (success, format!("status {code}"))
        );
        assert!(outcome.latency < TIMEOUT);
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_unless_allowed_and_never_followed() {
    let location = "location: /elsewhere\r\n";
    let liar = Liar::answering(move |_| Reply::Whole(302, location, String::new())).await;
    assert!(
        !probe_url(&liar.url, false)
            .await
            .success
    );
    assert!(probe_url(&liar.url, true).await.success);
    assert_eq!(liar.requests().len(), 2);
}

#[tokio::test]
async fn silence_and_a_dripped_answer_are_failures_at_the_timeout() {
    for reply in [Reply::Silence, Reply::Drip] {
        let outcome = probe(reply).await;
        assert!(
            !outcome.success && outcome.detail.starts_with("timeout: "),
            "{outcome:?}"
        );
        assert!(
            outcome.latency >= TIMEOUT && outcome.latency < 3 * TIMEOUT,
            "{outcome:?}"
        );
        assert!(outcome.latency_ms() >= 800.0);
    }
}

#[tokio::test]
async fn nobody_listening_and_a_broken_answer_are_failures() {
    let outcome = probe_url("http://ann:secret@127.0.0.1:1/", false).await;
    assert!(
        !outcome.success
            && outcome
                .detail
                .starts_with("unreachable: "),
        "{outcome:?}"
    );
    assert!(!outcome.detail.contains("secret") && !outcome.detail.contains("ann:"));
    let outcome = probe(Reply::Broken).await;
    assert!(
        !outcome.success
            && outcome
                .detail
                .starts_with("unreachable: "),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn of_an_endless_answer_only_the_beginning_is_read() {
    for reply in [Reply::Endless, Reply::Declared(1 << 30)] {
        let outcome = probe(reply).await;
        assert!(outcome.success, "{outcome:?}");
    }
}
