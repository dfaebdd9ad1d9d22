//! The layer around a real hyper server, asked by real requests over sockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use sre_core::budget::ErrorBudget;
use sre_core::method::BudgetingMethod;
use sre_core::recorder::SloRecorder;
use sre_core::slo::Slo;
use sre_core::threshold::{Operator, Threshold};
use sre_core::time::at_second;
use sre_tower::SloLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::{Layer as _, service_fn};

/// Tells of requests that hang: that one arrived, and that it was dropped.
#[derive(Debug, Default)]
struct Hanging {
    arrived: Notify,
    dropped: Notify,
}

struct DropBell(Arc<Hanging>);

impl Drop for DropBell {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

async fn answer(
    request: Request<Incoming>,
    hanging: Arc<Hanging>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = match request.uri().path() {
        "/ok" => StatusCode::OK,
        "/missing" => StatusCode::NOT_FOUND,
        "/broken" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => {
            let _bell = DropBell(Arc::clone(&hanging));
            hanging.arrived.notify_one();
            std::future::pending::<()>().await;
            StatusCode::OK
        }
    };
    let mut response = Response::new(Full::new(Bytes::from_static(b"said")));
    *response.status_mut() = status;
    Ok(response)
}

/// A server behind `layer`, until the test ends.
async fn serve(layer: SloLayer, hanging: &Arc<Hanging>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener
        .local_addr()
        .expect("an address");
    let hanging = Arc::clone(hanging);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let hanging = Arc::clone(&hanging);
            let handler = service_fn(move |request| answer(request, Arc::clone(&hanging)));
            let service = TowerToHyperService::new(layer.layer(handler));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn send(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request is sent");
    stream
}

/// The status line of the answer.
async fn ask(address: SocketAddr, path: &str) -> String {
    let mut answer = String::new();
    send(address, path)
        .await
        .read_to_string(&mut answer)
        .await
        .expect("an answer");
    answer
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn availability(name: &str) -> Arc<SloRecorder> {
    let slo = Slo::builder("checkout", "availability")
        .name(name)
        .target("99".parse().expect("a target"));
    Arc::new(SloRecorder::new(slo.build().expect("legal")))
}

fn latency(milliseconds: f64) -> Arc<SloRecorder> {
    let slo = Slo::builder("checkout", "latency")
        .target("99".parse().expect("a target"))
        .threshold(Threshold::new(Operator::Lt, milliseconds).expect("finite"))
        .budgeting_method(BudgetingMethod::Occurrences);
    Arc::new(SloRecorder::new(slo.build().expect("legal")))
}

/// Bad and all events that were counted.
fn counted(recorder: &SloRecorder) -> (u64, u64) {
    let status = recorder
        .status(at_second(0))
        .expect("exact");
    let counts = status
        .budget
        .map(ErrorBudget::counts)
        .unwrap_or_default();
    (counts.bad().whole_events(), counts.total().whole_events())
}

#[tokio::test]
async fn every_answer_is_counted_by_its_status() {
    let (recorder, hanging) = (availability("all"), Arc::default());
    let address = serve(SloLayer::new(Arc::clone(&recorder)), &hanging).await;
    assert_eq!(ask(address, "/ok").await, "HTTP/1.1 200 OK");
    assert_eq!(ask(address, "/missing").await, "HTTP/1.1 404 Not Found");
    let broken = ask(address, "/broken").await;
    assert_eq!(broken, "HTTP/1.1 500 Internal Server Error");
    assert_eq!(counted(&recorder), (1, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_the_same_time_are_all_counted() {
    let (recorder, hanging) = (availability("all"), Arc::default());
    let address = serve(SloLayer::new(Arc::clone(&recorder)), &hanging).await;
    let requests: Vec<_> = (0..200)
        .map(|n| {
            let path = if n % 4 == 0 { "/broken" } else { "/ok" };
            tokio::spawn(ask(address, path))
        })
        .collect();
    for request in requests {
        assert!(
            request
                .await
                .expect("it ends")
                .starts_with("HTTP/1.1 ")
        );
    }
    assert_eq!(counted(&recorder), (50, 200));
}

#[tokio::test]
async fn a_request_whose_caller_goes_away_is_bad() {
    let (recorder, hanging) = (availability("all"), Arc::<Hanging>::default());
    let address = serve(SloLayer::new(Arc::clone(&recorder)), &hanging).await;
    let caller = send(address, "/hangs").await;
    hanging.arrived.notified().await;
    assert_eq!(counted(&recorder), (0, 0), "it is under way");
    drop(caller);
    hanging.dropped.notified().await;
    assert_eq!(counted(&recorder), (1, 1));
}

#[tokio::test]
async fn cancelled_requests_can_be_left_out() {
    let (recorder, hanging) = (availability("all"), Arc::<Hanging>::default());
    let layer = SloLayer::new(Arc::clone(&recorder)).leave_out_cancelled();
    let address = serve(layer, &hanging).await;
    let caller = send(address, "/hangs").await;
    hanging.arrived.notified().await;
    drop(caller);
    hanging.dropped.notified().await;
    ask(address, "/ok").await;
    assert_eq!(counted(&recorder), (0, 1));
}

#[tokio::test]
async fn latency_is_counted_against_the_threshold() {
    let hanging = Arc::<Hanging>::default();
    // No request takes less than nothing, and none of these takes an hour.
    for (line, bad) in [(0.0, 2), (3_600_000.0, 0)] {
        let slow = latency(line);
        let layer = SloLayer::new(availability("all")).latency(Arc::clone(&slow));
        let address = serve(layer, &hanging).await;
        ask(address, "/ok").await;
        ask(address, "/broken").await;
        assert_eq!(counted(&slow), (bad, 2), "{line} ms");
    }
}

#[tokio::test]
async fn of_a_cancelled_request_only_a_latency_that_is_known_is_counted() {
    for (line, expected) in [(0.0, (1, 1)), (3_600_000.0, (0, 0))] {
        let hanging = Arc::<Hanging>::default();
        let slow = latency(line);
        let layer = SloLayer::new(availability("all")).latency(Arc::clone(&slow));
        let address = serve(layer, &hanging).await;
        let caller = send(address, "/hangs").await;
        hanging.arrived.notified().await;
        drop(caller);
        hanging.dropped.notified().await;
        assert_eq!(counted(&slow), expected, "{line} ms");
    }
}

#[tokio::test]
async fn every_route_has_an_slo_of_its_own() {
    let hanging = Arc::default();
    let layer = SloLayer::new(availability("all")).per_route(
        |head| Some(head.uri.path().to_owned()),
        |route| {
            let slo = Slo::builder("checkout", "availability")
                .name(route)
                .target("99".parse().expect("a target"));
            SloRecorder::new(slo.build().expect("legal"))
        },
    );
    let address = serve(layer.clone(), &hanging).await;
    for path in ["/ok", "/ok", "/broken"] {
        ask(address, path).await;
    }
    let routes: Vec<_> = layer
        .routes()
        .into_iter()
        .map(|(route, recorder)| (route, counted(&recorder)))
        .collect();
    assert_eq!(
        routes,
        [("/broken".to_owned(), (1, 1)), ("/ok".to_owned(), (0, 2))]
    );
}

#[tokio::test]
async fn an_error_in_place_of_a_response_is_bad() {
    let (outcomes, slow) = (availability("all"), latency(3_600_000.0));
    let layer = SloLayer::new(Arc::clone(&outcomes)).latency(Arc::clone(&slow));
    let failing = service_fn(|_: Request<()>| async { Err::<Response<()>, _>("no backend") });
    let mut service = layer.layer(failing);
    let answer = tower::Service::call(&mut service, Request::new(())).await;
    assert_eq!(answer.err(), Some("no backend"));
    assert_eq!((counted(&outcomes), counted(&slow)), ((1, 1), (1, 1)));
}

#[tokio::test]
async fn a_classifier_of_ones_own_decides_and_may_leave_out() {
    let outcomes = availability("all");
    let layer = SloLayer::new(Arc::clone(&outcomes)).classify(|status, _| match status.as_u16() {
        404 => None,
        status => Some(sre_core::recorder::Event::good_if(status == 200)),
    });
    let hanging = Arc::default();
    let address = serve(layer, &hanging).await;
    for path in ["/ok", "/missing", "/broken"] {
        ask(address, path).await;
    }
    assert_eq!(counted(&outcomes), (1, 2));
}

#[tokio::test]
async fn what_hangs_until_a_timeout_gives_it_up_is_bad() {
    let outcomes = availability("all");
    let layer = SloLayer::new(Arc::clone(&outcomes));
    let hanging = service_fn(|_: Request<()>| std::future::pending::<Result<Response<()>, ()>>());
    let mut service = layer.layer(hanging);
    let call = tower::Service::call(&mut service, Request::new(()));
    let given_up = tokio::time::timeout(Duration::from_millis(1), call).await;
    assert!(given_up.is_err());
    assert_eq!(counted(&outcomes), (1, 1));
}
