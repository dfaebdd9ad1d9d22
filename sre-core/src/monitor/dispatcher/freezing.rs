//! From due intents to frozen messages.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::alert::{Alert, Severity};
use crate::evaluation::Evaluation;
use crate::monitor::dispatcher::{BATCH, Dispatched, Dispatcher, Sending};
use crate::name::{DeliveryId, DestinationId, IntentId, derived_id};
use crate::notification::{
    self, AlertNews, Delivery, Judgement, Message, Reason, ToldState, Urgency, Withheld, judge,
};
use crate::slo::Slo;
use crate::store::{ClaimedDelivery, Commit, DueGroup, Frozen, Judged, StoreError};

impl Dispatcher {
    /// Judges due intents. What fails keeps nothing that was claimed before from being sent.
    pub(super) async fn freeze_groups(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        is_busy: &(dyn Fn(DestinationId) -> bool + Sync),
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        let mut groups = self
            .ports
            .outbox
            .due_groups(now, BATCH)
            .await?;
        let is_full = groups.len() >= BATCH as usize;
        groups.retain(|group| !is_busy(group.destination_id));
        done.has_more |= is_full && !groups.is_empty();
        for group in groups {
            match self
                .settle(group, now, until, done)
                .await
            {
                // What is corrupt concerns one group, and the next activation will not mend it.
                Err(error @ StoreError::Corrupt { .. }) => done.error = Some(Arc::new(error)),
                settled => settled?,
            }
        }
        Ok(())
    }

    /// Judges one group and stores the judgement.
    pub(super) async fn settle(
        &self,
        group: DueGroup,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        done: &mut Dispatched,
    ) -> Result<(), StoreError> {
        let ids: Vec<_> = group
            .intents
            .iter()
            .map(|intent| intent.id)
            .collect();
        let judgement = if self.is_shadow {
            Judgement::Withhold(Withheld::Shadow)
        } else {
            judge(
                &group.alert,
                &group.intents,
                group.told.as_ref(),
                now,
                &self.settings,
            )
        };
        let judged = match judgement {
            Judgement::Withhold(rule) => Judged::Withhold { intents: ids, rule },
            Judgement::Postpone { until, rule } => Judged::Postpone {
                intents: ids,
                until,
                rule,
            },
            Judgement::Send {
                carried,
                superseded,
                reason,
            } => {
                let Some(notifier) = self
                    .notifiers
                    .get(&group.destination_id)
                else {
                    return Ok(());
                };
                let intents = vec![carried];
                let content = self
                    .content(&group.alert, reason, group.sequence + 1)
                    .await?;
                let suppressed = suppressed(&group);
                let news = [content.news(suppressed)];
                let body = notifier.render(&message(&group.alert, &news, now));
                let delivery = frozen(
                    group.destination_id,
                    &group.alert,
                    reason,
                    body,
                    intents,
                    now,
                );
                let frozen = frozen_group(&group, delivery, superseded, reason, until);
                Judged::Send(frozen)
            }
        };
        let commit = self
            .ports
            .outbox
            .settle(&judged, now)
            .await?;
        match (judged, commit) {
            (_, Commit::Superseded) => done.superseded += 1,
            (Judged::Send(frozen), Commit::Applied { .. }) => {
                let claimed = ClaimedDelivery {
                    delivery: frozen.delivery,
                    alert_id: frozen.alert_id,
                    reason: frozen.reason,
                    sequence: frozen.sequence,
                    epoch: 1,
                    attempts: 1,
                    is_possible_duplicate: false,
                    is_degraded: false,
                };
                done.sendings.push(Sending {
                    claimed,
                    started_at: now,
                });
            }
            (Judged::Withhold { rule, .. } | Judged::Postpone { rule, .. }, _) => {
                *done
                    .withheld
                    .entry(rule.as_str())
                    .or_default() += 1;
            }
        }
        Ok(())
    }

    /// Everything that a message may speak of.
    pub(super) async fn content(
        &self,
        alert: &Alert,
        reason: Reason,
        sequence: u64,
    ) -> Result<Content, StoreError> {
        let (mut slo, mut evaluation) = (None, None);
        if let Some(id) = alert.slo_id() {
            slo = self.ports.catalog.find(id).await?;
            let standings = self
                .ports
                .evaluations
                .standings(&[id])
                .await?;
            evaluation = standings
                .into_iter()
                .next()
                .and_then(|standing| standing.evaluation);
        }
        Ok(Content {
            alert: alert.clone(),
            reason,
            sequence,
            slo,
            evaluation,
        })
    }
}

/// What a message speaks of.
pub(super) struct Content {
    alert: Alert,
    reason: Reason,
    sequence: u64,
    slo: Option<Slo>,
    evaluation: Option<Evaluation>,
}

impl Content {
    pub(super) fn news(&self, suppressed_episodes: u64) -> AlertNews<'_> {
        AlertNews {
            alert: &self.alert,
            reason: self.reason,
            sequence: self.sequence,
            suppressed_episodes,
            slo: self.slo.as_ref(),
            evaluation: self.evaluation.as_ref(),
        }
    }
}

/// The message that says these news of an alert.
pub(super) fn message<'a>(
    alert: &'a Alert,
    news: &'a [AlertNews<'a>],
    now: DateTime<Utc>,
) -> Message<'a> {
    Message {
        content: notification::Content::Alerts {
            service_name: alert.service_name(),
            news,
        },
        now,
    }
}

/// Episodes between the one that was told last and this one.
fn suppressed(group: &DueGroup) -> u64 {
    let told = group
        .told
        .as_ref()
        .map_or(0, |told| told.episode);
    if told == 0 {
        0
    } else {
        group
            .alert
            .episode
            .saturating_sub(told)
            .saturating_sub(1)
    }
}

/// The message, frozen. Its id is made of what it carries and of when it was frozen: a receiver that
/// keeps ids must not take the first page of a new store for one of an old store.
fn frozen(
    destination_id: DestinationId,
    alert: &Alert,
    reason: Reason,
    body: Vec<u8>,
    intents: Vec<IntentId>,
    now: DateTime<Utc>,
) -> Delivery {
    let frozen_at = now.timestamp_micros().to_be_bytes();
    let mut parts: Vec<&[u8]> = intents
        .iter()
        .map(|id| id.0.as_bytes().as_slice())
        .collect();
    parts.push(&frozen_at);
    Delivery {
        id: DeliveryId(derived_id("delivery", &parts)),
        destination_id,
        body,
        urgency: urgency(alert.severity, reason),
        created_at: now,
        intents,
    }
}

fn frozen_group(
    group: &DueGroup,
    delivery: Delivery,
    superseded: Vec<IntentId>,
    reason: Reason,
    claimed_until: DateTime<Utc>,
) -> Frozen {
    let tells = match reason {
        Reason::AllResolved => ToldState::Resolved,
        _ => ToldState::Firing,
    };
    Frozen {
        delivery,
        superseded,
        reason,
        sequence: group.sequence + 1,
        alert_id: group.alert.id,
        tells,
        severity: group.alert.severity,
        claimed_until,
    }
}

/// First fires, raises, ended acknowledgements and resolves come first; repeats last.
const fn urgency(severity: Severity, reason: Reason) -> Urgency {
    let class = match reason {
        Reason::First | Reason::SeverityRaised | Reason::AckTimeout | Reason::AllResolved => 1,
        Reason::SeverityFell | Reason::Recurred => 2,
        Reason::Repeat => 3,
    };
    Urgency {
        is_resolve: matches!(reason, Reason::AllResolved),
        severity,
        class,
    }
}
