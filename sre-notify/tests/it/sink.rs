//! A receiver of one's own: it reads whole requests, keeps them, and answers as its script says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the receiver does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes and resets the connection.
    BytesThenReset(Vec<u8>),
    /// Writes one byte at a time, so long apart, for ever.
    Drip(Vec<u8>, Duration),
    /// Says nothing and keeps the connection.
    Hang,
    /// An answer of 200 that does not end.
    Endless,
}

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Exactly as many bytes as were announced.
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(is, _)| is == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The receiver.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    sent_bytes: Arc<Mutex<usize>>,
}

impl Sink {
    /// A receiver that answers every request in the same way.
    pub(crate) async fn that(reply: Reply) -> Self {
        Self::scripted(vec![reply]).await
    }

    /// A receiver that answers one request after the other; the last reply is repeated.
    pub(crate) async fn scripted(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let port = listener
            .local_addr()
            .expect("bound")
            .port();
        let (seen, sent_bytes) = (Arc::default(), Arc::default());
        let sink = Self {
            port,
            seen: Arc::clone(&seen),
            sent_bytes: Arc::clone(&sent_bytes),
        };
        tokio::spawn(async move {
            let mut replies = script
                .iter()
                .cycle()
                .take(script.len())
                .cloned();
            let mut last = Reply::Hang;
            while let Ok((stream, _)) = listener.accept().await {
                last = replies.next().unwrap_or(last);
                tokio::spawn(serve(
                    stream,
                    last.clone(),
                    Arc::clone(&seen),
                    Arc::clone(&sent_bytes),
                ));
            }
        });
        sink
    }

    /// What arrived so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen
            .lock()
            .expect("no panic while held")
            .clone()
    }

    /// How much of an endless answer was sent.
    pub(crate) fn sent_bytes(&self) -> usize {
        *self
            .sent_bytes
            .lock()
            .expect("no panic while held")
    }
}

/// A plain answer with a body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    );
    Reply::Bytes(text.into_bytes())
}

async fn serve(
    mut stream: TcpStream,
    reply: Reply,
    seen: Arc<Mutex<Vec<Request>>>,
    sent_bytes: Arc<Mutex<usize>>,
) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    seen.lock()
        .expect("no panic while held")
        .push(request);
    match reply {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::BytesThenReset(bytes) => {
            drop(stream.write_all(&bytes).await);
            // Whatever is sent must have been read, or the reset would overtake it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(stream.set_zero_linger());
        }
        Reply::Drip(bytes, pause) => {
            for byte in bytes
                .iter()
                .chain(std::iter::repeat(&b'x'))
            {
                if stream
                    .write_all(&[*byte])
                    .await
                    .is_err()
                {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Hang => std::future::pending().await,
        Reply::Endless => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
            drop(stream.write_all(head.as_bytes()).await);
            let chunk = vec![b'x'; 64 * 1024];
            while stream.write_all(&chunk).await.is_ok() {
                *sent_bytes
                    .lock()
                    .expect("no panic while held") += chunk.len();
            }
        }
    }
}

/// One request; `None` when it breaks off.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
        {
            break at;
        }
    };
    let head = String::from_utf8(bytes.get(..head_end)?.to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request {
        line,
        headers,
        body: bytes.split_off(head_end + 4),
    };
    let length = request
        .header("content-length")
        .map_or(Ok(0), str::parse)
        .ok()?;
    while request.body.len() < length {
        if stream
            .read_buf(&mut request.body)
            .await
            .ok()?
            == 0
        {
            return None;
        }
    }
    Some(request)
}
