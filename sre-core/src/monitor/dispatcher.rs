//! Sending what is due: judge, freeze, send, record.
//!
//! Freezing is quick and done for all lanes together ([`Dispatcher::freeze_due`]); a send may hang
//! for as long as a channel allows, so each is a step of its own ([`Dispatcher::send`]) that the
//! process runs beside the others: a slow receiver delays nobody else.

mod degrading;
mod drafts;
mod falling_back;
mod freezing;
mod replaying;
mod retelling;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use crate::alert::{Alert, LifecycleSettings};
use crate::monitor::{Router, SourceBook, Suppressors};
use crate::name::{AlertId, DeliveryId, DestinationId};
use crate::notification::{
    Action, Answer, DeadReason, Delivery, Fallback, Lane, Notifier, Outgoing, Tries, classify,
};
use crate::store::{
    Alerts, Attempt, AttemptRecord, Catalog, ClaimedDelivery, Commit, Evaluations, Incidents,
    NextAction, Notices, Outbox, Recorded, StoreError,
};
use crate::time::Span;

pub use replaying::{Replayed, Replayer};

/// What the dispatcher reads and writes.
#[derive(Clone, Debug)]
pub struct DispatcherPorts {
    /// Intents and deliveries.
    pub outbox: Arc<dyn Outbox>,
    /// What is announced beside alerts.
    pub notices: Arc<dyn Notices>,
    /// The alerts they speak of.
    pub alerts: Arc<dyn Alerts>,
    /// The incidents that those belong to.
    pub incidents: Arc<dyn Incidents>,
    /// The SLOs they speak of.
    pub catalog: Arc<dyn Catalog>,
    /// How those stand.
    pub evaluations: Arc<dyn Evaluations>,
    /// What keeps news back.
    pub suppressors: Suppressors,
}

/// Sends due notifications. One a process; replicas share the work by claims.
#[derive(Debug)]
pub struct Dispatcher {
    ports: DispatcherPorts,
    notifiers: BTreeMap<DestinationId, Arc<dyn Notifier>>,
    settings: LifecycleSettings,
    send_timeout: Span,
    is_shadow: bool,
    fallbacks: Vec<Fallback>,
    /// Whether the last message to each destination told an end.
    told_ends: Mutex<BTreeMap<DestinationId, bool>>,
    router: Router,
    /// Where it is read what SLOs are measured by, where silence of many is told once.
    book: Option<Arc<SourceBook>>,
}

/// A frozen delivery whose next try is claimed.
#[derive(Debug)]
pub struct Sending {
    claimed: ClaimedDelivery,
    started_at: DateTime<Utc>,
}

/// What freezing did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Dispatched {
    /// What is to be sent now; each is claimed.
    pub sendings: Vec<Sending>,
    /// Groups that are not sent, with the rule that decided.
    pub withheld: BTreeMap<&'static str, u32>,
    /// Groups that another replica took.
    pub superseded: u32,
    /// Whether more is due at once.
    pub has_more: bool,
    /// The last failure of the store, where one kept a group from being judged.
    pub error: Option<Arc<StoreError>>,
}

/// What came of a try.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// Of which delivery.
    pub delivery_id: DeliveryId,
    /// To whom.
    pub destination_id: DestinationId,
    /// `delivered`, `retry`, `unknown`, `degraded`, `dead` or `superseded`.
    pub outcome: &'static str,
    /// When the message was frozen, for the time that it took.
    pub created_at: DateTime<Utc>,
    /// What the receiver said, or what happened; without secrets.
    pub detail: String,
}

impl Sending {
    /// Which delivery it is.
    #[must_use]
    pub const fn delivery_id(&self) -> DeliveryId {
        self.claimed.delivery.id
    }

    /// To whom it goes.
    #[must_use]
    pub const fn destination_id(&self) -> DestinationId {
        self.claimed.delivery.destination_id
    }
}

impl Dispatcher {
    /// A dispatcher over these channels, each of which bounds a try by `send_timeout`. In shadow it
    /// judges and records everything and sends nothing.
    #[must_use]
    pub fn new(
        ports: DispatcherPorts,
        notifiers: Vec<Arc<dyn Notifier>>,
        settings: LifecycleSettings,
        send_timeout: Span,
        is_shadow: bool,
    ) -> Self {
        let notifiers = notifiers
            .into_iter()
            .map(|notifier| (notifier.destination().id, notifier))
            .collect();
        Self {
            ports,
            notifiers,
            settings,
            send_timeout,
            is_shadow,
            fallbacks: Vec::new(),
            told_ends: Mutex::default(),
            router: Router::from(Vec::new()),
            book: None,
        }
    }

    /// The dispatcher, which says of what comes to a fallback why it does.
    #[must_use]
    pub fn with_fallbacks(self, fallbacks: Vec<Fallback>) -> Self {
        Self { fallbacks, ..self }
    }

    /// The dispatcher, which holds together and back what `router` says.
    #[must_use]
    pub fn routed(self, router: Router) -> Self {
        Self { router, ..self }
    }

    /// The dispatcher, which tells once that most of a source of this book has no data, in place of
    /// once for each: what a [`BrakeKeeper`](crate::monitor::BrakeKeeper) raises holds the others back.
    #[must_use]
    pub fn braked(self, book: Arc<SourceBook>) -> Self {
        Self {
            book: Some(book),
            ..self
        }
    }

    /// Judges due intents, freezes what is to be said, and claims what is to be tried again. What a
    /// busy destination is owed waits: a message that is frozen is sent at once.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn freeze_due(
        &self,
        now: DateTime<Utc>,
        is_busy: &(dyn Fn(DestinationId) -> bool + Sync),
    ) -> Result<Dispatched, StoreError> {
        let mut done = Dispatched::default();
        // The claim outlives the try, so that a slow one is not begun again while under way.
        let until = now + self.send_timeout.as_delta() + CLAIM_MARGIN.as_delta();
        let busy: Vec<DestinationId> = self
            .notifiers
            .keys()
            .copied()
            .filter(|destination| is_busy(*destination))
            .collect();
        let again = self
            .ports
            .outbox
            .claim_deliveries(now, until, TRIES, &busy)
            .await?;
        for fault in again.faults {
            done.note(fault);
        }
        done.sendings.extend(
            again
                .claimed
                .into_iter()
                .map(|claimed| Sending {
                    claimed,
                    started_at: now,
                }),
        );
        done.has_more = done.is_any_lane_full();
        let moment = freezing::Moment { now, until };
        if let Err(error) = self
            .freeze_lanes(moment, &busy, &mut done)
            .await
        {
            done.note(error);
        }
        Ok(done)
    }

    /// Makes one try and records what came of it. `jitter_permille` is a random number below 1 000;
    /// `clock` says when the try ended.
    ///
    /// # Errors
    ///
    /// Those of the store: the try was made, and stays open, so that the next one is marked.
    pub async fn send(
        &self,
        sending: Sending,
        jitter_permille: u16,
        clock: &dyn crate::time::Clock,
    ) -> Result<Sent, StoreError> {
        let Sending {
            claimed,
            started_at,
        } = sending;
        let delivery = &claimed.delivery;
        let tries = Tries {
            attempts: claimed.attempts,
            created_at: delivery.created_at,
            urgency: delivery.urgency,
            is_degraded: claimed.is_degraded,
            can_tell_repeats: self
                .notifiers
                .get(&delivery.destination_id)
                .is_none_or(|notifier| notifier.can_tell_repeats()),
            jitter_permille,
        };
        let answer = self
            .attempt(&claimed, &tries, started_at)
            .await;
        let now = clock.now();
        let action = classify(&answer, &tries, now);
        let (result, lane, outcome) = self
            .result(&claimed, action, now)
            .await?;
        // Even of a message that is given up: one that may have arrived is owed its resolve.
        let remembered = match answer {
            Answer::Unknown { .. } => "unknown",
            _ => outcome,
        };
        let (status, detail) = told(answer);
        let attempt = Attempt {
            delivery_id: delivery.id,
            destination_id: delivery.destination_id,
            epoch: claimed.epoch,
            finished_at: now,
            record: AttemptRecord {
                started_at,
                finished_at: Some(now),
                result: Some(remembered.to_owned()),
                status,
                detail: Some(detail.clone()),
                is_possible_duplicate: claimed.is_possible_duplicate,
            },
            result,
            lane,
        };
        let recorded = self
            .ports
            .outbox
            .record(&attempt)
            .await?;
        Ok(Sent {
            delivery_id: delivery.id,
            destination_id: delivery.destination_id,
            outcome: if recorded == Commit::Superseded {
                "superseded"
            } else {
                outcome
            },
            created_at: delivery.created_at,
            detail,
        })
    }

    /// One try, unless it is of no use any more or there is nobody to try.
    async fn attempt(
        &self,
        claimed: &ClaimedDelivery,
        tries: &Tries,
        now: DateTime<Utc>,
    ) -> Answer {
        let not_sent = |detail: &str| Answer::NotSent {
            detail: detail.to_owned(),
        };
        if tries.is_past_use(now) {
            return not_sent("it was of no use any more");
        }
        if claimed.is_possible_duplicate && !tries.may_repeat() {
            return Answer::Unknown {
                detail: "an earlier try may have arrived, and a repeat could not be told"
                    .to_owned(),
            };
        }
        let delivery = &claimed.delivery;
        match self
            .notifiers
            .get(&delivery.destination_id)
        {
            Some(notifier) => {
                let outgoing = Outgoing {
                    id: delivery.id,
                    body: &delivery.body,
                    now,
                    is_possible_duplicate: claimed.is_possible_duplicate,
                };
                notifier.send(&outgoing).await
            }
            None => not_sent("its destination is not configured"),
        }
    }

    /// What an action does to the delivery and its lane.
    async fn result(
        &self,
        claimed: &ClaimedDelivery,
        action: Action,
        now: DateTime<Utc>,
    ) -> Result<(Recorded, Lane, &'static str), StoreError> {
        Ok(match action {
            Action::Delivered => {
                let next = self
                    .next_actions(&claimed.delivery, now)
                    .await?;
                (Recorded::Delivered { next }, Lane::Open, "delivered")
            }
            Action::Retry {
                at,
                lane,
                is_unknown,
            } => {
                let outcome = if is_unknown { "unknown" } else { "retry" };
                (Recorded::Retry { at, is_unknown }, lane, outcome)
            }
            Action::Dead { reason, lane } => (Recorded::Dead { reason }, lane, "dead"),
            Action::Degrade => {
                if let Some(resend) = self.degraded(claimed, now).await? {
                    (Recorded::Degraded { resend }, Lane::Open, "degraded")
                } else {
                    (
                        Recorded::Dead {
                            reason: DeadReason::Refused,
                        },
                        Lane::Open,
                        "dead",
                    )
                }
            }
        })
    }

    /// When time moves each of the episodes next, now that their news arrived.
    async fn next_actions(
        &self,
        delivery: &Delivery,
        now: DateTime<Utc>,
    ) -> Result<Vec<NextAction>, StoreError> {
        let mut next = Vec::with_capacity(delivery.parts().len());
        for part in delivery.parts() {
            let Some(mut alert) = self
                .ports
                .readable(part.alert_id)
                .await?
            else {
                continue;
            };
            let owner = self
                .router
                .owner(alert.service_name())
                .await?;
            alert.last_notified_at = Some(now);
            next.push(NextAction {
                alert_id: alert.id,
                transition: alert.transition,
                at: alert.next_action(&self.settings, self.router.audience(owner.as_deref())),
            });
        }
        Ok(next)
    }
}

impl DispatcherPorts {
    /// The episode, unless its row is corrupt: that must not keep a message that was sent from being
    /// recorded, or it would be sent again.
    async fn readable(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        match self.alerts.find_alert(id).await {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            found => found,
        }
    }
}

impl Dispatched {
    /// Whether a lane has as many tries as are claimed at once, and so may have more.
    fn is_any_lane_full(&self) -> bool {
        let mut lanes: BTreeMap<DestinationId, u32> = BTreeMap::new();
        for sending in &self.sendings {
            *lanes
                .entry(sending.destination_id())
                .or_default() += 1;
        }
        lanes
            .into_values()
            .any(|tries| tries >= TRIES)
    }
}

/// The status and the words of an answer.
fn told(answer: Answer) -> (Option<u16>, String) {
    match answer {
        Answer::Responded {
            status, excerpt, ..
        }
        | Answer::FailedInWords {
            status, excerpt, ..
        }
        | Answer::Replied {
            code: status,
            excerpt,
            ..
        } => {
            let detail = if excerpt.is_empty() {
                format!("answered {status}")
            } else {
                excerpt
            };
            (Some(status), detail)
        }
        Answer::NotSent { detail } | Answer::Unknown { detail } => (None, detail),
    }
}

/// What a claim holds beyond the time that a try may take.
const CLAIM_MARGIN: Span = Span::seconds(15);
/// Tries of one destination that are claimed at once: what a receiver is likely to take.
const TRIES: u32 = 16;
