//! Saying why a message comes this way: in place of a destination that did not take it.

use crate::monitor::dispatcher::Dispatcher;
use crate::monitor::dispatcher::drafts::Draft;
use crate::name::{AlertId, DestinationId};
use crate::notification::{Destination, Fallback, did_not_take};
use crate::store::StoreError;

impl Dispatcher {
    /// Why a message comes to a fallback; `None` where it would have come anyway.
    pub(super) async fn note(
        &self,
        draft: &Draft<'_>,
        to: &Destination,
    ) -> Result<Option<String>, StoreError> {
        let in_place_of: Vec<&Fallback> = self
            .fallbacks
            .iter()
            .filter(|fallback| fallback.to.contains(&to.id))
            .collect();
        if in_place_of.is_empty() {
            return Ok(None);
        }
        for alert in draft.alert_ids().take(LOOKED_AT) {
            for fallback in &in_place_of {
                if let Some(did) = self.missed(alert, fallback.of).await? {
                    let note = format!("{did}; sent by {}.", to.name);
                    return Ok(Some(note));
                }
            }
        }
        Ok(None)
    }

    /// What another destination did with the newest news of an episode, where it has not taken it.
    async fn missed(
        &self,
        alert: AlertId,
        destination: DestinationId,
    ) -> Result<Option<String>, StoreError> {
        let Some(notifier) = self.notifiers.get(&destination) else {
            return Ok(None);
        };
        let ledger = self.ports.outbox.ledger(alert).await?;
        let newest = ledger
            .into_iter()
            .rfind(|record| record.intent.destination_id == destination);
        let name = &notifier.destination().name;
        Ok(match newest {
            Some(record) if record.state == "dead" => {
                Some(did_not_take(name, record.reason.as_deref()))
            }
            Some(record) if matches!(record.state.as_str(), "pending" | "frozen") => {
                Some(did_not_take(name, None))
            }
            _ => None,
        })
    }
}

/// What is said of one alert of a message is said of all of it, and a storm has hundreds.
const LOOKED_AT: usize = 3;
