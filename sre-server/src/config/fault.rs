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
            // Escaped, so that a control character cannot forge a line.
            Some(text) => write!(f, "{}=\"{}\": {}", self.name, escaped(text), self.cause),
            None => write!(f, "{} (unset): {}", self.name, self.cause),
        }
    }
}

/// Everything that keeps the service from starting; never empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self(faults))
    }

    /// The faults, in the order of the table of settings.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
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

/// `text` on one line, quotes left alone where nothing can be mistaken.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            c if c.is_control() => c.escape_default().collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect()
}
