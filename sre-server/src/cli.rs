//! The command line: which verb is meant, and the verbs that need no store.
//!
//! Nothing here prints: a verb writes to the `Write` it is given, and answers how the process ends.

mod config;
mod health;
mod help;
mod routes;
mod simulate;
mod token;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::config::{markdown, show};
pub use self::health::ask;
pub(crate) use self::health::from_here;
pub(crate) use self::routes::file_of_routes;
pub use self::routes::{RenderArgs, RoutesVerb, TestArgs, TreeArgs, routes};
pub use self::simulate::SimulateArgs;
pub(crate) use self::simulate::{read_slices, stretch, write_table};
pub use self::token::{Expiry, NewTokenArgs, TokenVerb, new_token};

/// The SRE Monitor service: SLOs, error budgets, alerts and incidents.
///
/// Without a verb it serves. It needs no file, database or Prometheus to start.
/// Environment variables set everything: they are listed below and by `sre-monitor config`.
#[derive(Debug, Parser)]
#[command(name = "sre-monitor", version, verbatim_doc_comment, after_long_help = help::settings())]
struct CommandLine {
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What the process is asked to do.
#[derive(Clone, Debug, Eq, PartialEq, Subcommand)]
pub enum Verb {
    /// Serves until it is told to stop; the same as no verb
    Serve,
    /// Brings the store's schema up to date, and ends
    Migrate,
    /// Shows what every setting comes to and where it comes from, secrets masked
    Config(ConfigArgs),
    /// Writes the API's OpenAPI document
    Openapi(OpenapiArgs),
    /// Looks at everything that the service leans on, and says what to do where it would not hold
    Doctor(DoctorArgs),
    /// Asks the service that runs with these settings whether it is well; for health checks
    Health(HealthArgs),
    /// Tells what other burn policies would have said of what is stored, also beside a running service
    Simulate(SimulateArgs),
    /// Serves a month of made-up history, to look around in; nobody is told of anything
    Demo(DemoArgs),
    /// Shows where alerts go by the routes of a configuration file
    #[command(subcommand)]
    Routes(RoutesVerb),
    /// Makes tokens for callers of the API
    #[command(subcommand)]
    Token(TokenVerb),
}

/// How the API is shown.
#[derive(Args, Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OpenapiArgs {
    /// Writes the documentation for people instead, as in `docs/api.md`
    #[arg(long)]
    pub markdown: bool,
}

/// How the settings are shown.
#[derive(Args, Clone, Copy, Debug, Eq, PartialEq)]
pub struct ConfigArgs {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Writes the documentation of all settings instead, as in `docs/configuration.md`
    #[arg(long, hide = true)]
    pub markdown: bool,
}

/// How findings are shown.
#[derive(Args, Clone, Copy, Debug, Eq, PartialEq)]
pub struct DoctorArgs {
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// What a running service is asked.
#[derive(Args, Clone, Copy, Debug, Eq, PartialEq)]
pub struct HealthArgs {
    /// Asks whether requests should come, and not only whether it lives
    #[arg(long)]
    pub ready: bool,
}

/// Where a demo is kept.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct DemoArgs {
    /// The directory of its store, made when missing; one that holds anything else is refused
    #[arg(default_value = "./demo-data")]
    pub directory: PathBuf,
    /// Makes the history, and ends
    #[arg(long)]
    pub make_only: bool,
}

/// The form of what is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Output {
    /// JSON, for programs.
    Json,
    /// Aligned columns, for people.
    Table,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// All is well: 0.
    Done,
    /// It failed, or the command line was not understood: 1.
    Failed,
    /// A setting cannot be used: 78, `EX_CONFIG`.
    Misconfigured,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Misconfigured => Self::from(78),
        }
    }
}

/// An answer that the command line asks for by itself: help, the version, or what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// What to write: to standard output when `exit` is [`Exit::Done`], else to standard error.
    pub text: String,
    /// How the process ends.
    pub exit: Exit,
}

/// The verb that `args` ask for, the program's name first.
///
/// # Errors
/// What to write instead, and how to end.
pub fn parse<I, T>(args: I) -> Result<Verb, Answer>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    match CommandLine::try_parse_from(args) {
        Ok(line) => Ok(line.verb.unwrap_or(Verb::Serve)),
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Failed
            } else {
                Exit::Done
            };
            Err(Answer {
                text: error.render().to_string(),
                exit,
            })
        }
    }
}
