//! Nodes of YAML with their places, and the list of what is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use saphyr::{MarkedYaml, YamlData, YamlLoader};
use saphyr_parser::Parser;
use sre_core::time::Span;

use super::{FileFault, Secrets};
use crate::secret::Secret;

/// A node with its place.
pub(super) type Node<'a> = MarkedYaml<'a>;

/// A parsed file.
#[derive(Debug)]
pub(super) struct Document<'a> {
    root: Node<'a>,
}

impl<'a> Document<'a> {
    /// The one document of a text; an empty text is an empty mapping.
    pub(super) fn parse(text: &'a str) -> Result<Self, FileFault> {
        let mut loader = YamlLoader::<Node<'a>>::default();
        // A text stays as it is written: `010` is no number before somebody asks for one.
        loader.early_parse(false);
        let mut parser = Parser::new_from_str(text);
        let scanned = parser.load(&mut loader, true);
        if let Some(error) = scanned
            .err()
            .or_else(|| loader.error().cloned())
        {
            return Err(FileFault {
                line: error.marker().line(),
                column: error.marker().col() + 1,
                cause: format!("this is not YAML: {}", error.info()),
            });
        }
        let mut documents = loader.into_documents().into_iter();
        let root = documents.next();
        if let Some(second) = documents.next() {
            return Err(at(&second, "the file has more than one document"));
        }
        Ok(Self {
            root: root.unwrap_or_else(|| YamlData::Mapping(saphyr::AnnotatedMapping::new()).into()),
        })
    }

    pub(super) const fn root(&self) -> &Node<'a> {
        &self.root
    }
}

/// A key that a mapping may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    name: &'static str,
    /// Why it is refused, where it is.
    refusal: Option<&'static str>,
}

impl Key {
    pub(super) const fn known(name: &'static str) -> Self {
        Self {
            name,
            refusal: None,
        }
    }

    /// A key that people write, and that is refused for a reason of its own.
    pub(super) const fn later(name: &'static str, refusal: &'static str) -> Self {
        Self {
            name,
            refusal: Some(refusal),
        }
    }
}

/// A mapping whose keys are all known.
#[derive(Debug)]
pub(super) struct Map<'n, 'a> {
    entries: BTreeMap<&'static str, &'n Node<'a>>,
}

impl<'n, 'a> Map<'n, 'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        self.entries.get(name).copied()
    }
}

/// Reads nodes and keeps every fault, so that all are told together.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    secrets: Secrets<'s>,
    faults: Vec<FileFault>,
}

impl<'s> Reader<'s> {
    pub(super) const fn new(secrets: Secrets<'s>) -> Self {
        Self {
            secrets,
            faults: Vec::new(),
        }
    }

    /// What was read, unless something was wrong.
    pub(super) fn finish<T>(mut self, read: T) -> Result<T, Vec<FileFault>> {
        if self.faults.is_empty() {
            return Ok(read);
        }
        self.faults
            .sort_by_key(|fault| (fault.line, fault.column));
        self.faults.dedup();
        Err(self.faults)
    }

    pub(super) fn refuse(&mut self, node: &Node<'_>, cause: impl Into<String>) {
        self.faults.push(at(node, cause));
    }

    /// A mapping of these keys, each with a value.
    pub(super) fn map<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        what: &str,
        keys: &[Key],
    ) -> Option<Map<'n, 'a>> {
        let Some(mapping) = node.data.as_mapping() else {
            self.refuse(node, format!("{what} is a mapping of keys to values"));
            return None;
        };
        let mut entries = BTreeMap::new();
        for (key, value) in mapping {
            let Some(name) = text_of(key) else {
                self.refuse(key, "a key is a text");
                continue;
            };
            match keys
                .iter()
                .find(|known| known.name == name)
            {
                None => self.refuse(key, unknown(what, name, keys)),
                Some(Key {
                    refusal: Some(refusal),
                    ..
                }) => self.refuse(key, format!("{name} {refusal}")),
                Some(Key { name, .. }) if is_null(value) => {
                    self.refuse(key, format!("{name} has no value"));
                }
                Some(Key { name, .. }) if entries.contains_key(name) => {
                    self.refuse(key, format!("{name} stands here a second time"));
                }
                Some(Key { name, .. }) => {
                    entries.insert(*name, value);
                }
            }
        }
        Some(Map { entries })
    }

    /// The items of a list.
    pub(super) fn list<'n, 'a>(&mut self, node: &'n Node<'a>, what: &str) -> &'n [Node<'a>] {
        if let Some(items) = node.data.as_vec() {
            items
        } else {
            self.refuse(node, format!("{what} is a list"));
            &[]
        }
    }

    /// A text that is not empty.
    pub(super) fn text<'n>(&mut self, node: &'n Node<'_>) -> Option<&'n str> {
        match text_of(node) {
            Some(text) if !text.is_empty() && !is_null(node) => Some(text),
            _ => {
                self.refuse(node, "a text is expected");
                None
            }
        }
    }

    /// What a text says, in its own type.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, node: &Node<'_>) -> Option<T> {
        let text = self.text(node)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.refuse(node, format!("\"{}\": {error}", shortened(text)));
                None
            }
        }
    }

    /// What a text says, by a function that may refuse it.
    pub(super) fn read_by<T, E: Display>(
        &mut self,
        node: &Node<'_>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(node)?;
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.refuse(node, format!("\"{}\": {error}", shortened(text)));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node<'_>) -> Option<bool> {
        match text_of(node) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.refuse(node, "true or false is expected");
                None
            }
        }
    }

    /// A length of time, `1h30m` for one; `None` where it is nothing.
    #[expect(clippy::option_option, reason = "what is wrong is not nothing")]
    pub(super) fn span(&mut self, node: &Node<'_>) -> Option<Option<Span>> {
        self.read_by(node, span)
    }

    /// A secret: the file that `…_file` names, or the variable that `…_env` names; `None` where neither
    /// is there, and an empty one where secrets are not read.
    pub(super) fn secret(
        &mut self,
        map: &Map<'_, '_>,
        [inline, file, variable]: [&str; 3],
    ) -> Option<Secret<String>> {
        if let Some(node) = map.get(inline) {
            let cause =
                format!("a secret does not stand in the file; use {file} or {variable} instead");
            self.refuse(node, cause);
        }
        match (map.get(file), map.get(variable)) {
            (Some(_), Some(node)) => {
                self.refuse(node, format!("{file} is set as well; keep one of them"));
                None
            }
            (Some(node), None) => {
                let path = self.text(node)?;
                let Secrets::Read(settings) = self.secrets else {
                    return Some(Secret::new(String::new()));
                };
                let read = settings.read_file(Path::new(path));
                let read = read.map_err(|error| format!("the file cannot be read: {error}"));
                self.revealed(node, read)
            }
            (None, Some(node)) => {
                let name = self.text(node)?;
                let Secrets::Read(settings) = self.secrets else {
                    return Some(Secret::new(String::new()));
                };
                let text = settings
                    .get(name)
                    .ok_or_else(|| format!("the variable {name} is unset"))
                    .and_then(|text| {
                        text.into_string()
                            .map_err(|_| format!("the variable {name} is not UTF-8"))
                    });
                self.revealed(node, text)
            }
            (None, None) => None,
        }
    }

    fn revealed(
        &mut self,
        node: &Node<'_>,
        text: Result<String, String>,
    ) -> Option<Secret<String>> {
        let text = text.and_then(|text| {
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                Err("the secret is empty".to_owned())
            } else {
                Ok(text.to_owned())
            }
        });
        match text {
            Ok(text) => Some(Secret::new(text)),
            Err(cause) => {
                self.refuse(node, cause);
                None
            }
        }
    }

    /// How many faults there are so far.
    pub(super) const fn count(&self) -> usize {
        self.faults.len()
    }

    /// Whether secrets are read at all.
    pub(super) const fn reads_secrets(&self) -> bool {
        matches!(self.secrets, Secrets::Read(_))
    }
}

/// The fault of a node.
fn at(node: &Node<'_>, cause: impl Into<String>) -> FileFault {
    FileFault {
        line: node.span.start.line(),
        column: node.span.start.col() + 1,
        cause: cause.into(),
    }
}

fn text_of<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.data {
        YamlData::Representation(text, _, _) => Some(text),
        _ => None,
    }
}

/// Whether nothing stands there, or `~` or `null` without quotes.
fn is_null(node: &Node<'_>) -> bool {
    match &node.data {
        YamlData::Representation(text, saphyr::ScalarStyle::Plain, _) => {
            matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
        }
        _ => false,
    }
}

/// A key that nobody knows, with the nearest that somebody does.
fn unknown(what: &str, name: &str, keys: &[Key]) -> String {
    let names: Vec<&str> = keys
        .iter()
        .filter(|key| key.refusal.is_none())
        .map(|key| key.name)
        .collect();
    format!(
        "{what} has no key {}; it has {}",
        shortened(name),
        names.join(", ")
    )
}

/// Lengths of time as Prometheus writes them: numbers with units, one after another.
fn span(text: &str) -> Result<Option<Span>, &'static str> {
    const SHAPE: &str = "expected a length of time such as 30s, 5m, 1h30m or 1d";
    if text == "0" {
        return Ok(None);
    }
    let mut seconds: u32 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .filter(|digits| *digits > 0)
            .ok_or(SHAPE)?;
        let (number, unit) = rest.split_at(digits);
        let factor = match unit.chars().next() {
            Some('s') => 1,
            Some('m') if !unit.starts_with("ms") => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            _ => return Err(SHAPE),
        };
        let number: u32 = number.parse().map_err(|_| SHAPE)?;
        seconds = number
            .checked_mul(factor)
            .and_then(|part| seconds.checked_add(part))
            .ok_or("is longer than can be counted")?;
        rest = unit.get(1..).unwrap_or_default();
    }
    Ok(Span::from_seconds(seconds))
}

/// Enough of a text to find it by.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.chars().count() <= SHOWN_MAX {
        Cow::Borrowed(text)
    } else {
        let head: String = text.chars().take(SHOWN_MAX).collect();
        Cow::Owned(format!("{head}…"))
    }
}

const SHOWN_MAX: usize = 60;
