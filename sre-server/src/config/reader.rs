//! Reads settings one by one and keeps every fault, so that all are told together.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::fault::{Fault, Faults, Warning};
use super::file::FileFault;
use super::mask;
use super::parse::Parsed;
use super::setting::{Kind, Setting, WhenUnset};
use super::source::{Settings, Surroundings};
use super::table::{position, setting};
use crate::secret::MASK;

/// What a setting comes to, and why; safe to show.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Effective {
    /// The variable.
    pub name: &'static str,
    /// Its text, masked where it is a secret; `None` when it is unset and nothing stands in.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nothing was given.
    Default,
    /// The variable itself.
    Environment,
    /// The file that `NAME_FILE` names.
    File(PathBuf),
}

/// A text that was given, and where.
struct Given {
    text: String,
    origin: Origin,
}

/// Takes settings by name, checks them, and remembers what was wrong and what was used.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    settings: &'a dyn Settings,
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
    effective: Vec<Effective>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(settings: &'a dyn Settings) -> Self {
        Self {
            settings,
            faults: Vec::new(),
            warnings: Vec::new(),
            effective: Vec::new(),
        }
    }

    /// The value of a setting that may be unset. After a fault, `None`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        parse: fn(&Setting, &str) -> Parsed<T>,
    ) -> Option<T> {
        let setting = setting(name);
        let given = self.given(setting);
        let origin = given
            .as_ref()
            .map_or(Origin::Default, |given| given.origin.clone());
        let text = match (&given, setting.default) {
            (Some(given), _) => Some(given.text.as_str()),
            (None, WhenUnset::Is(text)) => Some(text),
            (None, WhenUnset::Computed(_) | WhenUnset::Unset) => None,
        };
        let value = text.map(|text| mask::effective(setting, text));
        self.effective.push(Effective {
            name: setting.name,
            value,
            origin,
        });

        let given = given?;
        let parsed = parse(setting, &given.text);
        parsed
            .map_err(|cause| self.fault(name, Some(given.text.as_str()), cause))
            .ok()
    }

    /// The value of a setting with a default in the table. After a fault it is the default, so that
    /// reading goes on; the fault keeps it from being used.
    pub(super) fn value<T>(&mut self, name: &str, parse: fn(&Setting, &str) -> Parsed<T>) -> T {
        let given = self.optional(name, parse);
        given.unwrap_or_else(|| {
            let setting = setting(name);
            let WhenUnset::Is(text) = setting.default else {
                unreachable!("{name} is read with a default, and the table names none");
            };
            parse(setting, text).expect("a default parses")
        })
    }

    /// Shows `value` as what an unset setting comes to.
    pub(super) fn computed(&mut self, name: &str, value: String) {
        let row = self
            .effective
            .iter_mut()
            .find(|row| row.name == name);
        if let Some(row) = row.filter(|row| row.origin == Origin::Default) {
            row.value = Some(value);
        }
    }

    /// What the process finds itself in.
    pub(super) fn surroundings(&self) -> Surroundings {
        self.settings.surroundings()
    }

    /// The text of the file that `name` names; refuses `name` when it cannot be read.
    pub(super) fn file(&mut self, name: &str, path: &Path) -> Option<String> {
        match self.settings.read_file(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.refuse(name, format!("the file cannot be read: {error}"));
                None
            }
        }
    }

    /// Where settings come from, for what a file names in turn.
    pub(super) const fn settings(&self) -> &'a dyn Settings {
        self.settings
    }

    /// Refuses the file that `name` names for what stands in it.
    pub(super) fn refuse_file(&mut self, name: &str, path: &Path, fault: FileFault) {
        let FileFault {
            line,
            column,
            cause,
        } = fault;
        self.faults.push(Fault {
            name: name.to_owned(),
            text: Some(format!("{}:{line}:{column}", path.display())),
            cause,
        });
    }

    /// Refuses the setting for what several settings come to together.
    pub(super) fn refuse(&mut self, name: &str, cause: impl Into<String>) {
        let shown = self
            .effective
            .iter()
            .find(|row| row.name == name);
        let text = shown.and_then(|row| row.value.clone());
        self.faults.push(Fault {
            name: name.to_owned(),
            text,
            cause: cause.into(),
        });
    }

    /// Remembers something odd; `text` holds no secret.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning(text.into()));
    }

    /// Whether a setting was given, right or wrong.
    pub(super) fn is_set(&self, name: &str) -> bool {
        let row = self
            .effective
            .iter()
            .find(|row| row.name == name);
        row.is_some_and(|row| row.origin != Origin::Default)
    }

    /// Whether none of these is faulty, so that comparing them says something.
    pub(super) fn are_sound(&self, names: &[&str]) -> bool {
        !self
            .faults
            .iter()
            .any(|fault| names.contains(&fault.name.as_str()))
    }

    /// What was read, and what was odd; or everything that was wrong.
    pub(super) fn finish(mut self) -> Result<(Vec<Effective>, Vec<Warning>), Faults> {
        self.effective
            .sort_by_key(|row| position(row.name));
        self.faults
            .sort_by_key(|fault| position(&fault.name));
        match Faults::new(self.faults, self.warnings) {
            Ok(faults) => Err(faults),
            Err(warnings) => Ok((self.effective, warnings)),
        }
    }

    /// Whether something is wrong so far.
    pub(super) fn is_faulty(&self) -> bool {
        !self.faults.is_empty()
    }

    fn fault(&mut self, name: &str, text: Option<&str>, cause: String) {
        let text = text.map(|text| mask::shown(setting(name), text));
        self.faults.push(Fault {
            name: name.to_owned(),
            text,
            cause,
        });
    }

    /// The text of a setting from its variable, or from the file that `NAME_FILE` names.
    fn given(&mut self, setting: &Setting) -> Option<Given> {
        let direct = self.variable(setting, setting.name);
        let Some(file_variable) = setting.file_variable() else {
            return direct.map(|text| Given {
                text,
                origin: Origin::Environment,
            });
        };
        let file = self.variable(setting, &file_variable);
        match (direct, file) {
            (Some(_), Some(path)) => {
                let cause = format!("{} is set as well; keep one of them", setting.name);
                self.faults.push(Fault {
                    name: file_variable,
                    text: Some(path),
                    cause,
                });
                None
            }
            (Some(text), None) => Some(Given {
                text,
                origin: Origin::Environment,
            }),
            (None, Some(path)) => self.text_of_file(file_variable, path),
            (None, None) => None,
        }
    }

    fn text_of_file(&mut self, file_variable: String, path: String) -> Option<Given> {
        let read = self
            .settings
            .read_file(Path::new(&path));
        let cause = match read {
            // Editors and `echo` end a file with a line break, which is no part of a secret.
            Ok(text) if !text.trim().is_empty() => {
                let text = text
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                return Some(Given {
                    text,
                    origin: Origin::File(PathBuf::from(path)),
                });
            }
            Ok(_) => "the file is empty".to_owned(),
            Err(error) => format!("the file cannot be read: {error}"),
        };
        self.faults.push(Fault {
            name: file_variable,
            text: Some(path),
            cause,
        });
        None
    }

    /// The text of one variable. An empty one is refused: whether it means "off" or is a slip of
    /// whoever filled it in cannot be told, and silence is worse than noise.
    fn variable(&mut self, setting: &Setting, name: &str) -> Option<String> {
        let (text, cause) = match self.settings.get(name)?.into_string() {
            Ok(text) if !text.is_empty() => return Some(text),
            Ok(_) => (String::new(), "is empty; unset it, or give it a value"),
            // What cannot be read cannot be judged harmless either.
            Err(_) => (MASK.to_owned(), "is not UTF-8"),
        };
        let cause = match setting.kind {
            Kind::Database => format!("{cause} (unset, it is an embedded SQLite file)"),
            _ => cause.to_owned(),
        };
        self.faults.push(Fault {
            name: name.to_owned(),
            text: Some(text),
            cause,
        });
        None
    }
}
