//! The connection of one hop: a socket with its time limits, TLS over it, a tap over that, a buffer on top.

use std::cell::RefCell;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use super::clock::Clock;
use super::tap::Tap;
use super::trouble::wire;
use super::{PartKind, Parts};
use crate::net::cancel::Cancel;
use crate::recording::{Direction, Recording, Room};

/// The size of its room, 1.75 MiB; one read takes at most this many bytes. More would be quicker still, and take more memory than
/// curl does.
const BUFFER: usize = 1_792 << 10;

/// How long a watchful write waits before it lets its caller look for an answer.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A TCP stream whose every read and write ends: by its own limit, by a deadline, or by being cancelled.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    /// The longest wait of one read or write.
    silence: Duration,
    /// When all waiting ends, if that is sooner.
    deadline: Option<Instant>,
    /// The limit that the socket has now.
    set: Option<Duration>,
    /// Whether writes that wait end now and then, see [`Socket::set_watchful`].
    watchful: bool,
    /// Since when nothing could be written.
    blocked: Option<Instant>,
    cancel: Cancel,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, silence: Duration, cancel: Cancel) -> Self {
        Self { stream, silence, deadline: None, set: None, watchful: false, blocked: None, cancel }
    }

    /// From now on a write that has to wait says `Interrupted` every now and then, so that its caller can look for an
    /// answer before it tries again.
    pub(super) fn set_watchful(&mut self, watchful: bool) {
        (self.watchful, self.blocked) = (watchful, None);
    }

    /// Whether a read would return at once, or does within `limit`.
    fn is_readable(&mut self, limit: Duration) -> io::Result<bool> {
        let peeked = if limit.is_zero() {
            self.stream.set_nonblocking(true)?;
            let peeked = self.stream.peek(&mut [0]);
            self.stream.set_nonblocking(false)?;
            peeked
        } else {
            self.set = None;
            self.stream.set_read_timeout(Some(limit))?;
            self.stream.peek(&mut [0])
        };
        use io::ErrorKind as Kind;
        // An end or an error is for whoever reads.
        Ok(!matches!(peeked, Err(e) if matches!(e.kind(), Kind::WouldBlock | Kind::TimedOut | Kind::Interrupted)))
    }

    /// All reads and writes from now on together take at most `limit`; `None` lifts that.
    pub(super) fn set_limit(&mut self, limit: Option<Duration>) {
        self.deadline = limit.map(|limit| Instant::now() + limit);
    }

    /// Whether the time of [`Socket::set_limit`] is up.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Gives the socket the limit for its next wait.
    fn arm(&mut self, most: Duration) -> io::Result<()> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = left.map_or(most, |left| left.min(most));
        if limit.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if self.set != Some(limit) {
            self.stream.set_read_timeout(Some(limit))?;
            self.stream.set_write_timeout(Some(limit))?;
            self.set = Some(limit);
        }
        Ok(())
    }

    /// One read or write, which takes `most` at the most. Cancelling shuts the socket down, which looks like an end: it is not.
    fn wait(&mut self, most: Duration, mut once: impl FnMut(&mut TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            self.arm(most)?;
            let result = once(&mut self.stream);
            if self.cancel.is_cancelled() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            match result {
                // Stopping and continuing the program interrupts a wait that has a limit.
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // What a socket says whose limit has passed differs between systems.
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Err(io::ErrorKind::TimedOut.into()),
                result => return result,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.wait(self.silence, |stream| stream.read(buf))
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if !self.watchful {
            return self.wait(self.silence, |stream| stream.write(buf));
        }
        let begun = *self.blocked.get_or_insert_with(Instant::now);
        let written = self.wait(LOOK_EVERY.min(self.silence), |stream| stream.write(buf));
        match written {
            Err(e) if e.kind() == io::ErrorKind::TimedOut && begun.elapsed() < self.silence && !self.is_late() => {
                Err(io::ErrorKind::Interrupted.into())
            }
            written => {
                self.blocked = None;
                written
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// What HTTP is spoken over: a socket, with TLS once that was agreed on.
#[derive(Debug)]
struct Stream {
    socket: Socket,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    /// Whether something of HTTP, an end or an error can be read at once, or within `limit`. What TLS says for itself is
    /// taken in meanwhile.
    fn is_readable(&mut self, limit: Duration) -> io::Result<bool> {
        let Self { socket, tls } = self;
        let Some(tls) = tls else { return socket.is_readable(limit) };
        let until = Instant::now() + limit;
        loop {
            // What is wrong is said again to whoever reads.
            let Ok(state) = tls.process_new_packets() else { return Ok(true) };
            if state.plaintext_bytes_to_read() > 0 || state.peer_has_closed() {
                return Ok(true);
            }
            if !socket.is_readable(until.saturating_duration_since(Instant::now()))? {
                return Ok(false);
            }
            if tls.read_tls(socket)? == 0 {
                return Ok(true);
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.read(buf),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => self.socket.write(buf),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.flush(),
            Some(tls) => rustls::Stream::new(tls.as_mut(), &mut self.socket).flush(),
        }
    }
}

/// The block that the last read has filled, where the recording keeps it: it never changes.
pub(super) type Block = Rc<RefCell<Option<Arc<Vec<u8>>>>>;

/// The tapped stream with its buffer. All its errors are marked by [`wire`]. When it goes, what came and has no name is
/// noted as [`PartKind::Unread`].
#[derive(Debug)]
pub(super) struct Wire {
    tap: Tap<Stream>,
    /// What the last read returned.
    room: Room,
    /// The same, for others, where the recording keeps it.
    block: Block,
    /// How much of it was taken.
    taken: usize,
    /// How many bytes have been sent and received: positions in the recording.
    sent: u64,
    received: u64,
    /// What the bytes are.
    parts: Arc<Parts>,
}

impl Wire {
    pub(super) fn new(socket: Socket, recording: Arc<Recording>, parts: Arc<Parts>) -> Self {
        Self {
            tap: Tap::new(Stream { socket, tls: None }, recording),
            room: Room::new(BUFFER),
            block: Block::default(),
            taken: 0,
            sent: 0,
            received: 0,
            parts,
        }
    }

    pub(super) fn socket(&mut self) -> &mut Socket {
        &mut self.tap.get_mut().socket
    }

    /// From now on all goes through `tls`, which was agreed on over [`Wire::socket`].
    pub(super) fn secure(&mut self, tls: ClientConnection) {
        self.tap.get_mut().tls = Some(Box::new(tls));
    }

    /// From now on `clock` is told of each read and write.
    pub(super) fn time_with(&mut self, clock: Clock) {
        self.tap.time_with(clock);
    }

    /// Where the parts are noted.
    pub(super) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Where what is read from now on can be had without a copy.
    pub(super) fn block(&self) -> Block {
        Rc::clone(&self.block)
    }

    /// Sends all of `bytes`, and counts those that went.
    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.tap.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.sent += n as u64;
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.tap.flush()
    }

    /// Sends some of `bytes`, says how many, and counts them; `Interrupted` where [`Socket::set_watchful`] asked for it.
    pub(super) fn send_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.tap.write(bytes)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            n => {
                self.sent += n as u64;
                Ok(n)
            }
        }
    }

    /// Sends what TLS has taken and not sent yet.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.tap.flush()
    }

    /// Whether an answer, an end or an error can be read at once, or within `limit`.
    pub(super) fn answer_waits(&mut self, limit: Duration) -> io::Result<bool> {
        Ok(self.has_more() || self.tap.get_mut().is_readable(limit)?)
    }

    /// How many bytes were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// What was taken and has no name yet is `kind`.
    pub(super) fn note_taken(&self, kind: PartKind) {
        let taken = self.received - self.rest().len() as u64;
        self.parts.note(Direction::In, self.parts.end(Direction::In)..taken, kind);
    }

    /// What came and has no name yet is `kind`.
    pub(super) fn note_rest(&self, kind: PartKind) {
        self.parts.note(Direction::In, self.parts.end(Direction::In)..self.received, kind);
    }

    /// What was read and is not taken yet.
    fn rest(&self) -> &[u8] {
        self.room.filled().get(self.taken..).unwrap_or_default()
    }

    /// Whether bytes have come that nobody has asked for.
    pub(super) fn has_more(&self) -> bool {
        !self.rest().is_empty()
    }

    /// Says farewell as TLS asks for (RFC 8446 §6.1); nothing depends on its arrival.
    pub(super) fn close(mut self) {
        let Stream { socket, tls } = self.tap.get_mut();
        if let Some(tls) = tls {
            tls.send_close_notify();
            if let Err(error) = tls.write_tls(socket) {
                log::debug!("close_notify was not sent: {error}");
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.note_rest(PartKind::Unread);
    }
}

impl BufRead for Wire {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest().is_empty() {
            *self.block.borrow_mut() = None;
            let n = loop {
                match self.tap.read(&mut self.room) {
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    result => break result.map_err(wire)?,
                }
            };
            *self.block.borrow_mut() = self.room.kept().cloned();
            self.taken = 0;
            self.received += n as u64;
        }
        Ok(self.rest())
    }

    fn consume(&mut self, n: usize) {
        self.taken += n.min(self.rest().len());
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}
