//! The port to slices and what was decided on them.

use std::fmt::Debug;
use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::alert::AlertUpdate;
use crate::budget::ErrorBudget;
use crate::correction::Correction;
use crate::count::Counts;
use crate::evaluation::{Coverage, Evaluation, Progress, SloState};
use crate::forecast::Exhaustion;
use crate::hour::Hour;
use crate::name::SloId;
use crate::policy::BurnLevel;
use crate::slice::SliceWidth;
use crate::slo::{Generation, Slo};
use crate::store::StoreError;
use crate::time::{Interval, Span};

/// The evaluator's port; the API reads what it wrote.
#[async_trait]
pub trait Evaluations: Debug + Send + Sync {
    /// Claims live SLOs whose slot is due until `until`, at most `limit`, the longest due first.
    async fn claim_slots(
        &self,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<SlotClaim>, StoreError>;

    /// Gives claims back unused, so that another need not wait for their end. Claims that no longer
    /// stand are passed over.
    async fn release(&self, claims: &[SlotClaim]) -> Result<(), StoreError>;

    /// The stored hours of a generation that touch `during`, in order; hours without a measured
    /// slice may be missing.
    async fn hours(
        &self,
        slo: SloId,
        generation: Generation,
        width: SliceWidth,
        during: Interval,
    ) -> Result<Vec<Hour>, StoreError>;

    /// Stores what a batch of evaluations decided, in one transaction, each guarded by its own claim:
    /// answers for each in order. One that lost its claim, its definition or a compare-and-set of an
    /// alert is superseded and leaves no trace.
    async fn commit(&self, changes: &[Changes]) -> Result<Vec<Commit>, StoreError>;

    /// How SLOs stand after their last slot, in the order asked; SLOs without a slot yet are left
    /// out.
    async fn standings(&self, slos: &[SloId]) -> Result<Vec<Standing>, StoreError>;

    /// The slot that is due first of all live SLOs, whoever holds it: how late evaluation is. `None`
    /// without any.
    async fn earliest_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError>;

    /// Recorded calculations and gaps of an SLO, by instant.
    async fn history(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<HistoryItem>, StoreError>;

    /// Recorded budgets of an SLO, by instant.
    async fn budgets(
        &self,
        slo: SloId,
        during: Interval,
        limit: NonZeroU32,
    ) -> Result<Vec<BudgetRecord>, StoreError>;
}

/// The right to evaluate one slot of one SLO.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct SlotClaim {
    /// The SLO as it is defined now.
    pub slo: Slo,
    /// The slot that is due.
    pub slot: DateTime<Utc>,
    /// The fence.
    pub epoch: u64,
    /// The generation whose slices are written.
    pub generation: Generation,
    /// Rises when slices change other than by appending: a cached ledger of another revision is
    /// stale.
    pub revision: u64,
    /// The end of the last folded slice.
    pub last_slice: DateTime<Utc>,
    /// What is remembered beside the slices.
    pub progress: Progress,
    /// What the last slot found; `None` before the first.
    pub last: Option<Evaluation>,
    /// When a calculation was recorded last.
    pub recorded_at: Option<DateTime<Utc>>,
    /// When the budget was recorded last.
    pub budget_at: Option<DateTime<Utc>>,
    /// Ranges to fold again.
    pub dirty: Vec<Interval>,
    /// Identifies the marks seen in `dirty`; later ones survive the commit.
    pub mark: u64,
    /// The corrections in force that touch what any window may hold, in the order of their ids.
    pub corrections: Vec<Correction>,
    /// Of a composite: its members, deleted ones included, in the order of their ids. Empty of any
    /// other SLO.
    pub members: Vec<MemberStanding>,
}

/// A member of a composite, as it stands when the composite is claimed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct MemberStanding {
    /// The SLO as it is defined now.
    pub slo: Slo,
    /// The generation of its slices.
    pub generation: Generation,
    /// The end of its last folded slice.
    pub last_slice: DateTime<Utc>,
    /// How often it is measured: declared, or else learned; `None` before enough is known.
    pub expected_interval: Option<Span>,
}

/// All that one evaluation decided; stored whole or not at all.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Changes {
    /// Of which SLO.
    pub slo_id: SloId,
    /// The claimed slot.
    pub slot: DateTime<Utc>,
    /// The fence.
    pub epoch: u64,
    /// The version of the definition that was evaluated.
    pub version: u64,
    /// The generation of the slices.
    pub generation: Generation,
    /// The slot that is due next.
    pub next_slot: DateTime<Utc>,
    /// The end of the last folded slice.
    pub last_slice: DateTime<Utc>,
    /// Hours with new or changed slices, whole.
    pub hours: Vec<Hour>,
    /// The stretches of the new and changed slices. In the transaction that stores them, those that a
    /// composite of this SLO has folded, or that it may be folding under a claim, are marked dirty
    /// for it.
    pub folded: Vec<Interval>,
    /// What became of dirty ranges; `None` when there were none.
    pub refolded: Option<Refolded>,
    /// What is remembered beside the slices.
    pub progress: Progress,
    /// What the slot found.
    pub evaluation: Evaluation,
    /// Calculations to record.
    pub calculations: Vec<Calculation>,
    /// Stretches that can never be folded.
    pub gaps: Vec<Gap>,
    /// The budget, when it is due or its level changed.
    pub budget: Option<BudgetRecord>,
    /// Transitions of alerts with their intents.
    pub alerts: Vec<AlertUpdate>,
}

/// Dirty ranges that were folded again: the revision rises.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Refolded {
    /// The marks that were seen.
    pub mark: u64,
    /// What is left of them, to be folded by later slots.
    pub remaining: Vec<Interval>,
}

/// Whether a guarded write was applied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Commit {
    /// It is stored.
    Applied {
        /// The revision after it.
        revision: u64,
    },
    /// Somebody else was first; nothing of it is stored.
    Superseded,
}

/// One recorded calculation.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Calculation {
    /// The slot.
    pub slot: DateTime<Utc>,
    /// What the newest slice of the slot was.
    pub outcome: Outcome,
    /// What held.
    pub state: SloState,
    /// Counts of the window in millionths of an event or slice, `None` without measured slices.
    pub counts: Option<Counts>,
    /// What was found, in full; `None` for a slot that was caught up on.
    pub evaluation: Option<Evaluation>,
}

/// What a slot learned of its newest slice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// It was measured, with events.
    Measured,
    /// It was measured, without any.
    NoTraffic,
    /// It was not measured.
    Unmeasured,
}

impl Outcome {
    /// The outcome in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::NoTraffic => "no_traffic",
            Self::Unmeasured => "unmeasured",
        }
    }
}

/// A stretch of slots that can never be folded, because no window holds it any more.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Gap {
    /// The stretch.
    pub during: Interval,
    /// Why.
    pub reason: String,
}

/// The budget at one instant, as it was recorded: small, since burn-down charts read many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct BudgetRecord {
    /// When.
    pub at: DateTime<Utc>,
    /// What held.
    pub state: SloState,
    /// The level of the burn over one hour.
    pub burn_level: BurnLevel,
    /// Counts, in millionths of an event or slice, and target of the window; `None` when nothing was
    /// measured in it.
    pub budget: Option<ErrorBudget>,
    /// How much of the window was measured since the first data.
    pub coverage: Coverage,
    /// When nothing would be left, as it was foretold then.
    pub exhaustion: Exhaustion,
}

impl BudgetRecord {
    /// What is recorded of the budget that an evaluation found.
    #[must_use]
    pub fn new(at: DateTime<Utc>, found: &Evaluation) -> Self {
        Self {
            at,
            state: found.state,
            burn_level: found.burn_level,
            budget: found
                .budget
                .map(|budget| ErrorBudget::new(budget.shown(), budget.target())),
            coverage: found.coverage,
            exhaustion: found.forecast.exhaustion(),
        }
    }
}

/// How an SLO stands after its last slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Which SLO.
    pub slo_id: SloId,
    /// The slot that is due next.
    pub next_slot: DateTime<Utc>,
    /// The generation of its slices.
    pub generation: Generation,
    /// The end of the last folded slice.
    pub last_slice: DateTime<Utc>,
    /// What is remembered beside the slices.
    pub progress: Progress,
    /// What the last slot found.
    pub evaluation: Option<Evaluation>,
}

/// An item of an SLO's history.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryItem {
    /// A calculation.
    Calculation(Calculation),
    /// A stretch without any.
    Gap(Gap),
}
