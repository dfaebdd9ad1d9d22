//! The socket: HTTP/1 by hyper, with a limit on everything a stranger could hold for ever.
//!
//! HTTP/1 only, and by [`http1::Builder`] only: hyper-util's `auto` never times out its sniffing of
//! the protocol, so a silent client would keep its connection. What hyper does not bound, the two
//! wrappers of a connection do: `WriteStall` a client that never reads, `HeadGuard` the request
//! heads on which two parsers could disagree. Bodies are bounded where they are read.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response, body::Body};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;
use tower::util::MapRequest;

use self::bare_refusal::BareRefusal;
use self::head_guard::HeadGuard;
use self::write_stall::WriteStall;
use crate::http::Remote;
use crate::lifecycle::Stop;

mod bare_refusal;
mod head_guard;
mod write_stall;

/// A request's head comes within this time, and an idle connection is closed after it. hyper starts
/// the clock when it waits for a head, so a client that never says anything is covered.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How much is buffered of what comes in and of what goes out. It is what an idle connection can
/// cost: 1,024 of them 32 MiB.
const BUFFER_BYTES_MAX: usize = 32 * 1024;

/// The largest head (431): what the buffer holds, also where one read brings in more than that.
const HEAD_BYTES_MAX: usize = BUFFER_BYTES_MAX;

/// How many connections are open at once. More wait in the kernel's backlog, where they cost next
/// to nothing.
const CONNECTIONS_MAX: usize = 1024;

/// How long to wait when the kernel refuses to accept: most often there are no file descriptors
/// left, which ends when connections do.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound address, not yet served. Binding first lets a start fail before anything else happens.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address. Port 0 takes a free one, which [`Listener::address`] tells.
    ///
    /// # Errors
    ///
    /// What the system says: the port is taken, or the address is not one of this machine.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop; then idle connections are closed and requests in flight are
    /// finished, unless the stop is forced.
    pub async fn serve<S, B>(self, service: S, stop: Stop)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let connections = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.requested() => break,
                accepted = accept(&self.socket, &places) => accepted,
            };
            let Some((socket, place)) = accepted else {
                continue;
            };
            let connection = Connection {
                socket,
                place,
                watcher: connections.watcher(),
                stop: stop.clone(),
            };
            tokio::spawn(connection.serve(service.clone()));
        }
        // Closes the socket: new connections are refused from here on.
        drop(self.socket);
        tokio::select! {
            () = connections.shutdown() => {}
            () = stop.forced() => {}
        }
    }
}

/// The next connection, once there is a place for it; `None` after a failure.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    // The semaphore is never closed.
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .ok()?;
    match listener.accept().await {
        Ok((socket, _)) => Some((socket, place)),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not accept");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// One open connection and what it holds.
struct Connection {
    socket: TcpStream,
    place: OwnedSemaphorePermit,
    watcher: Watcher,
    stop: Stop,
}

impl Connection {
    async fn serve<S, B>(self, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>
            + Clone
            + Send
            + 'static,
        B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
    {
        let Self {
            socket,
            place,
            watcher,
            stop,
        } = self;
        // Answers are written whole; waiting for more to send would only delay them. Where the
        // option is refused, it is slower and otherwise the same.
        let _ = socket.set_nodelay(true);
        let remote = socket
            .peer_addr()
            .ok()
            .map(|address| Remote(address.ip()));
        let service = MapRequest::new(service, move |mut request: Request<Incoming>| {
            if let Some(remote) = remote {
                request.extensions_mut().insert(remote);
            }
            request
        });
        let guarded = WriteStall::new(HeadGuard::new(socket));
        let io = TokioIo::new(BareRefusal::new(guarded));
        let connection = builder().serve_connection(io, TowerToHyperService::new(service));
        tokio::select! {
            ended = watcher.watch(connection) => {
                if let Err(error) = ended {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error, "a connection was cut off"
                    );
                }
            }
            () = stop.forced() => {}
        }
        drop(place);
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
}
