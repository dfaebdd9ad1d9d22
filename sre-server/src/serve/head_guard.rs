//! A connection that refuses request heads which two parsers could read in two ways.
//!
//! Behind a proxy, an attacker gains when proxy and service disagree on where a request ends
//! (request smuggling). hyper resolves the doubtful forms by the letter of RFC 9112 and goes on: a
//! bare LF ends a line, `Transfer-Encoding` wins over `Content-Length`, equal lengths said twice
//! are one. Here they are refused. hyper has no setting for that and hides what it resolved, so the
//! bytes are watched as they come in, and the end of a doubtful line is made unreadable: hyper then
//! answers 400 and closes the connection, as for every broken head.
//!
//! Only heads are looked at: a body is passed over by its announced length. After a chunked body
//! nothing is looked at any more, so the connection is closed after such a request (`http.rs`).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What takes the place of a doubtful line's end. No head may hold it anywhere.
const UNREADABLE: u8 = 0;

/// As much of an unfinished line as is kept. hyper refuses heads that are longer.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Watches what is read from a connection.
#[derive(Debug)]
pub(super) struct HeadGuard<IO> {
    io: IO,
    place: Place,
}

/// Where in the stream of requests the next byte lies.
#[derive(Debug)]
enum Place {
    Head(Head),
    /// In a body, with so many bytes to come.
    Body(u64),
    /// Where nothing is known any more; the connection ends with the present request.
    Beyond,
}

/// A head as far as it has come.
#[derive(Debug, Default)]
struct Head {
    /// The beginning of a line whose end is still to come.
    unfinished: Vec<u8>,
    lines: usize,
    length: Option<u64>,
    chunked: bool,
}

/// What a line of a head comes to.
enum Line {
    Goes,
    Doubtful,
    /// The line that ends the head.
    Ends,
}

impl<IO> HeadGuard<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io,
            place: Place::Head(Head::default()),
        }
    }
}

impl Place {
    /// Follows `bytes` through heads and bodies, and spoils the first doubtful line.
    fn follow(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            match self {
                Self::Beyond => return,
                Self::Body(0) => *self = Self::Head(Head::default()),
                Self::Body(left) => {
                    let passed = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left = left.saturating_sub(u64::try_from(passed).unwrap_or(u64::MAX));
                    bytes = bytes
                        .get_mut(passed..)
                        .unwrap_or_default();
                }
                Self::Head(head) => {
                    let Some(end) = bytes
                        .iter()
                        .position(|byte| *byte == b'\n')
                    else {
                        if head.keep(bytes).is_err() {
                            *self = Self::Beyond;
                        }
                        return;
                    };
                    let (line, rest) = bytes.split_at_mut(end + 1);
                    match head.line(line) {
                        Line::Goes => {}
                        Line::Ends if head.chunked => *self = Self::Beyond,
                        Line::Ends => *self = Self::Body(head.length.unwrap_or(0)),
                        Line::Doubtful => {
                            line[end] = UNREADABLE;
                            *self = Self::Beyond;
                        }
                    }
                    bytes = rest;
                }
            }
        }
    }
}

impl Head {
    /// Keeps the beginning of a line; an error when it grows too long.
    fn keep(&mut self, bytes: &[u8]) -> Result<(), ()> {
        self.unfinished.extend_from_slice(bytes);
        if self.unfinished.len() > LINE_BYTES_MAX {
            Err(())
        } else {
            Ok(())
        }
    }

    /// Judges a line, given its last part with the LF.
    fn line(&mut self, last_part: &[u8]) -> Line {
        if self.unfinished.is_empty() {
            return self.judge(last_part);
        }
        let mut line = std::mem::take(&mut self.unfinished);
        line.extend_from_slice(last_part);
        self.judge(&line)
    }

    fn judge(&mut self, line: &[u8]) -> Line {
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return Line::Doubtful;
        };
        if line.is_empty() {
            // Empty lines before the request line are allowed, and are no end.
            return if self.lines == 0 {
                Line::Goes
            } else {
                Line::Ends
            };
        }
        self.lines += 1;
        let is_header = self.lines > 1;
        let Some(colon) = line
            .iter()
            .position(|byte| *byte == b':')
            .filter(|_| is_header)
        else {
            return Line::Goes;
        };
        let (name, value) = line.split_at(colon);
        let doubtful = if name.eq_ignore_ascii_case(b"content-length") {
            // A length that is no number is refused by hyper.
            let text = std::str::from_utf8(value.get(1..).unwrap_or_default()).unwrap_or_default();
            let first = self
                .length
                .replace(text.trim().parse().unwrap_or(0))
                .is_none();
            self.chunked || !first
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
            self.length.is_some()
        } else {
            false
        };
        if doubtful { Line::Doubtful } else { Line::Goes }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for HeadGuard<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        self.place.follow(
            buf.filled_mut()
                .get_mut(before..)
                .unwrap_or_default(),
        );
        read
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for HeadGuard<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether any line is spoiled, the same for every way in which the bytes may be cut.
    fn is_spoiled(text: &str) -> bool {
        let spoiled = |part: usize| {
            let mut place = Place::Head(Head::default());
            let mut bytes = text.as_bytes().to_vec();
            for part in bytes.chunks_mut(part) {
                place.follow(part);
            }
            bytes.contains(&UNREADABLE)
        };
        let whole = spoiled(text.len());
        for part in 1..text.len() {
            assert_eq!(spoiled(part), whole, "in parts of {part}: {text:?}");
        }
        whole
    }

    #[test]
    fn clear_heads_pass() {
        for text in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na\nbGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\n",
            "GET /?content-length: HTTP/1.1\r\ncontent-length:0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(!is_spoiled(text), "{text:?}");
        }
    }

    #[test]
    fn doubtful_heads_are_spoiled() {
        for text in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
        ] {
            assert!(is_spoiled(text), "{text:?}");
        }
    }

    #[test]
    fn the_second_request_of_a_connection_is_watched_too() {
        let first = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab\ncd";
        assert!(!is_spoiled(first));
        assert!(is_spoiled(&format!(
            "{first}GET / HTTP/1.1\nHost: a\r\n\r\n"
        )));
    }
}
