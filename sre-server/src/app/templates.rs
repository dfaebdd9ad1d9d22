//! From the words of the file to templates, and what a receiver would say of a sample.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sre_core::alert::{AlertType, Severity};
use sre_notify::{TemplateFault, TemplateFiles, TemplatePart, Templates, TryOut};

use crate::cli::{Exit, RenderArgs, file_of_routes};
use crate::config::{Proofreader, Settings, TemplateFilesConfig, Typo, Wording};

/// The language of templates, as the channels speak it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Language;

impl Proofreader for Language {
    fn proofread_files(&self, files: &TemplateFilesConfig) -> Vec<Typo> {
        let mut shared = TemplateFiles::default();
        files
            .texts
            .iter()
            .filter_map(|(name, file)| shared.add(name, &file.text).err())
            .map(typo)
            .collect()
    }

    fn proofread(
        &self,
        channel: &str,
        wording: &Wording,
        files: &TemplateFilesConfig,
    ) -> Vec<Typo> {
        templates(channel, wording, files)
            .err()
            .into_iter()
            .flatten()
            .map(typo)
            .collect()
    }
}

/// The templates of a channel; `None` where it says everything in built-in words.
pub(super) fn templates(
    channel: &str,
    wording: &Wording,
    files: &TemplateFilesConfig,
) -> Result<Option<Templates>, Vec<TemplateFault>> {
    let mut shared = TemplateFiles::default();
    for (name, file) in &files.texts {
        shared
            .add(name, &file.text)
            .map_err(|fault| vec![fault])?;
    }
    let parts: BTreeMap<TemplatePart, String> = wording
        .iter()
        .filter_map(|(key, template)| Some((part(channel, key)?, template.text.clone())))
        .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    Templates::new(&shared, &parts).map(Some)
}

/// The part that a key of a channel's list gives.
fn part(channel: &str, key: &str) -> Option<TemplatePart> {
    Some(match (channel, key) {
        ("slack", "title") => TemplatePart::SlackTitle,
        ("slack", "text") => TemplatePart::SlackText,
        ("email", "subject") => TemplatePart::MailSubject,
        ("email", "text") => TemplatePart::MailText,
        ("email", "html") => TemplatePart::MailHtml,
        _ => return None,
    })
}

fn typo(fault: TemplateFault) -> Typo {
    let what = match (&fault.file, fault.part) {
        (Some(file), _) => file.clone(),
        (None, Some(part)) => format!("the template {}", part.key()),
        (None, None) => "the template".to_owned(),
    };
    let cause = if fault.line == 0 {
        format!("{what}: {}", fault.cause)
    } else {
        format!("{what}:{}:{}: {}", fault.line, fault.column, fault.cause)
    };
    Typo {
        key: fault.part.map(TemplatePart::key),
        cause,
        file: fault.file,
    }
}

/// Writes what the templates of a receiver say of a sample to `out`; what is wrong goes to `err`.
///
/// # Errors
///
/// Writing failed.
pub fn render(
    args: &RenderArgs,
    settings: &dyn Settings,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    let (sample, file) = match try_out(args)
        .map_err(|cause| vec![cause])
        .and_then(|sample| Ok((sample, file_of_routes(&args.tree, settings)?)))
    {
        Ok(read) => read,
        Err(faults) => {
            for fault in faults {
                writeln!(err, "{fault}")?;
            }
            return Ok(Exit::Misconfigured);
        }
    };
    let Some(receiver) = file
        .receivers
        .iter()
        .find(|receiver| receiver.name == args.receiver)
    else {
        writeln!(err, "no receiver is called {}", args.receiver)?;
        return Ok(Exit::Failed);
    };
    let mut exit = Exit::Done;
    for words in &receiver.wordings {
        let said = templates(words.channel, &words.wording, &file.templates).and_then(|own| {
            own.map(|own| own.sample(&sample))
                .transpose()
                .map_err(|fault| vec![fault])
        });
        match said {
            Ok(None) => {
                writeln!(out, "{}: in built-in words", words.name)?;
            }
            Ok(Some(parts)) => {
                for (part, text) in parts {
                    writeln!(out, "{} {}:\n{}\n", words.name, part.key(), text.trim_end())?;
                }
            }
            Err(faults) => {
                exit = Exit::Misconfigured;
                for fault in faults {
                    writeln!(err, "{}: {}", words.name, typo(fault).cause)?;
                }
            }
        }
    }
    Ok(exit)
}

/// The sample that the labels of the command line ask for.
fn try_out(args: &RenderArgs) -> Result<TryOut, String> {
    let mut sample = TryOut {
        is_over: args.resolved,
        ..TryOut::default()
    };
    for (name, value) in &args.labels {
        let cannot = |error: &dyn std::fmt::Display| format!("{name}={value}: {error}");
        match name.as_str() {
            "service" => {
                sample.service = Some(
                    value
                        .parse()
                        .map_err(|error| cannot(&error))?,
                );
            }
            "alertname" => {
                let parsed: Result<AlertType, _> = value.parse();
                sample.alert_type = Some(parsed.map_err(|error| cannot(&error))?);
            }
            "severity" => {
                let parsed: Result<Severity, _> = value.parse();
                sample.severity = Some(parsed.map_err(|error| cannot(&error))?);
            }
            _ => {
                sample
                    .labels
                    .insert(name.clone(), value.clone());
            }
        }
    }
    Ok(sample)
}
