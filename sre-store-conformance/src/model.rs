//! Random histories: whatever is done to a store, it answers as the [`MemoryStore`] does.
//!
//! Laws say what somebody thought of. A history of random operations, many of them late, stale or
//! repeated, finds what nobody did. Both stores are asked the same; where a claim came from, there
//! its answer goes, so that the numbers of epochs and marks may differ. From time to time
//! everything that can be read is compared.

mod alerts;
mod definitions;
mod evaluations;
mod incidents;
mod looks;
mod outbox;
mod random;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chrono::{DateTime, Utc};
use sre_core::alert::Alert;
use sre_core::incident::Incident;
use sre_core::name::{DestinationId, NoticeId};
use sre_core::notification::Said;
use sre_core::store::{
    ClaimedDelivery, Commit, DueGroup, DueGroups, SlotClaim, Store, StoreError, TargetClaim,
};
use sre_store_memory::MemoryStore;

use self::random::Random;
use crate::Verdict;
use crate::fixtures::at;
use crate::tools::is_applied;

/// The histories that are tried, each on a new store.
pub const SEEDS: std::ops::Range<u64> = 0..24;

/// How many operations a history has.
const STEPS: u32 = 250;
/// After so many operations everything is compared.
const LOOK_EVERY: u32 = 25;

/// The same history gives the same answers as in the reference. The history is a function of its
/// seed, which is told when an answer differs.
pub async fn a_random_history_has_the_answers_of_the_reference(
    store: &dyn Store,
    seed: u64,
) -> Verdict {
    let mut history = History::new(store, seed);
    for step in 1..=STEPS {
        history.step = step;
        history.go_on().await;
        if step % LOOK_EVERY == 0 {
            history.look().await;
        }
    }
    Ok(())
}

/// Asks both stores the same.
macro_rules! both {
    ($history:ident, $method:ident($($argument:expr),*)) => {
        (
            $history.reference.$method($($argument),*).await,
            $history.store.$method($($argument),*).await,
        )
    };
}
use both;

/// A history on its way, with what its holders and readers have in hand. What is in hand grows old.
#[derive(Debug)]
struct History<'a> {
    store: &'a dyn Store,
    reference: MemoryStore,
    seed: u64,
    step: u32,
    random: Random,
    second: i64,
    slots: Vec<Pair<SlotClaim>>,
    targets: Vec<Pair<TargetClaim>>,
    tries: Vec<Pair<ClaimedDelivery>>,
    groups: Vec<DueGroup>,
    announced: BTreeSet<NoticeId>,
    readings: Vec<Alert>,
    incident_readings: Vec<Incident>,
}

/// What can be compared of due groups.
fn seen(due: DueGroups) -> (Vec<DueGroup>, BTreeMap<DestinationId, Said>, usize) {
    (due.groups, due.said, due.faults.len())
}

/// A claim as the reference gave it, and as the store under test did.
type Pair<T> = (T, T);

impl<'a> History<'a> {
    fn new(store: &'a dyn Store, seed: u64) -> Self {
        Self {
            store,
            reference: MemoryStore::new(),
            seed,
            step: 0,
            random: Random::new(seed),
            second: 0,
            slots: Vec::new(),
            targets: Vec::new(),
            tries: Vec::new(),
            groups: Vec::new(),
            announced: BTreeSet::new(),
            readings: Vec::new(),
            incident_readings: Vec::new(),
        }
    }

    /// One operation, a little later than the last.
    async fn go_on(&mut self) {
        self.second += self.random.of(&[0, 0, 1, 5, 30, 70]);
        match self.random.below(22) {
            0 | 1 => self.define().await,
            2..=4 => self.measure().await,
            5..=8 => self.evaluate().await,
            9..=12 => self.alert().await,
            13..=18 => self.notify().await,
            19 | 20 => self.respond().await,
            _ => self.forget().await,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        at(self.second)
    }

    /// The end of a claim, short enough that many end.
    fn until(&mut self) -> DateTime<Utc> {
        at(self.second + self.random.of(&[1, 20, 60, 200]))
    }

    /// Both answers, which are the same.
    #[track_caller]
    fn same<T: Debug + PartialEq>(
        &self,
        what: &str,
        answers: (Result<T, StoreError>, Result<T, StoreError>),
    ) -> Option<T> {
        let words = |error: StoreError| match error {
            StoreError::Conflict { what } => format!("conflict of {what}"),
            StoreError::NotFound { .. } => "not found".to_owned(),
            other => panic!("{}: {what} fails: {other:?}", self.place()),
        };
        let (expected, answer) = (answers.0.map_err(words), answers.1.map_err(words));
        assert!(
            expected == answer,
            "{}: {what}\nthe reference answers {expected:#?}\nthe store answers {answer:#?}",
            self.place()
        );
        expected.ok()
    }

    /// Both answers to a guarded write, of which only whether it was applied is compared.
    #[track_caller]
    fn same_fate(
        &self,
        what: &str,
        answers: (Result<Commit, StoreError>, Result<Commit, StoreError>),
    ) -> bool {
        let fates = (answers.0.map(is_applied), answers.1.map(is_applied));
        self.same(what, fates).unwrap_or(false)
    }

    fn place(&self) -> String {
        format!(
            "seed {}, step {}, at {} s",
            self.seed, self.step, self.second
        )
    }
}
