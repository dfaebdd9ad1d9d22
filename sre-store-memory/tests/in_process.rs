//! The whole engine in a program, over the store in memory.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use sre_core::monitor::Monitor;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};
use sre_core::recorder::Event;
use sre_core::slo::Slo;
use sre_core::time::{Span, at_second};
use sre_store_memory::MemoryStore;

fn slo(service: &str) -> Slo {
    Slo::builder(service, "availability")
        .target_percentage("99.9")
        .expect("a target")
        .build()
        .expect("a definition")
}

/// Samples are told apart by service, metric, labels and instant: counts of two recorders would replace
/// each other.
#[test]
fn all_parts_of_a_program_count_an_slo_by_one_recorder() {
    let monitor = Monitor::builder(Arc::new(MemoryStore::new())).build();
    let recorder = |slo| {
        monitor
            .recorder(&slo)
            .expect("it counts a metric")
    };
    let (one, same) = (recorder(slo("checkout")), recorder(slo("checkout")));
    let other = recorder(slo("basket"));
    assert!(Arc::ptr_eq(&one, &same));
    assert!(!Arc::ptr_eq(&one, &other));
}

/// Who is told, and may never answer.
#[derive(Debug)]
struct Receiver {
    destination: Destination,
    answers: bool,
    tries: AtomicU32,
}

impl Receiver {
    fn new(name: &str, answers: bool) -> Arc<Self> {
        Arc::new(Self {
            destination: Destination::new("test", name, b""),
            answers,
            tries: AtomicU32::new(0),
        })
    }

    fn tries(&self) -> u32 {
        self.tries.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Notifier for Receiver {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, _: &Message<'_>) -> Vec<u8> {
        b"news".to_vec()
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.render(message)
    }

    async fn send(&self, _: &Outgoing<'_>) -> Answer {
        self.tries
            .fetch_add(1, Ordering::Relaxed);
        if !self.answers {
            future::pending::<()>().await;
        }
        Answer::Responded {
            status: 200,
            retry_after: None,
            excerpt: String::new(),
        }
    }
}

/// Looking and sending are apart: who never answers delays neither what is measured nor who else is
/// told, and is tried again when the try has taken too long.
#[tokio::test]
async fn who_does_not_answer_delays_nobody() {
    let (deaf, diary) = (Receiver::new("deaf", false), Receiver::new("diary", true));
    let monitor = Monitor::builder(Arc::new(MemoryStore::new()))
        .notifier(Arc::<Receiver>::clone(&deaf))
        .notifier(Arc::<Receiver>::clone(&diary))
        .send_timeout(Span::minutes(1))
        .build();
    let (slo, begin) = (slo("checkout"), at_second(1_772_409_600));
    monitor
        .declare(&slo, begin)
        .await
        .expect("declares");
    let requests = monitor
        .recorder(&slo)
        .expect("it counts a metric");

    let (mut now, mut given_up) = (begin, 0);
    while now < begin + Span::minutes(20).as_delta() {
        requests.record_many(Event::Bad, 10);
        monitor
            .look_due(now)
            .await
            .expect("looks");
        let sent = monitor
            .send_due(now, future::ready(()))
            .await
            .expect("sends");
        assert!(sent.error.is_none(), "{:?}", sent.error);
        given_up += sent.given_up;
        now += Span::seconds(10).as_delta();
    }
    let status = monitor
        .status(slo.id)
        .await
        .expect("reads");
    let measured = status
        .and_then(|status| status.windows.last().copied())
        .expect("it was evaluated");
    assert!(measured.coverage.measured >= 18, "{measured:?}");
    assert_eq!(diary.tries(), 1, "a page");
    assert!(given_up >= 2, "{given_up}");
    // Each that was given up was begun, and at most one more is under way.
    assert!(
        (given_up..=given_up + 1).contains(&deaf.tries()),
        "{given_up}"
    );
}
