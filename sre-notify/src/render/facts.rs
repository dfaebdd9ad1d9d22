//! What is known of one alert, in the order in which it is asked for at three in the morning.

use chrono::{DateTime, Utc};
use sre_core::alert::{Alert, AlertState, ResolveReason};
use sre_core::budget::ErrorBudget;
use sre_core::evaluation::{Evaluation, RuleOutcome, RuleVerdict, SloState, WindowCounts};
use sre_core::forecast::Exhaustion;
use sre_core::notification::{AlertNews, Reason, Withheld};
use sre_core::slo::Slo;
use sre_core::window::Window;

use super::numbers::{count, figure, percentage, times};
use super::times::{ago, ahead, instant, lasting};
use super::{Detail, Fact, clipped, headline, incident, one_line};

/// The message of an alert, told whole and in short.
const MESSAGE_MAX_CHARS: usize = 1_000;
const SHORT_MAX_CHARS: usize = 300;
/// A name or a value of a label.
const LABEL_MAX_CHARS: usize = 64;
/// More labels tell alerts apart no better.
const LABELS_MAX: usize = 16;
/// More rules say nothing more.
const RULES_MAX: usize = 4;

/// The facts of one alert.
pub(super) fn of_alert(news: &AlertNews<'_>, now: DateTime<Utc>, detail: Detail) -> Vec<Fact> {
    if detail == Detail::Line {
        return Vec::new();
    }
    let is_whole = detail == Detail::Whole;
    let chars = if is_whole {
        MESSAGE_MAX_CHARS
    } else {
        SHORT_MAX_CHARS
    };
    let mut facts = vec![Fact::new("What", clipped(&news.alert.message, chars))];
    facts.extend(why(news.reason));
    facts.extend(when(news, now));
    facts.extend(news.incident.map(incident::fact));
    facts.extend(rules(news));
    if let Some((slo, evaluation)) = news.slo.zip(news.evaluation) {
        facts.push(Fact::new("Error budget", budget(slo, evaluation)));
        facts.extend(forecast(evaluation.forecast.exhaustion(), now));
        if is_whole {
            facts.push(Fact::new("SLO", promise(slo, evaluation.state)));
            facts.extend(measured(slo, evaluation));
        }
    }
    facts.extend(value(news.alert));
    facts.extend(flapping(news));
    if is_whole {
        facts.extend(history(news, now));
        facts.extend(labels(news.alert));
    }
    facts
}

/// That it flaps, where the message tells something else of it.
fn flapping(news: &AlertNews<'_>) -> Option<Fact> {
    let is_said = news.reason == Reason::Flapping || headline::is_over(news);
    (news.alert.is_flapping() && !is_said)
        .then(|| Fact::new("Flapping", "it is held open until it is steady"))
}

/// Why it is told again.
fn why(reason: Reason) -> Option<Fact> {
    let text = match reason {
        Reason::SeverityRaised => "it is graver than before",
        Reason::SeverityFell => "it is less grave than before",
        Reason::AckTimeout => "the acknowledgement has ended, and it still fires",
        Reason::Escalated => "nobody has acknowledged it",
        Reason::Recurred => "it was reported again",
        Reason::Repeat => "it still fires",
        Reason::Flapping => {
            "it flaps: it is held open, and only told again where it becomes graver, until it is steady"
        }
        Reason::Steady => "it flaps no more",
        // The first news and the last say it themselves.
        _ => return None,
    };
    Some(Fact::new("Told because", text))
}

/// Since when; of what is over, how long it lasted and why it ended.
fn when(news: &AlertNews<'_>, now: DateTime<Utc>) -> Vec<Fact> {
    let alert = news.alert;
    match &alert.state {
        AlertState::Resolved { at, reason, by } if headline::is_over(news) => vec![
            Fact::new(
                "Lasted",
                format!(
                    "{}, from {} to {}",
                    lasting(*at - alert.starts_at),
                    instant(alert.starts_at),
                    instant(*at),
                ),
            ),
            Fact::new("Ended because", ended(*reason, by.as_deref())),
        ],
        _ => vec![Fact::new("Since", ago(alert.starts_at, now))],
    }
}

fn ended(reason: ResolveReason, by: Option<&str>) -> String {
    let by = by.map_or_else(String::new, |by| {
        format!(" by {}", clipped(by, LABEL_MAX_CHARS))
    });
    match reason {
        ResolveReason::Condition => "it is measured to be right again".to_owned(),
        ResolveReason::Manual => format!("it was resolved by hand{by}"),
        ResolveReason::Timeout => "its reporter has not renewed it: nobody measured that it is \
                                   right again"
            .to_owned(),
        ResolveReason::Superseded => "another alert of the same SLO took over".to_owned(),
        ResolveReason::Definition => {
            "its SLO was deleted, disabled or changed: nobody measured that it is right again"
                .to_owned()
        }
        other => format!("of {}{by}", other.as_str()),
    }
}

/// Which rules fire, and what their windows saw.
fn rules(news: &AlertNews<'_>) -> Vec<Fact> {
    let is_over = headline::is_over(news);
    let fact = |outcome: &RuleOutcome| {
        let name = if is_over { "Had fired" } else { "Fires" };
        Some(Fact::new(name, rule(outcome, news.slo?)))
    };
    news.alert
        .rules
        .iter()
        .filter(|outcome| outcome.verdict == RuleVerdict::Firing)
        .filter_map(fact)
        .take(RULES_MAX)
        .collect()
}

/// `emergency: 15× over 1h (12 bad of 800) and 83.33× over 5m (5 bad of 60), both above 10×`
fn rule(outcome: &RuleOutcome, slo: &Slo) -> String {
    let factor = outcome.rule.factor;
    let seen = |window: &WindowCounts| {
        let burn = ErrorBudget::new(window.counts, slo.definition.target).burn_rate();
        format!(
            "{} over {} ({} bad of {})",
            burn.map_or_else(|| "unknown".to_owned(), |burn| times(burn, factor.as_f64())),
            window.window,
            count(window.shown().bad().as_f64()),
            count(window.shown().total().as_f64()),
        )
    };
    let dear = outcome
        .rule
        .min_share
        .map_or_else(String::new, |share| {
            format!(", and {share} of the budget is gone")
        });
    format!(
        "{}: {} and {}, both above {factor}×{dear}",
        outcome.rule.level,
        seen(&outcome.long),
        seen(&outcome.short),
    )
}

/// How much may still go wrong.
fn budget(slo: &Slo, evaluation: &Evaluation) -> String {
    let unit = slo.definition.method.unit();
    let window = slo.definition.window.phrase();
    // The allowance of a calendar window grows until it ends.
    let allowed_in = match slo.definition.window {
        Window::Calendar(_) => "allowed so far in",
        _ => "allowed in",
    };
    let Some((budget, left)) = evaluation
        .budget
        .and_then(|budget| Some((budget, budget.remaining_percentage()?)))
    else {
        return format!("unknown: nothing was measured in {window}");
    };
    let (bad, allowed) = (count(budget.consumed()), count(budget.allowed()));
    // Decided exactly; the figures are for reading.
    if budget.is_met() {
        format!(
            "{} left: {bad} bad {unit} of {allowed} {allowed_in} {window}",
            percentage(left.max(0.0))
        )
    } else {
        format!(
            "overspent by {}: {bad} bad {unit} of {allowed} {allowed_in} {window}",
            percentage(left.abs())
        )
    }
}

/// Until when the budget lasts. That nothing is left is said with the budget.
fn forecast(exhaustion: Exhaustion, now: DateTime<Utc>) -> Option<Fact> {
    let text = match exhaustion {
        Exhaustion::Exhausted => return None,
        Exhaustion::Unknown => "unknown: too little was measured".to_owned(),
        Exhaustion::NoneInSight { earliest: None } => "the budget lasts".to_owned(),
        Exhaustion::NoneInSight {
            earliest: Some(earliest),
        } => format!(
            "the budget lasts; at the fastest pace seen lately until {}",
            ahead(earliest, now)
        ),
        Exhaustion::Projected {
            at,
            earliest,
            latest,
        } => {
            let mut text = format!("the budget lasts until {}", ahead(at, now));
            if earliest < at {
                let earliest = ahead(earliest, now);
                text = format!("{text}, at the fastest seen lately until {earliest}");
            }
            match latest {
                None => text.push_str(", at the slowest it lasts on"),
                Some(latest) if latest > at => {
                    let latest = ahead(latest, now);
                    text = format!("{text}, at the slowest until {latest}");
                }
                Some(_) => {}
            }
            text
        }
    };
    Some(Fact::new("At this pace", text))
}

/// What is promised, and whether it is kept.
fn promise(slo: &Slo, state: SloState) -> String {
    let state = match state {
        SloState::Waiting => "waiting for data",
        SloState::NoData => "no data",
        SloState::InsufficientData => "too little data to tell",
        SloState::Violated => "violated",
        SloState::AtRisk => "at risk",
        SloState::Met => "met",
    };
    format!(
        "{}: {} % over {}, {state}",
        clipped(&slo.definition.name, SHORT_MAX_CHARS),
        slo.definition.target,
        slo.definition.window.phrase(),
    )
}

/// What was measured, and of how much of the window.
fn measured(slo: &Slo, evaluation: &Evaluation) -> Option<Fact> {
    let budget = evaluation.budget?;
    let target = slo.definition.target;
    let landmarks = [0.0, 100.0, target.as_percentage()];
    let mut text = figure(budget.sli_percentage()?, 2, &landmarks);
    if text == target.to_string() && !budget.is_met() {
        text = format!("just below {text}");
    }
    text.push_str(" % good");
    let coverage = evaluation.coverage;
    if coverage.measured < coverage.expected {
        let share = percentage(coverage.as_f64() * 100.0);
        text = format!("{text}; {share} of the window was measured");
    }
    Some(Fact::new("Measured", text))
}

/// What was reported, beside its threshold.
fn value(alert: &Alert) -> Option<Fact> {
    let value = figure(alert.value?, 6, &[]);
    let text = match alert.threshold {
        Some(threshold) => format!("{value}, threshold {}", figure(threshold, 6, &[])),
        None => value,
    };
    Some(Fact::new("Value", text))
}

/// What became of it so far.
fn history(news: &AlertNews<'_>, now: DateTime<Utc>) -> Vec<Fact> {
    let alert = news.alert;
    let mut facts = Vec::new();
    if let AlertState::Acknowledged { at, by, .. } = &alert.state {
        let by = by.as_deref().unwrap_or("somebody");
        let text = format!("by {}, {}", clipped(by, LABEL_MAX_CHARS), ago(*at, now));
        facts.push(Fact::new("Acknowledged", text));
    }
    if alert.occurrences > 1 {
        let text = format!("{} times", alert.occurrences);
        facts.push(Fact::new("Reported", text));
    }
    let untold = news.suppressed_episodes;
    if untold > 0 {
        let episodes = if untold == 1 { "episode" } else { "episodes" };
        let text = format!("{untold} {episodes} before this one, during the cooldown");
        facts.push(Fact::new("Not told", text));
    }
    facts.extend(news.while_held.map(|rule| {
        let text = match rule {
            Withheld::Maintenance => "its service is being maintained",
            _ => "it is silenced",
        };
        Fact::new("Meanwhile", text.to_owned())
    }));
    facts
}

fn labels(alert: &Alert) -> Option<Fact> {
    let part = |text: &str| clipped(&one_line(text), LABEL_MAX_CHARS);
    let mut labels: Vec<String> = alert
        .labels()
        .iter()
        .take(LABELS_MAX)
        .map(|(name, value)| format!("{}={}", part(name), part(value)))
        .collect();
    let more = alert
        .labels()
        .len()
        .saturating_sub(LABELS_MAX);
    if more > 0 {
        labels.push(format!("{more} more"));
    }
    (!labels.is_empty()).then(|| Fact::new("Labels", labels.join(", ")))
}
