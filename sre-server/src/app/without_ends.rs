//! A channel whose receiver asked not to hear that something is over.

use std::sync::Arc;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};

/// The channel as it is, but for ends.
#[derive(Debug)]
pub(super) struct WithoutEnds(Arc<dyn Notifier>);

impl WithoutEnds {
    pub(super) fn told(channel: Arc<dyn Notifier>) -> Arc<dyn Notifier> {
        Arc::new(Self(channel))
    }
}

#[async_trait]
impl Notifier for WithoutEnds {
    fn destination(&self) -> &Destination {
        self.0.destination()
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        self.0.render(message)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.0.render_degraded(message)
    }

    fn can_tell_repeats(&self) -> bool {
        self.0.can_tell_repeats()
    }

    fn takes_one_alert(&self) -> bool {
        self.0.takes_one_alert()
    }

    fn takes_ends(&self) -> bool {
        false
    }

    async fn send(&self, outgoing: &Outgoing<'_>) -> Answer {
        self.0.send(outgoing).await
    }
}
