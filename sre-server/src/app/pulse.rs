//! Who waits for our heartbeat.

use std::error::Error;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use sre_core::time::Span;
use sre_notify::Heartbeat;

use crate::config::Config;
use crate::workers::Pulse;

#[async_trait]
impl Pulse for Heartbeat {
    async fn beat(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(Self::beat(self).await?)
    }
}

/// What is pinged, and how often, where it is configured.
pub(super) fn pulse(config: &Config) -> anyhow::Result<Option<(Arc<dyn Pulse>, Span)>> {
    let Some(url) = &config.heartbeat_url else {
        return Ok(None);
    };
    let url = url
        .expose()
        .clone()
        .try_into()
        .context("SRE_MONITOR_HEARTBEAT_URL cannot be used")?;
    let heartbeat = Heartbeat::new(url).context("the heartbeat cannot be set up")?;
    Ok(Some((Arc::new(heartbeat), config.heartbeat_interval)))
}
