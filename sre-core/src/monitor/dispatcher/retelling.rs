//! What a message spoke of, as it is now: for its minimal form, and to send it again.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::monitor::dispatcher::DispatcherPorts;
use crate::notification::{AlertNews, Content, Delivery, Notice, Part, Subject};
use crate::store::StoreError;

/// What a message spoke of, as it is now.
#[derive(Debug, Default)]
pub(super) struct Retold<'a> {
    pub(super) alerts: Vec<(Alert, &'a Part)>,
    pub(super) notice: Option<Notice>,
}

impl DispatcherPorts {
    /// What the message speaks of; less where something is forgotten.
    pub(super) async fn retold<'a>(
        &self,
        delivery: &'a Delivery,
    ) -> Result<Retold<'a>, StoreError> {
        let mut alerts = Vec::with_capacity(delivery.parts().len());
        for part in delivery.parts() {
            let alert = self.readable(part.alert_id).await?;
            alerts.extend(alert.map(|alert| (alert, part)));
        }
        let notice = match delivery.subject {
            Subject::Notice(id) => self.notices.find_notice(id).await?,
            _ => None,
        };
        Ok(Retold {
            alerts,
            notice: notice.map(|record| record.notice),
        })
    }
}

impl Retold<'_> {
    /// What there is to say of each alert.
    pub(super) fn news(&self) -> Vec<AlertNews<'_>> {
        self.alerts
            .iter()
            .map(|(alert, part)| AlertNews {
                alert,
                reason: part.reason,
                sequence: part.sequence,
                known_severity: None,
                while_held: None,
                suppressed_episodes: 0,
                slo: None,
                evaluation: None,
                incident: None,
            })
            .collect()
    }
}

/// What a message about `subject` says with this news, or this notice; `None` where there is nothing
/// left to say.
pub(super) fn content<'a>(
    subject: &'a Subject,
    news: &'a [AlertNews<'a>],
    notice: Option<&'a Notice>,
) -> Option<Content<'a>> {
    match (subject, notice) {
        (Subject::Alerts { service_name, .. }, _) if !news.is_empty() => Some(Content::Alerts {
            service_name,
            grouped_by: &TOLD_AGAIN,
            news,
        }),
        (Subject::Digest { .. }, _) if !news.is_empty() => Some(Content::Digest { news }),
        (Subject::Notice(_), Some(notice)) => Some(Content::Notice(notice)),
        _ => None,
    }
}

/// By which labels alerts were put together that are told again: that is not kept.
static TOLD_AGAIN: BTreeMap<String, String> = BTreeMap::new();
