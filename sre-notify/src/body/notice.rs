//! What is announced beside alerts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sre_core::alert::Severity;
use sre_core::name::NoticeId;
use sre_core::notification::{Message, Notice};

use super::links::below;
use super::room::clip;
use super::{Bases, Wrapping, fitting};

/// What a notice says. The facts of an incident are its `incident`, those of anything else `details`.
#[derive(Serialize)]
struct NoticeData<'a> {
    id: NoticeId,
    service_name: Option<&'a str>,
    severity: Option<Severity>,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    incident: Option<&'a BTreeMap<String, String>>,
    details: Option<&'a BTreeMap<String, String>>,
    alerts: [(); 0],
    link: Option<String>,
}

/// Title and text are cut here, where the body does not fit otherwise.
const TEXT_CHARS: [usize; 2] = [usize::MAX, 1_000];

/// The notice with all its facts; text alone when those do not fit.
pub(super) fn body(
    message: &Message<'_>,
    notice: &Notice,
    bases: &Bases,
    wrapping: &Wrapping,
) -> Option<Vec<u8>> {
    let is_incident = notice.kind.is_incident();
    let link = bases
        .links
        .as_ref()
        .zip(notice.link_path.as_deref())
        .and_then(|(base, path)| below(base, path.split('/')));
    TEXT_CHARS.iter().find_map(|chars| {
        let data = NoticeData {
            id: notice.id,
            service_name: notice
                .service_name
                .as_ref()
                .map(sre_core::name::ServiceName::as_str),
            severity: notice.severity,
            title: clip(&notice.title, *chars),
            text: clip(&notice.text, *chars),
            incident: is_incident.then_some(&notice.data),
            details: (!is_incident).then_some(&notice.data),
            alerts: [],
            link: link.clone(),
        };
        fitting(message, data, wrapping)
    })
}
