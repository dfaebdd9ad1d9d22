//! One template and the files that it may use, in an environment that has nothing else.

use std::collections::BTreeMap;

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, UndefinedBehavior};

use super::{TemplateFault, TemplatePart};
use crate::render::one_line;
use crate::slack::escaped;

/// What one rendering may cost: about so many instructions, or 64 bytes each. Fifty alerts with all their
/// labels take a tenth of it; what takes more would hold the lane.
const FUEL: u64 = 200_000;
/// How deep macros call each other. The library's own limit is for a bigger stack than a task may have
/// left.
const RECURSION_MAX: usize = 100;
/// What the template of a part is called: no file can be.
const OWN: &str = "<template>";

/// A template, ready to be rendered.
#[derive(Clone)]
pub(super) struct Engine {
    environment: Environment<'static>,
}

impl Engine {
    /// The template `text`, which may use `files`.
    pub(super) fn new(
        part: TemplatePart,
        files: &BTreeMap<String, String>,
        text: &str,
    ) -> Result<Self, TemplateFault> {
        let mut environment = environment(part);
        let added = files
            .iter()
            .map(|(name, text)| (name.as_str(), text))
            .chain([(OWN, &text.to_owned())])
            .try_for_each(|(name, text)| {
                environment.add_template_owned(name.to_owned(), text.to_owned())
            });
        added.map_err(|error| fault(Some(part), &error))?;
        Ok(Self { environment })
    }

    /// What it says; never nothing.
    pub(super) fn render(
        &self,
        part: TemplatePart,
        context: &Value,
    ) -> Result<String, TemplateFault> {
        let said = self
            .environment
            .get_template(OWN)
            .and_then(|template| template.render(context.clone()))
            .map_err(|error| fault(Some(part), &error))?;
        let said = match part {
            TemplatePart::SlackTitle | TemplatePart::MailSubject => one_line(&said),
            _ => said,
        };
        if said.trim().is_empty() {
            return Err(TemplateFault {
                part: Some(part),
                file: None,
                line: 0,
                column: 0,
                cause: "it says nothing, and a message without words tells nobody".to_owned(),
            });
        }
        Ok(said)
    }
}

/// Whether a file by itself is a template.
pub(super) fn check_file(name: &str, text: &str) -> Result<(), TemplateFault> {
    environment(TemplatePart::MailText)
        .add_template_owned(name.to_owned(), text.to_owned())
        .map_err(|error| fault(None, &error))
}

/// The language without what shows its inside or turns escaping off. The formatter escapes whatever the
/// template says about escaping; only what is escaped already, such as a macro's result, is left alone.
fn environment(part: TemplatePart) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_MAX);
    environment.set_debug(true);
    environment.remove_global("debug");
    environment.remove_filter("safe");
    environment.add_filter("default", or_default);
    environment.add_filter("d", or_default);
    let escape = match part {
        TemplatePart::SlackTitle | TemplatePart::SlackText => AutoEscape::Custom("slack".into()),
        TemplatePart::MailHtml => AutoEscape::Html,
        TemplatePart::MailSubject | TemplatePart::MailText => AutoEscape::None,
    };
    let how = escape.clone();
    environment.set_auto_escape_callback(move |_| how.clone());
    environment.set_formatter(move |out, _, value| {
        if value.is_none() {
            return Ok(());
        }
        let written = match &escape {
            _ if value.is_safe() => write!(out, "{value}"),
            AutoEscape::Html => write!(out, "{}", HtmlEscape(&value.to_string())),
            AutoEscape::Custom(_) => out.write_str(&escaped(&value.to_string(), usize::MAX)),
            _ => write!(out, "{value}"),
        };
        written.map_err(Error::from)
    });
    environment
}

/// What stands in place of what is not there: nothing, `null` or an empty text.
fn or_default(value: Value, other: Option<Value>) -> Value {
    let is_missing = value.is_undefined()
        || value.is_none()
        || value
            .as_str()
            .is_some_and(str::is_empty);
    if is_missing {
        other.unwrap_or_else(|| Value::from(""))
    } else {
        value
    }
}

/// What the library says is wrong, with its place.
fn fault(part: Option<TemplatePart>, error: &Error) -> TemplateFault {
    // What happens within an include or a macro is told by the innermost error.
    let mut inner = error;
    while let Some(next) =
        std::error::Error::source(inner).and_then(<dyn std::error::Error>::downcast_ref)
    {
        inner = next;
    }
    let start = inner
        .range()
        .zip(inner.template_source())
        .and_then(|(range, source)| source.get(..range.start));
    let column = start.map_or(0, |before| {
        let line = before.rsplit('\n').next().unwrap_or("");
        line.chars().count() + 1
    });
    let kind = inner.kind();
    let cause = match (kind, inner.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too long".to_owned(),
        (_, Some(detail)) => one_line(&format!("{kind}: {detail}")),
        (_, None) => kind.to_string(),
    };
    TemplateFault {
        part,
        file: inner
            .name()
            .filter(|name| *name != OWN)
            .map(str::to_owned),
        line: inner.line().unwrap_or(0),
        column,
        cause,
    }
}
