//! The configuration file: receivers and the routes that lead to them, in Alertmanager's words where
//! they mean the same.
//!
//! It is read whole before anything is opened, and every fault is told at once, each with its line and
//! column. What this version does not do is refused by name; a key that nobody knows is refused as
//! well, since a misspelt one would be a route that is not there. A secret never stands in the file: it
//! names the file or the variable that holds it.

mod inhibit_rules;
mod intervals;
mod matchers;
mod receivers;
mod routes;
mod templates;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use sre_core::routing::{Receiver, Route, RouteTree, RouteTreeError, Timetable};
use sre_core::suppression::InhibitRule;

use super::source::Settings;
use yaml::{Document, Reader};

pub use receivers::{ChannelConfig, ChannelWording, ReceiverConfig};
pub use templates::{Place, Proofreader, TemplateFilesConfig, TemplateText, Typo, Wording};

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct FileConfig {
    /// Whom messages can go to, in the order of the file.
    pub receivers: Vec<ReceiverConfig>,
    /// Where alerts go; `None` where everything goes to the channels that variables make.
    pub route: Option<Route>,
    /// Nights, weekends, and what else has a name.
    pub intervals: BTreeMap<String, Timetable>,
    /// By which alerts others are kept back.
    pub inhibit_rules: Vec<InhibitRule>,
    /// Files of macros for the words of receivers.
    pub templates: TemplateFilesConfig,
}

/// One thing that is wrong in the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileFault {
    /// The line, from 1 on.
    pub line: usize,
    /// The column, from 1 on.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub cause: String,
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            cause,
        } = self;
        write!(f, "{line}:{column}: {cause}")
    }
}

/// Where the texts of secrets come from.
#[derive(Clone, Copy, Debug)]
pub enum Secrets<'a> {
    /// From files and variables, as the file says.
    Read(&'a dyn Settings),
    /// From nowhere: the file is looked at, and nothing is sent.
    Unread,
}

/// Reads the file. `others` are the receivers that variables make.
///
/// # Errors
///
/// Everything that is wrong, in the order of the file.
pub fn read(
    text: &str,
    secrets: Secrets<'_>,
    others: &[&str],
) -> Result<FileConfig, Vec<FileFault>> {
    let document = Document::parse(text).map_err(|fault| vec![fault])?;
    let mut reader = Reader::new(secrets);
    let config = read_document(&document, &mut reader, others);
    reader.finish(config)
}

fn read_document(document: &Document<'_>, reader: &mut Reader<'_>, others: &[&str]) -> FileConfig {
    let Some(top) = reader.map(document.root(), "the file", &TOP) else {
        return FileConfig::default();
    };
    let globals = top
        .get("global")
        .map(|node| receivers::read_globals(reader, node))
        .unwrap_or_default();
    let receivers = top
        .get("receivers")
        .map(|node| receivers::read(reader, node, &globals, others))
        .unwrap_or_default();
    let intervals = top
        .get("time_intervals")
        .map(|node| intervals::read(reader, node))
        .unwrap_or_default();
    let templates = top
        .get("templates")
        .map(|node| templates::read(reader, node))
        .unwrap_or_default();
    let names = routes::Names {
        receivers: receivers
            .iter()
            .map(|receiver| receiver.name.as_str())
            .chain(others.iter().copied())
            .collect(),
        intervals: intervals
            .keys()
            .map(String::as_str)
            .collect(),
    };
    let route = top
        .get("route")
        .and_then(|node| routes::read(reader, node, &names));
    receivers::check_fallbacks(reader, top.get("receivers"), &receivers, &names.receivers);
    let inhibit_rules = top
        .get("inhibit_rules")
        .map(|node| inhibit_rules::read(reader, node))
        .unwrap_or_default();
    FileConfig {
        receivers,
        route,
        intervals,
        inhibit_rules,
        templates,
    }
}

impl FileConfig {
    /// Reads the files of macros, beside the file that names them, and has all templates looked through.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, in the order of the file.
    pub fn proofread(
        &mut self,
        settings: &dyn Settings,
        named_in: &Path,
        proofreader: &dyn Proofreader,
    ) -> Result<(), Vec<FileFault>> {
        let mut faults = self.templates.load(settings, named_in);
        let files = &self.templates;
        let typos = proofreader.proofread_files(files);
        let are_sound = faults.is_empty() && typos.is_empty();
        let none = Wording::new();
        faults.extend(
            typos
                .into_iter()
                .map(|typo| files.fault(typo, &none)),
        );
        // Words that use a file that is wrong would be refused for no fault of theirs.
        let worded = self
            .receivers
            .iter()
            .flat_map(|receiver| &receiver.wordings)
            .filter(|words| are_sound && !words.wording.is_empty());
        for words in worded {
            let typos = proofreader.proofread(words.channel, &words.wording, files);
            faults.extend(
                typos
                    .into_iter()
                    .map(|typo| files.fault(typo, &words.wording)),
            );
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    /// The tree of its routes, once it is known who is behind each name; `None` where it has no route.
    ///
    /// # Errors
    ///
    /// [`RouteTreeError`] for what reading did not refuse: a receiver that nobody knows.
    pub fn tree(
        &self,
        receivers: BTreeMap<String, Receiver>,
    ) -> Result<Option<RouteTree>, RouteTreeError> {
        let Some(route) = self.route.clone() else {
            return Ok(None);
        };
        RouteTree::new(route, receivers, self.intervals.clone()).map(Some)
    }

    /// The names of its receivers, without anybody behind them: enough to see where an alert goes.
    #[must_use]
    pub fn nameplates(&self, others: &[&str]) -> BTreeMap<String, Receiver> {
        self.receivers
            .iter()
            .map(|receiver| (receiver.name.clone(), receiver.fallback.clone()))
            .chain(
                others
                    .iter()
                    .map(|name| ((*name).to_owned(), None)),
            )
            .map(|(name, fallback)| {
                let receiver = Receiver {
                    destinations: Vec::new(),
                    fallback,
                };
                (name, receiver)
            })
            .collect()
    }
}

/// What the file may say. What is `Later` is part of the contract and not of this version: it is refused
/// by name, since whoever wrote it counts on it.
const TOP: [yaml::Key; 12] = [
    yaml::Key::known("global"),
    yaml::Key::known("receivers"),
    yaml::Key::known("route"),
    yaml::Key::known("time_intervals"),
    yaml::Key::later("mute_time_intervals", "is written as time_intervals"),
    yaml::Key::known("inhibit_rules"),
    yaml::Key::known("templates"),
    yaml::Key::later("services", NOT_YET),
    yaml::Key::later("slos", NOT_YET),
    yaml::Key::later("probes", NOT_YET),
    yaml::Key::later("silences", NOT_YET),
    yaml::Key::later("maintenance", NOT_YET),
];

const NOT_YET: &str = "is not in this version; take it out, and use the API for it";
