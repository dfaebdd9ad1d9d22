//! Where the service listens, what it takes, and who may come in.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::parse;
use super::reader::Reader;
use crate::admission::{TokenFaults, TokenSet};

/// Where the service listens, and its limits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerConfig {
    /// The address of the API; port 0 takes a free one.
    pub address: SocketAddr,
    /// The names under which clients reach it, beside loopback names and IP addresses.
    pub host_names: Vec<String>,
    /// A second address, for health and metrics only.
    pub probe_address: Option<SocketAddr>,
    /// Who may come in; `None` where nobody is asked who they are.
    pub tokens: Option<TokensConfig>,
    /// Whether everybody who reaches `address` from elsewhere may read and write; true only where
    /// that was allowed in so many words.
    pub insecure: bool,
    /// How long a whole request may take.
    pub request_timeout: Duration,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// The largest body of a batch of samples.
    pub max_samples_body_bytes: usize,
}

/// A file of tokens, and what it held at the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokensConfig {
    /// Where the file is.
    pub path: PathBuf,
    /// What it held.
    pub tokens: TokenSet,
}

/// Links that are added to what is shown and sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Links {
    /// Where people reach this service.
    pub own: Option<Url>,
    /// Where the dashboards are.
    pub grafana: Option<Url>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> ServerConfig {
    let host = reader.value("SRE_MONITOR_HOST", parse::address);
    let port = reader.value("SRE_MONITOR_PORT", parse::port);
    let host_names = reader.optional("SRE_MONITOR_HOST_NAMES", parse::host_names);
    let anonymous = reader.value("SRE_MONITOR_ALLOW_ANONYMOUS", parse::flag);
    let tokens = read_tokens(reader);
    let request_timeout = reader
        .value("REQUEST_TIMEOUT", parse::span)
        .as_duration();
    let max_body_bytes = reader.value("SRE_MONITOR_MAX_BODY_BYTES", parse::bytes);
    let probe_port = reader.optional("SRE_MONITOR_PROBE_PORT", parse::port);

    let asks = reader.is_set(TOKENS);
    if asks && anonymous {
        reader.warn("SRE_MONITOR_ALLOW_ANONYMOUS has no effect, since there is a file of tokens");
    }
    if !asks {
        check_open(reader, host, anonymous);
    }
    let is_same = probe_port.is_some_and(|probe_port| probe_port == port);
    if is_same && reader.are_sound(&["SRE_MONITOR_PORT"]) {
        reader.refuse("SRE_MONITOR_PROBE_PORT", "is the same as SRE_MONITOR_PORT");
    }
    ServerConfig {
        address: SocketAddr::new(host, port),
        host_names: host_names.unwrap_or_default(),
        probe_address: probe_port.map(|port| SocketAddr::new(host, port)),
        tokens,
        insecure: !is_loopback(host) && anonymous && !asks,
        request_timeout,
        max_body_bytes,
        max_samples_body_bytes: max_body_bytes.max(SAMPLES_BODY_BYTES),
    }
}

pub(super) fn read_links(reader: &mut Reader<'_>, server: &ServerConfig) -> Links {
    let own = reader.optional("SRE_MONITOR_PUBLIC_URL", parse::url);
    let address = format!("http://{}/", server.address);
    reader.computed("SRE_MONITOR_PUBLIC_URL", address.clone());
    Links {
        own: own.or_else(|| Url::parse(&address).ok()),
        grafana: reader.optional("GRAFANA_URL", parse::url),
    }
}

/// The file of tokens, whole: with a part of it the service would be open to some and closed to
/// others by accident.
fn read_tokens(reader: &mut Reader<'_>) -> Option<TokensConfig> {
    let path = reader.optional(TOKENS, parse::path)?;
    let text = reader.file(TOKENS, &path)?;
    match text.parse() {
        Ok(tokens) => Some(TokensConfig { path, tokens }),
        Err(faults) => {
            let faults: TokenFaults = faults;
            reader.refuse(TOKENS, faults.to_string());
            None
        }
    }
}

/// The setting that names the file of tokens.
const TOKENS: &str = "SRE_MONITOR_API_TOKENS_FILE";

/// Nothing here asks who is calling, so an address that others can reach must be meant.
fn check_open(reader: &mut Reader<'_>, host: IpAddr, anonymous: bool) {
    if is_loopback(host) {
        return;
    }
    if anonymous {
        reader.warn(format!(
            "everybody who can reach {host} may read and write: SRE_MONITOR_ALLOW_ANONYMOUS is true"
        ));
    } else {
        reader.refuse(
            "SRE_MONITOR_HOST",
            "other machines can reach this address, and everybody there could read and write; \
             name a file of tokens (SRE_MONITOR_API_TOKENS_FILE; `sre-monitor token new` makes \
             one), listen on 127.0.0.1, or set SRE_MONITOR_ALLOW_ANONYMOUS=true to allow it",
        );
    }
}

/// Also `::ffff:127.0.0.1`, which the kernel treats as loopback.
fn is_loopback(host: IpAddr) -> bool {
    host.to_canonical().is_loopback()
}

/// 16 MiB: a batch of samples of many services.
const SAMPLES_BODY_BYTES: usize = 16 * 1_048_576;
