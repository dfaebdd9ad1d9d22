//! The settings in `--help`, from the one table.

use std::fmt::Write as _;

use crate::config::{SETTINGS, Section, Setting, WhenUnset};

/// Every setting by section, for the end of `--help`.
pub(super) fn settings() -> String {
    let mut text = "Settings (environment variables; every SECRET may be given as SECRET_FILE, a \
                    file that holds it):\n"
        .to_owned();
    for section in Section::ALL {
        let _ = write!(text, "\n  {}\n", section.title());
        for setting in SETTINGS
            .iter()
            .filter(|setting| setting.section == section)
        {
            let _ = writeln!(text, "    {}{}", setting.name, notes(setting));
            for line in wrapped(&setting.meaning.replace('`', ""), 88) {
                let _ = writeln!(text, "        {line}");
            }
        }
    }
    text.push_str(
        "\nExit status: 0 all is well; 1 it failed; 78 a setting cannot be used (all are told).",
    );
    text
}

/// Default, form and the rest on the line of the name.
fn notes(setting: &Setting) -> String {
    let default = match setting.default {
        WhenUnset::Unset => String::new(),
        WhenUnset::Is(text) => format!("={text}"),
        WhenUnset::Computed(text) => format!("=<{}>", text.replace('`', "")),
    };
    let form = setting
        .kind
        .to_string()
        .replace('`', "");
    let secret = if setting.secret { "SECRET" } else { "" };
    let notes = [form.as_str(), secret];
    let notes: Vec<&str> = notes
        .into_iter()
        .filter(|note| !note.is_empty())
        .collect();
    format!("{default}  [{}]", notes.join("; "))
}

/// `text` in lines of at most `width` characters, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
