//! One policy on its way through the past.

use super::event::SignificantEvent;
use super::quality::{Quality, judge};
use super::raised::Raised;
use super::{Candidate, Simulation, weeks};
use crate::alert::{Alert, AlertUpdate, Course, Moment};
use crate::decide::{Situation, decide};
use crate::evaluate::{Plan, evaluate};
use crate::evaluation::{Evaluation, Progress};
use crate::ledger::{Ledger, LedgerError};
use crate::policy::BurnPolicy;
use crate::slo::{Definition, Slo};
use crate::time::{Interval, Span};

/// What a policy would have said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Run {
    /// What the candidate is called.
    pub name: String,
    /// The rules that stood at the end, scaled to the window, and those that could not stand.
    pub policy: BurnPolicy,
    /// The alerts that began in the stretch, in order.
    pub alerts: Vec<Raised>,
    /// Pages a week.
    pub pages_per_week: f64,
    /// How good the pages were by themselves.
    pub pages: Quality,
    /// How good pages and tickets of slow burns were together: who reads tickets knows from them.
    pub burns: Quality,
}

impl Run {
    /// How many alerts of a kind began in the stretch.
    #[must_use]
    pub fn count(&self, is_wanted: impl Fn(&Raised) -> bool) -> usize {
        self.alerts
            .iter()
            .filter(|alert| is_wanted(alert))
            .count()
    }
}

/// A policy and what it said so far.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    slo: Slo,
    /// For which learned interval the policy was resolved.
    expected: Option<Span>,
    pub(super) plan: Plan,
    /// The newest episode of each identity, as the store would have it.
    latest: Vec<Alert>,
    /// What is remembered of the page.
    course: Course,
    raised: Vec<Raised>,
}

impl Running {
    pub(super) fn new(candidate: &Candidate, simulation: &Simulation<'_>) -> Self {
        let slo = Slo {
            definition: Definition {
                burn_policy: candidate.policy.clone(),
                ..simulation.slo.definition.clone()
            },
            ..simulation.slo.clone()
        };
        let thresholds = &simulation
            .settings
            .evaluation
            .thresholds;
        Self {
            name: candidate.name.clone(),
            plan: Plan::new(&slo.definition, slo.definition.policy(thresholds, None)),
            slo,
            expected: None,
            latest: Vec::new(),
            course: Course::default(),
            raised: Vec::new(),
        }
    }

    /// The definition with this policy.
    pub(super) const fn definition(&self) -> &Definition {
        &self.slo.definition
    }

    /// Resolves the policy anew when another interval was learned, but not under an alert that its rules
    /// hold open (see [`Progress::resolve_rules`]); whether it did.
    pub(super) fn learn(&mut self, simulation: &Simulation<'_>, expected: Option<Span>) -> bool {
        let is_held = self.expected.is_some()
            && self
                .latest
                .iter()
                .any(Alert::is_held_by_rules);
        if self.expected == expected || is_held {
            return false;
        }
        let thresholds = &simulation
            .settings
            .evaluation
            .thresholds;
        let definition = &self.slo.definition;
        self.plan = Plan::new(definition, definition.policy(thresholds, expected));
        self.expected = expected;
        true
    }

    /// One slot: evaluates, decides, and remembers what came of it.
    pub(super) fn step(
        &mut self,
        simulation: &Simulation<'_>,
        ledger: &Ledger,
        progress: &Progress,
        measured: Option<Span>,
        moment: Moment<'_>,
        bad: u128,
    ) -> Result<Evaluation, LedgerError> {
        let found = evaluate(
            &self.slo.definition,
            &self.plan,
            ledger,
            progress,
            ledger.end(),
            &simulation.settings.evaluation,
        )?;
        let decided = decide(&Situation {
            slo: &self.slo,
            criticality: simulation.criticality,
            evaluation: &found,
            latest: &self.latest,
            course: &self.course,
            measured,
            moment,
        });
        self.course = decided.course;
        for update in decided.alerts {
            self.apply(update, &found, bad);
        }
        Ok(found)
    }

    fn apply(&mut self, update: AlertUpdate, found: &Evaluation, bad: u128) {
        let id = update.alert.id;
        match self
            .raised
            .iter_mut()
            .rev()
            .find(|raised| raised.id == id)
        {
            Some(raised) => raised.follow(&update),
            // What is pending, and what cleared while it was, told nobody anything.
            None if update.alert.has_fired() => {
                let raised = Raised::new(&update.alert, update.at, found, bad);
                self.raised.push(raised);
            }
            None => {}
        }
        self.latest
            .retain(|alert| alert.identity != update.alert.identity);
        self.latest.push(update.alert);
    }

    /// What is told of it.
    pub(super) fn finish(mut self, events: &[SignificantEvent], during: Interval) -> Run {
        let pages = self.judged(Raised::is_page, events, during);
        // A ticket is judged beside the pages; they keep what they are by themselves.
        let burns = self.judged(Raised::is_burn, events, during);
        self.raised
            .retain(|alert| alert.starts_at >= during.start());
        let told = self
            .raised
            .iter()
            .filter(|alert| alert.is_page())
            .count();
        #[expect(clippy::cast_precision_loss, reason = "only ever shown")]
        let pages_per_week = told as f64 / weeks(during.end() - during.start());
        Run {
            name: self.name,
            policy: self.plan.into_policy(),
            alerts: self.raised,
            pages_per_week,
            pages,
            burns,
        }
    }

    /// Judges some of the alerts together, and notes what each saw where that is not known yet.
    fn judged(
        &mut self,
        is_wanted: impl Fn(&Raised) -> bool,
        events: &[SignificantEvent],
        during: Interval,
    ) -> Quality {
        let wanted = |raised: &&mut Raised| is_wanted(raised);
        let mut alerts: Vec<&mut Raised> = self
            .raised
            .iter_mut()
            .filter(wanted)
            .collect();
        let (quality, truths) = judge(&alerts, events, during);
        for (alert, truth) in alerts.iter_mut().zip(truths) {
            alert.truth = alert.truth.or(truth);
        }
        quality
    }
}
