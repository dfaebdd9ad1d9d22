//! A briefing as HTML for mail: one column, styles inline, nothing fetched from anywhere.

use maud::{DOCTYPE, Markup, html as markup};

use super::text::more;
use super::{Briefing, Fact, Link, Tone};

/// The briefing as a document. The template escapes every text.
pub(crate) fn html(briefing: &Briefing) -> String {
    let is_alone = briefing.items.len() == 1 && briefing.more == 0;
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (briefing.headline) }
            }
            body style=(BODY) {
                div style=(bar(briefing.tone)) { (briefing.headline) }
                (said(&briefing.heading(), &briefing.links))
                @for item in &briefing.items {
                    @if is_alone {
                        (said(&item.facts, &item.links))
                    } @else {
                        div style=(edge(item.tone)) {
                            p style=(TITLE) { (item.headline) }
                            (said(&item.facts, &item.links))
                        }
                    }
                }
                @if briefing.more > 0 { p { (more(briefing.more)) } }
                p style=(FOOT) { "Sent by SRE Monitor." }
            }
        }
    };
    page.into_string()
}

/// A document of somebody else's with a paragraph of each text, where its body ends.
pub(crate) fn aside(document: &str, texts: &[&str]) -> String {
    let said = markup! { @for text in texts { p { (text) } } }.into_string();
    let end = document
        .rfind("</body>")
        .unwrap_or(document.len());
    let (before, after) = document.split_at(end);
    format!("{before}{said}{after}")
}

/// Facts as a table, links below it.
fn said(facts: &[Fact], links: &[Link]) -> Markup {
    markup! {
        @if !facts.is_empty() {
            table role="presentation" style=(TABLE) {
                @for fact in facts {
                    tr {
                        @if fact.name.is_empty() {
                            td colspan="2" style=(CELL) { (fact.text) }
                        } @else {
                            th scope="row" style=(NAME) { (fact.name) }
                            td style=(CELL) { (fact.text) }
                        }
                    }
                }
            }
        }
        @if !links.is_empty() {
            p style=(LINKS) {
                @for link in links {
                    a href=(link.url) style=(LINK) { (link.name) }
                    " "
                }
            }
        }
    }
}

const BODY: &str = "margin:0 auto;padding:16px;max-width:640px;\
                    font:15px/1.45 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const TITLE: &str = "margin:0 0 6px;font-weight:600";
const TABLE: &str = "border-collapse:collapse;width:100%;margin:0 0 10px";
const NAME: &str = "text-align:left;vertical-align:top;padding:3px 14px 3px 0;\
                    font-weight:600;white-space:nowrap";
const CELL: &str = "padding:3px 0;vertical-align:top;overflow-wrap:anywhere";
const LINKS: &str = "margin:0 0 14px";
const LINK: &str = "display:inline-block;margin:0 10px 6px 0;padding:5px 12px;border-radius:4px;\
                    border:1px solid #7a8699;color:#1f5fbf;text-decoration:none";
const FOOT: &str = "margin:22px 0 0;font-size:12px;color:#6b7686";

/// White on the colour of the tone: each pair has a contrast of 4.5 or more.
fn bar(tone: Tone) -> String {
    format!(
        "background:{};color:#ffffff;padding:12px 16px;border-radius:4px;margin:0 0 14px;\
         font-weight:600;overflow-wrap:anywhere",
        colour(tone)
    )
}

fn edge(tone: Tone) -> String {
    format!(
        "border-left:4px solid {};padding:2px 0 2px 12px;margin:0 0 16px",
        colour(tone)
    )
}

const fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#1a7f4b",
        Tone::Neutral => "#4a5568",
        Tone::Warning => "#9a5b00",
        Tone::Bad => "#b3261e",
    }
}
