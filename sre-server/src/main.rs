//! The life of the process: what is asked, what is set, and how it ends.

use std::io::{self, Write};
use std::process::ExitCode;

use sre_server::cli::{self, Exit, Verb};
use sre_server::config::Env;

fn main() -> ExitCode {
    run().unwrap_or(Exit::Failed).into()
}

/// What can still fail is writing, and then there is nowhere to say so.
fn run() -> io::Result<Exit> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    match cli::parse(std::env::args_os()) {
        Ok(Verb::Config(args)) => cli::show(args, &Env, &mut out, &mut err),
        Ok(verb) => {
            writeln!(err, "sre-monitor: {verb:?} is not built yet")?;
            Ok(Exit::Failed)
        }
        Err(answer) => {
            match answer.exit {
                Exit::Done => write!(out, "{}", answer.text)?,
                _ => write!(err, "{}", answer.text)?,
            }
            Ok(answer.exit)
        }
    }
}
