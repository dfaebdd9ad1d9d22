//! `sre-monitor config`: what every setting comes to, and the documentation of them all.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use super::{ConfigArgs, Exit, Output};
use crate::app::Language;
use crate::config::{
    Config, Effective, FileConfig, Origin, ReceiverConfig, SETTINGS, Section, Setting, Settings,
    WhenUnset,
};

/// Writes what `args` ask for to `out`; what is wrong or odd goes to `err`.
///
/// # Errors
/// Writing failed.
pub fn show(
    args: ConfigArgs,
    settings: &dyn Settings,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    if args.markdown {
        out.write_all(markdown().as_bytes())?;
        return Ok(Exit::Done);
    }
    match Config::read(settings, &Language) {
        Ok((config, warnings)) => {
            for warning in warnings {
                writeln!(err, "warning: {warning}")?;
            }
            match args.output {
                Output::Json => write_json(&config, out)?,
                Output::Table => {
                    write_table(&config.effective, out)?;
                    write_receivers(&config.file, out)?;
                }
            }
            Ok(Exit::Done)
        }
        Err(faults) => {
            for warning in faults.warnings() {
                writeln!(err, "warning: {warning}")?;
            }
            writeln!(err, "{faults}")?;
            Ok(Exit::Misconfigured)
        }
    }
}

fn write_json(config: &Config, out: &mut impl Write) -> io::Result<()> {
    let items: Vec<_> = config
        .effective
        .iter()
        .map(|row| {
            let (origin, file) = match &row.origin {
                Origin::Default => ("default", None),
                Origin::Environment => ("environment", None),
                Origin::File(path) => ("file", Some(path.display().to_string())),
            };
            json!({ "name": row.name, "value": row.value, "origin": origin, "file": file })
        })
        .collect();
    let receivers: Vec<_> = config
        .file
        .receivers
        .iter()
        .map(|receiver| {
            let channels: Vec<String> = told(receiver).collect();
            json!({ "name": receiver.name, "channels": channels, "fallback": receiver.fallback })
        })
        .collect();
    let shown = json!({ "items": items, "receivers": receivers });
    serde_json::to_writer_pretty(&mut *out, &shown)?;
    writeln!(out)
}

fn write_table(effective: &[Effective], out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[String; 3]> = effective.iter().map(cells).collect();
    let width = |n: usize| {
        let cells = rows.iter().filter_map(|row| row.get(n));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let (names, values) = (width(0), width(1));
    for [name, value, origin] in &rows {
        writeln!(out, "{name:names$}  {value:values$}  {origin}")?;
    }
    Ok(())
}

/// The receivers of the configuration file, without what is secret.
fn write_receivers(file: &FileConfig, out: &mut impl Write) -> io::Result<()> {
    for receiver in &file.receivers {
        writeln!(out, "receiver {}", receiver.name)?;
        for channel in told(receiver) {
            writeln!(out, "  {channel}")?;
        }
        if let Some(fallback) = &receiver.fallback {
            writeln!(out, "  falls back to {fallback}")?;
        }
    }
    Ok(())
}

fn told(receiver: &ReceiverConfig) -> impl Iterator<Item = String> {
    receiver
        .channels
        .iter()
        .map(|(name, channel)| format!("{name}: {channel}"))
}

fn cells(row: &Effective) -> [String; 3] {
    let value = row
        .value
        .clone()
        .unwrap_or_else(|| "-".to_owned());
    let origin = match &row.origin {
        Origin::Default => "default".to_owned(),
        Origin::Environment => "environment".to_owned(),
        Origin::File(path) => format!("file {}", path.display()),
    };
    [row.name.to_owned(), value, origin]
}

/// The text of `docs/configuration.md`.
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for section in Section::ALL {
        let _ = write!(text, "\n## {}\n\n", section.title());
        text.push_str("| variable | default | form | meaning |\n| --- | --- | --- | --- |\n");
        for setting in SETTINGS
            .iter()
            .filter(|setting| setting.section == section)
        {
            text.push_str(&markdown_row(setting));
        }
    }
    text
}

fn markdown_row(setting: &Setting) -> String {
    let default = match setting.default {
        WhenUnset::Unset => "unset".to_owned(),
        WhenUnset::Is(text) => format!("`{text}`"),
        WhenUnset::Computed(text) => text.to_owned(),
    };
    let secret = if setting.secret { " Secret." } else { "" };
    let Setting {
        name,
        kind,
        meaning,
        ..
    } = setting;
    let row = format!("`{name}` | {default} | {kind} | {meaning}{secret}");
    format!("| {row} |\n")
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated: cargo run --bin sre-monitor -- config --markdown > docs/configuration.md -->

Everything is set by environment variables; with none set the service starts, and listens on
`127.0.0.1:8080`. `sre-monitor config` shows what each setting comes to and where it comes from,
with secrets masked.

- A setting that cannot be used keeps the service from starting: all of them are told together, as
  `NAME=\"text\": cause`, and the exit status is 78. A variable that is set to an empty text is one.
- A length of time is a number of seconds, or a number and one of `s`, `m`, `h`, `d`, `w`: `90`,
  `90s`, `5m`.
- A *secret* is never shown, of an address at most its host. It may be given as `NAME_FILE`
  instead, a file that holds it.
- An unknown variable that begins with `SRE_MONITOR_` is warned of. What Kubernetes sets for a
  Service named `sre-monitor` (`SRE_MONITOR_PORT=tcp://…`) is read as unset.
";
