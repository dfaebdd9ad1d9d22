//! A connection on which even a head that cannot be read is answered with a problem document.
//!
//! hyper answers such a head by itself, before any service is called, with a status and nothing
//! else. Here that bare answer is known by its first bytes and written with a body instead. Every
//! answer of ours has a body with a type, so none is ever taken for one of hyper's. An answer that
//! goes out in one piece with those to requests before it stays bare.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::unreadable_head;

/// The beginnings of hyper's own answers, and the status of each.
const BARE: [(&[u8], u16); 3] = [
    (b"HTTP/1.1 400 Bad Request\r\n", 400),
    (b"HTTP/1.1 414 URI Too Long\r\n", 431),
    (b"HTTP/1.1 431 Request Header Fields Too Large\r\n", 431),
];

/// Watches what is written to a connection.
#[derive(Debug)]
pub(super) struct BareRefusal<IO> {
    io: IO,
    /// What is written in place of a bare answer, as far as it is still to come.
    instead: Vec<u8>,
}

impl<IO: AsyncWrite + Unpin> BareRefusal<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self {
            io,
            instead: Vec::new(),
        }
    }

    /// Writes what stands in place of `answer`, where it is a bare one; then all of it counts as
    /// written. `None` for any other.
    fn write_instead(
        &mut self,
        cx: &mut Context<'_>,
        answer: &[u8],
    ) -> Option<Poll<io::Result<()>>> {
        if self.instead.is_empty() {
            self.instead = unreadable_head(status_of(answer)?);
        }
        Some(self.flush_instead(cx))
    }

    fn flush_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of an answer without a body that hyper made by itself.
fn status_of(answer: &[u8]) -> Option<u16> {
    let (_, status) = BARE
        .iter()
        .find(|(beginning, _)| answer.starts_with(beginning))?;
    let head = std::str::from_utf8(answer).ok()?;
    let is_bare = head.contains("\r\ncontent-length: 0\r\n") && !head.contains("\r\ncontent-type:");
    is_bare.then_some(*status)
}

impl<IO: AsyncRead + Unpin> AsyncRead for BareRefusal<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for BareRefusal<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.write_instead(cx, buf) {
            Some(written) => written.map_ok(|()| buf.len()),
            None => Pin::new(&mut self.io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs
            .first()
            .map_or(&[][..], |first| first);
        match self.write_instead(cx, first) {
            Some(written) => written.map_ok(|()| first.len()),
            None => Pin::new(&mut self.io).poll_write_vectored(cx, bufs),
        }
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
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn written(answer: &str) -> String {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let mut connection = BareRefusal::new(ours);
        connection
            .write_all(answer.as_bytes())
            .await
            .unwrap();
        drop(connection);
        let mut text = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut theirs, &mut text)
            .await
            .unwrap();
        text
    }

    #[tokio::test]
    async fn a_bare_refusal_gets_a_body_that_is_as_long_as_it_says() {
        for (line, status) in [
            ("400 Bad Request", 400),
            ("414 URI Too Long", 431),
            ("431 Request Header Fields Too Large", 431),
        ] {
            let bare = format!("HTTP/1.1 {line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let text = written(&bare).await;
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(
                head.contains("content-type: application/problem+json"),
                "{head}"
            );
            assert!(
                head.contains(&format!("content-length: {}", body.len())),
                "{head}"
            );
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(problem["status"], status);
            let id = problem["request_id"].as_str().unwrap();
            assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
        }
    }

    #[tokio::test]
    async fn every_other_answer_is_written_as_it_is() {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "",
        ] {
            assert_eq!(written(answer).await, answer);
        }
    }
}
