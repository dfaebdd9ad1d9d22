//! The connection under the mail library: it reads a line at a time, and not without end.
//!
//! What stands in clear after the reply to STARTTLS was put there by somebody between us and the
//! server (CVE-2011-0411 and its kin): a client that has buffered it would take it for the server's
//! first word under TLS. Read line by line, it stays on the wire, where the TLS handshake meets it and
//! fails. And a reply without end must not fill the memory.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// More than a session of one mail says, certificates included.
const READ_MAX_BYTES: usize = 64 * 1024;
/// The same in lines. The library reads a reply of many lines anew with every line, so that very many
/// would cost more time than room.
const LINES_MAX: usize = 1_000;
/// Lines of SMTP are at most 512 bytes long (RFC 5321, 4.5.3.1.5); longer ones come in parts.
const LINE_BYTES: usize = 512;

/// A TCP connection to a mail server.
#[derive(Debug)]
pub(super) struct Wire {
    tcp: TcpStream,
    bytes_left: usize,
    lines_left: usize,
}

impl Wire {
    pub(super) const fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            bytes_left: READ_MAX_BYTES,
            lines_left: LINES_MAX,
        }
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; LINE_BYTES];
        let mut seen = ReadBuf::new(&mut bytes);
        ready!(self.tcp.poll_peek(cx, &mut seen))?;
        let seen = seen.filled();
        let line = seen
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(seen.len(), |at| at + 1);
        if line > self.bytes_left || self.lines_left == 0 {
            return Poll::Ready(Err(io::Error::other("the server says too much")));
        }
        let mut part = buf.take(line);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut part))?;
        let read = part.filled().to_vec();
        self.bytes_left -= read.len();
        self.lines_left -= 1;
        buf.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
