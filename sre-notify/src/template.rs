//! Messages in words of one's own: templates of a receiver, in Jinja's language.
//!
//! A page must not be lost to a template. So every template is tried when it is read, with samples that
//! are usual and samples that are wicked, and a bad one is refused with its place. One that fails all the
//! same, at three in the morning, is replaced by the built-in text with a note that says so.
//!
//! What a template sees are the names of the webhook's body and nothing else: no file but those that were
//! named, no variable of the environment, no address, no secret. Values are escaped for where they are
//! put; what stands in the template itself is the operator's word. Its cost is bounded by fuel, its output
//! by the channel.

mod engine;
mod samples;
mod view;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sre_core::notification::Message;
use thiserror::Error;

use crate::body::{Bases, halves};
use engine::Engine;
pub use samples::TryOut;
pub(crate) use words::Words;

/// A part of a message that a template can say.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum TemplatePart {
    /// The line above a message in Slack.
    SlackTitle,
    /// What a message in Slack says below it.
    SlackText,
    /// The subject of a mail.
    MailSubject,
    /// The text part of a mail.
    MailText,
    /// The HTML part of a mail.
    MailHtml,
}

/// Files of macros, which the templates of all receivers share, each by the name of its file.
#[derive(Clone, Debug, Default)]
pub struct TemplateFiles {
    files: BTreeMap<String, String>,
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{cause}")]
pub struct TemplateFault {
    /// The part; `None` for a file that is wrong by itself.
    pub part: Option<TemplatePart>,
    /// The shared file, where the fault is in one.
    pub file: Option<String>,
    /// The line of the template, from 1 on; 0 where the fault has no place.
    pub line: usize,
    /// The column, in characters, from 1 on; 0 where the fault has none.
    pub column: usize,
    /// What is wrong.
    pub cause: String,
}

/// How many messages were sent in built-in words, since their template failed.
#[derive(Clone, Debug, Default)]
pub struct TemplateErrors(Arc<AtomicU64>);

/// The templates of one channel of a receiver, tried out.
#[derive(Clone)]
pub struct Templates {
    parts: BTreeMap<TemplatePart, Engine>,
    errors: TemplateErrors,
}

/// How a message is said.
#[derive(Debug)]
pub(crate) enum Said {
    /// In built-in words.
    BuiltIn,
    /// In built-in words, since the template failed: this note says so.
    Failed(String),
    /// In the operator's.
    Own(Words),
}

impl TemplatePart {
    /// The key of the file that gives its template.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SlackTitle => "title",
            Self::MailSubject => "subject",
            Self::SlackText | Self::MailText => "text",
            Self::MailHtml => "html",
        }
    }

    /// So many alerts are told at most, as in built-in words.
    const fn alerts_max(self) -> usize {
        match self {
            Self::SlackTitle | Self::SlackText => crate::slack::ALERTS_MAX,
            Self::MailSubject | Self::MailText | Self::MailHtml => crate::email::ALERTS_MAX,
        }
    }
}

impl TemplateFiles {
    /// Adds a file; one of its name is replaced.
    ///
    /// # Errors
    ///
    /// What is wrong with its syntax.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateFault> {
        engine::check_file(name, text)?;
        self.files
            .insert(name.to_owned(), text.to_owned());
        Ok(())
    }
}

impl TemplateErrors {
    /// The count since the start of the process.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Templates {
    /// The templates in `texts`, which may use the macros of `files`.
    ///
    /// # Errors
    ///
    /// Every template that is none, or that does not say each of the samples.
    pub fn new(
        files: &TemplateFiles,
        texts: &BTreeMap<TemplatePart, String>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let samples = samples::all();
        let (mut parts, mut faults) = (BTreeMap::new(), Vec::new());
        for (part, text) in texts {
            let tried = Engine::new(*part, &files.files, text)
                .and_then(|engine| samples::tried(engine, *part, &samples));
            match tried {
                Ok(engine) => {
                    parts.insert(*part, engine);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(Self {
                parts,
                errors: TemplateErrors::default(),
            })
        } else {
            Err(faults)
        }
    }

    /// A handle on the count of its failures.
    #[must_use]
    pub fn errors(&self) -> TemplateErrors {
        self.errors.clone()
    }

    /// What each part would say of a sample, for whoever writes templates.
    ///
    /// # Errors
    ///
    /// What fails.
    pub fn sample(&self, of: &TryOut) -> Result<Vec<(TemplatePart, String)>, TemplateFault> {
        of.sample().told(|message| {
            let bases = samples::bases();
            let words = self.words(message, &bases)?;
            Ok(words
                .into_iter()
                .flat_map(Words::into_parts)
                .collect())
        })
    }

    /// The message in these words. Announcements keep the built-in ones: what a person says of an
    /// incident, or that the monitor is blind, is no alert.
    pub(crate) fn say(&self, message: &Message<'_>, bases: &Bases, destination: &str) -> Said {
        match self.words(message, bases) {
            Ok(None) => Said::BuiltIn,
            Ok(Some(words)) => Said::Own(words),
            Err(fault) => {
                self.errors
                    .0
                    .fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    destination.name = destination,
                    template.part = fault.part.map(TemplatePart::key),
                    template.line = fault.line,
                    "a template failed: the message goes out in built-in words"
                );
                Said::Failed(format!(
                    "The template of this message failed ({fault}); these are the built-in words."
                ))
            }
        }
    }

    /// Every part, of as many alerts as fit.
    fn words(&self, message: &Message<'_>, bases: &Bases) -> Result<Option<Words>, TemplateFault> {
        let Some(news) = view::news(message) else {
            return Ok(None);
        };
        let max = self
            .parts
            .keys()
            .map(|part| part.alerts_max())
            .min()
            .unwrap_or(1);
        let mut last = None;
        for kept in halves(news.len().min(max)) {
            let context = view::context(message, news, kept, bases);
            let mut parts = BTreeMap::new();
            for (part, engine) in &self.parts {
                parts.insert(*part, engine.render(*part, &context)?);
            }
            let words = Words::new(parts, news.len().saturating_sub(kept));
            if words.fit() {
                return Ok(Some(words));
            }
            last = Some(words);
        }
        last.map(Words::cut).transpose()
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates")
            .field("parts", &self.parts.keys())
            .finish_non_exhaustive()
    }
}
