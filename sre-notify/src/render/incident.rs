//! The incident of alerts, in a line and with a link to its page.

use sre_core::incident::Incident;
use sre_core::notification::AlertNews;

use super::{Fact, Link, clipped};
use crate::body::{Bases, below};

/// A title is cut here: the page has it whole.
const TITLE_MAX_CHARS: usize = 200;

/// `open, critical: Nobody can pay`
pub(super) fn fact(incident: &Incident) -> Fact {
    let title = clipped(&incident.title, TITLE_MAX_CHARS);
    let text = format!("{}, {}: {title}", incident.status(), incident.severity);
    Fact::new("Incident", text)
}

pub(super) fn link(incident: &Incident, bases: &Bases) -> Option<Link> {
    let base = bases.links.as_ref()?;
    let url = below(base, ["ui", "incidents", &incident.id.to_string()])?;
    Link::new("incident", &url)
}

/// The news without the incident, which is said elsewhere.
pub(super) const fn left_out<'a>(news: &AlertNews<'a>) -> AlertNews<'a> {
    AlertNews {
        incident: None,
        ..*news
    }
}
