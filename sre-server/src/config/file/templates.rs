//! `templates`, and the words of receivers: files of macros, and what is said in one's own words.
//!
//! Whether a template is one is known by whoever renders it ([`Proofreader`]); here it is read with its
//! place, so that a fault names it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::FileFault;
use super::yaml::{Node, Reader};
use crate::config::source::Settings;

/// The words of one channel of a receiver, by the key that gives each.
pub type Wording = BTreeMap<&'static str, TemplateText>;

/// A template as the file gives it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TemplateText {
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A line and a column of the file, each from 1 on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Files of macros, which all receivers share.
#[derive(Clone, Debug, Default)]
pub struct TemplateFilesConfig {
    /// Where they are, in the order of the file.
    paths: Vec<(PathBuf, Place)>,
    /// What they say, by the name of the file without its folder; once they were read.
    pub texts: BTreeMap<String, TemplateText>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Typo {
    /// The key of the part.
    pub key: Option<&'static str>,
    /// What is wrong, with the place within the template.
    pub cause: String,
    /// The file of macros that it stands in, where it stands in one.
    pub file: Option<String>,
}

/// Whoever knows the language of templates.
pub trait Proofreader: fmt::Debug {
    /// What is wrong with files of macros by themselves.
    fn proofread_files(&self, files: &TemplateFilesConfig) -> Vec<Typo>;

    /// What is wrong with the words of a channel (`slack`, `email`), which may use those files.
    fn proofread(&self, channel: &str, wording: &Wording, files: &TemplateFilesConfig)
    -> Vec<Typo>;
}

/// The names of the files.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> TemplateFilesConfig {
    let mut paths: Vec<(PathBuf, Place)> = Vec::new();
    for item in reader.list(node, "templates") {
        let Some(path) = reader.text(item).map(PathBuf::from) else {
            continue;
        };
        match path.file_name() {
            None => reader.refuse(item, "a file is expected"),
            Some(name)
                if paths
                    .iter()
                    .any(|(path, _)| path.file_name() == Some(name)) =>
            {
                reader.refuse(
                    item,
                    "two files have this name, and templates know them by name",
                );
            }
            Some(_) => paths.push((path, place(item))),
        }
    }
    TemplateFilesConfig {
        paths,
        texts: BTreeMap::new(),
    }
}

/// The words that a channel is given under `keys`.
pub(super) fn wording(reader: &mut Reader<'_>, node: &Node<'_>, keys: &[&'static str]) -> Wording {
    let Some(mapping) = node.data.as_mapping() else {
        return Wording::new();
    };
    let mut wording = Wording::new();
    for (key, node) in mapping {
        let saphyr::YamlData::Representation(name, _, _) = &key.data else {
            continue;
        };
        if let Some(key) = keys
            .iter()
            .find(|key| **key == name.as_ref())
            && let Some(text) = reader.text(node)
        {
            let text = TemplateText {
                text: text.to_owned(),
                place: place(node),
            };
            wording.insert(key, text);
        }
    }
    wording
}

fn place(node: &Node<'_>) -> Place {
    Place {
        line: node.span.start.line(),
        column: node.span.start.col() + 1,
    }
}

impl TemplateFilesConfig {
    /// Reads them; a path is relative to the folder of the file that names it.
    pub(super) fn load(&mut self, settings: &dyn Settings, named_in: &Path) -> Vec<FileFault> {
        let folder = named_in
            .parent()
            .unwrap_or(Path::new(""));
        let mut faults = Vec::new();
        for (path, place) in &self.paths {
            let read = settings.read_file(&folder.join(path));
            match (read, path.file_name()) {
                (Ok(text), Some(name)) => {
                    let text = TemplateText {
                        text,
                        place: *place,
                    };
                    self.texts
                        .insert(name.to_string_lossy().into_owned(), text);
                }
                (Ok(_), None) => {}
                (Err(error), _) => {
                    faults.push(at(*place, format!("the file cannot be read: {error}")));
                }
            }
        }
        faults
    }

    /// The fault of a typo, where the file of macros is named or the words stand.
    pub(super) fn fault(&self, typo: Typo, wording: &Wording) -> FileFault {
        let words = typo
            .key
            .and_then(|key| wording.get(key));
        let file = typo
            .file
            .as_ref()
            .and_then(|file| self.texts.get(file));
        let place = words
            .or(file)
            .map_or(Place { line: 1, column: 1 }, |template| template.place);
        at(place, typo.cause)
    }
}

fn at(place: Place, cause: String) -> FileFault {
    FileFault {
        line: place.line,
        column: place.column,
        cause,
    }
}
