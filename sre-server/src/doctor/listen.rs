//! Whether the service can listen where it is told to.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::{Finding, TIME_LIMIT};
use crate::cli::from_here;

/// Tries the address. One that is taken is well where the service itself answers there.
pub async fn listen(address: SocketAddr, client: &reqwest::Client) -> Finding {
    let check = "address";
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(check, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if is_us(address, client).await {
                Finding::ok(check, format!("the service answers at {address}"))
            } else {
                let advice = "stop what listens there, or set SRE_MONITOR_PORT";
                Finding::fault(
                    check,
                    format!("another program listens at {address}"),
                    advice,
                )
            }
        }
        Err(error) => {
            let advice = "set SRE_MONITOR_HOST to an address of this machine, and SRE_MONITOR_PORT \
                          to a port that it may use";
            Finding::fault(
                check,
                format!("{address} cannot be listened on: {error}"),
                advice,
            )
        }
    }
}

/// Whether the answer to `/health` is one of ours.
async fn is_us(address: SocketAddr, client: &reqwest::Client) -> bool {
    let url = format!("http://{}/health", from_here(address));
    let request = client
        .get(url)
        .timeout(TIME_LIMIT)
        .send();
    let Ok(answer) = request.await else {
        return false;
    };
    let health: Option<serde_json::Value> = answer.json().await.ok();
    health.is_some_and(|health| {
        health
            .pointer("/checks/worker_evaluator")
            .is_some()
    })
}
