//! The use cases of `sre_core::monitor` over the store in memory, with scripted sources and
//! receivers, a clock that stands still, and a store that fails where it is told to.

mod afresh;
mod catching_up;
mod corrections;
mod dispatching;
mod faults;
mod history;
mod live;
mod moving;
mod replayed;
mod replicas;
pub(crate) mod scripted;
mod spy;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sre_core::alert::Alert;
use sre_core::correction::REACH;
use sre_core::evaluation::Evaluation;
use sre_core::indicator::Indicator;
use sre_core::monitor::{Evaluated, Evaluator, EvaluatorPorts, MonitorSettings, recompute};
use sre_core::name::{DestinationId, SloId};
use sre_core::sample::{Sample, SampleValue};
use sre_core::slice::Slice;
use sre_core::slo::Slo;
use sre_core::source::{CounterPart, CounterRatio, Query};
use sre_core::store::{
    Alerts, Appended, Catalog, Corrections, Evaluations, Samples, SloChange, Standing, Start,
};
use sre_core::time::{Interval, Span};
use sre_core::window::Window;
use sre_store_conformance::fixtures;
use sre_store_memory::MemoryStore;

use self::scripted::ScriptedSource;
use self::spy::Spy;

/// To whom everything is told.
fn sink() -> DestinationId {
    fixtures::destination("sink").id
}

/// A store that is watched, a source that is scripted, and the time.
struct World {
    store: Arc<Spy>,
    source: Arc<ScriptedSource>,
    settings: MonitorSettings,
    now: DateTime<Utc>,
}

impl World {
    /// Noon, and nothing stored.
    fn new() -> Self {
        Self {
            store: Arc::new(Spy::over(MemoryStore::new())),
            source: Arc::new(ScriptedSource::default()),
            settings: MonitorSettings::default(),
            now: fixtures::at(0),
        }
    }

    /// An evaluator of its own, as another process would have.
    fn evaluator(&self, holder: &str) -> Evaluator {
        self.evaluator_asking(holder, &self.source)
    }

    fn evaluator_asking(&self, holder: &str, source: &Arc<ScriptedSource>) -> Evaluator {
        let ports = EvaluatorPorts {
            evaluations: Arc::<Spy>::clone(&self.store),
            samples: Arc::<Spy>::clone(&self.store),
            alerts: Arc::<Spy>::clone(&self.store),
            services: Arc::<Spy>::clone(&self.store),
            source: Some(Arc::<ScriptedSource>::clone(source)),
        };
        Evaluator::new(ports, self.settings, vec![sink()], holder.to_owned())
    }

    async fn add(&self, slo: &Slo) {
        self.add_with_history(slo, None).await;
    }

    async fn add_with_history(&self, slo: &Slo, backfill: Option<Interval>) {
        let start = Start {
            backfill,
            ..fixtures::start_of(slo)
        };
        self.store
            .insert(slo, &start)
            .await
            .expect("a new SLO");
    }

    /// Pushes a sample of this second after noon, as the API would now.
    async fn push(&self, second: i64, value: SampleValue) -> Appended {
        self.push_sample(fixtures::sample(fixtures::at(second), value))
            .await
    }

    async fn push_sample(&self, sample: Sample) -> Appended {
        let closed_before = self.now - self.settings.delay.as_delta();
        let appended = self
            .store
            .append(&[sample], closed_before)
            .await;
        appended.expect("stored")[0]
    }

    /// Evaluates whatever is due now; what was done, all together.
    async fn evaluate(&self, evaluator: &Evaluator) -> Evaluated {
        let mut all = Evaluated::default();
        loop {
            let done = evaluator
                .activate(self.now)
                .await
                .expect("the store answers");
            all.applied += done.applied;
            all.superseded += done.superseded;
            all.failed += done.failed;
            all.missed += done.missed;
            all.source_failures
                .extend(done.source_failures);
            if !done.has_more {
                return all;
            }
        }
    }

    /// Lets time pass in steps of ten seconds up to this second after noon.
    async fn run_until(&mut self, second: i64, evaluator: &Evaluator) -> Evaluated {
        let mut all = Evaluated::default();
        while self.now < fixtures::at(second) {
            self.now += TimeDelta::seconds(10);
            let done = self.evaluate(evaluator).await;
            all.applied += done.applied;
            all.superseded += done.superseded;
            all.missed += done.missed;
        }
        all
    }

    /// Pushes so many bad among so many in the middle of every minute, and lets it pass.
    async fn live(&mut self, minutes: i64, bad: u64, total: u64, evaluator: &Evaluator) {
        for _ in 0..minutes {
            let second = (self.now - fixtures::at(0)).num_seconds();
            self.push(second + 30, fixtures::counts(total - bad, total))
                .await;
            self.run_until(second + 60, evaluator)
                .await;
        }
    }

    async fn standing(&self, slo: &Slo) -> Standing {
        let standings = self
            .store
            .standings(&[slo.id])
            .await
            .expect("the store answers");
        standings
            .into_iter()
            .next()
            .expect("a slot was evaluated")
    }

    async fn found(&self, slo: &Slo) -> Evaluation {
        self.standing(slo)
            .await
            .evaluation
            .expect("a slot was evaluated")
    }

    /// The measured slices as they are stored: bad and total events by seconds after noon.
    async fn folded(&self, slo: &Slo) -> BTreeMap<i64, (u64, u64)> {
        let ever = Interval::new(DateTime::UNIX_EPOCH, self.now + TimeDelta::days(1));
        let (generation, width) = (slo.definition.generation(), slo.definition.slice);
        let hours = self
            .store
            .hours(slo.id, generation, width, ever)
            .await
            .expect("the store answers");
        let mut folded = BTreeMap::new();
        for (start, slice) in hours
            .iter()
            .flat_map(sre_core::hour::Hour::iter)
        {
            if let Slice::Measured(counts) = slice {
                let events = (counts.bad().whole_events(), counts.total().whole_events());
                folded.insert((start - fixtures::at(0)).num_seconds(), events);
            }
        }
        folded
    }

    /// What a process that has just started would find from what is stored.
    async fn afresh(&self, slo: &Slo) -> Evaluation {
        let standing = self.standing(slo).await;
        let settings = &self.settings.evaluation;
        let (progress, at) = (&standing.progress, standing.last_slice);
        let during = Interval::new(at - REACH.as_delta(), at);
        let corrections = self
            .store
            .corrections_of(slo.id, &slo.definition.service_name, during)
            .await
            .expect("the store answers");
        recompute(
            self.store.as_ref(),
            slo,
            &corrections,
            progress,
            at,
            settings,
        )
        .await
        .expect("the store answers")
    }

    /// The newest episodes of the SLO, by type.
    async fn alerts(&self, slo: &Slo) -> BTreeMap<String, Alert> {
        let keys: Vec<_> = sre_core::decide::identities(slo)
            .iter()
            .map(sre_core::alert::Identity::key)
            .collect();
        let alerts = self
            .store
            .latest_episodes(&keys)
            .await
            .expect("the store answers");
        alerts
            .into_iter()
            .map(|alert| (alert.alert_type().to_string(), alert))
            .collect()
    }

    /// Replaces the definition, as the API would.
    async fn change(&self, slo: &mut Slo, restarts: bool, change: impl FnOnce(&mut Slo)) {
        let expected_version = slo.version;
        change(slo);
        slo.version += 1;
        let grid = self.settings.grid(slo);
        let restart = restarts.then(|| Start {
            generation: slo.definition.generation(),
            next_slot: grid.after(self.now),
            last_slice: grid.closed_at(self.now),
            backfill: None,
        });
        let change = SloChange {
            slo,
            expected_version,
            restart,
            backfill: None,
            alerts: &[],
        };
        self.store
            .update(&change)
            .await
            .expect("nobody else changes it");
    }
}

/// SLO number one: 99.9 % of pushed counts over a day.
fn pushed() -> Slo {
    let mut slo = fixtures::slo(1).build();
    slo.definition.window = Window::Rolling(Span::days(1));
    slo
}

/// The same of two counters of the scripted source.
fn counted() -> Slo {
    let mut slo = pushed();
    slo.definition.indicator = Indicator::Prometheus(Query::Counters(CounterRatio {
        part: CounterPart::Good("good".to_owned()),
        total: "total".to_owned(),
    }));
    slo
}

/// SLOs in a list, for lookups.
fn ids(slos: &[Slo]) -> Vec<SloId> {
    slos.iter().map(|slo| slo.id).collect()
}
