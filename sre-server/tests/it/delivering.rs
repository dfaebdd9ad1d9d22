//! Real channels before receivers that answer as a script says: what becomes of the message, of its
//! lane and of what is remembered; and how little one receiver can do to another.

#[path = "../../../sre-notify/tests/it/sink.rs"]
#[expect(dead_code, reason = "each user of the receiver has its own scripts")]
mod sink;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::AlertType;
use sre_core::monitor::{Dispatcher, DispatcherPorts, Suppressors};
use sre_core::notification::{Destination, Lane, Notifier};
use sre_core::store::{Alerts, Deliveries, DeliveryQuery, Outbox, Page, Store};
use sre_core::time::Span;
use sre_notify::{SlackConfig, SlackNotifier, WebhookConfig, WebhookFormat, WebhookNotifier};
use sre_server::workers::{DispatcherWorker, Worker};
use sre_store_conformance::fixtures::{self, at, fires, identity};
use sre_store_sqlite::SqliteStore;
use tokio_util::task::TaskTracker;

use self::sink::{Reply, Sink, answer};
use crate::world::ManualClock;

/// How long a try may take here.
const PATIENCE: Duration = Duration::from_millis(400);

fn webhook(name: &str, url: &str) -> Arc<dyn Notifier> {
    // As the binary does it first thing; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url: url::Url = url.parse().expect("an address");
    let config = WebhookConfig {
        name: name.to_owned(),
        url: url.try_into().expect("an address"),
        format: WebhookFormat::Standard,
        secret: None,
        timeout: PATIENCE,
        links_base: None,
        dashboards_url: None,
    };
    Arc::new(WebhookNotifier::new(config).expect("a channel"))
}

fn slack(url: &str) -> Arc<dyn Notifier> {
    // As the binary does it first thing; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url: url::Url = url.parse().expect("an address");
    let config = SlackConfig {
        name: "slack".to_owned(),
        url: url.try_into().expect("an address"),
        channel: None,
        username: None,
        timeout: PATIENCE,
        links_base: None,
        dashboards_url: None,
        templates: None,
    };
    Arc::new(SlackNotifier::new(config).expect("a channel"))
}

/// A store on which a page fires at noon for these channels.
struct Desk {
    store: Arc<SqliteStore>,
    clock: Arc<ManualClock>,
    channels: Vec<Arc<dyn Notifier>>,
}

impl Desk {
    async fn telling(channels: Vec<Arc<dyn Notifier>>) -> Self {
        let store = SqliteStore::in_memory()
            .await
            .expect("a store");
        let destinations: Vec<Destination> = channels
            .iter()
            .map(|channel| channel.destination().clone())
            .collect();
        store
            .register_destinations(&destinations, at(-1))
            .await
            .expect("registered");
        Self {
            store: Arc::new(store),
            clock: Arc::new(ManualClock::at(at(0))),
            channels,
        }
    }

    async fn fire(&self, slo: u128, to: &[usize]) {
        let routes: Vec<_> = to
            .iter()
            .filter_map(|place| self.channels.get(*place))
            .map(|channel| channel.destination().id)
            .collect();
        let mut page = identity(slo, AlertType::BurnRate);
        page.service_name = format!("service-{slo}")
            .parse()
            .expect("a name");
        self.store
            .apply(&fires(&page, &routes, at(0)))
            .await
            .expect("applied");
    }

    fn dispatcher(&self) -> Dispatcher {
        let ports: Arc<dyn Store> = Arc::<SqliteStore>::clone(&self.store);
        let ports = DispatcherPorts {
            outbox: Arc::<dyn Store>::clone(&ports),
            notices: Arc::<dyn Store>::clone(&ports),
            alerts: Arc::<dyn Store>::clone(&ports),
            incidents: Arc::<dyn Store>::clone(&ports),
            catalog: Arc::<dyn Store>::clone(&ports),
            suppressors: Suppressors::over(&ports),
            evaluations: ports,
        };
        Dispatcher::new(
            ports,
            self.channels.clone(),
            fixtures::settings(),
            Span::seconds(1),
            false,
        )
    }

    /// Sends all that is due at this second, one after the other.
    async fn at(&self, dispatcher: &Dispatcher, now: DateTime<Utc>) {
        self.clock.set(now);
        loop {
            let due = dispatcher
                .freeze_due(now, &|_| false)
                .await
                .expect("answers");
            if due.sendings.is_empty() {
                return;
            }
            for sending in due.sendings {
                dispatcher
                    .send(sending, 500, self.clock.as_ref())
                    .await
                    .expect("answers");
            }
        }
    }

    /// What is remembered: how the last message stands and why, every try in their order, the lane.
    async fn stands(&self) -> Stands {
        let page = Page::first(std::num::NonZeroU32::MAX);
        let records = self
            .store
            .list_deliveries(&DeliveryQuery::default(), page)
            .await
            .expect("answers");
        let lanes = self
            .store
            .lanes(at(-60))
            .await
            .expect("answers");
        let tries = records
            .iter()
            .rev()
            .flat_map(|record| &record.attempts)
            .map(|attempt| {
                attempt
                    .result
                    .clone()
                    .unwrap_or_default()
            });
        Stands {
            state: records[0].status.as_str(),
            reason: records[0].reason.clone(),
            tries: tries.collect(),
            lane: lanes[0].traffic,
            next: records[0]
                .next_attempt_at
                .map(|next| next - at(0)),
        }
    }
}

#[derive(Debug)]
struct Stands {
    state: &'static str,
    reason: Option<String>,
    tries: Vec<String>,
    lane: Lane,
    next: Option<TimeDelta>,
}

/// What a receiver answers, and what is remembered of it at once.
struct Case {
    says: &'static str,
    reply: Reply,
    state: &'static str,
    reason: &'static str,
    tries: &'static [&'static str],
    lane: Lane,
}

fn case(
    says: &'static str,
    reply: Reply,
    (state, reason): (&'static str, &'static str),
    tries: &'static [&'static str],
    lane: Lane,
) -> Case {
    Case {
        says,
        reply,
        state,
        reason,
        tries,
        lane,
    }
}

const DELIVERED: (&str, &str) = ("delivered", "");
const WAITS: (&str, &str) = ("pending", "");

/// Every answer of a webhook.
#[expect(clippy::too_many_lines, reason = "a table")]
fn answers() -> Vec<Case> {
    let said = |status: &str, headers: &str| answer(status, headers, "");
    let paused = |second| Lane::PausedUntil(at(second));
    let refused = ("dead", "refused");
    let twice: &[&str] = &["degraded", "dead"];
    // Noon of the fixtures' day and a minute.
    let date = at(60)
        .format("retry-after: %a, %d %b %Y %H:%M:%S GMT\r\n")
        .to_string();
    vec![
        case(
            "200",
            said("200 OK", ""),
            DELIVERED,
            &["delivered"],
            Lane::Open,
        ),
        case(
            "204",
            said("204 No Content", ""),
            DELIVERED,
            &["delivered"],
            Lane::Open,
        ),
        case(
            "302",
            said("302 Found", "location: /\r\n"),
            ("dead", "redirected"),
            &["dead"],
            Lane::Open,
        ),
        case(
            "400",
            said("400 Bad Request", ""),
            refused,
            twice,
            Lane::Open,
        ),
        case(
            "401",
            said("401 Unauthorized", ""),
            ("dead", "unauthorized"),
            &["dead"],
            Lane::Stopped,
        ),
        case(
            "403",
            said("403 Forbidden", ""),
            ("dead", "unauthorized"),
            &["dead"],
            Lane::Stopped,
        ),
        case("404", said("404 Not Found", ""), refused, twice, Lane::Open),
        case(
            "410",
            said("410 Gone", ""),
            ("dead", "gone"),
            &["dead"],
            Lane::Stopped,
        ),
        case(
            "429 in seconds",
            said("429 Slow", "retry-after: 90\r\n"),
            WAITS,
            &["retry"],
            paused(90),
        ),
        case(
            "429 at a date",
            said("429 Slow", &date),
            WAITS,
            &["retry"],
            paused(60),
        ),
        case(
            "429 alone",
            said("429 Slow", ""),
            WAITS,
            &["retry"],
            paused(30),
        ),
        case("500", said("500 Broken", ""), WAITS, &["retry"], Lane::Open),
        case(
            "503",
            said("503 Busy", "retry-after: 20\r\n"),
            WAITS,
            &["retry"],
            Lane::Open,
        ),
        case("nothing", Reply::Hang, WAITS, &["unknown"], Lane::Open),
        case(
            "a byte now and then",
            Reply::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), Duration::from_millis(100)),
            WAITS,
            &["unknown"],
            Lane::Open,
        ),
        case(
            "a reset",
            Reply::BytesThenReset(Vec::new()),
            WAITS,
            &["unknown"],
            Lane::Open,
        ),
        case(
            "half an answer and a reset",
            Reply::BytesThenReset(b"HTTP/1.1 2".to_vec()),
            WAITS,
            &["unknown"],
            Lane::Open,
        ),
    ]
}

fn check(case: &Case, stands: &Stands) {
    let says = case.says;
    assert_eq!(stands.state, case.state, "{says}: {stands:?}");
    assert_eq!(
        stands
            .reason
            .as_deref()
            .unwrap_or_default(),
        case.reason,
        "{says}"
    );
    assert_eq!(stands.tries, case.tries, "{says}");
    assert_eq!(stands.lane, case.lane, "{says}");
    if let Lane::PausedUntil(until) = case.lane {
        assert_eq!(stands.next, Some(until - at(0)), "{says}: nothing before");
    }
    assert_eq!(stands.next.is_some(), case.state == "pending", "{says}");
}

#[tokio::test]
async fn every_answer_of_a_webhook_is_remembered_as_what_it_means() {
    for case in answers() {
        let sink = Sink::that(case.reply.clone()).await;
        let url = format!("http://127.0.0.1:{}/hook", sink.port);
        let desk = Desk::telling(vec![webhook("webhook", &url)]).await;
        desk.fire(1, &[0]).await;
        desk.at(&desk.dispatcher(), at(0)).await;
        check(&case, &desk.stands().await);
        assert_eq!(sink.seen().len(), case.tries.len(), "{}", case.says);
    }
}

/// 200 alone is no success where a channel says in words that it failed.
#[tokio::test]
async fn words_of_failure_are_no_success() {
    let refused = ("dead", "refused");
    for case in [
        case(
            "ok",
            answer("200 OK", "", "ok"),
            DELIVERED,
            &["delivered"],
            Lane::Open,
        ),
        case(
            "ok: false",
            answer("200 OK", "", r#"{"ok":false,"error":"invalid_token"}"#),
            ("dead", "unauthorized"),
            &["dead"],
            Lane::Stopped,
        ),
        case(
            "a page of somebody else",
            answer("200 OK", "", "<html>welcome</html>"),
            refused,
            &["degraded", "dead"],
            Lane::Open,
        ),
        case(
            "archived",
            answer("410 Gone", "", "channel_is_archived"),
            ("dead", "gone"),
            &["dead"],
            Lane::Stopped,
        ),
    ] {
        let sink = Sink::that(case.reply.clone()).await;
        let desk = Desk::telling(vec![slack(&format!("http://127.0.0.1:{}/", sink.port))]).await;
        desk.fire(1, &[0]).await;
        let dispatcher = desk.dispatcher();
        desk.at(&dispatcher, at(0)).await;
        // A channel that wants its messages a second apart gets the minimal form a second later.
        desk.at(&dispatcher, at(5)).await;
        let stands = desk.stands().await;
        assert_eq!(
            (stands.state, stands.tries),
            (case.state, owned(case.tries)),
            "{}",
            case.says
        );
        assert_eq!(
            stands.lane == Lane::Stopped,
            case.lane == Lane::Stopped,
            "{}",
            case.says
        );
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts
        .iter()
        .map(|text| (*text).to_owned())
        .collect()
}

#[tokio::test]
async fn where_nothing_left_the_next_try_is_not_marked() {
    let plain = Sink::that(answer("200 OK", "", "")).await;
    for url in [
        "http://no-such-host.invalid/hook".to_owned(),
        format!("https://127.0.0.1:{}/hook", plain.port),
    ] {
        let desk = Desk::telling(vec![webhook("webhook", &url)]).await;
        desk.fire(1, &[0]).await;
        desk.at(&desk.dispatcher(), at(0)).await;
        let stands = desk.stands().await;
        assert_eq!(
            (stands.state, stands.tries),
            ("pending", owned(&["retry"])),
            "{url}"
        );
        let again = desk
            .store
            .claim_deliveries(at(600), at(660), 10, &[])
            .await
            .expect("answers");
        assert!(!again.claimed[0].is_possible_duplicate, "{url}");
    }
}

/// Nothing is sent before the instant that the receiver named, and at that instant it is.
#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it_to_the_second() {
    let sink = Sink::scripted(vec![
        answer("429 Slow", "retry-after: 90\r\n", ""),
        answer("200 OK", "", ""),
    ])
    .await;
    let url = format!("http://127.0.0.1:{}/hook", sink.port);
    let desk = Desk::telling(vec![webhook("webhook", &url)]).await;
    desk.fire(1, &[0]).await;
    let dispatcher = desk.dispatcher();
    desk.at(&dispatcher, at(0)).await;
    desk.fire(2, &[0]).await;
    for second in 1..90 {
        desk.at(&dispatcher, at(second)).await;
    }
    assert_eq!(sink.seen().len(), 1);
    desk.at(&dispatcher, at(90)).await;
    assert_eq!(sink.seen().len(), 3);
}

/// A hundred messages hang at one receiver; the other has its own within a second of the clock on the
/// wall.
#[expect(
    clippy::disallowed_methods,
    reason = "how long it really takes is the question"
)]
#[tokio::test]
async fn a_dead_channel_delays_no_other_by_more_than_a_second() {
    let (dead, well) = (
        Sink::that(Reply::Hang).await,
        Sink::that(answer("200 OK", "", "")).await,
    );
    let url = |sink: &Sink| format!("http://127.0.0.1:{}/hook", sink.port);
    let desk = Desk::telling(vec![
        webhook("dead", &url(&dead)),
        webhook("well", &url(&well)),
    ])
    .await;
    for slo in 0..100 {
        desk.fire(slo, &[0]).await;
    }
    let outbox: Arc<dyn Outbox> = Arc::<SqliteStore>::clone(&desk.store);
    let mut worker = DispatcherWorker::new(
        desk.dispatcher(),
        outbox,
        Arc::default(),
        Arc::<ManualClock>::clone(&desk.clock),
        Arc::default(),
        Arc::default(),
        TaskTracker::new(),
    );
    worker
        .activate()
        .await
        .expect("activates");
    desk.fire(200, &[0, 1]).await;
    let began = Instant::now();
    while well.seen().is_empty() {
        worker
            .activate()
            .await
            .expect("activates");
        tokio::task::yield_now().await;
        assert!(began.elapsed() < Duration::from_secs(1), "it was delayed");
    }
    assert!(!dead.seen().is_empty());
}
