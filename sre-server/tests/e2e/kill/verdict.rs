//! What is looked at when the killing is over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::load::{DRILLED_SERVICES, Outcome, PROMISED, PUSHED, REFUSED, Written, drilled};
use crate::client::Client;
use crate::sink::Sink;
use crate::waiting::{eventually, now, say};

/// A moment at which the process was killed, and what it was doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    pub(super) at: DateTime<Utc>,
    /// Writes that waited for an answer.
    pub(super) writes: usize,
    /// Messages that waited for an answer.
    pub(super) messages: usize,
}

/// What was written, and who is asked for it.
#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) client: &'a Client,
    pub(super) kills: &'a [Kill],
    pub(super) written: &'a Written,
}

impl Verdict<'_> {
    /// Every acknowledged sample is read back as it was; others only if nobody answered them.
    pub(super) async fn samples_are_there(&self) {
        let stored = self.stored_samples(PUSHED).await;
        let (mut acknowledged, mut surprises) = (0, 0);
        let mut wanted = BTreeMap::new();
        for sample in &self.written.samples {
            let held = stored.get(&sample.at);
            if sample.outcome == Outcome::Acknowledged {
                acknowledged += 1;
                assert_eq!(
                    held,
                    Some(&(sample.good, sample.total)),
                    "lost or torn: {sample:?}"
                );
            } else if let Some(held) = held {
                surprises += 1;
                assert_eq!(*held, (sample.good, sample.total), "torn: {sample:?}");
            }
            wanted.insert(sample.at, sample.outcome);
        }
        assert!(
            stored
                .keys()
                .all(|at| wanted.contains_key(at)),
            "samples that nobody pushed"
        );
        assert_eq!(
            self.stored_samples(REFUSED).await,
            BTreeMap::new(),
            "refused and stored"
        );
        // A batch is stored whole or not at all.
        for batch in self.written.samples.chunks(2) {
            let held = batch
                .iter()
                .filter(|sample| stored.contains_key(&sample.at))
                .count();
            assert!(
                held == 0 || held == batch.len(),
                "half of a batch: {batch:?}"
            );
        }
        say(&format!(
            "kill: {acknowledged} samples acknowledged, all there; {surprises} more were stored \
             and the answer was lost"
        ));
    }

    async fn stored_samples(&self, service: &str) -> BTreeMap<DateTime<Utc>, (u64, u64)> {
        let path = format!("/service-metrics?service={service}&metric=availability");
        self.client
            .items(&path)
            .await
            .iter()
            .map(|item| {
                let counts = (number(&item["good"]), number(&item["total"]));
                (instant(&item["timestamp"]), counts)
            })
            .collect()
    }

    /// The alerts of every service that was drilled.
    async fn drills(&self) -> Vec<Value> {
        let mut alerts = Vec::new();
        for number in 0..DRILLED_SERVICES {
            let path = format!("/alerts?service={}", drilled(number));
            alerts.extend(self.client.items(&path).await);
        }
        alerts
    }

    /// Every acknowledged alert is there under its id, once.
    pub(super) async fn alerts_are_there(&self) {
        let mut stored = BTreeMap::new();
        for alert in self.drills().await {
            let number = alert["labels"]["number"]
                .as_str()
                .expect("a label")
                .to_owned();
            assert_eq!(alert["message"], format!("drill {number}"), "torn: {alert}");
            let id = alert["id"]
                .as_str()
                .expect("an id")
                .to_owned();
            assert_eq!(stored.insert(number, id), None, "double: {alert}");
        }
        for alert in &self.written.alerts {
            let held = stored.remove(&alert.number.to_string());
            assert!(
                alert.id.is_none() || alert.id == held,
                "lost: {alert:?}, {held:?}"
            );
        }
        assert!(stored.is_empty(), "nobody posted {stored:?}");
        let refused = self
            .client
            .items(&format!("/alerts?service={REFUSED}"))
            .await;
        assert!(refused.is_empty(), "refused and stored: {refused:?}");
        say(&format!(
            "kill: {} alerts acknowledged, all there",
            self.written.alert_ids().len()
        ));
    }

    /// Every acknowledged SLO is there, and says what it was told last.
    pub(super) async fn slos_are_there(&self) {
        let mut stored = BTreeMap::new();
        for slo in self
            .client
            .items(&format!("/slo?service={PROMISED}"))
            .await
        {
            let name = slo["name"]
                .as_str()
                .expect("a name")
                .to_owned();
            assert!(
                stored
                    .insert(name, slo.clone())
                    .is_none(),
                "double: {slo}"
            );
        }
        let mut acknowledged = 0;
        for slo in &self.written.slos {
            let held = stored.remove(&slo.name);
            if slo.id.is_some() {
                acknowledged += 1;
                let held = held
                    .as_ref()
                    .unwrap_or_else(|| panic!("lost: {slo:?}"));
                assert_eq!(held["id"].as_str(), slo.id.as_deref());
            }
            let Some(held) = held else { continue };
            let description = held["description"]
                .as_str()
                .expect("a description")
                .to_owned();
            assert!(
                slo.descriptions.contains(&description),
                "{held} is not {slo:?}"
            );
        }
        assert!(stored.is_empty(), "nobody made {:?}", stored.keys());
        let refused = self
            .client
            .items(&format!("/slo?service={REFUSED}"))
            .await;
        assert!(refused.is_empty(), "refused and stored: {refused:?}");
        say(&format!(
            "kill: {acknowledged} SLOs acknowledged, all there"
        ));
    }

    /// The calculations of the watched SLO, and of some that the load made, lie one step apart.
    pub(super) async fn no_slot_is_missing_or_double(&self, watched: &str) {
        let made = self
            .written
            .slos
            .iter()
            .filter_map(|slo| slo.id.as_deref());
        let ids: Vec<&str> = [watched]
            .into_iter()
            .chain(made.step_by(10))
            .collect();
        let (mut slots, mut late) = (0, 0);
        for id in &ids {
            let items = self.slots(id).await;
            slots += items.len();
            late += items
                .iter()
                .filter(|item| item["burn_rates"].is_null())
                .count();
        }
        say(&format!(
            "kill: {slots} slots of {} SLOs, none missing, none double; {late} caught up on",
            ids.len()
        ));
    }

    /// The slots of an SLO, which begin when it was made.
    async fn slots(&self, id: &str) -> Vec<Value> {
        // Wait until whatever the last kill held up has been caught up on.
        let began = now();
        let what = format!("the slots of {id} are caught up on");
        let items = eventually(&what, Duration::from_mins(1), || async {
            let items = self
                .client
                .items(&format!("/slo/{id}/history"))
                .await;
            let newest = items.iter().filter_map(slot).max()?;
            (newest > began - TimeDelta::seconds(10)).then_some(items)
        })
        .await;
        let gaps: Vec<&Value> = items
            .iter()
            .filter(|item| item["gap"] == true)
            .collect();
        assert!(
            gaps.is_empty(),
            "nothing was paused for long enough: {gaps:?}"
        );
        let mut slots: Vec<DateTime<Utc>> = items.iter().filter_map(slot).collect();
        slots.sort_unstable();
        for pair in slots.windows(2) {
            let step = pair[1] - pair[0];
            assert_eq!(
                step,
                TimeDelta::seconds(10),
                "slots of {id} around {}",
                pair[0]
            );
        }
        let slo = self
            .client
            .get(&format!("/slo/{id}"))
            .await
            .expect(200);
        let (made, first) = (instant(&slo["created_at"]), slots[0]);
        // The first slice closes within ten seconds, and has its slot in the quarter after that.
        let latest = made + TimeDelta::milliseconds(12_500);
        assert!(
            first > made && first <= latest,
            "made {made}, first {first}"
        );
        items
    }

    /// What was folded slice by slice through all that is what is stored.
    pub(super) async fn the_ledger_is_the_sum_of_samples(&self, watched: &str) {
        let stored = self.stored_samples(PUSHED).await;
        let newest = stored.keys().max().expect("samples");
        let status = eventually(
            "the last sample is folded",
            Duration::from_mins(1),
            || async {
                let mut slo = self
                    .client
                    .get(&format!("/slo/{watched}"))
                    .await
                    .expect(200);
                let status = slo["status"].take();
                (instant(&status["as_of"]) > *newest).then_some(status)
            },
        )
        .await;
        let good: u64 = stored
            .values()
            .map(|(good, _)| good)
            .sum();
        let total: u64 = stored
            .values()
            .map(|(_, total)| total)
            .sum();
        assert_eq!(
            (number(&status["good"]), number(&status["total"])),
            (good, total),
            "{status}"
        );
        say(&format!("kill: {good} good of {total} folded, exactly"));
    }

    /// What the service says of its messages is what the receiver saw: each arrived, none more often
    /// than it was tried, and whatever was tried again says so.
    pub(super) async fn every_message_arrived(&self, sink: &Sink) {
        let mut received: BTreeMap<String, usize> = BTreeMap::new();
        // Several alerts of a service may share a message.
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for message in sink.messages() {
            *received.entry(message.id).or_default() += 1;
        }
        for alert in self.drills().await {
            let id = alert["id"].as_str().expect("an id");
            let told = self
                .client
                .items(&format!("/alerts/{id}/notifications"))
                .await;
            assert_eq!(told.len(), 1, "one reason to tell: {told:?}");
            assert_eq!(told[0]["state"], "delivered", "{told:?}");
            let deliveries = told[0]["deliveries"]
                .as_array()
                .expect("a list");
            assert_eq!(deliveries.len(), 1, "one message: {told:?}");
            let attempts = deliveries[0]["attempts"]
                .as_array()
                .expect("a list");
            let id = deliveries[0]["id"]
                .as_str()
                .expect("an id");
            sent.insert(id.to_owned(), attempts.len());
            for attempt in &attempts[1..] {
                assert_eq!(attempt["possible_duplicate"], true, "{told:?}");
            }
        }
        for (id, attempts) in &sent {
            let copies = received.remove(id).unwrap_or_default();
            assert!(
                (1..=*attempts).contains(&copies),
                "{copies} copies of {id}, tried {attempts} times"
            );
        }
        let unmeant: Vec<_> = sink
            .messages()
            .into_iter()
            .filter(|message| received.contains_key(&message.id))
            // That it evaluates late while it is killed twice a second is true, and it says so.
            .filter(|message| message.json["data"]["service_name"] != "sre-monitor")
            .collect();
        assert!(
            unmeant.is_empty(),
            "messages that nobody meant to send: {unmeant:?}"
        );
    }

    /// A message comes again only when its sender was killed, or gave up waiting, before it knew.
    pub(super) fn repeats_are_marked_and_excused(&self, sink: &Sink) {
        let repeats = sink.assert_honest();
        let mut copies: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for message in sink.messages() {
            copies
                .entry(message.id.clone())
                .or_default()
                .push(message);
        }
        for copies in copies.values() {
            for copy in &copies[..copies.len() - 1] {
                let patience = copy.at + TimeDelta::seconds(1);
                let answered = copy.answered_at.unwrap_or(patience);
                let known = answered + RECORDED_WITHIN;
                let is_killed = self
                    .kills
                    .iter()
                    .any(|kill| copy.at <= kill.at && kill.at <= known);
                let is_given_up = answered + TimeDelta::milliseconds(100) >= patience;
                assert!(
                    is_killed || is_given_up,
                    "came again without need: {copy:?}"
                );
            }
        }
        say(&format!(
            "kill: {repeats} repeats, all marked and with the same body"
        ));
        assert!(
            repeats > 0,
            "no message was hit between its arrival and its record"
        );
    }

    /// A run that hits nothing shows nothing.
    pub(super) fn something_was_hit(&self) {
        let hit = |what: fn(&Kill) -> usize| -> usize { self.kills.iter().map(what).sum() };
        let (writes, messages) = (hit(|kill| kill.writes), hit(|kill| kill.messages));
        let instants: BTreeSet<_> = self
            .kills
            .iter()
            .map(|kill| kill.at)
            .collect();
        say(&format!(
            "kill: {} kills hit {writes} writes and {messages} messages under way; {} writes were \
             refused in between",
            instants.len(),
            self.written.refused
        ));
        assert!(writes > 0, "no write was under way at any kill");
        assert!(messages > 0, "no message was under way at any kill");
        assert!(self.written.refused > 0, "nothing was refused");
    }
}

fn slot(item: &Value) -> Option<DateTime<Utc>> {
    item["slot"].as_str()?.parse().ok()
}

fn instant(value: &Value) -> DateTime<Utc> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("an instant: {value}"))
}

/// A count; whole ones are shown without a fraction.
fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("a whole number: {value}"))
}

/// An answer is written down within this time, on a machine that does other things, too.
const RECORDED_WITHIN: TimeDelta = TimeDelta::seconds(2);
