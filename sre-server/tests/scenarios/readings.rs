//! What a scrape would have read, written as `OpenMetrics`: the one truth that both sides look at.

use std::fmt::Write as _;

use crate::scenario::{DAY, HOUR, Kind, MINUTE, Scene, Trouble, ZERO};

/// The jobs whose history is clean: ours is folded from them once, and every scene begins with it.
pub(crate) const BUSY: &str = "busy";
pub(crate) const QUIET: &str = "quiet";
/// How often a scene is scraped.
const SCRAPES: i64 = 15;
/// When in the quarter of a minute.
const SCRAPED_AT: i64 = 7;
/// How often a probe is made, and what is long past was scraped.
const RARELY: i64 = MINUTE;
const EVERY_MINUTE: usize = 60;
/// How often what only the rules over three days look at was scraped.
const COARSELY: i64 = 300;
/// Where counters began.
const BORN: i64 = ZERO - 31 * DAY;
/// How many requests fail after a deploy: more than the three that a rule wants to see.
const FAILED_AFTER_DEPLOY: i64 = 12;

/// Requests so far, and the failed ones among them.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    total: i64,
    bad: i64,
}

/// A clean month of a job.
pub(crate) fn clean(job: &str, kind: Kind, text: &mut String) {
    let month = ZERO - 30 * DAY - HOUR..ZERO + HOUR;
    let counters: Vec<_> = month
        .step_by(EVERY_MINUTE)
        .map(|at| {
            let total = requests(kind, at);
            (at, Some(Counters { total, bad: 0 }))
        })
        .collect();
    write_counters(job, &counters, text);
}

/// A scene with the days before it.
pub(crate) fn staged(scene: &Scene, text: &mut String) {
    let (job, end) = (scene.job(), scene.watched_until() + HOUR);
    if scene.scenario.traffic == Kind::Probed {
        for at in probes(ZERO - 4 * DAY, end) {
            let value = u8::from(!fails(scene, at));
            line("probe_success", &job, "", value.into(), at, text);
        }
        return;
    }
    let fine = ZERO - 2 * HOUR;
    let mut at = ZERO - 4 * DAY + SCRAPED_AT;
    let mut read = Vec::new();
    while at < end {
        read.push((at, counters(scene, at)));
        at += if at < fine { COARSELY } else { SCRAPES };
    }
    write_counters(&job, &read, text);
}

/// The instants from one to another at which a probe is made.
pub(crate) fn probes(from: i64, to: i64) -> impl Iterator<Item = i64> {
    let first = from.div_euclid(RARELY) * RARELY + SCRAPED_AT;
    (0..)
        .map(move |n| first + n * RARELY)
        .skip_while(move |at| *at < from)
        .take_while(move |at| *at < to)
}

/// Whether a probe fails: the one that is made while the trouble lasts.
pub(crate) fn fails(scene: &Scene, at: i64) -> bool {
    (scene.begins()..scene.ends()).contains(&at)
}

/// What a scrape reads; nothing where nobody answers.
fn counters(scene: &Scene, at: i64) -> Option<Counters> {
    let (begins, ends) = (scene.begins(), scene.ends());
    // So long trouble has lasted.
    let troubled = at.clamp(begins, ends) - begins;
    let total = requests(scene.scenario.traffic, at);
    let per_second = 10;
    let bad = match scene.scenario.trouble {
        Trouble::Errors(ppm) => troubled * per_second * ppm / 1_000_000,
        Trouble::Flapping => {
            let (pairs, rest) = (troubled / (2 * MINUTE), troubled % (2 * MINUTE));
            (pairs * MINUTE + rest.min(MINUTE)) * per_second
        }
        Trouble::DeadExporter | Trouble::Deploy if (begins..ends).contains(&at) => return None,
        Trouble::Deploy if at >= ends => {
            let total = (at - ends) * per_second;
            let bad = total.min(FAILED_AFTER_DEPLOY);
            return Some(Counters { total, bad });
        }
        // At noon of each day.
        Trouble::OneADay => (troubled + DAY / 2) / DAY,
        Trouble::OneProbe | Trouble::DeadExporter | Trouble::DeadSource | Trouble::Deploy => 0,
    };
    Some(Counters { total, bad })
}

/// Requests so far in even traffic.
fn requests(kind: Kind, at: i64) -> i64 {
    match kind {
        Kind::Busy => (at - BORN) * 10,
        Kind::Quiet | Kind::Probed => (at - BORN - CALM_OF_QUIET) / 360,
    }
}

/// So that a request is made at the very instant at which one of the quiet days' fails.
const CALM_OF_QUIET: i64 = crate::scenario::CALM % 360;

fn write_counters(job: &str, read: &[(i64, Option<Counters>)], text: &mut String) {
    for (code, of) in [
        (
            r#",code="200""#,
            (|held: Counters| held.total - held.bad) as fn(Counters) -> i64,
        ),
        (r#",code="500""#, |held| held.bad),
    ] {
        for (at, counters) in read {
            if let Some(counters) = counters {
                line("http_requests_total", job, code, of(*counters), *at, text);
            }
        }
    }
    for (at, counters) in read {
        line("up", job, "", counters.is_some().into(), *at, text);
    }
}

fn line(name: &str, job: &str, label: &str, value: i64, at: i64, text: &mut String) {
    writeln!(
        text,
        r#"{name}{{job="{job}",instance="{job}:80"{label}}} {value} {at}"#
    )
    .expect("a string");
}
