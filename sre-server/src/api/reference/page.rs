//! `GET /docs`: the documentation as a page, without a script and without anything from elsewhere.

use std::sync::LazyLock;

use hyper::StatusCode;
use maud::{Markup, html};

use super::{Body, Field, Operation, Reference, pretty};
use crate::api::frame;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response};

/// Made once: it changes with the program only.
static BODY: LazyLock<Markup> = LazyLock::new(|| body(&Reference::new()));

/// `GET /docs`
pub(crate) async fn get(_: Call<Context>) -> Result<Response, ApiError> {
    Ok(frame::page(StatusCode::OK, "The API", &html! {}, &BODY))
}

/// What `GET /docs` says of itself.
pub(crate) fn get_doc() -> Doc {
    Doc::page(Access::Read, "This API, for people to read")
}

fn body(reference: &Reference) -> Markup {
    html! {
        header {
            h1 { "The API of SRE Monitor" }
            p { (prose(&reference.about)) }
            p.quiet {
                "The same for programs: " a href="/openapi.json" { "/openapi.json" } " (OpenAPI 3.1). "
                a href="/" { "Back to the overview" }
            }
            nav aria-label="Parts" {
                ul {
                    @for part in reference.parts.keys() { li { a href={ "#" (part) } { (part) } } }
                    li { a href="#types" { "types" } }
                    li { a href="#refusals" { "refusals" } }
                }
            }
        }
        main {
            @for (part, operations) in &reference.parts {
                h2 id=(part) { (part) }
                @for operation in operations { (of_operation(operation)) }
            }
            h2 #types { "types" }
            @for (name, fields) in reference.types.iter().filter(|(_, fields)| !fields.is_empty()) {
                h3 id={ "type-" (name) } { (name) }
                (of_fields(fields))
            }
            h2 #refusals { "refusals" }
            p { "Every refusal is a problem document (RFC 9457); " code { "type" } " is "
                code { "urn:sre-monitor:problem:" } " and the kind." }
            (of_refusals(&reference.refusals))
        }
    }
}

fn of_operation(operation: &Operation) -> Markup {
    html! {
        details id=(operation.id) {
            summary {
                span.method { (operation.method) }
                code { (operation.path) }
                span { (operation.summary) }
            }
            div.operation {
                p { (prose(&operation.about)) }
                @if !operation.parameters.is_empty() {
                    h4 { "Parameters" }
                    div.scroll { table {
                        thead { tr { th { "name" } th { "in" } th { "meaning" } } }
                        tbody {
                            @for parameter in &operation.parameters {
                                tr {
                                    td { code { (parameter.name) } }
                                    td { (parameter.place) }
                                    td { (prose(&parameter.about)) }
                                }
                            }
                        }
                    } }
                }
                h4 { "Request" }
                @if let Some(body) = &operation.request { p { (of_type(body)) } }
                pre { code { (operation.curl()) } }
                @for answer in &operation.answers {
                    h4 { "Answer " (answer.status) }
                    p { (prose(&answer.about)) }
                    @if let Some(body) = &answer.body {
                        p { (of_type(body)) }
                        @if let Some(example) = &body.example { pre { code { (pretty(example)) } } }
                    }
                }
                h4 { "Refused with" }
                p {
                    @for status in &operation.refused {
                        a href={ "#refused-" (status) } { (status) } " "
                    }
                }
            }
        }
    }
}

fn of_type(body: &Body) -> Markup {
    html! { (linked(&body.type_name)) " as " code { (body.media_type) } }
}

fn of_fields(fields: &[Field]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "field" } th { "type" } th { "meaning" } } }
            tbody {
                @for field in fields {
                    tr {
                        td { code { (field.name) } @if !field.is_required { " " span.quiet { "optional" } } }
                        td { (linked(&field.type_name)) }
                        td { (prose(&field.about)) }
                    }
                }
            }
        } }
    }
}

fn of_refusals(refusals: &[[String; 3]]) -> Markup {
    html! {
        div.scroll { table {
            thead { tr { th { "status" } th { "kind" } th { "meaning" } } }
            tbody {
                @for [status, kind, meaning] in refusals {
                    tr id={ "refused-" (status) } {
                        td { (status) } td { code { (kind) } } td { (prose(meaning)) }
                    }
                }
            }
        } }
    }
}

/// A description of a type, with links where a word is the name of one.
fn linked(type_name: &str) -> Markup {
    html! {
        @for (place, word) in type_name.split(' ').enumerate() {
            @if place > 0 { " " }
            @if word.starts_with(|c: char| c.is_ascii_uppercase()) {
                a href={ "#type-" (word) } { (word) }
            } @else { (word) }
        }
    }
}

/// Prose in which code stands between backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
