//! A mail server that does what it is told, right or wrong: one step after the other, in clear.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does when it is its turn.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// Says this.
    Say(String),
    /// Says nothing and keeps the connection.
    Hang,
    /// Closes the connection.
    Close,
    /// Says this again and again, without the end of a line.
    Endless(&'static str),
}

/// The server: each command, and the content as a whole, is answered by the next of its turns.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What a server says that takes a mail over: greeting, EHLO, MAIL, RCPT, DATA, content, QUIT.
pub(crate) const WILLING: [&str; 7] = [
    "220 localhost ESMTP",
    "250-localhost\r\n250 SIZE 1000000",
    "250 sender ok",
    "250 recipient ok",
    "354 go on",
    "250 2.0.0 taken over",
    "221 bye",
];

impl Script {
    /// A willing server, but for the turn `at`.
    pub(crate) async fn but(at: usize, turn: Turn) -> Self {
        let mut turns: Vec<Turn> = WILLING.map(say).to_vec();
        turns[at] = turn;
        Self::of(turns).await
    }

    /// A server that takes these turns on every connection.
    pub(crate) async fn of(turns: Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let port = listener
            .local_addr()
            .expect("bound")
            .port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, turns.clone(), Arc::clone(&kept)));
            }
        });
        Self { port, seen }
    }

    /// What was asked so far: commands by their line, the content as `.`.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen
            .lock()
            .expect("no panic while held")
            .clone()
    }
}

/// A line of a server.
pub(crate) fn say(line: &str) -> Turn {
    Turn::Say(format!("{line}\r\n"))
}

async fn serve(stream: TcpStream, turns: Vec<Turn>, seen: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut is_content = false;
    for (n, turn) in turns.into_iter().enumerate() {
        // The greeting comes unasked.
        if n > 0 {
            let Some(asked) = read(&mut stream, is_content).await else {
                return;
            };
            is_content = asked == "DATA";
            seen.lock()
                .expect("no panic while held")
                .push(asked);
        }
        match turn {
            Turn::Say(words) => drop(stream.write_all(words.as_bytes()).await),
            Turn::Hang => std::future::pending().await,
            Turn::Close => return,
            Turn::Endless(words) => {
                let words = words.repeat(1_000);
                while stream
                    .write_all(words.as_bytes())
                    .await
                    .is_ok()
                {}
                return;
            }
        }
    }
    // Whatever else is asked is noted and left without an answer.
    while let Some(asked) = read(&mut stream, false).await {
        seen.lock()
            .expect("no panic while held")
            .push(asked);
    }
}

/// A command, or a content up to its final dot.
async fn read(stream: &mut BufReader<TcpStream>, is_content: bool) -> Option<String> {
    loop {
        let mut line = Vec::new();
        if stream
            .read_until(b'\n', &mut line)
            .await
            .ok()?
            == 0
        {
            return None;
        }
        let line = String::from_utf8_lossy(&line)
            .trim_end()
            .to_owned();
        if !is_content || line == "." {
            return Some(line);
        }
    }
}
