//! Floods: lines are sent as fast as the server takes them, and its replies read as they come.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::{Done, LINE, LINES, PATIENCE, REPLY, TALK, hang_up, timed_out, trips, wrong};

/// How much is written at once, at most.
const WRITE: usize = 64 << 10;
/// How much is read at once, at most.
const READ: usize = 256 << 10;
/// After how many bytes lines and replies begin again.
const ROUND: usize = LINES * LINE;
const REPLIES: usize = LINES * REPLY;

/// What stands between the two halves of a message that two reads of the server cut: each half is answered on its own.
const CUT: &[u8] = b"!Hello, ";

/// A connection that is written to and read from.
struct Client {
    stream: mio::net::TcpStream,
    readable: bool,
    writable: bool,
    /// How many bytes of the lines have gone.
    sent: u64,
    replies: Replies,
}

/// The replies that have come.
#[derive(Default)]
struct Replies {
    /// How many bytes of them have come, those between cut messages not counted.
    got: u64,
    /// How much of [`CUT`] has come.
    cut: usize,
}

/// Lines on so many connections at the same time, for so long; counts the bytes of the lines that were answered.
pub fn run(server: SocketAddr, connections: usize, time: Duration) -> io::Result<Done> {
    let (lines, replies) = &*TALK;
    let (lines, replies) = (lines.repeat(WRITE / ROUND + 1), replies.repeat(READ / REPLIES + 2));
    let mut poll = Poll::new()?;
    let mut clients = Vec::with_capacity(connections);
    for (number, stream) in trips::connect(server, connections)?.into_iter().enumerate() {
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        clients.push(Client { stream, readable: false, writable: true, sent: 0, replies: Replies::default() });
    }
    let mut events = Events::with_capacity(1_024);
    let mut buf = vec![0; READ];
    let begin = Instant::now();
    while begin.elapsed() < time {
        let busy = clients.iter().any(|client| client.readable || client.writable);
        match poll.poll(&mut events, Some(if busy { Duration::ZERO } else { PATIENCE })) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        if events.is_empty() && !busy {
            return Err(timed_out());
        }
        for event in &events {
            if let Some(client) = clients.get_mut(event.token().0) {
                client.readable |= event.is_readable();
                client.writable |= event.is_writable();
            }
        }
        for client in &mut clients {
            client.receive(&mut buf, &replies)?;
            client.send(&lines)?;
        }
    }
    let time = begin.elapsed();
    let answered = |client: &Client| client.replies.got / REPLY as u64 * LINE as u64;
    let count = clients.iter().map(answered).sum();
    clients.into_iter().for_each(|client| hang_up(client.stream));
    Ok(Done { count, time })
}

impl Client {
    fn receive(&mut self, buf: &mut [u8], replies: &[u8]) -> io::Result<()> {
        if !self.readable {
            return Ok(());
        }
        match self.stream.read(buf) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => self.replies.take(&buf[..n], replies),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn send(&mut self, lines: &[u8]) -> io::Result<()> {
        if !self.writable {
            return Ok(());
        }
        let at = (self.sent % ROUND as u64) as usize;
        match self.stream.write(&lines[at..at + WRITE]) {
            Ok(n) => self.sent += n as u64,
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Replies {
    /// Checks what has come. `replies` are those to all lines, again and again, longer than what comes at once.
    fn take(&mut self, mut came: &[u8], replies: &[u8]) -> io::Result<()> {
        while !came.is_empty() {
            let expected = &replies[(self.got % REPLIES as u64) as usize..];
            if self.cut == 0 {
                let same = in_common(came, expected);
                self.got += same as u64;
                came = &came[same..];
                if came.is_empty() {
                    return Ok(());
                }
            }
            // Only a message can be cut, not what stands around it.
            let inside = (self.got % REPLY as u64) as usize;
            let within = "Hello, ".len() + 1..REPLY - "!\n".len();
            if self.cut == 0 && inside == REPLY - "\n".len() {
                // Cut before its line end: what was taken for the end of the reply belongs to the cut.
                (self.got, self.cut) = (self.got - 1, 1);
                continue;
            }
            if (self.cut == 0 && !within.contains(&inside)) || came[0] != CUT[self.cut] {
                return Err(wrong(&replies[(self.got % REPLIES as u64) as usize..], came));
            }
            self.cut = (self.cut + 1) % CUT.len();
            came = &came[1..];
        }
        Ok(())
    }
}

/// How many bytes both begin with.
fn in_common(one: &[u8], other: &[u8]) -> usize {
    // Blocks are compared much faster than bytes.
    const BLOCK: usize = 1 << 10;
    let blocks = one.chunks_exact(BLOCK).zip(other.chunks_exact(BLOCK)).take_while(|(one, other)| one == other).count();
    let begin = blocks * BLOCK;
    begin + one[begin..].iter().zip(&other[begin..]).take_while(|(one, other)| one == other).count()
}
