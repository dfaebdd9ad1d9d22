//! A server that answers whatever the test wants, over a plain socket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered to a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A status, further header lines and a body.
    Whole(u16, &'static str, String),
    /// A body that claims to be so long.
    Declared(u64),
    /// A body that never ends, as fast as it is taken.
    Endless,
    /// A byte now and then.
    Drip,
    /// Nothing; the connection stays open.
    Silence,
    /// Half a body, then the end of the connection.
    Broken,
}

impl Reply {
    /// An answer of the query API: series as they stand in `result`.
    pub(crate) fn matrix(result: &str) -> Self {
        Self::Whole(
            200,
            "content-type: application/json\r\n",
            format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#
            ),
        )
    }
}

/// A running server; it ends with the value.
pub(crate) struct Liar {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Liar {
    /// Answers by what is asked: the request's text, headers and body.
    pub(crate) async fn answering(
        reply: impl Fn(&str) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!(
            "http://{}",
            listener
                .local_addr()
                .expect("an address")
        );
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (reply, seen) = (reply.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    let request = request(&mut stream).await;
                    let reply = reply(&request);
                    seen.lock()
                        .expect("not poisoned")
                        .push(request);
                    send(stream, reply).await;
                });
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests
            .lock()
            .expect("not poisoned")
            .clone()
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream
            .read(&mut buffer)
            .await
            .unwrap_or(0);
        text.extend_from_slice(&buffer[..read]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return so_far;
            }
        }
        if read == 0 {
            return so_far;
        }
    }
}

async fn send(mut stream: TcpStream, reply: Reply) {
    let head = |status: u16, more: &str, length: &str| {
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{more}{length}\r\n")
    };
    match reply {
        Reply::Whole(status, more, body) => {
            let head = head(status, more, &format!("content-length: {}\r\n", body.len()));
            let _ = stream
                .write_all((head + &body).as_bytes())
                .await;
        }
        Reply::Declared(length) => {
            let head = head(200, "", &format!("content-length: {length}\r\n"));
            let _ = stream.write_all(head.as_bytes()).await;
            flood(stream).await;
        }
        Reply::Endless => {
            let _ = stream
                .write_all(head(200, "", "").as_bytes())
                .await;
            flood(stream).await;
        }
        Reply::Drip => {
            let _ = stream
                .write_all(head(200, "", "").as_bytes())
                .await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Reply::Silence => {
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Reply::Broken => {
            let head = head(200, "", "content-length: 1000\r\n");
            let _ = stream
                .write_all((head + r#"{"status":"succ"#).as_bytes())
                .await;
        }
    }
}

/// A gigabyte of blanks, as long as somebody takes them.
async fn flood(mut stream: TcpStream) {
    let blanks = vec![b' '; 64 * 1_024];
    for _ in 0..16 * 1_024 {
        if stream.write_all(&blanks).await.is_err() {
            return;
        }
    }
}
