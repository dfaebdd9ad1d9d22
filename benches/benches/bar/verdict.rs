//! What was found of one goal, and how it is said.

use std::fmt;

/// A figure, what it is compared with, and whether that is good enough.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// `P1`, `P2`, `P3`.
    pub(crate) name: &'static str,
    pub(crate) figure: f64,
    pub(crate) unit: &'static str,
    /// To the floor.
    pub(crate) ratio: f64,
    /// What was promised, in words and numbers.
    pub(crate) goal: &'static str,
    pub(crate) parts: Vec<Part>,
    /// How often it was measured.
    pub(crate) attempt: u32,
}

/// One thing that is promised, and whether it is so.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// `None` for what is told and not judged.
    pub(crate) is_reached: Option<bool>,
}

impl Verdict {
    pub(crate) fn is_short(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.is_reached == Some(false))
    }
}

impl Part {
    /// `value` is promised to be at most `goal`.
    pub(crate) fn at_most(what: &str, value: f64, goal: f64, unit: &str) -> Self {
        Self {
            text: format!("{what}: {value:.2}{unit}, at most {goal}{unit}"),
            is_reached: Some(value <= goal),
        }
    }

    /// `value` is promised to be at least `goal`.
    pub(crate) fn at_least(what: &str, value: f64, goal: f64, unit: &str) -> Self {
        Self {
            text: format!("{what}: {value:.2}{unit}, at least {goal}{unit}"),
            is_reached: Some(value >= goal),
        }
    }

    /// What is told beside.
    pub(crate) fn told(text: String) -> Self {
        Self {
            text,
            is_reached: None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |is_short| if is_short { "short" } else { "ok" };
        write!(
            f,
            "{} {:.2} {} ratio {:.2} goal {} {}",
            self.name,
            self.figure,
            self.unit,
            self.ratio,
            self.goal,
            word(self.is_short())
        )?;
        if self.attempt > 1 {
            write!(f, " in attempt {}", self.attempt)?;
        }
        for part in &self.parts {
            let mark = part
                .is_reached
                .map_or("", |is_reached| word(!is_reached));
            write!(f, "\n   {:<5} {}", mark, part.text)?;
        }
        Ok(())
    }
}
