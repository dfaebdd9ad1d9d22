//! Whether channels take messages, as series: read when somebody asks.

use sre_core::notification::Destination;
use sre_core::store::LaneStatus;

use super::page::{Kind, Page};

/// Writes of each channel whether it is broken, and how many messages of these lanes were given up.
pub fn write(page: &mut Page, destinations: &[Destination], lanes: &[LaneStatus]) {
    let with_lanes = || {
        destinations.iter().map(|destination| {
            let lane = lanes
                .iter()
                .find(|lane| lane.destination_id == destination.id);
            (destination.name.as_str(), lane)
        })
    };
    let text = "1 from a message that was given up until one arrives, by channel.";
    let mut family = page.family("sre_monitor_channel_broken", Kind::Gauge, text);
    for (name, lane) in with_lanes() {
        let is_broken = lane.is_some_and(|lane| lane.broken.is_some());
        family.count(&[("channel", name)], u64::from(is_broken));
    }
    let text = "Messages of the last hour that were given up, by channel.";
    let mut family = page.family("sre_monitor_channel_dead_letters", Kind::Gauge, text);
    for (name, lane) in with_lanes() {
        family.count(&[("channel", name)], lane.map_or(0, |lane| lane.dead));
    }
}
