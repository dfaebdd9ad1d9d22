//! Whether the receiver of a channel can be connected to. Nothing is sent.

use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use url::Url;

use super::{Finding, TIME_LIMIT};

/// A host and a port. Shown as they are: neither is a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Place {
    /// Where a URL leads; `None` for one without a host.
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self {
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// As `host:port`.
    pub fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Unreachable {
    /// The name has no address.
    NoAddress,
    /// Nobody answers in time.
    Silent,
    /// The connection is refused, or breaks.
    Refused(String),
}

/// Connects to the receiver of `check`.
pub async fn reach(check: &str, place: &Place) -> Finding {
    match connect(place).await {
        Ok((_, took)) => Finding::ok(
            check,
            format!(
                "{} takes connections ({} ms)",
                place.shown(),
                took.as_millis()
            ),
        ),
        Err(why) => why.finding(check, place),
    }
}

/// Connects, and says how long it took.
pub(super) async fn connect(place: &Place) -> Result<(TcpStream, Duration), Unreachable> {
    let began = Instant::now();
    // An address of version 6 stands in brackets in a URL.
    let host = place.host.trim_matches(['[', ']']);
    let addresses = timeout(TIME_LIMIT, lookup_host((host, place.port))).await;
    let Ok(Ok(addresses)) = addresses else {
        return Err(Unreachable::NoAddress);
    };
    let mut why = Unreachable::NoAddress;
    for address in addresses {
        match timeout(TIME_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok((stream, began.elapsed())),
            Ok(Err(error)) => why = Unreachable::Refused(error.kind().to_string()),
            Err(_) => why = Unreachable::Silent,
        }
    }
    Err(why)
}

impl Unreachable {
    pub(super) fn finding(&self, check: &str, place: &Place) -> Finding {
        let place = place.shown();
        match self {
            Self::NoAddress => Finding::fault(
                check,
                format!("{place} has no address"),
                "look at the name, and at this machine's DNS",
            ),
            Self::Silent => Finding::fault(
                check,
                format!("{place} does not answer"),
                "look at the address, and at firewalls and network policies on the way",
            ),
            Self::Refused(why) => Finding::fault(
                check,
                format!("{place}: {why}"),
                "look whether it runs, and at the port",
            ),
        }
    }
}
