//! The use cases, over ports and without a runtime: evaluate what is due, send what is due, move
//! what time moves, look back for incidents.
//!
//! Each is an idempotent step that takes `now` and no other input: what there is to do is read from
//! the store, under a claim. So a restart, a second replica and a lost wake-up are one case. Who
//! calls them, and how often, is a matter of the process around them.

mod alerts;
mod auditor;
mod books;
mod brake;
mod destinations;
mod dispatcher;
mod evaluator;
mod folding;
mod health;
mod in_process;
mod incidents;
mod ledgers;
mod own_alerts;
mod past;
mod rebuilding;
mod router;
mod sources;
mod spending;
mod start;
mod suppressors;

pub use alerts::AlertMover;
pub use auditor::{AUDIT_FAILED, AuditPorts, Auditor};
pub use brake::BrakeKeeper;
pub use destinations::{DestinationKeeper, DestinationPorts};
pub use dispatcher::{Dispatched, Dispatcher, DispatcherPorts, Replayed, Replayer, Sending, Sent};
pub use evaluator::{Evaluated, Evaluator, EvaluatorPorts, MonitorSettings};
pub use health::{HealthAssessor, RECORDED_EVERY};
pub use in_process::{Declared, Monitor, MonitorBuilder, Ran};
pub use incidents::IncidentKeeper;
pub(crate) use ledgers::horizon;
pub use ledgers::{load_ledger, recompute};
pub use past::{FoldedPast, fold_past};
pub use rebuilding::rebuildable;
pub use router::Router;
pub use sources::SourceBook;
pub use spending::{Spending, spending};
pub use start::{History, start_of};
pub use suppressors::{FoundSuppressions, Suppressors};
