//! The minimal form of a message that was refused.

use chrono::{DateTime, Utc};

use crate::alert::Alert;
use crate::monitor::dispatcher::Dispatcher;
use crate::name::{DeliveryId, derived_id};
use crate::notification::{AlertNews, Content, Delivery, Message, Part, Subject};
use crate::store::{ClaimedDelivery, StoreError};

impl Dispatcher {
    /// The minimal form, under an id of its own; `None` when what it speaks of is forgotten.
    pub(super) async fn degraded(
        &self,
        claimed: &ClaimedDelivery,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        let delivery = &claimed.delivery;
        let alerts = self.told_alerts(delivery).await?;
        let news: Vec<AlertNews<'_>> = alerts.iter().map(news).collect();
        let news = news.as_slice();
        let notice = match delivery.subject {
            Subject::Notice(id) => {
                self.ports
                    .notices
                    .find_notice(id)
                    .await?
            }
            _ => None,
        };
        let content = match (&delivery.subject, &notice) {
            (Subject::Alerts { service_name, .. }, _) if !news.is_empty() => {
                Content::Alerts { service_name, news }
            }
            (Subject::Digest { .. }, _) if !news.is_empty() => Content::Digest { news },
            (Subject::Notice(_), Some(record)) => Content::Notice(&record.notice),
            _ => return Ok(None),
        };
        let Some(notifier) = self
            .notifiers
            .get(&delivery.destination_id)
        else {
            return Ok(None);
        };
        Ok(Some(Delivery {
            id: DeliveryId(derived_id("degraded", &[delivery.id.0.as_bytes()])),
            body: notifier.render_degraded(&Message { content, now }),
            created_at: now,
            ..delivery.clone()
        }))
    }

    /// The episodes that a message speaks of, as they are now, each with what it says of it.
    async fn told_alerts<'a>(
        &self,
        delivery: &'a Delivery,
    ) -> Result<Vec<(Alert, &'a Part)>, StoreError> {
        let mut alerts = Vec::with_capacity(delivery.parts().len());
        for part in delivery.parts() {
            let alert = self.readable(part.alert_id).await?;
            alerts.extend(alert.map(|alert| (alert, part)));
        }
        Ok(alerts)
    }
}

fn news<'a>((alert, part): &'a (Alert, &Part)) -> AlertNews<'a> {
    AlertNews {
        alert,
        reason: part.reason,
        sequence: part.sequence,
        known_severity: None,
        suppressed_episodes: 0,
        slo: None,
        evaluation: None,
        incident: None,
    }
}
