//! The alerts that Sloth writes for an objective, and when they are active.

use chrono::{DateTime, TimeDelta, Utc};

use super::prometheus::Prometheus;
use crate::scenario::{Kind, Scene, ZERO};

/// How often rules are evaluated. Prometheus' own default is a minute, in which Sloth writes nothing
/// else: this is to their advantage.
const EVERY: i64 = 30;
/// The budget of 99.9 %.
const BUDGET: &str = "0.001";

/// A stretch in which an alert is active.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// Which of the two alerts of an objective.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alert {
    Page,
    Ticket,
}

impl Alert {
    /// Short window, long window and factor of its two conditions, as Sloth's default for 30 days.
    const fn conditions(self) -> [(&'static str, &'static str, &'static str); 2] {
        match self {
            Self::Page => [("5m", "1h", "14.4"), ("30m", "6h", "6")],
            Self::Ticket => [("2h", "1d", "3"), ("6h", "3d", "1")],
        }
    }

    /// Its expression. The error ratios stand where Sloth names recorded series of them, which are
    /// evaluated no earlier.
    fn expression(self, scene: &Scene) -> String {
        let conditions = self
            .conditions()
            .map(|(short, long, factor)| {
                let [short, long] = [short, long].map(|window| {
                    format!("({}) > ({factor} * {BUDGET})", error_ratio(scene, window))
                });
                format!("({short} and {long})")
            });
        conditions.join(" or ")
    }
}

fn error_ratio(scene: &Scene, window: &str) -> String {
    let job = scene.job();
    if scene.scenario.traffic == Kind::Probed {
        return format!(
            r#"1 - sum(sum_over_time(probe_success{{job="{job}"}}[{window}])) / sum(count_over_time(probe_success{{job="{job}"}}[{window}]))"#
        );
    }
    format!(
        r#"sum(rate(http_requests_total{{job="{job}",code=~"5.."}}[{window}])) / sum(rate(http_requests_total{{job="{job}"}}[{window}]))"#
    )
}

/// When an alert is active in a scene. It has no `for`, so it fires as soon as it is.
pub(crate) async fn active(prometheus: &Prometheus, scene: &Scene, alert: Alert) -> Vec<Active> {
    let range = [ZERO, scene.watched_until()];
    let instants = prometheus
        .instants(&alert.expression(scene), range, EVERY)
        .await;
    let step = TimeDelta::seconds(EVERY);
    let mut stretches: Vec<Active> = Vec::new();
    for at in instants {
        match stretches.last_mut() {
            Some(last) if last.until == at => last.until = at + step,
            _ => stretches.push(Active {
                from: at,
                until: at + step,
            }),
        }
    }
    stretches
}
