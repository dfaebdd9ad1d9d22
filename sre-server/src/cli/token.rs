//! `sre-monitor token new`: a token for a caller, and the line by which the service knows it.

use std::io::{self, Write};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;
use sre_core::time::Span;

use super::{Exit, Output};
use crate::admission::{NewToken, Role, check_name};

/// What is done with tokens.
#[derive(Clone, Debug, Eq, PartialEq, Subcommand)]
pub enum TokenVerb {
    /// Makes a token, and shows it once with the line for `SRE_MONITOR_API_TOKENS_FILE`
    New(NewTokenArgs),
}

/// What a new token is to be.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub struct NewTokenArgs {
    /// What its holder may do: read, ack, write or admin; each may do what those before it may
    #[arg(long)]
    pub role: Role,
    /// What stands under what its holder does; the role and a random id where left out
    #[arg(long, value_parser = name)]
    pub name: Option<String>,
    /// After which time it is refused: `90d`, `12h`, `never`
    #[arg(long, default_value = "90d")]
    pub expires: Expiry,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// When a token ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expiry {
    /// It does not.
    Never,
    /// After so long.
    After(Span),
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let span: Span = text
            .parse()
            .map_err(|error| format!("{error}; or `never`"))?;
        if span < Span::SECOND {
            return Err("a token lasts a second at least".to_owned());
        }
        Ok(Self::After(span))
    }
}

fn name(text: &str) -> Result<String, String> {
    check_name(text).map(str::to_owned)
}

/// Makes a token and writes it to `out`, where it is seen once; what to do with it goes to `err`.
///
/// # Errors
/// Writing failed.
pub fn new_token(
    args: &NewTokenArgs,
    now: DateTime<Utc>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<Exit> {
    let expires_at = match args.expires {
        Expiry::Never => None,
        Expiry::After(span) => Some(now + span.as_delta()),
    };
    let made = match NewToken::draw(args.role, args.name.as_deref(), expires_at) {
        Ok(made) => made,
        Err(error) => {
            writeln!(err, "sre-monitor: {error}")?;
            return Ok(Exit::Failed);
        }
    };
    match args.output {
        Output::Json => {
            let shown = json!({ "token": made.text, "line": made.token.to_string() });
            writeln!(out, "{shown}")?;
        }
        Output::Table => {
            writeln!(out, "token  {}", made.text)?;
            writeln!(out, "line   {}", made.token)?;
            writeln!(
                err,
                "The token is for the caller (`Authorization: Bearer …`), and is not shown again. \
                 The line goes into the file that SRE_MONITOR_API_TOKENS_FILE names."
            )?;
        }
    }
    Ok(Exit::Done)
}
