//! Which SLOs are shown: by service, by state.

use std::collections::BTreeSet;

use maud::{Markup, html};
use sre_core::evaluation::SloState;
use sre_core::name::ServiceName;
use url::form_urlencoded::Serializer;

use crate::api::slo::listing::Filter;
use crate::api::slo::look::Found;
use crate::page::mark;

/// What was asked for.
pub(super) struct Asked {
    pub(super) filter: Filter,
    /// Whether this is the first page.
    pub(super) is_first: bool,
}

impl Asked {
    /// Whether anything is left out.
    pub(super) fn is_any(&self) -> bool {
        self.filter.service.is_some()
            || self.filter.state.is_some()
            || !self.filter.labels.is_empty()
            || !self.is_first
    }

    /// The same from `cursor` on.
    pub(super) fn address(&self, cursor: Option<&str>) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(service) = &self.filter.service {
            query.append_pair("service", service.as_str());
        }
        if let Some(state) = self.filter.state {
            query.append_pair("state", state.as_str());
        }
        for (name, value) in &self.filter.labels {
            query.append_pair("label", &format!("{name}={value}"));
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        match query.finish() {
            query if query.is_empty() => "/".to_owned(),
            query => format!("/?{query}"),
        }
    }

    /// The form; it suggests the services that are shown.
    pub(super) fn form(&self, shown: &[Found]) -> Markup {
        let services: BTreeSet<&str> = shown
            .iter()
            .map(|found| {
                found
                    .slo
                    .definition
                    .service_name
                    .as_str()
            })
            .collect();
        let service = self
            .filter
            .service
            .as_ref()
            .map(ServiceName::as_str);
        html! {
            form.filter method="get" action="/" role="search" aria-label="SLOs" {
                label { span.unseen { "Service" } input type="search" name="service" placeholder="Service" list="services" autocomplete="off" spellcheck="false" value=[service]; }
                datalist #services { @for service in services { option value=(service) {} } }
                label {
                    span.unseen { "State" }
                    select name="state" {
                        option value="" { "Every state" }
                        @for state in SloState::ALL.into_iter().rev() {
                            option value=(state.as_str()) selected[self.filter.state == Some(state)] { (mark::state_word(state)) }
                        }
                    }
                }
                button { "Show" }
                @if self.is_any() { a href="/" { "All" } }
            }
        }
    }
}
