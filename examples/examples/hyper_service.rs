//! A hyper service with SLOs: one layer counts its requests, one task keeps the slices, and `/slo` says
//! how it stands.
//!
//! ```sh
//! cargo run -p sre-examples --example hyper_service
//! curl localhost:8081/ ; curl localhost:8081/broken ; curl localhost:8081/slo
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::future::ready;
use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sre_core::budget::ErrorBudget;
use sre_core::method::BudgetingMethod;
use sre_core::recorder::SloRecorder;
use sre_core::slice::SliceWidth;
use sre_core::slo::Slo;
use sre_core::threshold::{Operator, Threshold};
use sre_tower::SloLayer;
use tokio::net::TcpListener;
use tower::{Layer as _, service_fn};

/// What the service promises.
#[derive(Clone)]
struct Promises {
    availability: Arc<SloRecorder>,
    latency: Arc<SloRecorder>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind("127.0.0.1:8081").await?;
    writeln!(stdout(), "listening on http://{}", listener.local_addr()?)?;
    serve(listener, Promises::new()?).await
}

impl Promises {
    /// 99.9 % of requests are answered, and 99 % within 100 ms.
    fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let availability = Slo::builder("shop", "availability")
            .target_percentage("99.9")?
            .slice(SliceWidth::TEN_SECONDS)
            .build()?;
        let latency = Slo::builder("shop", "latency")
            .target_percentage("99")?
            .threshold(Threshold::new(Operator::Lt, 100.0)?)
            .budgeting_method(BudgetingMethod::Occurrences)
            .slice(SliceWidth::TEN_SECONDS)
            .build()?;
        Ok(Self {
            availability: Arc::new(SloRecorder::new(availability)),
            latency: Arc::new(SloRecorder::new(latency)),
        })
    }

    /// A line for each, as people read it.
    fn told(&self, now: DateTime<Utc>) -> Result<String, Box<dyn Error + Send + Sync>> {
        let mut text = String::new();
        for recorder in [&self.availability, &self.latency] {
            let status = recorder.status(now)?;
            let shown = |value: Option<f64>| value.map_or("-".to_owned(), |v| format!("{v:.2} %"));
            writeln!(
                text,
                "{}: {}, good {}, budget left {}",
                recorder.slo().definition.name,
                status.state,
                shown(
                    status
                        .budget
                        .and_then(ErrorBudget::sli_percentage)
                ),
                shown(
                    status
                        .budget
                        .and_then(ErrorBudget::remaining_percentage)
                ),
            )?;
        }
        Ok(text)
    }
}

async fn serve(
    listener: TcpListener,
    promises: Promises,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let layer =
        SloLayer::new(Arc::clone(&promises.availability)).latency(Arc::clone(&promises.latency));
    tokio::spawn(keep_slices(promises.clone()));
    loop {
        let (stream, _) = listener.accept().await?;
        let promises = promises.clone();
        let handler =
            service_fn(move |request| ready(Ok::<_, Infallible>(answer(&request, &promises))));
        let service = TowerToHyperService::new(layer.layer(handler));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        // A connection that breaks off is its caller's matter, and counted.
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// Closes slices as they end: a second's lateness moves no more than what was counted in it.
async fn keep_slices(promises: Promises) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        let now = now();
        promises.availability.tick(now);
        promises.latency.tick(now);
    }
}

fn answer(request: &Request<Incoming>, promises: &Promises) -> Response<Full<Bytes>> {
    let (status, text) = match request.uri().path() {
        "/slo" => match promises.told(now()) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        "/broken" => (StatusCode::BAD_GATEWAY, "no backend\n".to_owned()),
        _ => (StatusCode::OK, "hello\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}

/// The time: read here, handed on from here.
#[expect(
    clippy::disallowed_methods,
    reason = "a program has a clock; the library has none"
)]
fn now() -> DateTime<Utc> {
    sre_core::time::truncate(SystemTime::now().into())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn it_says_how_it_stands() {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener
            .local_addr()
            .expect("an address");
        tokio::spawn(serve(listener, Promises::new().expect("legal")));
        let ask = async |path: &str| {
            let mut stream = TcpStream::connect(address)
                .await
                .expect("a connection");
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            stream
                .write_all(request.as_bytes())
                .await
                .expect("sent");
            let mut answer = String::new();
            stream
                .read_to_string(&mut answer)
                .await
                .expect("an answer");
            answer
        };
        for path in ["/", "/", "/broken", "/nowhere"] {
            ask(path).await;
        }
        let told = ask("/slo").await;
        assert!(
            told.contains("availability: violated, good 75.00 %, budget left -24900.00 %"),
            "{told}"
        );
    }
}
