//! The one line that is read first: `[FIRING critical] api-gateway: …`.

use sre_core::alert::{AlertState, Severity};
use sre_core::notification::{AlertNews, Reason, Withheld};

use super::{Tone, clipped, one_line};

/// A subject longer than this is read by nobody.
const HEADLINE_MAX_CHARS: usize = 200;

/// The line of one alert.
pub(super) fn of_alert(news: &AlertNews<'_>) -> String {
    let alert = news.alert;
    line(&state(news), alert.service_name().as_str(), &alert.message)
}

/// The line of several alerts of one service: what is gravest, how many there are, and the first.
pub(super) fn of_news(news: &[AlertNews<'_>]) -> String {
    let Some(first) = news.first() else {
        return String::new();
    };
    if news.len() == 1 {
        return of_alert(first);
    }
    let what = format!("{}: {}", counted(news), first.alert.message);
    line(&gravest(news), first.alert.service_name().as_str(), &what)
}

/// `[state] subject: what`, made fit to be shown.
pub(super) fn line(state: &str, subject: &str, what: &str) -> String {
    let text = format!("[{state}] {subject}: {what}");
    clipped(&one_line(&text), HEADLINE_MAX_CHARS)
}

/// `3 alerts firing, 1 resolved`
pub(super) fn counted(news: &[AlertNews<'_>]) -> String {
    let resolved = news
        .iter()
        .filter(|news| is_over(news))
        .count();
    let firing = news.len() - resolved;
    let alerts = |count: usize| if count == 1 { "alert" } else { "alerts" };
    match (firing, resolved) {
        (firing, 0) => format!("{firing} {} firing", alerts(firing)),
        (0, resolved) => format!("{resolved} {} resolved", alerts(resolved)),
        _ => format!("{firing} {} firing, {resolved} resolved", alerts(firing)),
    }
}

/// The state of the gravest of several alerts.
pub(super) fn gravest(news: &[AlertNews<'_>]) -> String {
    news.iter()
        .filter(|news| !is_over(news))
        .map(|news| news.alert.severity)
        .max()
        .map_or_else(
            || "RESOLVED".to_owned(),
            |severity| format!("FIRING {severity}"),
        )
}

/// State and severity in words. The episode may have ended since; the words stay with what is told.
fn state(news: &AlertNews<'_>) -> String {
    let severity = news.alert.severity;
    match (news.reason, &news.alert.state) {
        (Reason::AllResolved, _) if news.while_held == Some(Withheld::Silenced) => {
            "RESOLVED while silenced".to_owned()
        }
        (Reason::AllResolved, _) => "RESOLVED".to_owned(),
        (_, AlertState::Acknowledged { .. }) => format!("ACKNOWLEDGED {severity}"),
        _ => format!("FIRING {severity}"),
    }
}

/// Whether the end of the alert is told.
pub(super) fn is_over(news: &AlertNews<'_>) -> bool {
    news.reason == Reason::AllResolved
}

/// How an alert looks.
pub(super) fn tone(news: &AlertNews<'_>) -> Tone {
    if is_over(news) {
        Tone::Good
    } else {
        of_severity(news.alert.severity)
    }
}

/// How something so grave looks.
pub(super) const fn of_severity(severity: Severity) -> Tone {
    match severity {
        Severity::Low => Tone::Neutral,
        Severity::Medium | Severity::High => Tone::Warning,
        Severity::Critical | Severity::Emergency => Tone::Bad,
    }
}
