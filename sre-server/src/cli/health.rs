//! `sre-monitor health`: asks the service that runs with these settings whether it is well.
//!
//! Made for the health checks of containers, which have no other program to ask with.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Exit, HealthArgs};

/// Longer than a service that is well ever takes, shorter than a health check waits.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Asks the service at `address`, and writes one line.
///
/// # Errors
/// Writing failed.
pub async fn ask(
    address: SocketAddr,
    args: HealthArgs,
    client: &reqwest::Client,
    out: &mut impl Write,
) -> io::Result<Exit> {
    let path = if args.ready {
        "/health/ready"
    } else {
        "/health/live"
    };
    let url = format!("http://{}{path}", from_here(address));
    let answer = client
        .get(&url)
        .timeout(TIME_LIMIT)
        .send()
        .await;
    match answer {
        Ok(answer) if answer.status().is_success() => {
            writeln!(out, "ok: {url}")?;
            Ok(Exit::Done)
        }
        Ok(answer) => {
            writeln!(out, "not well: {url} answered {}", answer.status())?;
            Ok(Exit::Failed)
        }
        Err(error) => {
            let why = if error.is_timeout() {
                "did not answer in time"
            } else {
                "cannot be reached"
            };
            writeln!(out, "not well: {url} {why}")?;
            Ok(Exit::Failed)
        }
    }
}

/// Where a service that listens on `address` is found from the same machine.
pub(crate) fn from_here(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_on_loopback() {
        for (listens, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(from_here(listens.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
