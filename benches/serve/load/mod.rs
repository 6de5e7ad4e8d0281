//! What clients do to a server. Every byte that it answers is checked.

pub mod churn;
pub mod flood;
pub mod trips;

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::LazyLock;
use std::time::Duration;

use socket2::SockRef;

/// What a server says first.
const WELCOME: &[u8] = b"Welcome!";
/// How many different lines there are.
const LINES: usize = 64;
/// The size of a line, and of its reply.
const LINE: usize = 16;
const REPLY: usize = LINE + "Hello, !".len();
/// How long a server may let a client wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// All lines, one after the other, and the replies to them.
static TALK: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let lines = (0..LINES).map(|number| format!("line {number:02} of many"));
    let replies = lines.clone().map(|line| format!("Hello, {line}!\n"));
    (lines.map(|line| line + "\n").collect::<String>().into_bytes(), replies.collect::<String>().into_bytes())
});

/// A line of many, and the reply to it.
fn line(number: usize) -> (&'static [u8], &'static [u8]) {
    let (lines, replies) = &*TALK;
    let number = number % LINES;
    (&lines[number * LINE..][..LINE], &replies[number * REPLY..][..REPLY])
}

/// What was done in how much time.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub count: u64,
    pub time: Duration,
}

/// Whether `came` goes on with what was `expected` after its first `got` bytes; gives how many there are then.
fn check(expected: &[u8], got: usize, came: &[u8]) -> io::Result<usize> {
    if came.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    match expected.get(got..got + came.len()) {
        Some(part) if part == came => Ok(got + came.len()),
        _ => Err(wrong(&expected[got..], came)),
    }
}

fn wrong(expected: &[u8], came: &[u8]) -> io::Error {
    let text = |bytes: &[u8]| bytes[..bytes.len().min(2 * REPLY)].escape_ascii().to_string();
    io::Error::other(format!("“{}” came instead of “{}”", text(came), text(expected)))
}

/// Ends a connection so that no end of it lingers in TIME_WAIT: the server reads the regular end, since that has been said
/// first, and what is left of the connection is then reset. Ports would run short otherwise, and the system grow slower
/// from round to round.
pub fn hang_up<S>(stream: S)
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    let socket = SockRef::from(&stream);
    // Both fail only where the server has gone already.
    _ = socket.set_linger(Some(Duration::ZERO));
    _ = socket.shutdown(Shutdown::Write);
    // Closed at once: before the server, whose own end would make it linger.
}

fn timed_out() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no reply came")
}
