//! What is signed is what the reference verifier of Standard Webhooks accepts, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sre_core::notification::Notifier;
use standardwebhooks::Webhook;

use crate::fixtures::{SECRET, config, outgoing, webhook};
use crate::sink::{Sink, answer};

const BODY: &[u8] = r#"{"type":"alert.firing","data":{"text":"ü 🔥"}}"#.as_bytes();
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The verifier reads the clock of the machine, so what it is given must be made by the same one.
#[expect(
    clippy::disallowed_methods,
    reason = "the verifier reads this clock and takes no other"
)]
pub(crate) fn machine_now() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// The headers of a request that was sent at `now`.
async fn sent_at(now: DateTime<Utc>) -> HeaderMap {
    let sink = Sink::that(answer("200 OK", "", "")).await;
    let webhook = webhook(config(&format!("http://127.0.0.1:{}/", sink.port)));
    webhook.send(&outgoing(BODY, now)).await;
    let request = sink.seen().pop().expect("a request");
    assert_eq!(request.body, BODY);
    request
        .headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>(), value.parse::<HeaderValue>()))
        .map(|(name, value)| (name.expect("a name"), value.expect("a value")))
        .collect()
}

fn is_accepted(headers: &HeaderMap) -> bool {
    Webhook::new(SECRET)
        .expect("a key")
        .verify(BODY, headers)
        .is_ok()
}

/// The headers with one of them replaced, or left out.
fn with(headers: &HeaderMap, name: &HeaderName, value: Option<&str>) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(name);
    if let Some(value) = value {
        headers.insert(name, value.parse().expect("a value"));
    }
    headers
}

#[tokio::test]
async fn the_reference_verifier_accepts_what_was_sent() {
    let headers = sent_at(machine_now()).await;
    assert!(is_accepted(&headers));
    assert!(
        !headers[ID]
            .to_str()
            .expect("text")
            .contains('.')
    );
    let other = format!("whsec_{}", STANDARD.encode([7; 24]));
    let other = Webhook::new(&other).expect("a key");
    assert!(other.verify(BODY, &headers).is_err());
    assert!(
        Webhook::new(SECRET)
            .expect("a key")
            .verify(b"{}", &headers)
            .is_err()
    );
}

#[tokio::test]
async fn whatever_is_missing_or_changed_is_refused() {
    let headers = sent_at(machine_now()).await;
    let signature = headers[&SIGNATURE]
        .to_str()
        .expect("text")
        .to_owned();
    let (first, timestamp) = (
        &signature[..8],
        headers[&TIMESTAMP]
            .to_str()
            .expect("text"),
    );
    for (name, value) in [
        (ID, None),
        (TIMESTAMP, None),
        (SIGNATURE, None),
        (ID, Some("0198c0de-0000-7000-8000-000000000002")),
        (TIMESTAMP, Some(format!("{timestamp}0").as_str())),
        (SIGNATURE, Some("v1,")),
        (SIGNATURE, Some("")),
        (SIGNATURE, Some(first)),
        (SIGNATURE, Some(signature.replace("v1,", "v2,").as_str())),
    ] {
        assert!(
            !is_accepted(&with(&headers, &name, value)),
            "{name}: {value:?}"
        );
    }
    let wrong = format!("v1,{}", STANDARD.encode([0; 32]));
    let among_four = format!("{wrong} v2,x {signature} {wrong}");
    assert!(is_accepted(&with(&headers, &SIGNATURE, Some(&among_four))));
}

#[tokio::test]
async fn what_was_signed_over_five_minutes_off_is_refused() {
    for (seconds, is_expected) in [(-303, false), (-290, true), (290, true), (303, false)] {
        let headers = sent_at(machine_now() + TimeDelta::seconds(seconds)).await;
        assert_eq!(is_accepted(&headers), is_expected, "{seconds}");
    }
}

#[tokio::test]
async fn every_try_is_signed_for_its_own_time() {
    let now = machine_now();
    let (first, second) = (
        sent_at(now).await,
        sent_at(now + TimeDelta::seconds(60)).await,
    );
    assert_ne!(first[&SIGNATURE], second[&SIGNATURE]);
    assert!(is_accepted(&first) && is_accepted(&second));
}
