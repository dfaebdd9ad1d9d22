//! What templates said, within what a channel takes.

use std::collections::BTreeMap;

use super::{TemplateFault, TemplatePart};
use crate::render::clipped;
use crate::slack::{TEXT_MAX, cut_lines, length};

/// A subject longer than this is read by nobody.
const SUBJECT_MAX_CHARS: usize = 200;
/// A part of a mail: Gmail shows no more than 102 KB of one.
const MAIL_MAX_BYTES: usize = 100 * 1_000;

/// The parts of a message that templates said.
#[derive(Debug)]
pub(crate) struct Words {
    parts: BTreeMap<TemplatePart, String>,
    /// How many alerts it does not speak of.
    pub(crate) more: usize,
}

impl Words {
    pub(super) fn new(mut parts: BTreeMap<TemplatePart, String>, more: usize) -> Self {
        if let Some(subject) = parts.get_mut(&TemplatePart::MailSubject) {
            *subject = clipped(subject, SUBJECT_MAX_CHARS);
        }
        Self { parts, more }
    }

    pub(crate) fn get(&self, part: TemplatePart) -> Option<&str> {
        self.parts
            .get(&part)
            .map(String::as_str)
    }

    pub(super) fn into_parts(self) -> impl Iterator<Item = (TemplatePart, String)> {
        self.parts.into_iter()
    }

    /// Whether nothing has to be left out. Lines are cut in any case.
    pub(super) fn fit(&self) -> bool {
        self.parts
            .iter()
            .all(|(part, said)| match part {
                TemplatePart::SlackTitle | TemplatePart::MailSubject => true,
                TemplatePart::SlackText => length(said) <= TEXT_MAX,
                TemplatePart::MailText | TemplatePart::MailHtml => said.len() <= MAIL_MAX_BYTES,
            })
    }

    /// The words of one alert that are still too many. HTML is not cut: half a table is none.
    pub(super) fn cut(mut self) -> Result<Self, TemplateFault> {
        for (part, said) in &mut self.parts {
            match part {
                TemplatePart::SlackText => *said = cut_lines(said, TEXT_MAX),
                TemplatePart::MailText => {
                    *said = clipped(said, MAIL_MAX_BYTES / char::MAX.len_utf8());
                }
                TemplatePart::MailHtml if said.len() > MAIL_MAX_BYTES => {
                    return Err(TemplateFault {
                        part: Some(*part),
                        file: None,
                        line: 0,
                        column: 0,
                        cause: format!("what it says has more than {MAIL_MAX_BYTES} bytes"),
                    });
                }
                TemplatePart::SlackTitle | TemplatePart::MailSubject | TemplatePart::MailHtml => {}
            }
        }
        Ok(self)
    }
}
