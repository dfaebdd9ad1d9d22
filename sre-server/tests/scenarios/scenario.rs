//! The cast: what happens to the service, for how long, and who should hear of it how often.

use sre_core::count::Count;
use sre_core::detection::{ErrorRatio, Outage, Traffic};

/// Midnight of a Monday, 4 March 2024: where a month of clean history ends and the scenes begin.
pub(crate) const ZERO: i64 = 1_709_510_400;
/// How long everything is well in a scene before the trouble begins.
pub(crate) const CALM: i64 = 600;
/// The distance between the beginnings of a scenario's scenes: twenty of them cross a minute, which is
/// the slots' grid, the rules' interval twice, and the scrapes' four times.
const BETWEEN_PHASES: i64 = 3;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// One thing that happens to a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// As the table names it.
    pub(crate) name: &'static str,
    /// As its jobs are named.
    pub(crate) key: &'static str,
    /// What is measured of the service.
    pub(crate) traffic: Kind,
    /// What goes wrong.
    pub(crate) trouble: Trouble,
    /// For how many seconds.
    pub(crate) lasts: i64,
    /// How long it is watched afterwards: until everything that it caused should be over.
    pub(crate) after: i64,
    /// In how many scenes, each beginning elsewhere in the minute.
    pub(crate) phases: u32,
    /// Whether our process ends and starts again in the middle of it.
    pub(crate) restarts_us: bool,
    /// Who should hear of it.
    pub(crate) goal: Goal,
}

/// What is measured of a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Ten requests a second.
    Busy,
    /// Ten requests an hour.
    Quiet,
    /// A probe a minute.
    Probed,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// So many of a million requests fail.
    Errors(i64),
    /// A minute of nothing but failures, a minute of none, and again.
    Flapping,
    /// One probe finds nobody.
    OneProbe,
    /// Nobody answers the scrapes; the service is well.
    DeadExporter,
    /// Nobody answers for Prometheus; the service is well.
    DeadSource,
    /// The process ends, is away for two scrapes, and comes back with counters at zero; its first
    /// twelve requests fail.
    Deploy,
    /// One request a day fails.
    OneADay,
}

/// What is right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Goal {
    /// One page, and its resolve.
    Page,
    /// No page; one ticket.
    Ticket,
    /// No page; one message that nothing is measured, and its end.
    NoData,
    /// Nothing at all.
    Silence,
}

const fn busy(name: &'static str, key: &'static str, trouble: Trouble, lasts: i64) -> Scenario {
    Scenario {
        name,
        key,
        traffic: Kind::Busy,
        trouble,
        lasts,
        after: 40 * MINUTE,
        phases: 1,
        restarts_us: false,
        goal: Goal::Page,
    }
}

/// The scenarios, in the order of the table.
#[rustfmt::skip]
pub(crate) static SCENARIOS: [Scenario; 10] = [
    Scenario { phases: 20, ..busy("total outage, 20 min", "outage", Trouble::Errors(1_000_000), 20 * MINUTE) },
    Scenario { restarts_us: true, ..busy("the same, and our process restarts in its middle", "restarted", Trouble::Errors(1_000_000), 20 * MINUTE) },
    Scenario { phases: 20, ..busy("10 % errors, 1 h", "tenth", Trouble::Errors(100_000), HOUR) },
    Scenario { phases: 5, ..busy("flapping dependency: 60 s down, 60 s up, 1 h", "flapping", Trouble::Flapping, HOUR) },
    Scenario { after: 6 * HOUR, goal: Goal::Ticket, ..busy("slow burn: 0.4 % errors, 24 h", "slow", Trouble::Errors(4_000), DAY) },
    Scenario { traffic: Kind::Probed, goal: Goal::Silence, ..busy("one failed probe", "probe", Trouble::OneProbe, MINUTE) },
    Scenario { phases: 5, goal: Goal::Silence, ..busy("deploy: restart, 12 failed requests", "deploy", Trouble::Deploy, 30) },
    Scenario { goal: Goal::NoData, ..busy("dead exporter, 30 min", "exporter", Trouble::DeadExporter, 30 * MINUTE) },
    Scenario { goal: Goal::NoData, ..busy("dead source: Prometheus is away, 30 min", "source", Trouble::DeadSource, 30 * MINUTE) },
    Scenario { traffic: Kind::Quiet, after: MINUTE, goal: Goal::Silence, ..busy("three quiet days: 10 requests an hour, one a day fails", "quiet", Trouble::OneADay, 3 * DAY) },
];

/// One run of a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) scenario: &'static Scenario,
    pub(crate) phase: u32,
}

impl Scenario {
    /// Its runs.
    pub(crate) fn scenes(&'static self) -> impl Iterator<Item = Scene> {
        (0..self.phases).map(move |phase| Scene {
            scenario: self,
            phase,
        })
    }

    /// What detection in closed form is asked, where the trouble is an outage.
    pub(crate) fn outage(&self) -> Option<(Outage, Traffic)> {
        let ppm = match self.trouble {
            Trouble::Errors(ppm) => ppm,
            // It is found while the first minute lasts.
            Trouble::Flapping => 1_000_000,
            _ => return None,
        };
        let ppb = u32::try_from(ppm * 1_000).expect("at most a whole");
        let traffic = Traffic {
            total: Count::events(10).expect("few"),
            seconds: 1,
        };
        Some((Outage::of(ErrorRatio::from_ppb(ppb)), traffic))
    }
}

impl Scene {
    /// The job under which it is scraped.
    pub(crate) fn job(&self) -> String {
        format!("{}-{}", self.scenario.key, self.phase)
    }

    /// When the trouble begins, in seconds since the epoch.
    pub(crate) fn begins(&self) -> i64 {
        ZERO + CALM + i64::from(self.phase) * BETWEEN_PHASES
    }

    /// When it ends.
    pub(crate) fn ends(&self) -> i64 {
        self.begins() + self.scenario.lasts
    }

    /// Until when it is watched.
    pub(crate) fn watched_until(&self) -> i64 {
        self.ends() + self.scenario.after
    }
}
