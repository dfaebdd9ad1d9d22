//! A briefing as plain text.

use std::fmt::Write as _;

use super::{Briefing, Fact, Link};

/// The briefing, a line a fact.
pub(crate) fn text(briefing: &Briefing) -> String {
    let mut text = String::new();
    let mut say = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    say(&briefing.headline);
    say("");
    said(&briefing.heading(), &briefing.links, &mut say);
    let is_alone = briefing.items.len() == 1 && briefing.more == 0;
    for item in &briefing.items {
        // The headline of the only alert is that of the message.
        if !is_alone {
            say("");
            say(&item.headline);
        }
        said(&item.facts, &item.links, &mut say);
    }
    if briefing.more > 0 {
        say("");
        say(&more(briefing.more));
    }
    text
}

/// `7 more alerts`
pub(crate) fn more(count: usize) -> String {
    let alerts = if count == 1 { "alert" } else { "alerts" };
    format!("{count} more {alerts}")
}

fn said(facts: &[Fact], links: &[Link], say: &mut impl FnMut(&str)) {
    for fact in facts {
        let mut line = String::new();
        if !fact.name.is_empty() {
            let _ = write!(line, "{}: ", fact.name);
        }
        line.push_str(&fact.text);
        say(&line);
    }
    for link in links {
        say(&format!("{}: {}", link.name, link.url));
    }
}
