//! A page of Prometheus' text format (version 0.0.4).

use std::fmt::Write as _;

/// What the page is served as.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// A page in the making, one family of series after the other.
///
/// ```
/// use sre_server::metrics::page::{Kind, Page};
///
/// let mut page = Page::default();
/// page.family("queue_length", Kind::Gauge, "What waits.")
///     .sample(&[("name", "a\"b")], 1.5);
/// page.family("nothing_total", Kind::Counter, "Without a series, so not written.");
/// assert_eq!(
///     page.into_text(),
///     "# HELP queue_length What waits.\n# TYPE queue_length gauge\nqueue_length{name=\"a\\\"b\"} 1.5\n"
/// );
/// ```
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

/// What kind of metric a family is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
}

/// One family; its heading is written before its first series.
#[derive(Debug)]
pub struct Family<'a> {
    page: &'a mut Page,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    is_headed: bool,
}

impl Page {
    /// Begins a family. Every name must be begun once only: the format wants families whole.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        Family {
            page: self,
            name,
            kind,
            help,
            is_headed: false,
        }
    }

    /// Appends whole families that were written before.
    pub fn append(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl Family<'_> {
    /// Writes one series.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.series(labels);
        // Writing to a text does not fail.
        let _ = writeln!(self.page.text, " {value}");
    }

    /// Writes one series of whole numbers.
    pub fn count(&mut self, labels: &[(&str, &str)], value: u64) {
        self.series(labels);
        let _ = writeln!(self.page.text, " {value}");
    }

    fn series(&mut self, labels: &[(&str, &str)]) {
        let (name, text) = (self.name, &mut self.page.text);
        if !self.is_headed {
            let (kind, help) = (self.kind.as_str(), self.help);
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            self.is_headed = true;
        }
        text.push_str(name);
        let mut separator = '{';
        for (label, value) in labels {
            text.push(separator);
            text.push_str(label);
            text.push_str("=\"");
            push_escaped(text, value);
            text.push('"');
            separator = ',';
        }
        if !labels.is_empty() {
            text.push('}');
        }
    }
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// Appends the value of a label with what would end it escaped.
fn push_escaped(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        let mut page = Page::default();
        page.family("a", Kind::Gauge, "A.")
            .sample(&[("x", "\"} 1\nb 2\\"), ("y", "ä")], -0.5);
        let text = page.into_text();
        assert!(
            text.ends_with("\na{x=\"\\\"} 1\\nb 2\\\\\",y=\"ä\"} -0.5\n"),
            "{text}"
        );
    }

    #[test]
    fn a_family_is_headed_once() {
        let mut page = Page::default();
        let mut family = page.family("a_total", Kind::Counter, "A.");
        family.count(&[], 1);
        family.count(&[("x", "1")], 2);
        assert_eq!(
            page.into_text(),
            "# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total{x=\"1\"} 2\n"
        );
    }
}
