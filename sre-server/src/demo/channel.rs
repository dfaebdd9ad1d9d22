//! The channel of a demo: messages are made as they would be for a real receiver, and end here.

use std::sync::Arc;

use async_trait::async_trait;
use sre_core::notification::{Answer, Destination, Message, Notifier, Outgoing};

/// Says of every message that it arrived, and tells nobody.
#[derive(Debug)]
pub struct DemoChannel {
    destination: Destination,
    like: Arc<dyn Notifier>,
}

impl DemoChannel {
    /// A channel whose messages are those of `like`, which is never sent to.
    pub fn new(like: Arc<dyn Notifier>) -> Self {
        Self {
            destination: Destination::new("demo", "nobody", b"1"),
            like,
        }
    }
}

#[async_trait]
impl Notifier for DemoChannel {
    fn destination(&self) -> &Destination {
        &self.destination
    }

    fn render(&self, message: &Message<'_>) -> Vec<u8> {
        self.like.render(message)
    }

    fn render_degraded(&self, message: &Message<'_>) -> Vec<u8> {
        self.like.render_degraded(message)
    }

    async fn send(&self, _outgoing: &Outgoing<'_>) -> Answer {
        Answer::Responded {
            status: 200,
            retry_after: None,
            excerpt: "this is a demo: nobody was told".to_owned(),
        }
    }
}
