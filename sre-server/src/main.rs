//! The life of the process: what is asked, what is set, and how it ends.

use std::io::{self, Write};
use std::process::ExitCode;

use sre_core::time::Clock as _;
use sre_server::app::Language;
use sre_server::cli::{self, Exit, RoutesVerb, TokenVerb, Verb};
use sre_server::clock::SystemClock;
use sre_server::config::{Config, Env};
use sre_server::{app, logging};

fn main() -> ExitCode {
    run().unwrap_or_else(|_| Exit::Failed.into())
}

/// What can still fail is writing, and then there is nowhere to say so.
fn run() -> io::Result<ExitCode> {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let verb = match cli::parse(std::env::args_os()) {
        Ok(verb) => verb,
        Err(answer) if answer.exit == Exit::Done => {
            write!(out, "{}", answer.text)?;
            return Ok(answer.exit.into());
        }
        Err(answer) => {
            write!(err, "{}", answer.text)?;
            return Ok(answer.exit.into());
        }
    };
    match verb {
        Verb::Config(args) => Ok(cli::show(args, &Env, &mut out, &mut err)?.into()),
        Verb::Openapi(args) if args.markdown => {
            out.write_all(sre_server::api::markdown().as_bytes())?;
            Ok(Exit::Done.into())
        }
        Verb::Openapi(_) => {
            out.write_all(sre_server::api::router().document())?;
            writeln!(out)?;
            Ok(Exit::Done.into())
        }
        Verb::Routes(RoutesVerb::Render(args)) => {
            Ok(app::render(&args, &Env, &mut out, &mut err)?.into())
        }
        Verb::Routes(verb) => {
            Ok(cli::routes(&verb, &Env, SystemClock.now(), &mut out, &mut err)?.into())
        }
        Verb::Token(TokenVerb::New(args)) => {
            Ok(cli::new_token(&args, SystemClock.now(), &mut out, &mut err)?.into())
        }
        Verb::Serve => with_config(Voice::Logs, &mut err, |config| async {
            app::run(config)
                .await
                .map(ExitCode::from)
        }),
        Verb::Doctor(args) => block_on(&mut err, async {
            app::doctor(args, Config::read(&Env, &Language), &mut io::stdout())
                .await
                .map(ExitCode::from)
        }),
        Verb::Demo(args) => with_config(Voice::Logs, &mut err, |config| async {
            app::demo(config, args, io::stderr())
                .await
                .map(ExitCode::from)
        }),
        Verb::Health(args) => with_config(Voice::Silent, &mut err, |config| async {
            app::health(config, args, &mut out)
                .await
                .map(ExitCode::from)
        }),
        Verb::Simulate(args) => with_config(Voice::Silent, &mut err, |config| async {
            app::simulate(config, args, &mut out)
                .await
                .map(ExitCode::from)
        }),
        Verb::Migrate => with_config(Voice::Logs, &mut err, |config| async {
            app::migrate(config)
                .await
                .map(|()| Exit::Done.into())
        }),
    }
}

/// Whether a verb logs, and says what is odd about the settings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Voice {
    Logs,
    /// Asked every few seconds, or says everything itself.
    Silent,
}

/// Reads the settings, begins logging, and does what is asked; tells what kept it from being done.
fn with_config<F: Future<Output = anyhow::Result<ExitCode>>>(
    voice: Voice,
    err: &mut impl Write,
    verb: impl FnOnce(Config) -> F,
) -> io::Result<ExitCode> {
    let (config, warnings) = match Config::read(&Env, &Language) {
        Ok(read) => read,
        Err(faults) => {
            write!(err, "{faults}")?;
            return Ok(Exit::Misconfigured.into());
        }
    };
    if voice == Voice::Logs {
        logging::begin(&config.log);
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
    }
    block_on(err, verb(config))
}

/// Does what is asked; tells what kept it from being done.
fn block_on(
    err: &mut impl Write,
    verb: impl Future<Output = anyhow::Result<ExitCode>>,
) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match runtime.block_on(verb) {
        Ok(code) => Ok(code),
        Err(error) => {
            writeln!(err, "sre-monitor: {error:#}")?;
            Ok(Exit::Failed.into())
        }
    }
}
