//! An alert, its SLO and its evaluation, and a webhook to tell of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Once;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::{Alert, AlertState, AlertType, Identity, Origin, Severity};
use sre_core::budget::ErrorBudget;
use sre_core::count::{Counts, Grain};
use sre_core::evaluation::{
    BudgetVerdict, Coverage, Evaluation, RuleOutcome, RuleVerdict, SloState, WindowCounts,
};
use sre_core::forecast::{End, Forecast, Nearness};
use sre_core::incident::{Incident, IncidentSource, IncidentState};
use sre_core::name::{DeliveryId, IncidentId};
use sre_core::notification::{AlertNews, Answer, Content, Message, Notifier, Outgoing, Reason};
use sre_core::policy::{BurnLevel, BurnRule};
use sre_core::slo::Slo;
use sre_core::target::Factor;
use sre_core::time::Span;
use sre_notify::{WebhookConfig, WebhookFormat, WebhookNotifier};
use uuid::Uuid;

/// The key of the published vector.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The TLS provider that the binary installs.
pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .expect("nobody else installs one");
    });
}

pub(crate) fn config(url: &str) -> WebhookConfig {
    WebhookConfig {
        name: "default".to_owned(),
        url: url.parse().expect("an address"),
        format: WebhookFormat::Standard,
        secret: Some(SECRET.parse().expect("a key")),
        timeout: Duration::from_millis(1_500),
        links_base: Some(
            "https://sre.example/monitor/"
                .parse()
                .expect("a url"),
        ),
        dashboards_url: Some(
            "https://grafana.example/"
                .parse()
                .expect("a url"),
        ),
    }
}

pub(crate) fn webhook(config: WebhookConfig) -> WebhookNotifier {
    install_tls();
    WebhookNotifier::new(config).expect("a client")
}

/// One try of a small body.
pub(crate) async fn post(url: &str) -> Answer {
    webhook(config(url))
        .send(&outgoing(b"{}", now()))
        .await
}

pub(crate) fn outgoing(body: &[u8], now: DateTime<Utc>) -> Outgoing<'_> {
    let id: DeliveryId = "0198c0de-0000-7000-8000-000000000001"
        .parse()
        .expect("an id");
    Outgoing {
        id,
        body,
        now,
        is_possible_duplicate: false,
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00.25Z"
        .parse()
        .expect("an instant")
}

pub(crate) fn slo() -> Slo {
    let id = "0198c0de-0000-7000-8000-00000000000a"
        .parse()
        .expect("an id");
    Slo::builder("api-gateway", "availability")
        .name("API Gateway Availability")
        .target_percentage("99.9")
        .expect("a target")
        .link("runbook", "https://wiki.example/api")
        .link("chat", "https://chat.example/api")
        .id(id)
        .created_at(now() - TimeDelta::days(40))
        .build()
        .expect("a definition")
}

pub(crate) fn evaluation() -> Evaluation {
    let counts = Counts::events(19_985, 20_000).expect("legal");
    let as_of = now() - TimeDelta::milliseconds(10_250);
    Evaluation {
        as_of,
        window_start: as_of - TimeDelta::days(30),
        state: SloState::AtRisk,
        reason: None,
        budget: Some(ErrorBudget::new(counts, slo().definition.target)),
        coverage: Coverage {
            measured: 98,
            expected: 100,
        },
        filled_seconds: 2_592_000,
        window: Span::days(30),
        windows: Vec::new(),
        burn_level: BurnLevel::Emergency,
        rules: Vec::new(),
        budget_verdict: BudgetVerdict::Fine,
        forecast: Forecast::Unknown,
        nearness: Nearness::Far,
        is_stale: false,
        raw: None,
    }
}

/// The evaluation with an end of the budget in sight.
pub(crate) fn foreseen() -> Evaluation {
    let end = |hours: u32, lasts: Option<i64>| End {
        window: Span::hours(hours),
        at: lasts.map(|lasts| now() + TimeDelta::hours(lasts)),
    };
    Evaluation {
        forecast: Forecast::Ends(vec![end(6, Some(9)), end(24, Some(10)), end(72, None)]),
        ..evaluation()
    }
}

fn window(window: Span, bad: u64, total: u64) -> WindowCounts {
    let counts = Counts::events(total - bad, total).expect("legal");
    WindowCounts {
        window,
        counts,
        coverage: Coverage {
            measured: 60,
            expected: 60,
        },
        grain: Grain::Millionths,
    }
}

/// A page with the rule that fired.
pub(crate) fn page() -> Alert {
    let slo = slo();
    let service = slo.definition.service_name.clone();
    let identity = Identity::generated(service, slo.id, AlertType::BurnRate);
    let rule = BurnRule {
        level: BurnLevel::Emergency,
        factor: Factor::whole(10),
        long: Span::hours(1),
        short: Span::minutes(5),
        min_share: None,
    };
    let rules = vec![RuleOutcome {
        rule,
        long: window(rule.long, 12, 800),
        short: window(rule.short, 5, 60),
        verdict: RuleVerdict::Firing,
        bad_needed: None,
    }];
    let message = "burning 15 times too fast over 1h".to_owned();
    Alert {
        rules,
        ..alert(identity, Severity::Emergency, message)
    }
}

/// What a caller reported, without an SLO.
pub(crate) fn posted(message: &str, labels: BTreeMap<String, String>) -> Alert {
    let identity = Identity {
        origin: Origin::Posted,
        service_name: "checkout".parse().expect("a name"),
        alert_type: "queue_depth".parse().expect("a type"),
        slo_id: None,
        labels,
    };
    Alert {
        value: Some(812.5),
        threshold: Some(500.0),
        ..alert(identity, Severity::High, message.to_owned())
    }
}

fn alert(identity: Identity, severity: Severity, message: String) -> Alert {
    Alert {
        id: identity.episode_id(1),
        identity,
        episode: 1,
        transition: 1,
        state: AlertState::Firing,
        severity,
        message,
        starts_at: now() - TimeDelta::seconds(5),
        value: None,
        threshold: None,
        occurrences: 1,
        last_notified_at: None,
        expires_at: None,
        next_action_at: None,
        unattended_since: None,
        destinations: BTreeSet::new(),
        rules: Vec::new(),
        flaps: sre_core::alert::Flaps::default(),
        incident_id: None,
    }
}

/// The incident of the page.
pub(crate) fn incident() -> Incident {
    let service = slo().definition.service_name;
    Incident {
        id: IncidentId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_00cc)),
        title: "Nobody can pay".to_owned(),
        description: None,
        affected_services: [service.clone()].into(),
        service_name: service,
        severity: Severity::Critical,
        state: IncidentState::Acknowledged { at: now() },
        source: IncidentSource::Manual,
        root_cause_service: None,
        previous: None,
        started_at: now() - TimeDelta::seconds(65),
        detected_at: now() - TimeDelta::seconds(5),
        touched_at: Some(now()),
        version: 2,
    }
}

pub(crate) fn news(alert: &Alert, reason: Reason) -> AlertNews<'_> {
    AlertNews {
        alert,
        reason,
        sequence: 1,
        known_severity: None,
        suppressed_episodes: 0,
        while_held: None,
        slo: None,
        evaluation: None,
        incident: None,
    }
}

/// The message of these news, of the service of the first.
pub(crate) fn message<'a>(news: &'a [AlertNews<'a>]) -> Message<'a> {
    grouped(news, &TOGETHER)
}

/// Put together by the service alone.
static TOGETHER: BTreeMap<String, String> = BTreeMap::new();

/// What is said of these alerts, which were put together by these labels.
pub(crate) fn grouped<'a>(
    news: &'a [AlertNews<'a>],
    grouped_by: &'a BTreeMap<String, String>,
) -> Message<'a> {
    let content = Content::Alerts {
        service_name: news[0].alert.service_name(),
        grouped_by,
        news,
    };
    Message {
        content,
        now: now(),
        note: None,
    }
}
