//! Many alerts of many services: counts, then a line each, as many as are wanted.

use sre_core::notification::{AlertNews, Message, ServiceTally, Tally};

use super::{Briefing, Detail, Fact, headline};
use crate::body::Bases;

/// So many services are named with their counts.
const SERVICES_MAX: usize = 15;

pub(super) fn briefing(
    message: &Message<'_>,
    news: &[AlertNews<'_>],
    bases: &Bases,
    items_max: usize,
) -> Briefing {
    let tally = Tally::of(news);
    let services = tally.by_service.len();
    let subject = if services == 1 {
        "1 service".to_owned()
    } else {
        format!("{services} services")
    };
    let title = headline::line(&headline::gravest(news), &subject, &headline::counted(news));
    let mut briefing = Briefing::bare(&title);
    briefing.tell(message, news, bases, items_max, Detail::Line);
    briefing.facts = facts(&tally);
    if let Some(incident) = message.content.incident() {
        briefing.tell_incident(incident, bases);
    }
    briefing
}

fn facts(tally: &Tally) -> Vec<Fact> {
    let mut facts = Vec::new();
    if !tally.by_severity.is_empty() {
        let severities: Vec<String> = tally
            .by_severity
            .iter()
            .rev()
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        facts.push(Fact::new("Firing", severities.join(", ")));
    }
    if tally.resolved > 0 {
        facts.push(Fact::new("Resolved", tally.resolved.to_string()));
    }
    let mut services: Vec<String> = tally
        .by_service
        .iter()
        .take(SERVICES_MAX)
        .map(service)
        .collect();
    if tally.by_service.len() > SERVICES_MAX {
        services.push(format!("{} more", tally.by_service.len() - SERVICES_MAX));
    }
    facts.push(Fact::new("Services", services.join(", ")));
    facts
}

/// `checkout (3 firing, 1 resolved)`
fn service(tally: &ServiceTally) -> String {
    let counts = match (tally.firing, tally.resolved) {
        (firing, 0) => format!("{firing} firing"),
        (0, resolved) => format!("{resolved} resolved"),
        (firing, resolved) => format!("{firing} firing, {resolved} resolved"),
    };
    format!("{} ({counts})", tally.service_name)
}
