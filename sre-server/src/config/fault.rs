//! What is wrong with the settings, all of it at once, and what is merely odd.

use std::error::Error;
use std::fmt;

/// One setting that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The variable.
    pub name: String,
    /// Its text, masked where it is or may hold a secret; `None` when it is unset.
    pub text: Option<String>,
    /// Why it cannot be used, and what to do.
    pub cause: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => write!(f, "{}=\"{}\": {}", self.name, escaped(text), self.cause),
            None => write!(f, "{} (unset): {}", self.name, self.cause),
        }
    }
}

/// Everything that keeps the service from starting; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults {
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
}

impl Faults {
    /// The faults with what was odd beside them; the warnings alone when nothing is wrong.
    pub(super) fn new(faults: Vec<Fault>, warnings: Vec<Warning>) -> Result<Self, Vec<Warning>> {
        if faults.is_empty() {
            Err(warnings)
        } else {
            Ok(Self { faults, warnings })
        }
    }

    /// The faults, in the order of the table of settings.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter()
    }

    /// What was odd as well: a misspelt name is often the cause of a fault.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.faults.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for Faults {}

/// Something odd that does not keep the service from starting; holds no secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning(pub(super) String);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` without control characters, which could forge a line; nothing else is changed.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}
