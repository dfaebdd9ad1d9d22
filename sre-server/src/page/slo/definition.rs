//! What was promised, where its events come from, and where to read on.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use sre_core::composite::{Combine, Composite};
use sre_core::indicator::Indicator;
use sre_core::slo::ManagedBy;
use sre_core::source::{CounterPart, CounterRatio, Query, QueryRatio};

use crate::api::slo::look::Found;
use crate::context::Context;
use crate::page::{link, moment};

/// Everything that people said of an SLO.
pub(super) fn definition(found: &Found, context: &Context, now: DateTime<Utc>) -> Markup {
    let (slo, definition) = (&found.slo, &found.slo.definition);
    html! {
        section aria-labelledby="definition" {
            h2 #definition { "Definition" }
            dl.facts {
                div { dt { "Target" } dd { (definition.target) " % of " (definition.method.unit()) " over " (definition.window.phrase()) } }
                div { dt { "Metric" } dd { code { (definition.metric_name) } } }
                @if let Some(line) = definition.threshold { div { dt { "Good is" } dd { (line.operator().as_str()) " " (line.value()) } } }
                (source(&definition.indicator, found))
                div { dt { "Slice" } dd { (definition.slice) } }
                div { dt { "Measured every" } dd {
                    @match definition.expected_interval.or(found.progress.learned_interval()) {
                        Some(interval) => { (interval) @if definition.expected_interval.is_none() { span.quiet { " (learned)" } } }
                        None => { span.quiet { "not known yet" } }
                    }
                } }
                @for (name, value) in &definition.labels { div { dt { bdi { (name) } } dd { bdi { (value) } } } }
                div { dt { "Managed by" } dd { (managed_by(slo.managed_by)) } }
                div { dt { "Version" } dd { (slo.version) ", changed " (moment::ago(slo.updated_at, now)) } }
            }
            (links(found, context))
        }
    }
}

fn source(indicator: &Indicator, found: &Found) -> Markup {
    html! {
        @match indicator {
            Indicator::Metric(metric) => {
                div { dt { "Source" } dd { "samples of " code { (metric) "{service_name=\"" (found.slo.definition.service_name) "\"}" } } }
            }
            Indicator::Prometheus(query) => { (asked(query)) }
            Indicator::Composite(composite) => {
                div { dt { "Made of" } dd { (members(composite, found)) } }
                div { dt { "Combined by" } dd { code { (composite.how().as_str()) } ", a missing member: " code { (composite.missing().as_str()) } } }
            }
            _ => {}
        }
    }
}

/// What the source is asked, as it was written.
fn asked(query: &Query) -> Markup {
    html! {
        @match query {
            Query::Counters(CounterRatio { part, total }) | Query::Ratio(QueryRatio { part, total }) => {
                @let word = match part {
                    CounterPart::Good(_) => "Good",
                    CounterPart::Bad(_) => "Bad",
                };
                div { dt { (word) } dd { code { (part.text()) } } }
                div { dt { "Total" } dd { code { (total) } } }
            }
            Query::Latency(latency) => {
                div { dt { "Histogram" } dd { code { (latency.histogram) "{" (latency.selector) "}" } } }
                div { dt { "Good is" } dd { "at most " (latency.threshold) } }
            }
            Query::Threshold(threshold) => {
                div { dt { "Query" } dd { code { (threshold.query) } } }
                div { dt { "Good is" } dd { (threshold.line.operator().as_str()) " " (threshold.line.value()) } }
            }
            _ => {}
        }
    }
}

/// The SLOs that a composite is made of.
fn members(composite: &Composite, found: &Found) -> Markup {
    html! {
        ul.plain {
            @for member in composite.members() {
                li {
                    @match found.member(member.slo) {
                        Some(slo) => { a href={ "/ui/slos/" (slo.id.0) } { bdi { (slo.definition.name) } } " of " bdi { (slo.definition.service_name) } }
                        None => { span.quiet { "a deleted SLO, missing from now on" } }
                    }
                    @if composite.how() == Combine::WeightedRatio { span.quiet { " × " (member.weight) } }
                }
            }
        }
    }
}

/// What its owner wants read, the dashboards, and the SLO as programs see it.
fn links(found: &Found, context: &Context) -> Markup {
    html! {
        ul.links {
            @for (name, address) in &found.slo.definition.links { li { (link::elsewhere(name, address)) } }
            @if let Some(dashboards) = &context.about.dashboards { li { (link::elsewhere("Grafana", dashboards.as_str())) } }
            li { a href={ "/slo/" (found.slo.id.0) } { "As JSON" } }
        }
    }
}

const fn managed_by(managed_by: ManagedBy) -> &'static str {
    match managed_by {
        ManagedBy::Api => "people, by the API",
        ManagedBy::Config => "the configuration file",
        ManagedBy::Default => "the service brought it along",
    }
}
