//! What a setting is: one row of the table that drives parsing, help and documentation.

use std::fmt;

use sre_core::time::Span;

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// Where it stands in the help and in the documentation.
    pub section: Section,
    /// What its text may be.
    pub kind: Kind,
    /// What holds when it is unset.
    pub default: WhenUnset,
    /// What it does, in one or two sentences of Markdown without line breaks.
    pub meaning: &'static str,
    /// Whether its text is never shown, and `NAME_FILE` may name a file that holds it.
    pub secret: bool,
}

/// A group of settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// Address, limits, who may come in.
    Server,
    /// Where everything is kept, and for how long.
    Store,
    /// Where measurements come from.
    Sources,
    /// Windows, slots, budgets and burn levels.
    Evaluation,
    /// What holds for every channel.
    Alerts,
    /// Alerts by webhook.
    Webhook,
    /// Alerts by mail.
    Email,
    /// Alerts by Slack.
    Slack,
    /// Alerts by PagerDuty.
    PagerDuty,
    /// Alerts by an Alertmanager that is there already.
    Alertmanager,
    /// The process: its name, its logs.
    Process,
}

impl Section {
    /// All sections, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Server,
        Self::Store,
        Self::Sources,
        Self::Evaluation,
        Self::Alerts,
        Self::Webhook,
        Self::Email,
        Self::Slack,
        Self::PagerDuty,
        Self::Alertmanager,
        Self::Process,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Store => "Store and retention",
            Self::Sources => "Sources",
            Self::Evaluation => "SLOs, budgets and burn rates",
            Self::Alerts => "Alerts",
            Self::Webhook => "Alerts by webhook",
            Self::Email => "Alerts by mail",
            Self::Slack => "Alerts by Slack",
            Self::PagerDuty => "Alerts by PagerDuty",
            Self::Alertmanager => "Alerts by Alertmanager",
            Self::Process => "Process and logs",
        }
    }
}

/// What holds when a setting is unset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenUnset {
    /// Nothing: what it would switch on is off.
    Unset,
    /// This text, parsed like one that is given.
    Is(&'static str),
    /// Worked out at start, as said here.
    Computed(&'static str),
}

/// What the text of a setting may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Number {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A length of time; a bare number is in seconds.
    Span {
        /// The shortest.
        min: Span,
        /// The longest.
        max: Span,
    },
    /// A rolling window, always with its unit.
    Window {
        /// The shortest.
        min: Span,
        /// The longest.
        max: Span,
    },
    /// A percentage above 0 and below 100, with up to 6 decimals.
    Percentage,
    /// An exact positive decimal: how many times faster than sustainable.
    Factor,
    /// A decimal from 0 to 1, with up to 3 decimals.
    Share,
    /// Two numbers of days, `fine,hours`.
    Days,
    /// An IP address or `localhost`.
    Address,
    /// Host names, separated by commas.
    HostNames,
    /// A store's URL.
    Database,
    /// An `http` or `https` URL.
    Url,
    /// A path.
    Path,
    /// Mail addresses, separated by commas.
    Emails,
    /// A Standard Webhooks key.
    WebhookKey,
    /// An integration key of PagerDuty.
    RoutingKey,
    /// Directives of the log filter.
    LogFilter,
}

/// The form in words, as Markdown.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Flag => f.write_str("`true` or `false`"),
            Self::Choice(words) => write!(f, "`{}`", words.join("`, `")),
            Self::Number { min, max } => write!(f, "{min} to {max}"),
            Self::Span { min, max } => write!(f, "seconds, or with a unit; `{min}` to `{max}`"),
            Self::Window { min, max } => write!(f, "`{min}` to `{max}`, with a unit"),
            Self::Percentage => f.write_str("above 0 and below 100, up to 6 decimals"),
            Self::Factor => f.write_str("a positive decimal, up to 6 decimals"),
            Self::Share => f.write_str("0 to 1, up to 3 decimals"),
            Self::Days => f.write_str("`fine,hours` in days, 1 to 3650"),
            Self::Address => f.write_str("an IP address or `localhost`"),
            Self::HostNames => f.write_str("host names without ports, separated by commas"),
            Self::Database => f.write_str("`sqlite://PATH`"),
            Self::Url => f.write_str("an `http` or `https` URL"),
            Self::Path => f.write_str("a path"),
            Self::Emails => f.write_str("mail addresses, separated by commas"),
            Self::WebhookKey => f.write_str("`whsec_` and base64 of 24 to 64 bytes"),
            Self::RoutingKey => f.write_str("exactly 32 letters and digits"),
            Self::LogFilter => {
                f.write_str("a level, or directives such as `info,sre_server=debug`")
            }
        }
    }
}

impl Setting {
    pub(super) const fn new(
        name: &'static str,
        section: Section,
        kind: Kind,
        default: WhenUnset,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            section,
            kind,
            default,
            meaning,
            secret: false,
        }
    }

    /// Never shown, and taken from a file as well.
    pub(super) const fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    /// The variable that names a file with this setting's text, for a secret.
    pub fn file_variable(&self) -> Option<String> {
        self.secret
            .then(|| format!("{}_FILE", self.name))
    }
}
