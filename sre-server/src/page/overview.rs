//! How everything stands, what is wrong first.

mod filter;
pub(super) mod table;

use maud::{Markup, html};
use sre_core::alert::Alert;
use sre_core::evaluation::SloState;
use sre_core::incident::Incident;
use sre_core::name::SloId;

use self::filter::Asked;
use super::frame::{Part, Sheet};
use super::{alerts, incidents, number};
use crate::api::slo::listing::{self, Filter};
use crate::api::slo::look::{Found, Look};
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::page::{Paging, cursor};
use crate::http::{ApiError, Call, Response};

/// How many open alerts stand before the SLOs; the rest is a step away.
const ALERTS_SHOWN: usize = 8;

/// `GET /`
pub(super) async fn show(mut call: Call<Context>) -> Result<Response, ApiError> {
    call.query.drop_empty();
    let filter = Filter::read(&mut call.query);
    let paging = call.query.paging::<SloId>();
    call.query.finish()?;
    let overview = Overview::read(&call.context, filter, &paging).await?;
    let page = overview.render(&call);
    Ok(Sheet::new(&call, Part::Overview, overview.title()).answer(&page))
}

/// What `GET /` says of itself.
pub(super) fn doc() -> Doc {
    Doc::page(Access::Read, "How everything stands")
        .query("service", "Only SLOs of this service.")
        .query("state", "Only SLOs in this state.")
        .query("label", "Only SLOs with this label.")
        .query("limit", "How many SLOs at most.")
        .query("cursor", "Where to go on.")
}

/// What the page is made of.
struct Overview {
    asked: Asked,
    /// Those that go on.
    incidents: Vec<Incident>,
    /// Open ones, the gravest first.
    alerts: Vec<Alert>,
    slos: Vec<Found>,
    next: Option<String>,
}

impl Overview {
    async fn read(
        context: &Context,
        filter: Filter,
        paging: &Paging<SloId>,
    ) -> Result<Self, ApiError> {
        let mut slos = listing::list(context, &filter, paging, Look::default()).await?;
        let shown = usize::try_from(paging.limit).unwrap_or(usize::MAX);
        let has_more = slos.len() > shown;
        slos.truncate(shown);
        let last = slos.last().map(|found| found.slo.id);
        let service = filter.service.as_ref();
        Ok(Self {
            incidents: incidents::live(context, service).await?,
            alerts: alerts::open(context, service).await?,
            next: last
                .filter(|_| has_more)
                .map(|last| cursor(&last))
                .transpose()?,
            asked: Asked {
                filter,
                is_first: paging.after.is_none(),
            },
            slos,
        })
    }

    /// For the tab: what is wrong can be seen without opening it.
    fn title(&self) -> String {
        match self.alerts.len() {
            0 => "Overview".to_owned(),
            count => format!("({count}) Overview"),
        }
    }

    fn render(&self, call: &Call<Context>) -> Markup {
        html! {
            h1 { (self.headline()) }
            p.quiet { (self.breakdown()) }
            @if !self.incidents.is_empty() {
                section aria-labelledby="live" {
                    h2 #live { "Incidents going on" }
                    (incidents::list(&self.incidents, call.now))
                }
            }
            @if !self.alerts.is_empty() {
                section aria-labelledby="open-alerts" {
                    h2 #open-alerts { "Open alerts" }
                    (alerts::list(self.alerts.get(..ALERTS_SHOWN).unwrap_or(&self.alerts), call.now))
                    @if let Some(more) = self.alerts.len().checked_sub(ALERTS_SHOWN).filter(|more| *more > 0) {
                        p.pages { a href="/ui/alerts" { (number::many(more, "more open alert")) } }
                    }
                }
            }
            section aria-labelledby="slos" {
                div.heading {
                    h2 #slos { "SLOs" }
                    (self.asked.form(&self.slos))
                }
                @if self.slos.is_empty() { (self.nothing()) } @else { (table::table(&self.slos)) }
                (self.pages())
            }
        }
    }

    /// The one sentence that matters.
    fn headline(&self) -> String {
        let troubled = self.count(&[SloState::Violated]) + self.count(&[SloState::AtRisk]);
        let judged = troubled + self.count(&[SloState::Met]);
        match (troubled, judged) {
            _ if self.slos.is_empty() => "Nothing is promised here yet".to_owned(),
            (_, 0) => "Nothing can be judged yet".to_owned(),
            (0, _) if self.alerts.is_empty() => "All is well".to_owned(),
            (0, _) => format!("{} open", number::many(self.alerts.len(), "alert")),
            (1, _) => format!(
                "1 of {} needs attention",
                number::many(self.slos.len(), "SLO")
            ),
            _ => format!(
                "{troubled} of {} need attention",
                number::many(self.slos.len(), "SLO")
            ),
        }
    }

    /// How many SLOs there are of which kind, those without any left out.
    fn breakdown(&self) -> String {
        let kinds: [(&[SloState], &str); 5] = [
            (&[SloState::Violated], "violated"),
            (&[SloState::AtRisk], "at risk"),
            (&[SloState::Met], "met"),
            (
                &[SloState::NoData, SloState::InsufficientData],
                "without enough data",
            ),
            (&[SloState::Waiting], "waiting for first data"),
        ];
        kinds
            .into_iter()
            .map(|(states, word)| (self.count(states), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect::<Vec<_>>()
            .join(" · ")
    }

    fn count(&self, states: &[SloState]) -> usize {
        self.slos
            .iter()
            .filter(|found| states.contains(&found.state()))
            .count()
    }

    fn nothing(&self) -> Markup {
        html! {
            div.empty {
                @if self.asked.is_any() {
                    p { "No SLO is like that." }
                    p { a href="/" { "Show all" } }
                } @else {
                    p { "There is no SLO yet." }
                    p { "Make one with " code { "POST /slo" } "; " a href="/docs" { "the API is described here" } "." }
                }
            }
        }
    }

    fn pages(&self) -> Markup {
        html! {
            @if !self.asked.is_first || self.next.is_some() {
                nav.pages aria-label="Pages of SLOs" {
                    @if !self.asked.is_first { a href=(self.asked.address(None)) { "First page" } }
                    @if let Some(next) = &self.next { a href=(self.asked.address(Some(next))) rel="next" { "Next page" } }
                }
            }
        }
    }
}
