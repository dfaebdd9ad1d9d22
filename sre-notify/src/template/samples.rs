//! Messages that never were: what templates are tried with before anybody counts on them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::{
    Alert, AlertState, AlertType, Flaps, Identity, Origin, ResolveReason, Severity,
};
use sre_core::budget::ErrorBudget;
use sre_core::count::Counts;
use sre_core::evaluation::{BudgetVerdict, Coverage, Evaluation, SloState};
use sre_core::forecast::{Forecast, Nearness};
use sre_core::incident::{Incident, IncidentSource, IncidentState};
use sre_core::name::{IncidentId, ServiceName, SloId};
use sre_core::notification::{AlertNews, Content, Message, Reason};
use sre_core::policy::BurnLevel;
use sre_core::slo::Slo;
use sre_core::time::Span;
use url::Url;
use uuid::Uuid;

use super::engine::Engine;
use super::{TemplateFault, TemplatePart, view};
use crate::body::Bases;

/// An alert that somebody wants to see said.
#[derive(Clone, Debug, Default)]
pub struct TryOut {
    /// Its service; `api-gateway` where left out.
    pub service: Option<ServiceName>,
    /// Its type.
    pub alert_type: Option<AlertType>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Its own labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is over.
    pub is_over: bool,
}

/// A message with all that it speaks of.
#[derive(Debug)]
pub(super) struct Sample {
    /// What people would call it, in a fault.
    name: &'static str,
    alerts: Vec<Alert>,
    slo: Option<Slo>,
    evaluation: Option<Evaluation>,
    incident: Option<Incident>,
    note: Option<String>,
    is_digest: bool,
}

/// What people write where a name belongs, some day: each tries to be more than a text.
const WICKED: [&str; 7] = [
    "<!channel> <@U012AB3CD> <https://evil.example|runbook>",
    "one\r\nBcc: all@example.org\r\n\r\ntwo\u{2028}three",
    "</td></table><script>alert(1)</script>",
    "{{ alerts }} {% for %} {# ",
    "🔥👩‍👩‍👧‍👦 Łódź",
    "\u{202e}שלום\u{2066}",
    "\u{1b}[31m\u{0}\u{7}",
];
/// More alerts than any message has room for.
const MANY: usize = 500;
/// As many labels as the API takes.
const LABELS: usize = 32;

/// The template, if it says every sample.
pub(super) fn tried(
    engine: Engine,
    part: TemplatePart,
    samples: &[Sample],
) -> Result<Engine, TemplateFault> {
    for sample in samples {
        let said = sample.told(|message| {
            let news = view::news(message).unwrap_or_default();
            let kept = news.len().min(part.alerts_max());
            engine.render(part, &view::context(message, news, kept, &bases()))
        });
        if let Err(mut fault) = said {
            fault.cause = format!("{} (tried with {})", fault.cause, sample.name);
            return Err(fault);
        }
    }
    Ok(engine)
}

/// Where links of samples lead.
pub(super) fn bases() -> Bases {
    Bases {
        links: Url::parse("https://sre-monitor.example/").ok(),
        dashboards: None,
    }
}

impl TryOut {
    pub(super) fn sample(&self) -> Sample {
        let mut alert = page();
        if let Some(service) = &self.service {
            alert.identity.service_name = service.clone();
        }
        if let Some(alert_type) = &self.alert_type {
            alert.identity.alert_type = alert_type.clone();
        }
        alert
            .identity
            .labels
            .clone_from(&self.labels);
        alert.severity = self.severity.unwrap_or(alert.severity);
        if self.is_over {
            alert = over(alert);
        }
        Sample {
            alerts: vec![alert],
            ..whole("an alert")
        }
    }
}

impl Sample {
    /// The message, handed to whom it concerns.
    pub(super) fn told<T>(&self, tell: impl FnOnce(&Message<'_>) -> T) -> T {
        let news: Vec<AlertNews<'_>> = self
            .alerts
            .iter()
            .map(|alert| AlertNews {
                alert,
                reason: match alert.state {
                    AlertState::Resolved { .. } => Reason::AllResolved,
                    _ => Reason::First,
                },
                sequence: 1,
                known_severity: None,
                suppressed_episodes: 0,
                while_held: None,
                slo: self.slo.as_ref(),
                evaluation: self.evaluation.as_ref(),
                incident: self.incident.as_ref(),
            })
            .collect();
        let content = match news.first() {
            Some(first) if !self.is_digest => Content::Alerts {
                service_name: first.alert.service_name(),
                grouped_by: &BTreeMap::new(),
                news: &news,
            },
            _ => Content::Digest { news: &news },
        };
        tell(&Message {
            content,
            now: now(),
            note: self.note.as_deref(),
        })
    }
}

/// What is usual, then what is not.
pub(super) fn all() -> [Sample; 6] {
    [
        whole("a page about an SLO"),
        Sample {
            alerts: vec![over(page())],
            ..whole("the end of a page")
        },
        bare(
            "an alert without an SLO, an incident, labels and a value",
            vec![posted("a queue is full")],
        ),
        Sample {
            alerts: vec![page(), over(posted("a queue is full"))],
            ..whole("a page and the end of another alert")
        },
        Sample {
            is_digest: true,
            ..bare("a digest of 500 alerts", wicked())
        },
        Sample {
            incident: Some(incident(WICKED[0])),
            note: Some(WICKED[1].to_owned()),
            ..bare("500 alerts with wicked texts", wicked())
        },
    ]
}

fn bare(name: &'static str, alerts: Vec<Alert>) -> Sample {
    Sample {
        name,
        alerts,
        slo: None,
        evaluation: None,
        incident: None,
        note: None,
        is_digest: false,
    }
}

/// A page with everything that is known around one.
fn whole(name: &'static str) -> Sample {
    let slo = slo();
    let evaluation = slo.as_ref().and_then(evaluation);
    Sample {
        slo,
        evaluation,
        incident: Some(incident("Nobody can pay")),
        ..bare(name, vec![page()])
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap_or_default()
}

/// The name of every sample's service.
fn service() -> ServiceName {
    "api-gateway"
        .parse()
        .expect("a name of a service")
}

fn page() -> Alert {
    let identity = Identity::generated(service(), SLO_ID, AlertType::BurnRate);
    let message = "burning 15 times too fast over 1h".to_owned();
    alert(identity, Severity::Emergency, message)
}

fn posted(message: &str) -> Alert {
    let identity = Identity {
        origin: Origin::Posted,
        service_name: service(),
        alert_type: "queue_depth"
            .parse()
            .expect("a type of alert"),
        slo_id: None,
        labels: BTreeMap::new(),
    };
    alert(identity, Severity::High, message.to_owned())
}

fn over(alert: Alert) -> Alert {
    Alert {
        state: AlertState::Resolved {
            at: now(),
            reason: ResolveReason::Condition,
            by: None,
        },
        ..alert
    }
}

/// Many alerts with wicked texts in every place, each message longer than anything shown.
fn wicked() -> Vec<Alert> {
    let text = |n: usize| WICKED[n % WICKED.len()];
    (0..MANY)
        .map(|n| {
            let mut alert = posted(&text(n).repeat(40));
            alert.identity.labels = (0..LABELS)
                .map(|label| {
                    (
                        format!("{label}{}", text(label)),
                        text(n + label).to_owned(),
                    )
                })
                .collect();
            alert.id = alert.identity.episode_id(1);
            alert
        })
        .collect()
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
        starts_at: now() - TimeDelta::minutes(5),
        value: None,
        threshold: None,
        occurrences: 1,
        last_notified_at: None,
        expires_at: None,
        next_action_at: None,
        unattended_since: None,
        destinations: BTreeSet::new(),
        rules: Vec::new(),
        flaps: Flaps::default(),
        incident_id: None,
    }
}

const SLO_ID: SloId = SloId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_000a));

fn slo() -> Option<Slo> {
    Slo::builder("api-gateway", "availability")
        .name("API Gateway Availability")
        .target_percentage("99.9")
        .ok()?
        .link("runbook", "https://wiki.example/api-gateway")
        .id(SLO_ID)
        .created_at(now() - TimeDelta::days(40))
        .build()
        .ok()
}

fn evaluation(slo: &Slo) -> Option<Evaluation> {
    let counts = Counts::events(19_985, 20_000).ok()?;
    Some(Evaluation {
        as_of: now(),
        window_start: now() - TimeDelta::days(30),
        state: SloState::AtRisk,
        reason: None,
        budget: Some(ErrorBudget::new(counts, slo.definition.target)),
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
    })
}

fn incident(title: &str) -> Incident {
    Incident {
        id: IncidentId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_00cc)),
        title: title.to_owned(),
        description: None,
        affected_services: [service()].into(),
        service_name: service(),
        severity: Severity::Critical,
        state: IncidentState::Open,
        source: IncidentSource::Manual,
        root_cause_service: None,
        previous: None,
        started_at: now() - TimeDelta::minutes(5),
        detected_at: now() - TimeDelta::minutes(4),
        touched_at: None,
        version: 1,
    }
}
