//! What a message is made of before it is frozen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::alert::{Alert, Severity};
use crate::evaluation::Evaluation;
use crate::incident::Incident;
use crate::monitor::dispatcher::{Dispatched, Dispatcher, DispatcherPorts};
use crate::name::{AlertId, DeliveryId, IncidentId, IntentId, ServiceName, derived_id};
use crate::notification::{
    AlertNews, Content, Delivery, Destination, Message, Notice, Notifier, Part, Plan, Reason,
    Sendable, Subject, ToldState, Urgency, Withheld,
};
use crate::routing::{GroupKey, Lead};
use crate::slo::Slo;
use crate::store::{DueGroup, StoreError};

/// A group that is to be sent.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) group: DueGroup,
    /// The intent that the message carries.
    pub(super) carried: IntentId,
    /// Those that it says everything of.
    pub(super) superseded: Vec<IntentId>,
    pub(super) reason: Reason,
    /// What would keep news of it back that is not its end.
    pub(super) while_held: Option<Withheld>,
    /// How its route wants it told.
    pub(super) lead: Lead,
}

/// A message that is to be frozen.
#[derive(Debug)]
pub(super) enum Draft<'a> {
    /// Alerts of one service.
    Alerts {
        service_name: &'a ServiceName,
        group: GroupKey,
        grouped_by: &'a BTreeMap<String, String>,
        news: Vec<&'a Candidate>,
        window_at: Option<DateTime<Utc>>,
    },
    /// Alerts of many services.
    Digest(Vec<&'a Candidate>),
    Notice(&'a Notice),
}

/// What is known around the alerts of a message.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Of each alert, in their order; less where nothing is to be said of any.
    facts: Vec<Facts>,
    /// The incidents that they belong to.
    incidents: BTreeMap<IncidentId, Incident>,
    /// Why the message comes this way, where that is not the usual one.
    note: Option<String>,
}

/// What is known of the SLO of an alert.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) slo: Option<Slo>,
    pub(super) evaluation: Option<Evaluation>,
}

impl Candidate {
    pub(super) fn sendable(&self) -> Sendable {
        Sendable {
            group: self.lead.group,
            pace: self.lead.pace,
            since: self
                .group
                .intents
                .first()
                .map_or(DateTime::UNIX_EPOCH, |intent| intent.created_at),
            severity: self.group.alert.severity,
            reason: self.reason,
        }
    }

    pub(super) fn intents(&self) -> impl Iterator<Item = IntentId> {
        self.superseded
            .iter()
            .copied()
            .chain([self.carried])
    }

    const fn sequence(&self) -> u64 {
        self.group.sequence.saturating_add(1)
    }

    fn known_severity(&self) -> Option<Severity> {
        self.group
            .told
            .as_ref()
            .filter(|told| told.alert_id == self.group.alert.id)
            .map(|told| told.severity)
    }

    /// Episodes of the identity between the one that was told last and this one.
    fn suppressed_episodes(&self) -> u64 {
        let episode = self.group.alert.episode;
        self.group
            .told
            .as_ref()
            .filter(|told| told.episode > 0)
            .map_or(0, |told| {
                episode
                    .saturating_sub(told.episode)
                    .saturating_sub(1)
            })
    }

    /// Where it comes in the lane. What a destination hears of for the first time is in a hurry, by
    /// whatever reason.
    fn class(&self) -> u8 {
        match self.known_severity() {
            None => FIRST_CLASS,
            Some(_) => class(self.reason),
        }
    }

    fn part(&self) -> Part {
        Part {
            alert_id: self.group.alert.id,
            intent_id: self.carried,
            reason: self.reason,
            sequence: self.sequence(),
            tells: match self.reason {
                Reason::AllResolved => ToldState::Resolved,
                _ => ToldState::Firing,
            },
            severity: self.group.alert.severity,
        }
    }
}

impl<'a> Draft<'a> {
    /// Every message that is planned, and the notices; the most urgent first.
    pub(super) fn of(plan: &Plan, candidates: &'a [Candidate], notices: &'a [Notice]) -> Vec<Self> {
        let chosen = |places: &[usize]| {
            let mut news: Vec<&Candidate> = places
                .iter()
                .filter_map(|place| candidates.get(*place))
                .collect();
            news.sort_by_key(|candidate| {
                let alert = &candidate.group.alert;
                let is_end = candidate.reason == Reason::AllResolved;
                (is_end, Reverse(alert.severity), alert.starts_at, alert.id)
            });
            news
        };
        let mut drafts: Vec<Self> = plan
            .messages
            .iter()
            .filter_map(|message| {
                let news = chosen(&message.news);
                let first = news.first()?;
                Some(Draft::Alerts {
                    service_name: first.group.alert.service_name(),
                    group: first.lead.group,
                    grouped_by: &first.lead.grouped_by,
                    news,
                    window_at: message.window_at,
                })
            })
            .collect();
        if !plan.digest.is_empty() {
            drafts.push(Draft::Digest(chosen(&plan.digest)));
        }
        drafts.extend(notices.iter().map(Draft::Notice));
        drafts.sort_by_key(|draft| {
            let urgency = draft.urgency();
            (urgency.class, Reverse(urgency.severity))
        });
        drafts
    }

    /// The episodes that it speaks of, in its order.
    pub(super) fn alert_ids(&self) -> impl Iterator<Item = AlertId> {
        self.news()
            .iter()
            .map(|candidate| candidate.group.alert.id)
    }

    /// Whether it tells that something is over.
    pub(super) fn is_end(&self) -> bool {
        self.urgency().is_resolve
    }

    /// Of what is in the greatest hurry, beginnings and ends take turns: none of either waits behind a
    /// hundred of the other.
    pub(super) fn in_turns(drafts: Vec<Self>, end_is_first: bool) -> Vec<Self> {
        let (hurried, others): (Vec<Self>, Vec<Self>) = drafts
            .into_iter()
            .partition(|draft| draft.urgency().class == FIRST_CLASS);
        let (ends, beginnings): (Vec<Self>, Vec<Self>) = hurried
            .into_iter()
            .partition(Self::is_end);
        let (mut turn, mut other) = if end_is_first {
            (ends.into_iter(), beginnings.into_iter())
        } else {
            (beginnings.into_iter(), ends.into_iter())
        };
        let mut ordered = Vec::new();
        loop {
            let (one, another) = (turn.next(), other.next());
            if one.is_none() && another.is_none() {
                break;
            }
            ordered.extend(one.into_iter().chain(another));
        }
        ordered.extend(others);
        ordered
    }

    fn news(&self) -> &[&'a Candidate] {
        match self {
            Self::Alerts { news, .. } | Self::Digest(news) => news,
            Self::Notice(_) => &[],
        }
    }

    /// The incidents that are to be spoken of. A digest names one, where all its alerts share it: of
    /// many it could only name some.
    fn incident_ids(&self) -> BTreeSet<IncidentId> {
        let ids: BTreeSet<Option<IncidentId>> = self
            .news()
            .iter()
            .map(|candidate| candidate.group.alert.incident_id)
            .collect();
        if matches!(self, Self::Digest(_)) && ids.len() > 1 {
            return BTreeSet::new();
        }
        ids.into_iter().flatten().collect()
    }

    pub(super) fn superseded(&self) -> Vec<IntentId> {
        self.news()
            .iter()
            .flat_map(|candidate| candidate.superseded.iter().copied())
            .collect()
    }

    /// As urgent as the most urgent, as grave as the gravest, of use as long as any of its news.
    fn urgency(&self) -> Urgency {
        if let Self::Notice(notice) = self {
            return notice.urgency();
        }
        let news = self.news();
        let severity = |candidate: &&Candidate| candidate.group.alert.severity;
        Urgency {
            is_resolve: news
                .iter()
                .any(|candidate| candidate.reason == Reason::AllResolved),
            severity: news
                .iter()
                .map(severity)
                .max()
                .unwrap_or(Severity::Low),
            class: news
                .iter()
                .map(|candidate| candidate.class())
                .min()
                .unwrap_or(LAST_CLASS),
        }
    }

    /// The message, frozen. Its id is made of what it carries and of when it was frozen: a receiver
    /// that keeps ids must not take the first page of a new store for one of an old store.
    pub(super) fn delivery(
        &self,
        known: &Known,
        notifier: &dyn Notifier,
        now: DateTime<Utc>,
    ) -> Delivery {
        let news: Vec<AlertNews<'_>> = self
            .news()
            .iter()
            .enumerate()
            .map(|(place, candidate)| news(candidate, place, known))
            .collect();
        let parts: Vec<Part> = self
            .news()
            .iter()
            .map(|candidate| candidate.part())
            .collect();
        let news = &news;
        let (content, subject) = match self {
            Self::Alerts {
                service_name,
                group,
                grouped_by,
                window_at,
                ..
            } => {
                let subject = Subject::Alerts {
                    service_name: (*service_name).clone(),
                    group: *group,
                    window_at: *window_at,
                    parts,
                };
                let content = Content::Alerts {
                    service_name,
                    grouped_by,
                    news,
                };
                (content, subject)
            }
            Self::Digest(_) => (Content::Digest { news }, Subject::Digest { parts }),
            Self::Notice(notice) => (Content::Notice(notice), Subject::Notice(notice.id)),
        };
        Delivery {
            id: self.id(now),
            destination_id: notifier.destination().id,
            body: notifier.render(&Message {
                content,
                now,
                note: known.note.as_deref(),
            }),
            subject,
            urgency: self.urgency(),
            created_at: now,
        }
    }

    fn id(&self, now: DateTime<Utc>) -> DeliveryId {
        let frozen_at = now.timestamp_micros().to_be_bytes();
        let mut parts: Vec<&[u8]> = self
            .news()
            .iter()
            .map(|candidate| {
                candidate
                    .carried
                    .0
                    .as_bytes()
                    .as_slice()
            })
            .collect();
        if let Self::Notice(notice) = self {
            parts.push(notice.id.0.as_bytes());
        }
        parts.push(&frozen_at);
        DeliveryId(derived_id("delivery", &parts))
    }
}

impl Dispatcher {
    /// What is known around the alerts that a message speaks of.
    pub(super) async fn known(
        &self,
        draft: &Draft<'_>,
        to: &Destination,
        done: &mut Dispatched,
    ) -> Result<Known, StoreError> {
        Ok(Known {
            facts: self.facts(draft, done).await?,
            incidents: self.incidents(draft, done).await?,
            note: self.note(draft, to).await?,
        })
    }

    /// The incidents that a message speaks of, under the same rule as its SLOs.
    async fn incidents(
        &self,
        draft: &Draft<'_>,
        done: &mut Dispatched,
    ) -> Result<BTreeMap<IncidentId, Incident>, StoreError> {
        let mut incidents = BTreeMap::new();
        for id in draft.incident_ids() {
            match self
                .ports
                .incidents
                .find_incident(id)
                .await
            {
                Err(error @ StoreError::Corrupt { .. }) => done.note(error),
                found => incidents.extend(found?.map(|incident| (id, incident))),
            }
        }
        Ok(incidents)
    }

    /// What is known of the SLOs that a message speaks of. What is corrupt there is left out of the
    /// message, which matters more.
    async fn facts(
        &self,
        draft: &Draft<'_>,
        done: &mut Dispatched,
    ) -> Result<Vec<Facts>, StoreError> {
        let Draft::Alerts { news, .. } = draft else {
            return Ok(Vec::new());
        };
        let mut facts = Vec::with_capacity(news.len());
        for candidate in news {
            match self
                .ports
                .facts_of(&candidate.group.alert)
                .await
            {
                Err(error @ StoreError::Corrupt { .. }) => {
                    done.note(error);
                    facts.push(Facts::default());
                }
                found => facts.push(found?),
            }
        }
        Ok(facts)
    }
}

impl DispatcherPorts {
    /// What is known of the SLO of an alert.
    pub(super) async fn facts_of(&self, alert: &Alert) -> Result<Facts, StoreError> {
        let Some(id) = alert.slo_id() else {
            return Ok(Facts::default());
        };
        let slo = self.catalog.find(id).await?;
        let standings = self
            .evaluations
            .standings(&[id])
            .await?;
        let evaluation = standings
            .into_iter()
            .next()
            .and_then(|standing| standing.evaluation);
        Ok(Facts { slo, evaluation })
    }
}

fn news<'a>(candidate: &'a Candidate, place: usize, known: &'a Known) -> AlertNews<'a> {
    let facts = known.facts.get(place);
    let incident_id = candidate.group.alert.incident_id;
    AlertNews {
        alert: &candidate.group.alert,
        reason: candidate.reason,
        sequence: candidate.sequence(),
        known_severity: candidate.known_severity(),
        suppressed_episodes: candidate.suppressed_episodes(),
        while_held: candidate.while_held,
        slo: facts.and_then(|facts| facts.slo.as_ref()),
        evaluation: facts.and_then(|facts| facts.evaluation.as_ref()),
        incident: incident_id.and_then(|id| known.incidents.get(&id)),
    }
}

/// First fires, raises, ended acknowledgements and resolves come first; repeats last.
const fn class(reason: Reason) -> u8 {
    match reason {
        Reason::First
        | Reason::SeverityRaised
        | Reason::AckTimeout
        | Reason::Escalated
        | Reason::AllResolved => 1,
        Reason::SeverityFell | Reason::Recurred | Reason::Flapping | Reason::Steady => 2,
        Reason::Repeat => 3,
    }
}

/// The class of what is in the greatest hurry.
const FIRST_CLASS: u8 = 1;
/// The class of what is in no hurry.
const LAST_CLASS: u8 = 4;
