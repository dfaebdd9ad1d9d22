//! Who plays in a demo: the SLOs, what their services are asked, and what befalls them.

use chrono::{DateTime, Utc};
use sre_core::indicator::Indicator;
use sre_core::slice::SliceWidth;
use sre_core::slo::Slo;
use sre_core::source::{CounterPart, CounterRatio, Query};
use sre_core::time::Span;
use sre_core::window::{CalendarUnit, CalendarWindow, Window};

use super::story::Trouble;
use super::traffic::Traffic;

/// One SLO and its stories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    description: &'static str,
    target: &'static str,
    pub(super) measured: Measured,
    over: Over,
    pub(super) traffic: Traffic,
    pub(super) troubles: &'static [Trouble],
}

/// How a part is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Measured {
    /// By the counters of answered requests, by their status.
    Answers,
    /// By the counters of answered requests, by how long they took.
    Durations,
    /// By counts that a job pushes every five minutes.
    Pushed,
}

/// Over how long a part is promised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Over {
    /// The last 30 days.
    ThirtyDays,
    /// The month that it is, in Zurich.
    Month,
}

/// Who plays. Between them they show every state that an SLO can be in, but for one that waits.
pub(super) const CAST: &[Part] = &[
    Part {
        service: "api-gateway",
        name: "Availability",
        description: "Two outages, each a page that resolved; a third of the budget is left",
        target: "99.9",
        measured: Measured::Answers,
        over: Over::ThirtyDays,
        traffic: traffic(1, 36_000, 150),
        troubles: &[
            Trouble::failing(days(12, 5), Span::minutes(38), 250_000),
            Trouble::failing(days(2, 21), Span::minutes(14), 700_000),
        ],
    },
    Part {
        service: "api-gateway",
        name: "Latency",
        description: "Requests that are answered within 500 ms, by the calendar month: nothing ever happens here",
        target: "99",
        measured: Measured::Durations,
        over: Over::Month,
        traffic: traffic(2, 36_000, 1_500),
        troubles: &[],
    },
    Part {
        service: "intent-parser-server",
        name: "Availability",
        description: "Burns slowly since four days: too little to page, enough for a ticket",
        target: "99.5",
        measured: Measured::Answers,
        over: Over::ThirtyDays,
        traffic: traffic(3, 14_400, 800),
        troubles: &[Trouble::failing(days(4, 3), Span::days(14), 13_000)],
    },
    Part {
        service: "intent-parser-server",
        name: "Latency",
        description: "A bad rollout spent the budget: the target is missed until it leaves the window",
        target: "99",
        measured: Measured::Durations,
        over: Over::ThirtyDays,
        traffic: traffic(4, 14_400, 4_000),
        troubles: &[Trouble::failing(days(8, 2), Span::hours(20), 300_000)],
    },
    Part {
        service: "mcp-manager-server",
        name: "Availability",
        description: "Fails for seven minutes every five hours: a page that comes back",
        target: "99.5",
        measured: Measured::Answers,
        over: Over::ThirtyDays,
        traffic: traffic(5, 7_200, 400),
        troubles: &[Trouble::failing(days(2, 1), Span::minutes(7), 900_000).again(Span::hours(5))],
    },
    Part {
        service: "mcp-manager-server",
        name: "Latency",
        description: "Held, with almost nothing left: at risk",
        target: "99",
        measured: Measured::Durations,
        over: Over::ThirtyDays,
        traffic: traffic(6, 7_200, 9_300),
        troubles: &[],
    },
    Part {
        service: "federation-server",
        name: "Availability",
        description: "Its exporter died two hours ago, as it did eleven days ago: nobody knows how it is",
        target: "99.9",
        measured: Measured::Answers,
        over: Over::ThirtyDays,
        traffic: traffic(7, 5_400, 200),
        troubles: &[
            Trouble::silent(days(11, 7), Span::minutes(150)),
            Trouble::silent(Span::hours(2), Span::hours(8)),
        ],
    },
    Part {
        service: "test-data-api",
        name: "Availability",
        description: "A dozen requests an hour: one that fails is no reason to wake anybody",
        target: "99",
        measured: Measured::Pushed,
        over: Over::ThirtyDays,
        traffic: traffic(8, 12, 3_000),
        troubles: &[],
    },
];

const fn traffic(series: u64, per_hour: u64, bad_ppm: u64) -> Traffic {
    Traffic {
        series,
        per_hour,
        bad_ppm,
    }
}

/// So many days and hours.
const fn days(days: u32, hours: u32) -> Span {
    Span::hours(24 * days + hours)
}

impl Part {
    /// The SLO as it was declared at `at`; `None` never, as a test says: every text above is legal.
    pub(super) fn slo(&self, at: DateTime<Utc>) -> Option<Slo> {
        let metric = self.metric();
        let indicator = match self.query() {
            Some(query) => Indicator::Prometheus(query),
            None => Indicator::Metric(metric.parse().ok()?),
        };
        Slo::builder(self.service, metric)
            .name(self.name)
            .description(self.description)
            .indicator(indicator)
            .target_percentage(self.target)
            .ok()?
            .window(self.window()?)
            .slice(self.slice()?)
            .label("demo", "true")
            .created_at(at)
            .build()
            .ok()
    }

    fn window(&self) -> Option<Window> {
        match self.over {
            Over::ThirtyDays => Some(Window::Rolling(Span::days(30))),
            Over::Month => {
                let month = CalendarWindow::new(CalendarUnit::Month);
                let zone = "Europe/Zurich".parse().ok()?;
                Some(Window::Calendar(month.in_zone(zone)))
            }
        }
    }

    /// The metric that is pushed, or the name for display.
    pub(super) const fn metric(&self) -> &'static str {
        match self.measured {
            Measured::Answers | Measured::Pushed => "availability",
            Measured::Durations => "latency",
        }
    }

    /// What a Prometheus would be asked; the made-up source knows a part by it.
    pub(super) fn query(&self) -> Option<Query> {
        let service = self.service;
        let (part, total) = match self.measured {
            Measured::Pushed => return None,
            Measured::Answers => (
                CounterPart::Bad(format!(
                    "http_requests_total{{service=\"{service}\",code=~\"5..\"}}"
                )),
                format!("http_requests_total{{service=\"{service}\"}}"),
            ),
            Measured::Durations => (
                CounterPart::Good(format!(
                    "http_request_duration_seconds_bucket{{service=\"{service}\",le=\"0.5\"}}"
                )),
                format!("http_request_duration_seconds_count{{service=\"{service}\"}}"),
            ),
        };
        Some(CounterRatio { part, total }.into())
    }

    /// How long its slices are, and how often it is pushed.
    pub(super) fn slice(&self) -> Option<SliceWidth> {
        match self.measured {
            Measured::Answers | Measured::Durations => Some(SliceWidth::MINUTE),
            Measured::Pushed => SliceWidth::new(Span::minutes(5)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_part_is_a_legal_slo_of_its_own_that_says_that_it_is_made_up() {
        let slos: Vec<Slo> = CAST
            .iter()
            .map(|part| {
                part.slo(DateTime::UNIX_EPOCH)
                    .expect("legal")
            })
            .collect();
        let ids: BTreeSet<_> = slos.iter().map(|slo| slo.id).collect();
        assert_eq!(ids.len(), CAST.len());
        for slo in &slos {
            assert_eq!(slo.definition.labels["demo"], "true");
        }
        let series: BTreeSet<_> = CAST
            .iter()
            .map(|part| part.traffic.series)
            .collect();
        assert_eq!(series.len(), CAST.len());
    }
}
