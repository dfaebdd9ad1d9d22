//! The report of an incident as Markdown: a page to begin a review with.
//!
//! What people and alerts wrote is escaped: it is text here, and no markup.

use std::fmt::{self, Display, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};

use super::report::ReportView;
use crate::api::figure::Figure;

/// The whole page.
pub(super) fn render(report: &ReportView) -> String {
    let mut page = String::new();
    // Writing to a text cannot fail.
    let _ = write(&mut page, report);
    page
}

fn write(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(page, "# Incident: {}\n", Text(&report.title))?;
    if let Some(description) = &report.description {
        for line in description.lines() {
            writeln!(page, "> {}", Text(line))?;
        }
        writeln!(page)?;
    }
    summary(page, report)?;
    times(page, report)?;
    impact(page, report)?;
    alerts(page, report)?;
    notifications(page, report)?;
    similar(page, report)?;
    timeline(page, report)?;
    writeln!(page, "## Action items\n\n- [ ] ")
}

fn summary(page: &mut String, report: &ReportView) -> fmt::Result {
    let cause = report
        .root_cause_service
        .as_deref()
        .unwrap_or("not known");
    writeln!(page, "| | |\n| --- | --- |")?;
    for (name, value) in [
        ("Id", report.incident_id.to_string()),
        ("Status", report.status.to_owned()),
        ("Severity", report.severity.to_owned()),
        ("Service", report.service_name.clone()),
        ("Affected", report.affected_services.join(", ")),
        ("Root cause", cause.to_owned()),
        (
            "Opened",
            if report.source == "auto" {
                "by a rule"
            } else {
                "by a person"
            }
            .to_owned(),
        ),
    ] {
        writeln!(page, "| {name} | {} |", Text(&value))?;
    }
    writeln!(page)
}

fn times(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(
        page,
        "## Times\n\n| what | when | how long |\n| --- | --- | --- |"
    )?;
    let began = Some(report.started_at);
    let noticed = Some(report.detected_at);
    for (what, at, took, from) in [
        ("began", began, &None, ""),
        (
            "noticed",
            noticed,
            &report.detection_seconds,
            "after it began",
        ),
        (
            "acknowledged by a person",
            report.acknowledged_at,
            &report.acknowledgement_seconds,
            "after it was noticed",
        ),
        (
            "mitigated",
            report.mitigated_at,
            &report.mitigation_seconds,
            "after it was noticed",
        ),
        (
            "resolved",
            report.resolved_at,
            &report.resolution_seconds,
            "after it was noticed",
        ),
    ] {
        let took = took
            .as_ref()
            .map_or_else(String::new, |took| format!("{} s {from}", Number(took)));
        writeln!(page, "| {what} | {} | {took} |", When(at))?;
    }
    writeln!(page)
}

fn impact(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(page, "## Impact\n")?;
    match &report.impact_seconds {
        Some(seconds) => writeln!(page, "It lasted {} s.\n", Number(seconds))?,
        None => writeln!(page, "It is not over, or nobody said when it was.\n")?,
    }
    if report.budget_consumed.is_empty() {
        return writeln!(page, "No SLO of the affected services.\n");
    }
    writeln!(
        page,
        "| SLO | service | bad | of the budget |\n| --- | --- | --- | --- |"
    )?;
    for cost in &report.budget_consumed {
        let bad = shown(cost.consumed.as_ref(), "");
        let share = shown(cost.percentage_of_budget.as_ref(), " %");
        writeln!(
            page,
            "| {} | {} | {bad} | {share} |",
            Text(&cost.slo_name),
            Text(&cost.service_name)
        )?;
    }
    writeln!(page)
}

fn alerts(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(page, "## Alerts\n")?;
    if report.alerts.is_empty() {
        return writeln!(page, "None.\n");
    }
    for alert in &report.alerts {
        writeln!(
            page,
            "- **{} {}** on {}, {} to {}: {}",
            alert.severity,
            Text(&alert.alert_type),
            Text(&alert.service_name),
            When(Some(alert.starts_at)),
            When(alert.ends_at),
            Text(&alert.message)
        )?;
    }
    writeln!(page)
}

fn notifications(page: &mut String, report: &ReportView) -> fmt::Result {
    let counts = &report.notifications;
    writeln!(
        page,
        "## Notifications\n\n{} delivered, {} failed, {} withheld, {} waiting.\n",
        counts.delivered, counts.failed, counts.withheld, counts.waiting
    )
}

fn similar(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(
        page,
        "## Earlier incidents of {}\n",
        Text(&report.service_name)
    )?;
    if report.similar.is_empty() {
        return writeln!(page, "None.\n");
    }
    for earlier in &report.similar {
        let recurs = if earlier.is_previous {
            " (this is a recurrence of it)"
        } else {
            ""
        };
        writeln!(
            page,
            "- {}: {} ({}, `{}`){recurs}",
            When(Some(earlier.started_at)),
            Text(&earlier.title),
            earlier.status,
            earlier.id
        )?;
    }
    writeln!(page)
}

fn timeline(page: &mut String, report: &ReportView) -> fmt::Result {
    writeln!(
        page,
        "## Timeline\n\n| when | what | who | |\n| --- | --- | --- | --- |"
    )?;
    for line in &report.timeline {
        let who = line.actor.as_deref().unwrap_or("");
        writeln!(
            page,
            "| {} | {} | {} | {} |",
            When(Some(line.at)),
            line.kind,
            Text(who),
            Text(&line.text)
        )?;
    }
    writeln!(page)
}

fn shown(figure: Option<&Figure>, unit: &str) -> String {
    figure.map_or_else(
        || "not measured".to_owned(),
        |figure| format!("{}{unit}", Number(figure)),
    )
}

/// A number as the JSON shows it.
struct Number<'a>(&'a Figure);

impl Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).unwrap_or_default())
    }
}

/// An instant to the second, or a dash.
struct When(Option<DateTime<Utc>>);

impl Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => f.write_str("–"),
        }
    }
}

/// A text that somebody wrote, without its markup and on one line.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' => {
                    write!(f, "\\{c}")?;
                }
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_no_markup() {
        let text = "a|b\n# c <script> [x](y) `z` *w*";
        assert_eq!(
            Text(text).to_string(),
            r"a\|b \# c \<script\> \[x\](y) \`z\` \*w\*"
        );
    }
}
