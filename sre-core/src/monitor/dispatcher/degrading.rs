//! The minimal form of a message that was refused.

use chrono::{DateTime, Utc};

use crate::monitor::dispatcher::{Dispatcher, retelling};
use crate::name::{DeliveryId, derived_id};
use crate::notification::{Delivery, Message};
use crate::store::{ClaimedDelivery, StoreError};

impl Dispatcher {
    /// The minimal form, under an id of its own; `None` when what it speaks of is forgotten.
    pub(super) async fn degraded(
        &self,
        claimed: &ClaimedDelivery,
        now: DateTime<Utc>,
    ) -> Result<Option<Delivery>, StoreError> {
        let delivery = &claimed.delivery;
        let retold = self.ports.retold(delivery).await?;
        let news = retold.news();
        let content = retelling::content(&delivery.subject, &news, retold.notice.as_ref());
        let notifier = self
            .notifiers
            .get(&delivery.destination_id);
        let Some((content, notifier)) = content.zip(notifier) else {
            return Ok(None);
        };
        let message = Message {
            content,
            now,
            note: None,
        };
        Ok(Some(Delivery {
            id: DeliveryId(derived_id("degraded", &[delivery.id.0.as_bytes()])),
            body: notifier.render_degraded(&message),
            created_at: now,
            ..delivery.clone()
        }))
    }
}
