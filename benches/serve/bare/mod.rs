//! Servers to compare ours with: the same protocol, and nothing else. They record nothing, count nothing and report nothing.

pub mod mio;
pub mod threads;
pub mod tokio;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

/// What each says first.
const WELCOME: &[u8] = b"Welcome!";

/// How many may wait to be accepted: more than any load has.
pub const BACKLOG: u32 = 4_096;

/// A listener at a free port.
fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Appends the replies to what one read returned; whether the conversation goes on. Each line is a message and the reply
/// ends the same way; bytes without a line end are a message as read.
fn greet(read: &[u8], replies: &mut Vec<u8>) -> bool {
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', read) {
        let line = &read[begin..end];
        let (message, line_end) = match line.strip_suffix(b"\r") {
            Some(message) => (message, b"\r\n".as_slice()),
            None => (line, b"\n".as_slice()),
        };
        if message == b"exit" {
            return false;
        }
        reply(message, line_end, replies);
        begin = end + 1;
    }
    match &read[begin..] {
        b"" => true,
        b"exit" => false,
        message => {
            reply(message, b"", replies);
            true
        }
    }
}

fn reply(message: &[u8], line_end: &[u8], replies: &mut Vec<u8>) {
    for part in [b"Hello, ", message, b"!", line_end] {
        replies.extend_from_slice(part);
    }
}
