//! A scene on our side: the month before it, and then slot by slot.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use sre_collect::{PrometheusConfig, PrometheusSource};
use sre_core::count::Counts;
use sre_core::evaluation::SloState;
use sre_core::indicator::Indicator;
use sre_core::monitor::{History, MonitorSettings, start_of};
use sre_core::sample::{Sample, SampleValue};
use sre_core::schedule::SlotGrid;
use sre_core::slo::Slo;
use sre_core::source::{CounterPart, CounterRatio, MetricSource, Query};
use sre_core::store::{Catalog as _, Evaluations as _, Samples as _};
use sre_core::time::{Interval, at_second};
use tempfile::TempDir;

use super::engine::{Engine, StageClock};
use super::recorder::{Heard, Recorder};
use super::staged::{NAMED, Staged};
use crate::readings::{BUSY, QUIET, fails, probes};
use crate::scenario::{DAY, HOUR, Kind, MINUTE, Scene, Trouble, ZERO};

/// Where scenes are played: a Prometheus, and a store for each kind of service with its clean month.
#[derive(Debug)]
pub(crate) struct Stage {
    room: TempDir,
    settings: MonitorSettings,
    prometheus: Arc<PrometheusSource>,
}

/// One scene under way.
#[derive(Debug)]
struct Play {
    scene: Scene,
    path: PathBuf,
    grid: SlotGrid,
    settings: MonitorSettings,
    source: Option<Arc<dyn MetricSource>>,
    channel: Arc<Recorder>,
    clock: Arc<StageClock>,
}

/// The SLO of a kind of service: 99.9 % over 30 days, and what nobody says as it is by default.
pub(crate) fn slo(kind: Kind) -> Slo {
    let bad = format!(r#"http_requests_total{{{NAMED},code=~"5.."}}"#);
    let (metric, indicator) = match kind {
        Kind::Probed => ("probe_success", None),
        Kind::Busy | Kind::Quiet => (
            "availability",
            Some(Indicator::Prometheus(Query::Counters(CounterRatio {
                part: CounterPart::Bad(bad),
                total: format!("http_requests_total{{{NAMED}}}"),
            }))),
        ),
    };
    let builder = Slo::builder("shop", metric)
        .target_percentage("99.9")
        .expect("a target");
    match indicator {
        Some(indicator) => builder.indicator(indicator),
        None => builder,
    }
    .created_at(at_second(ZERO - 30 * DAY))
    .build()
    .expect("an SLO")
}

fn file(kind: Kind) -> &'static str {
    match kind {
        Kind::Busy => "busy.db",
        Kind::Quiet => "quiet.db",
        Kind::Probed => "probed.db",
    }
}

fn probe(success: bool, at: i64) -> Sample {
    Sample {
        service_name: "shop".parse().expect("a name"),
        metric_name: "probe_success".parse().expect("a name"),
        labels: [("probe".to_owned(), "http".to_owned())].into(),
        at: at_second(at),
        value: SampleValue::Counts(Counts::events(u64::from(success), 1).expect("one")),
    }
}

impl Stage {
    /// A stage with the month before [`ZERO`]: of what is scraped it is folded as the history of a new
    /// SLO, of what is probed hour by hour as it was probed.
    pub(crate) async fn prepare(url: &str, settings: MonitorSettings) -> Self {
        let config = PrometheusConfig::new(url.parse().expect("a url"));
        let stage = Self {
            room: tempfile::tempdir().expect("a directory"),
            settings,
            prometheus: Arc::new(PrometheusSource::new(&config).expect("a source")),
        };
        tokio::join!(
            stage.fold(Kind::Busy, BUSY),
            stage.fold(Kind::Quiet, QUIET),
            stage.probe()
        );
        stage
    }

    async fn fold(&self, kind: Kind, job: &str) {
        let (engine, _) = self
            .open(kind, Some(job), at_second(ZERO - HOUR))
            .await;
        let slo = slo(kind);
        let start = start_of(
            &slo,
            History::Window,
            &self.settings,
            at_second(ZERO - HOUR),
        );
        engine
            .store
            .insert(&slo, &start)
            .await
            .expect("a new SLO");
        self.close(engine, &slo).await;
    }

    async fn probe(&self) {
        let begin = ZERO - 30 * DAY;
        let (engine, clock) = self
            .open(Kind::Probed, None, at_second(begin))
            .await;
        let slo = slo(Kind::Probed);
        let start = start_of(&slo, History::None, &self.settings, at_second(begin));
        engine
            .store
            .insert(&slo, &start)
            .await
            .expect("a new SLO");
        for hour in (begin..ZERO - HOUR).step_by(3_600) {
            let samples: Vec<Sample> = probes(hour, hour + HOUR)
                .map(|at| probe(true, at))
                .collect();
            let stored = engine
                .store
                .append(&samples, at_second(hour));
            stored.await.expect("samples");
            clock.set(
                self.settings
                    .grid(&slo)
                    .after(at_second(hour + HOUR)),
            );
            engine.evaluate().await;
        }
        let samples: Vec<Sample> = probes(ZERO - HOUR, ZERO)
            .map(|at| probe(true, at))
            .collect();
        let stored = engine
            .store
            .append(&samples, at_second(ZERO - HOUR));
        stored.await.expect("samples");
        self.close(engine, &slo).await;
    }

    async fn open(
        &self,
        kind: Kind,
        job: Option<&str>,
        at: DateTime<Utc>,
    ) -> (Engine, Arc<StageClock>) {
        let clock = StageClock::at(at);
        let source = job.map(|job| {
            let prometheus = Arc::clone(&self.prometheus);
            Arc::new(Staged::new(prometheus, job, None, Arc::clone(&clock)))
                as Arc<dyn MetricSource>
        });
        let path = self.room.path().join(file(kind));
        let engine = Engine::start(
            &path,
            self.settings,
            source,
            Recorder::new(),
            Arc::clone(&clock),
        );
        (engine.await, clock)
    }

    /// Goes through the last hour until the month is known, and leaves the store to those who copy it.
    async fn close(&self, engine: Engine, slo: &Slo) {
        let grid = self.settings.grid(slo);
        // Two days of history are folded after a slot, so half an hour brings the month.
        let minutes = (0..30).map(|minute| ZERO - HOUR + minute * MINUTE);
        for slot in minutes.chain([ZERO - MINUTE]) {
            engine.set(grid.after(at_second(slot)));
            engine.evaluate().await;
        }
        let standings = engine.store.standings(&[slo.id]).await;
        let standing = standings
            .expect("standings")
            .pop()
            .expect("an SLO");
        let evaluation = standing.evaluation.expect("a slot");
        let known = i64::from(evaluation.filled_seconds);
        assert!(known > 29 * DAY, "a month is known: {evaluation:?}");
        assert_eq!(evaluation.state, SloState::Met, "{evaluation:?}");
        engine.end().await;
    }

    /// Plays a scene: what the receiver hears.
    pub(crate) async fn play(&self, scene: Scene) -> Vec<Heard> {
        let kind = scene.scenario.traffic;
        let path = self
            .room
            .path()
            .join(format!("{}.db", scene.job()));
        std::fs::copy(self.room.path().join(file(kind)), &path).expect("a copy of the store");
        let clock = StageClock::at(at_second(ZERO));
        let source = (kind != Kind::Probed).then(|| {
            let dark = (scene.scenario.trouble == Trouble::DeadSource)
                .then(|| Interval::new(at_second(scene.begins()), at_second(scene.ends())));
            let prometheus = Arc::clone(&self.prometheus);
            Arc::new(Staged::new(
                prometheus,
                &scene.job(),
                dark,
                Arc::clone(&clock),
            )) as Arc<dyn MetricSource>
        });
        let play = Play {
            scene,
            grid: self.settings.grid(&slo(kind)),
            settings: self.settings,
            source,
            channel: Recorder::new(),
            clock,
            path,
        };
        play.run().await;
        std::fs::remove_file(&play.path).expect("the store of the scene");
        play.channel.heard()
    }
}

impl Play {
    async fn start(&self) -> Engine {
        let (source, channel) = (self.source.clone(), Arc::clone(&self.channel));
        Engine::start(
            &self.path,
            self.settings,
            source,
            channel,
            Arc::clone(&self.clock),
        )
        .await
    }

    /// How long until the next look between slots.
    fn pause(&self, now: DateTime<Utc>) -> TimeDelta {
        let last = self
            .channel
            .heard()
            .last()
            .map(|heard| heard.at);
        let is_busy = last.is_some_and(|last| now - last < TimeDelta::minutes(5));
        if is_busy {
            LOOK_EVERY
        } else {
            TimeDelta::minutes(1)
        }
    }

    async fn run(&self) {
        let scene = &self.scene;
        let end = at_second(scene.watched_until());
        let mut restart = scene
            .scenario
            .restarts_us
            .then(|| at_second(i64::midpoint(scene.begins(), scene.ends())));
        let mut probes = probes(ZERO, scene.watched_until())
            .filter(|_| self.source.is_none())
            .peekable();
        let mut engine = self.start().await;
        let mut now = at_second(ZERO);
        let mut slot = tick(self.grid.after(now));
        while now < end {
            now = slot.min(now + self.pause(now));
            if let Some(at) = probes.next_if(|at| at_second(*at) <= now) {
                now = at_second(at);
                self.clock.set(now);
                let sample = [probe(!fails(scene, at), at)];
                let closed = now - self.settings.delay.as_delta();
                let stored = engine.store.append(&sample, closed);
                stored.await.expect("a sample");
            }
            if restart
                .take_if(|at| *at <= now)
                .is_some()
            {
                engine.end().await;
                now += AWAY;
                self.clock.set(now);
                engine = self.start().await;
            }
            self.clock.set(now);
            if now >= slot {
                engine.evaluate().await;
                slot = tick(self.grid.after(now));
            }
            engine.tell().await;
        }
        engine.end().await;
    }
}

/// When the process looks that was to look at an instant: at the next quarter of a second, its tick.
fn tick(at: DateTime<Utc>) -> DateTime<Utc> {
    let tick = TimeDelta::milliseconds(250);
    let before = at
        .duration_trunc(tick)
        .expect("an instant of this century");
    if before == at { at } else { before + tick }
}

/// How long a restart of our process takes.
const AWAY: TimeDelta = TimeDelta::seconds(20);
/// How often is looked for what is due between slots while something was said of late, and waits for its
/// second half. The process looks every quarter of a second; what waits for that alone is told later
/// here by so much, and what nothing was said before by up to a slot.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(10);
