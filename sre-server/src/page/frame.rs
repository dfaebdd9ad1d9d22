//! What all pages have in common: head, navigation, banners, footer, and what a browser must not do
//! with them.

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use maud::{DOCTYPE, Markup, html};

use sre_core::name::ServiceName;

use super::assets::Asset;
use super::moment;
use crate::api::workers::trouble;
use crate::context::Context;
use crate::http::{Call, Response, response};

/// The type of every page.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// Nothing from elsewhere, no script but ours, and none that a text could smuggle in.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// The parts of the page, as the navigation names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// How everything stands.
    Overview,
    /// What is wrong, and who was told.
    Alerts,
    /// What people deal with.
    Incidents,
    /// What nobody is told, by somebody's wish.
    Silences,
    /// How healthy services are.
    Services,
    /// Whether channels take messages.
    Channels,
    /// How the service itself is.
    Status,
}

impl Part {
    const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Overview, "/", "Overview"),
        (Self::Alerts, "/ui/alerts", "Alerts"),
        (Self::Incidents, "/ui/incidents", "Incidents"),
        (Self::Silences, "/ui/silences", "Silences"),
        (Self::Services, "/ui/services", "Services"),
        (Self::Channels, "/ui/channels", "Channels"),
        (Self::Status, "/ui/status", "Status"),
    ];
}

/// A page that is about to be shown.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    context: &'a Context,
    now: DateTime<Utc>,
    part: Part,
    title: String,
}

impl<'a> Sheet<'a> {
    /// A page of `part` under `title`.
    pub(super) fn new(call: &'a Call<Context>, part: Part, title: impl Into<String>) -> Self {
        Self {
            context: &call.context,
            now: call.now,
            part,
            title: title.into(),
        }
    }

    /// The page with its content.
    pub(super) fn answer(&self, content: &Markup) -> Response {
        let body = html! {
            a.skip href="#main" { "Skip to the content" }
            header.top {
                a.brand href="/" { (brand()) "SRE Monitor" }
                nav aria-label="Main" {
                    @for (part, path, name) in Part::ALL {
                        a href=(path) aria-current=[(part == self.part).then_some("page")] { (name) }
                    }
                }
                p #seen { "As of " (moment::clock(self.now)) }
            }
            p #lost role="status" {}
            main #main tabindex="-1" {
                (self.banners())
                (content)
            }
            footer #foot { (self.footer()) }
        };
        shown(&document(&self.title, &body))
    }

    /// What everybody must know who looks at this installation.
    fn banners(&self) -> Markup {
        html! {
            @if !self.context.readiness.store_answers() {
                p.banner.bad { strong { "The store does not answer." } " What is shown here may be old." }
            }
            @if self.context.about.is_demo {
                p.banner { strong { "A demonstration." } " Everything that is measured here is made up." }
            } @else if self.context.about.is_shadow {
                p.banner.warn {
                    strong { "Shadow mode: nobody is told." }
                    " Everything is decided and recorded, and nothing is sent."
                }
            } @else if self.context.destinations.is_empty() {
                p.banner.warn {
                    strong { "Nobody is told." }
                    " No channel is configured: alerts are recorded here and sent to nobody. Set "
                    code { "WEBHOOK_URL" } ", for one."
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        let troubled: Vec<&str> = self
            .context
            .board
            .statuses()
            .iter()
            .filter(|(_, status)| trouble(status, self.now).is_some())
            .map(|(name, _)| *name)
            .collect();
        let about = &self.context.about;
        html! {
            p {
                "SRE Monitor " (about.version) " · replica " (about.replica) " · "
                a href="/ui/status" {
                    @if troubled.is_empty() { "all workers are well" }
                    @else { "in trouble: " (troubled.join(", ")) }
                }
                " · " a href="/docs" { "API" }
                " · times are UTC"
            }
            @if self.context.admission.asks_for_tokens() {
                form method="post" action="/logout" { button { "Log out" } }
            }
        }
    }
}

/// The address of the page that a list goes on with, of the same service.
pub(super) fn older(list: &str, service: Option<&ServiceName>, cursor: &str) -> String {
    match service {
        Some(service) => format!("{list}?service={service}&cursor={cursor}"),
        None => format!("{list}?cursor={cursor}"),
    }
}

/// A page without navigation, for where nothing can be asked of the store.
pub(super) fn bare(title: &str, content: &Markup) -> Markup {
    let body = html! {
        header.top { a.brand href="/" { (brand()) "SRE Monitor" } }
        main #main { (content) }
    };
    document(title, &body)
}

/// `response` with what a browser must not do with a page.
pub(super) fn policed(response: Response) -> Response {
    response::with(response, CONTENT_SECURITY_POLICY, POLICY)
}

fn shown(page: &Markup) -> Response {
    policed(response::bytes(StatusCode::OK, HTML, page.0.clone()))
}

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · SRE Monitor" }
                link rel="stylesheet" href=(Asset::Style.path());
                link rel="icon" type="image/svg+xml" href=(Asset::Icon.path());
                script src=(Asset::Script.path()) defer {}
                noscript { meta http-equiv="refresh" content="30"; }
            }
            body { (body) }
        }
    }
}

/// A budget that burns down.
fn brand() -> Markup {
    html! {
        svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" {
            path.axis d="M2.5 2.5v15h15" {}
            path.line d="M5 5l4 2 2.5 6 5.5 1" {}
        }
    }
}
