//! A program whose output is shown as it comes, and read along.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::{Context as _, Result};

use crate::{say, tool};

/// A line of a program, and where it wrote it.
enum Line {
    Out(Vec<u8>),
    Err(Vec<u8>),
}

/// Runs `command`, hands on every line at once to our own output, and shows it to `see`.
///
/// The lines that `see` gets are without colours, so that it needs to know only one form of them.
pub(crate) fn run(command: &mut Command, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    say::line(&format!("$ {}", tool::shown(command)))?;
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", tool::shown(command)))?;
    let out = child
        .stdout
        .take()
        .context("the program has no output")?;
    let err = child
        .stderr
        .take()
        .context("the program has no error output")?;

    thread::scope(|scope| -> Result<()> {
        let (sender, lines) = mpsc::channel();
        let errors = sender.clone();
        scope.spawn(move || read_lines(out, &sender, Line::Out));
        scope.spawn(move || read_lines(err, &errors, Line::Err));
        for line in lines {
            let bytes = match &line {
                Line::Out(bytes) => {
                    io::stdout().lock().write_all(bytes)?;
                    bytes
                }
                Line::Err(bytes) => {
                    io::stderr().lock().write_all(bytes)?;
                    bytes
                }
            };
            see(plain(&String::from_utf8_lossy(bytes)).trim_end());
        }
        Ok(())
    })?;
    Ok(child.wait()?)
}

/// Sends what `input` says, line by line, until it ends or nobody listens.
fn read_lines(input: impl Read, sender: &Sender<Line>, wrap: fn(Vec<u8>) -> Line) {
    let mut input = BufReader::new(input);
    loop {
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if sender.send(wrap(line)).is_err() => return,
            Ok(_) => {}
        }
    }
}

/// `text` without the sequences that colour a terminal (`ESC [ … letter`).
fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.find(char::is_ascii_alphabetic);
        } else {
            kept.push(character);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_off_and_the_text_stays() {
        assert_eq!(
            plain("\u{1b}[1;32m Summary\u{1b}[0m [ 1s] 2 ✓"),
            " Summary [ 1s] 2 ✓"
        );
        assert_eq!(plain("plain"), "plain");
    }

    #[test]
    fn lines_of_both_outputs_are_seen_and_the_status_is_kept() {
        let mut seen = Vec::new();
        let script = "echo one; echo two >&2; printf three; exit 3";
        let status = run(&mut tool::program("sh", &["-c", script]), |line| {
            seen.push(line.to_owned());
        })
        .unwrap();
        seen.sort();
        assert_eq!(seen, ["one", "three", "two"]);
        assert_eq!(status.code(), Some(3));
    }
}
