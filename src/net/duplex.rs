//! One TCP connection as its threads share it: each read and write is recorded as it returns.

use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::stream::{Armed, Stream};
use super::tls::{Agreed, Layer, Socket as _, Trouble};
use super::{Cause, Error, Operation, apart};
use crate::recording::{Direction, Recording, Room, What};

/// A stream with one reader and one writer, which may be two threads. A third may [`Duplex::shut`] it. Its reads and writes
/// wait, or, where one thread serves many connections, say that it is not the time.
///
/// In this order in memory: what each read and write needs lies together, as there may be thousands of connections.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Duplex {
    stream: Stream,
    /// What is read and written goes through it, where there is one.
    tls: Option<Box<Layer>>,
    /// It is our turn while bytes go out: a reply can be here before the write that asked for it has returned, and must not be
    /// recorded before it.
    recording: Arc<Recording>,
    /// We have said that nothing more will be written.
    half_closed: AtomicBool,
    /// That was not said yet: TLS is to say farewell first.
    half_closing: AtomicBool,
    /// We ended it: what a read or write returns from then on is not the peer's doing.
    shut: AtomicBool,
    /// It is to end by a reset.
    resets: AtomicBool,
    /// A write was told that the peer has reset it: the system tells only once.
    reset: AtomicBool,
    peer: SocketAddr,
    /// How long one write may make no progress.
    patience: Duration,
}

impl Duplex {
    /// Takes an open stream to `peer` over, in blocking mode and with `TCP_NODELAY`.
    ///
    /// # Errors
    /// The stream is dead already.
    pub(crate) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        recording: Arc<Recording>,
        patience: Duration,
    ) -> Result<Self, Error> {
        // Where an accepted stream inherits the listener's mode it would not block.
        let ready = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| stream.set_write_timeout(Some(patience)));
        Self::with(ready.map(|()| Stream::Waits(stream)), peer, recording, patience)
    }

    /// Takes an open stream to `peer` over, with `TCP_NODELAY`. Its reads and writes never wait: those that say "at once"
    /// are for it. It is for who polls to see that writes make progress within `patience`.
    ///
    /// # Errors
    /// The stream is dead already.
    pub(crate) fn polled(
        stream: mio::net::TcpStream,
        peer: SocketAddr,
        recording: Arc<Recording>,
        patience: Duration,
    ) -> Result<Self, Error> {
        let ready = stream.set_nodelay(true);
        Self::with(ready.map(|()| Stream::Polled(stream)), peer, recording, patience)
    }

    fn with(
        stream: io::Result<Stream>,
        peer: SocketAddr,
        recording: Arc<Recording>,
        patience: Duration,
    ) -> Result<Self, Error> {
        match stream {
            Ok(stream) => Ok(Self {
                stream,
                tls: None,
                peer,
                recording,
                patience,
                half_closed: AtomicBool::new(false),
                half_closing: AtomicBool::new(false),
                shut: AtomicBool::new(false),
                resets: AtomicBool::new(false),
                reset: AtomicBool::new(false),
            }),
            Err(error) => {
                recording.closed();
                Err(Error::io(Operation::Receive, peer, error))
            }
        }
    }

    /// Registers it with a poll, where it is [`Duplex::polled`].
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn register(&mut self, poll: &mio::Registry, token: mio::Token) -> io::Result<()> {
        match &mut self.stream {
            Stream::Polled(stream) => poll.register(stream, token, mio::Interest::READABLE | mio::Interest::WRITABLE),
            Stream::Waits(_) => Ok(()),
        }
    }

    /// Speaks TLS over it, once that was agreed on by [`Duplex::secure`] or [`Duplex::secure_at_once`]: before, nothing can be
    /// read or written.
    pub(crate) fn over_tls(mut self, tls: Layer) -> Self {
        self.tls = Some(Box::new(tls));
        self
    }

    /// Waits until TLS is agreed on; what that was, if it is there. In `limit` altogether.
    ///
    /// # Errors
    /// As [`Duplex::secure_at_once`]; [`Trouble::Late`].
    pub(crate) fn secure(&self, limit: Duration) -> Result<Option<Agreed>, Error> {
        let Some(tls) = &self.tls else { return Ok(None) };
        let deadline = Instant::now() + limit;
        let socket = self.stream.socket();
        let arm = || {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            socket.set_read_timeout(Some(left)).and_then(|()| socket.set_write_timeout(Some(left)))
        };
        let agreed = tls.agree(&Armed { stream: &self.stream, arm: &arm }, |bytes| {
            arm()?;
            self.stream.write(bytes)
        });
        if let Err(error) = agreed {
            return Err(match error {
                error if self.is_not_now(&error) && !self.is_shut() => self.late(limit),
                error => self.not_secured(error),
            });
        }
        let back = socket.set_read_timeout(None).and_then(|()| socket.set_write_timeout(Some(self.patience)));
        back.map_err(|error| Error::io(Operation::Tls, self.peer, error))?;
        Ok(Some(self.secured(tls)))
    }

    /// Goes on agreeing on TLS, where reads and writes never wait; whether it is agreed on, or not there.
    ///
    /// # Errors
    /// What TLS has against it, [`Cause::Cancelled`] after [`Duplex::shut`], or what the system says.
    pub(crate) fn secure_at_once(&self) -> Result<bool, Error> {
        let Some(tls) = self.tls.as_ref().filter(|tls| !tls.is_secured()) else { return Ok(true) };
        match tls.agree(&self.stream, |bytes| self.stream.write(bytes)) {
            Ok(()) => {
                self.secured(tls);
                Ok(true)
            }
            Err(error) if self.is_not_now(&error) && !self.is_shut() => Ok(false),
            Err(error) => Err(self.not_secured(error)),
        }
    }

    /// TLS was not agreed on in time: notes it too.
    pub(crate) fn late(&self, limit: Duration) -> Error {
        self.not_secured(io::Error::other(Trouble::Late(limit)))
    }

    fn secured(&self, tls: &Layer) -> Agreed {
        let agreed = tls.agreed();
        self.recording.note(What::Secured(agreed.version.as_str().into()));
        agreed
    }

    fn not_secured(&self, error: io::Error) -> Error {
        if self.is_shut() { self.error(Operation::Tls, Cause::Cancelled) } else { self.broken(Operation::Tls, error) }
    }

    /// One read of what was said.
    fn take(&self, buf: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            Some(tls) => apart(|| tls.read(&self.stream, buf)),
            None => self.stream.read(buf),
        }
    }

    /// Like [`Duplex::take`], but does not wait. With TLS over a stream that waits there is no such read: nothing has come.
    fn take_at_once(&self, buf: &mut [u8]) -> io::Result<usize> {
        match (&self.tls, &self.stream) {
            (None, stream) => stream.read_at_once(buf),
            (Some(_), Stream::Waits(_)) => Err(ErrorKind::WouldBlock.into()),
            (Some(_), Stream::Polled(_)) => self.take(buf),
        }
    }

    /// One write that waits.
    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            Some(tls) => apart(|| tls.write(bytes, |cipher| self.stream.write(cipher))),
            None => self.stream.write(bytes),
        }
    }

    /// One write that does not wait; `None` where the system has no such write.
    fn put_at_once(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        match &self.tls {
            Some(tls) => apart(|| tls.write_at_once(&self.stream, bytes)),
            None => self.stream.write_at_once(bytes),
        }
    }

    /// How many bytes have come that nobody has read, if the system tells.
    pub(crate) fn unread(&self) -> Option<u64> {
        self.stream.unread()
    }

    /// The other end.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether TLS is there, so that a read that returns little may have left more.
    pub(crate) fn is_over_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether something can be written: TLS is agreed on, or not there, and we have not said that nothing more will come.
    pub(crate) fn is_writable(&self) -> bool {
        !self.is_half_closed() && self.tls.as_ref().is_none_or(|tls| tls.is_secured())
    }

    /// Whether a write that took nothing has begun to go all the same: the same bytes must be written next.
    pub(crate) fn has_begun(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_begun())
    }

    /// Waits for bytes; 0 is the empty read: the peer is done.
    ///
    /// # Errors
    /// Reset, [`Cause::Cancelled`] after [`Duplex::shut`], or what the system says.
    pub(crate) fn read(&self, room: &mut Room) -> Result<usize, Error> {
        // Recorded when what was heard is dropped, right here.
        Ok(self.hear(room, || {})?.bytes().len())
    }

    /// Like [`Duplex::read`], but the recording has it only once it was answered, or what was heard is dropped: to keep both
    /// together costs less. Of much at once it is not so. `returned` is called as soon as the read has returned.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn hear<'a>(&'a self, room: &'a mut Room, returned: impl FnOnce()) -> Result<Heard<'a>, Error> {
        let nothing = || self.error(Operation::Receive, Cause::TimedOut(Duration::ZERO));
        let n = self.receive(room.for_read())?.ok_or_else(nothing)?;
        returned();
        Ok(self.heard(room, n))
    }

    /// Like [`Duplex::hear`], but does not wait; `None` if nothing has come, or where there is no such read.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn hear_at_once<'a>(&'a self, room: &'a mut Room) -> Result<Option<Heard<'a>>, Error> {
        let n = self.receive_by(|| self.take_at_once(room.for_read()))?;
        Ok(n.map(|n| self.heard(room, n)))
    }

    /// A read has just put `n` bytes into the room.
    fn heard<'a>(&'a self, room: &'a mut Room, n: usize) -> Heard<'a> {
        // Not earlier than what is recorded.
        let came = self.recording.now().max(self.recording.newest());
        room.fill(n);
        let is_kept = room.is_worth_keeping();
        if is_kept {
            self.recording.push_read(room, n);
        }
        Heard { wire: self, bytes: room.filled(), came, is_kept }
    }

    /// Reads what has come; `None` if nothing has, in the time that the stream waits for it.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn read_at_once(&self, room: &mut Room) -> Result<Option<usize>, Error> {
        let n = self.receive(room.for_read())?;
        Ok(n.map(|n| self.heard(room, n).bytes().len()))
    }

    /// Reads what has come; `None` if nothing has. Whoever calls it records what it returns.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn receive(&self, buf: &mut [u8]) -> Result<Option<usize>, Error> {
        self.receive_by(|| self.take(buf))
    }

    fn receive_by(&self, mut take: impl FnMut() -> io::Result<usize>) -> Result<Option<usize>, Error> {
        self.go_on_half_closing();
        loop {
            match take() {
                Ok(n) if n > 0 => return Ok(Some(n)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return self.not_read(read),
            }
        }
    }

    /// What a read means that returned nothing.
    #[cold]
    fn not_read(&self, read: io::Result<usize>) -> Result<Option<usize>, Error> {
        match read {
            // The empty read comes from our own end: the peer did nothing.
            _ if self.is_shut() => Err(self.error(Operation::Receive, Cause::Cancelled)),
            _ if self.reset.load(Ordering::Acquire) => Err(self.error(Operation::Receive, Cause::Reset)),
            Ok(n) => Ok(Some(n)),
            Err(error) if self.is_not_now(&error) => Ok(None),
            Err(error) => Err(self.broken(Operation::Receive, error)),
        }
    }

    /// Like [`Duplex::read`], but waits no longer than `limit`: then `None`.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn read_within(&self, room: &mut Room, limit: Duration) -> Result<Option<usize>, Error> {
        let set = |limit| {
            let set = self.stream.socket().set_read_timeout(limit);
            set.map_err(|error| Error::io(Operation::Receive, self.peer, error))
        };
        set(Some(limit))?;
        let read = self.read_at_once(room)?;
        set(None)?;
        Ok(read)
    }

    /// Writes all of `bytes`; `written` is told the size of each write as it returns.
    ///
    /// # Errors
    /// Reset, the peer does not read, [`Cause::Cancelled`] after [`Duplex::shut`], or what the system says.
    pub(crate) fn write(&self, mut bytes: &[u8], mut written: impl FnMut(usize)) -> Result<(), Error> {
        while !bytes.is_empty() {
            // Who waits must not hold the turn: the peer may be waiting for us to read. So what can go at once goes in
            // turn; only if nothing can, the write waits out of turn.
            match self.write_at_once(bytes)? {
                Some(n) => {
                    written(n);
                    bytes = &bytes[n..];
                }
                None => return self.write_waiting(bytes, written),
            }
        }
        self.go_on_half_closing();
        Ok(())
    }

    /// Like [`Duplex::write`], where it is known that the peer has not taken what went before.
    ///
    /// # Errors
    /// As [`Duplex::write`].
    pub(crate) fn write_waiting(&self, mut bytes: &[u8], mut written: impl FnMut(usize)) -> Result<(), Error> {
        while !bytes.is_empty() {
            let n = self.write_once_waiting(bytes)?;
            written(n);
            bytes = &bytes[n..];
        }
        self.go_on_half_closing();
        Ok(())
    }

    /// One write in turn, recorded as it returns; `None` if it would have to wait, or where the system has no such write.
    ///
    /// # Errors
    /// As [`Duplex::write`].
    pub(crate) fn write_at_once(&self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        self.answer_at_once(None, bytes)
    }

    /// Like [`Duplex::write_at_once`], recorded together with what is answered.
    ///
    /// # Errors
    /// As [`Duplex::write`].
    pub(crate) fn answer_at_once(&self, heard: Option<&mut Heard<'_>>, bytes: &[u8]) -> Result<Option<usize>, Error> {
        if self.is_shut() {
            return Err(self.error(Operation::Send, Cause::Cancelled));
        }
        let turn = self.recording.turn();
        turn.prefetch();
        loop {
            let begun = self.recording.now();
            let Some(sent) = self.put_at_once(bytes) else { return Ok(None) };
            match sent {
                Ok(n) if n > 0 => {
                    match heard {
                        Some(heard) if !heard.is_kept => {
                            heard.is_kept = true;
                            turn.push_exchange(heard.bytes, heard.came, &bytes[..n], begun);
                        }
                        _ => turn.push_at(Direction::Out, &bytes[..n], begun),
                    }
                    self.go_on_half_closing();
                    return Ok(Some(n));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                failed => {
                    drop(turn);
                    return self.not_answered(heard, failed);
                }
            }
        }
    }

    /// What a write means that took nothing.
    #[cold]
    fn not_answered(&self, heard: Option<&mut Heard<'_>>, sent: io::Result<usize>) -> Result<Option<usize>, Error> {
        match sent {
            Err(error) if self.is_not_now(&error) => Ok(None),
            failed => {
                heard.map(Heard::keep);
                Err(self.not_written(failed))
            }
        }
    }

    /// One write, which does not wait where the stream is [`Duplex::polled`]. Whoever calls it sees to it that nobody else writes
    /// before what it took is recorded.
    ///
    /// # Errors
    /// What the system says: see [`Duplex::not_written`].
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.put(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                sent => return sent,
            }
        }
    }

    /// One write that waits, recorded as it returns.
    fn write_once_waiting(&self, bytes: &[u8]) -> Result<usize, Error> {
        loop {
            if self.is_shut() {
                return Err(self.error(Operation::Send, Cause::Cancelled));
            }
            match self.put(bytes) {
                Ok(n) if n > 0 => {
                    self.recording.push(Direction::Out, &bytes[..n]);
                    return Ok(n);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.is_not_now(&error) && !self.is_shut() => return Err(self.not_taken()),
                failed => return Err(self.not_written(failed)),
            }
        }
    }

    /// The peer has taken nothing for as long as it may: notes it too.
    pub(crate) fn not_taken(&self) -> Error {
        self.recording.note(What::TimedOut(Direction::Out, self.patience));
        self.error(Operation::Send, Cause::NotReading(self.patience))
    }

    /// Why a write took nothing, and not because it would have to wait.
    #[cold]
    pub(crate) fn not_written(&self, sent: io::Result<usize>) -> Error {
        match sent {
            _ if self.is_shut() => self.error(Operation::Send, Cause::Cancelled),
            Ok(_) => Error::io(Operation::Send, self.peer, ErrorKind::WriteZero.into()),
            Err(error) => {
                let error = self.broken(Operation::Send, error);
                if matches!(error.cause, Cause::Reset) {
                    self.reset.store(true, Ordering::Release);
                }
                error
            }
        }
    }

    /// Says that nothing more will be written; false where the connection has ended already.
    pub(crate) fn half_close(&self) -> bool {
        self.half_close_later();
        self.go_on_half_closing()
    }

    /// Like [`Duplex::half_close`], but it is said by whoever reads or writes next.
    pub(crate) fn half_close_later(&self) {
        self.half_closed.store(true, Ordering::Release);
        self.half_closing.store(true, Ordering::Release);
    }

    /// Says that nothing more will be written, if that is to be said and can be. With TLS that may have to wait until
    /// somebody else's write has gone, or the peer has taken something: whoever reads or writes next goes on with it.
    pub(crate) fn go_on_half_closing(&self) -> bool {
        self.half_closing.load(Ordering::Acquire) && self.say_end()
    }

    /// Says it.
    #[cold]
    fn say_end(&self) -> bool {
        // Where a write always waits it cannot be our turn meanwhile.
        let turn = self.stream.can_write_at_once().then(|| self.recording.turn());
        let farewell = match &self.tls {
            // What has begun to go is told, and recorded, first.
            Some(tls) if !tls.is_secured() || tls.has_begun() => return true,
            Some(tls) => tls.say_farewell(|bytes| self.put_cipher(bytes)),
            None => Ok(()),
        };
        if farewell.is_err_and(|error| self.is_not_now(&error)) || !self.half_closing.swap(false, Ordering::AcqRel) {
            return true;
        }
        let done = self.stream.shutdown(Shutdown::Write).is_ok();
        if done {
            turn.unwrap_or_else(|| self.recording.turn()).note(What::HalfClosed);
        }
        done
    }

    /// Cipher text, written without waiting where the system can.
    fn put_cipher(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write_at_once(bytes).unwrap_or_else(|| self.stream.write(bytes))
    }

    /// The last farewell of TLS, if it goes at once.
    fn say_farewell(&self) {
        let secured = self.tls.as_ref().filter(|tls| tls.is_secured() && !self.resets.load(Ordering::Acquire));
        // Nobody reads or writes any more.
        if let Some(tls) = secured.filter(|_| self.stream.socket().set_nonblocking(true).is_ok()) {
            // Nothing depends on its arrival but what the peer thinks of us.
            _ = tls.say_farewell(|bytes| self.stream.write(bytes));
        }
    }

    /// Like [`Duplex::half_close`], but waits where the farewell of TLS has to.
    pub(crate) fn half_close_waiting(&self) {
        self.half_close();
        if let Some(tls) = self.tls.as_ref().filter(|_| self.half_closing.load(Ordering::Acquire)) {
            // What is wrong with the connection is found out by who reads.
            _ = tls.say_farewell_waiting(|bytes| self.stream.write(bytes));
            self.go_on_half_closing();
        }
    }

    /// Whether [`Duplex::half_close`] was called.
    pub(crate) fn is_half_closed(&self) -> bool {
        self.half_closed.load(Ordering::Acquire)
    }

    /// Ends every read and write, now and from now on. What was received can still be read by nobody.
    pub(crate) fn shut(&self) {
        if self.shut.swap(true, Ordering::AcqRel) {
            return;
        }
        self.recording.ending();
        self.say_farewell();
        // It fails only where the peer has ended it already.
        _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Says that we are done, and reads what has come meanwhile, `most` bytes at most: unread bytes would turn
    /// the close into a reset, which can take our last words with it. Waits for nothing. `read` is told the size
    /// of each read.
    pub(crate) fn say_goodbye(&self, room: &mut Room, most: usize, mut read: impl FnMut(usize)) {
        if !self.half_close() || self.stream.socket().set_nonblocking(true).is_err() {
            return;
        }
        let mut drained = 0;
        while drained < most
            && let Ok(Some(n)) = self.read_at_once(room)
            && n > 0
        {
            read(n);
            drained += n;
        }
    }

    /// The close will be a reset: the peer is told that something went wrong, and what it has not read yet is lost.
    pub(crate) fn reset(&self) {
        self.resets.store(true, Ordering::Release);
        // Without this option it is a close.
        _ = self.stream.socket().set_linger(Some(Duration::ZERO));
    }

    /// Like [`Duplex::shut`], with a reset. `writing` is whether somebody may wait in a write.
    pub(crate) fn break_off(&self, writing: bool) {
        self.reset();
        self.shut.store(true, Ordering::Release);
        self.recording.ending();
        // Ending the writing half as well would say a regular farewell first, unless the peer takes nothing anyway.
        let half = if writing || cfg!(windows) { Shutdown::Both } else { Shutdown::Read };
        _ = self.stream.shutdown(half);
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    /// Whether a read or write only says that it would have to wait, or has waited as long as it may.
    pub(crate) fn is_not_now(&self, error: &io::Error) -> bool {
        match error.kind() {
            ErrorKind::WouldBlock => true,
            // Where it never waits, it is the peer that has been silent for too long.
            ErrorKind::TimedOut => matches!(self.stream, Stream::Waits(_)),
            _ => false,
        }
    }

    fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, self.peer, cause)
    }

    /// What ended the connection, noted in the recording too, in turn: after the write that it answers.
    fn broken(&self, operation: Operation, error: io::Error) -> Error {
        let error = Error::io(operation, self.peer, error);
        self.recording.note(error.as_event());
        error
    }
}

/// What a read returned. The recording has it once it was answered, and when this is dropped at the latest.
#[derive(Debug)]
pub(crate) struct Heard<'a> {
    wire: &'a Duplex,
    bytes: &'a [u8],
    came: u64,
    is_kept: bool,
}

impl Heard<'_> {
    /// What it returned; nothing is the empty read.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// When it returned, see [`Recording::now`].
    pub(crate) fn came(&self) -> u64 {
        self.came
    }

    /// Records it now.
    pub(crate) fn keep(&mut self) {
        if !std::mem::replace(&mut self.is_kept, true) {
            self.wire.recording.push_at(Direction::In, self.bytes, self.came);
        }
    }
}

impl Drop for Heard<'_> {
    fn drop(&mut self) {
        self.keep();
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        if !self.is_shut() {
            self.say_farewell();
        }
        // The stream goes right after.
        self.recording.closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::spawn;
    use crate::net::test_pairs::{connected, reads_while_a_write_waits, records_in_turn};
    use std::io::{Read, Write};

    const PATIENCE: Duration = Duration::from_millis(50);

    fn pair() -> (Duplex, TcpStream) {
        let (local, ends, recording, remote) = connected();
        (Duplex::new(local, ends.peer, recording, PATIENCE).expect("alive"), remote)
    }

    #[test]
    fn a_write_to_a_peer_that_does_not_read_ends_with_a_clear_error() {
        let (wire, _remote) = pair();
        let mut total = 0;
        let error = wire.write(&vec![0; 64 << 20], |n| total += n).expect_err("nobody reads");
        assert!(matches!(error.cause, Cause::NotReading(PATIENCE)), "{error}");
        assert!(total > 0);
    }

    /// What is recorded: which way, and how much.
    fn recorded(wire: &Duplex) -> Vec<(Direction, usize)> {
        wire.recording
            .read(|log| log.kept().filter_map(|n| log.segment(n)).map(|one| (one.direction, one.len)).collect())
    }

    #[test]
    fn what_is_heard_is_recorded_with_its_answer_or_once_it_is_dropped() {
        let (wire, mut remote) = pair();
        let mut room = Room::new(10);
        remote.write_all(b"one").expect("sent");
        let mut heard = wire.hear(&mut room, || {}).expect("received");
        assert_eq!((heard.bytes(), recorded(&wire)), (b"one".as_slice(), vec![]));
        assert_eq!(wire.answer_at_once(Some(&mut heard), b"answer").expect("alive"), Some(6));
        let mut all = vec![(Direction::In, 3), (Direction::Out, 6)];
        assert_eq!(recorded(&wire), all);
        assert_eq!(wire.answer_at_once(Some(&mut heard), b"more").expect("alive"), Some(4));
        drop(heard);
        all.push((Direction::Out, 4));
        assert_eq!(recorded(&wire), all, "once is enough");
        remote.write_all(b"to").expect("sent");
        drop(wire.hear(&mut room, || {}).expect("received"));
        all.push((Direction::In, 2));
        assert_eq!(recorded(&wire), all);
        remote.write_all(b"last").expect("sent");
        let mut heard = wire.hear(&mut room, || {}).expect("received");
        wire.shut();
        wire.answer_at_once(Some(&mut heard), b"too late").expect_err("shut");
        drop(heard);
        all.push((Direction::In, 4));
        assert_eq!(recorded(&wire), all);
    }

    #[test]
    fn what_is_heard_is_recorded_before_what_is_said_of_a_write_that_failed() {
        let (wire, mut remote) = pair();
        remote.write_all(b"x").expect("sent");
        let mut room = Room::new(1);
        let mut heard = wire.hear(&mut room, || {}).expect("received");
        socket2::SockRef::from(&remote).set_linger(Some(Duration::ZERO)).expect("set");
        drop(remote);
        let error = wire.answer_at_once(Some(&mut heard), b"answer").expect_err("it is over");
        drop(heard);
        assert!(matches!(error.cause, Cause::Reset), "{error}");
        let reset = wire.recording.read(|log| log.events().last().map(|event| (event.what.clone(), event.before)));
        assert_eq!((reset, recorded(&wire)), (Some((What::Reset, 1)), vec![(Direction::In, 1)]));
    }

    #[test]
    fn much_is_recorded_when_it_is_heard_and_not_copied() {
        let (wire, mut remote) = pair();
        let size = 16 << 10;
        remote.write_all(&vec![7; size]).expect("sent");
        while wire.unread() != Some(size as u64) {
            std::thread::yield_now();
        }
        let mut room = Room::new(size);
        let heard = wire.hear(&mut room, || {}).expect("received");
        assert_eq!((heard.bytes().len(), recorded(&wire)), (size, vec![(Direction::In, size)]));
        let kept = wire.recording.read(|log| log.bytes(Direction::In, 0..u64::MAX).next().map(<[u8]>::as_ptr));
        assert_eq!(kept, Some(heard.bytes().as_ptr()));
    }

    #[test]
    fn a_write_that_waits_does_not_keep_the_reader_waiting() {
        let (wire, remote) = pair();
        wire.stream.socket().set_write_timeout(None).expect("set");
        reads_while_a_write_waits(Arc::new(wire), remote);
    }

    #[test]
    fn a_reply_is_never_recorded_before_what_it_replies_to() {
        let (wire, remote) = pair();
        let recording = Arc::clone(&wire.recording);
        records_in_turn(Arc::new(wire), &recording, remote);
    }

    #[test]
    fn a_reset_is_never_recorded_before_the_write_that_it_answers() {
        for n in 0..1_000 {
            let (wire, mut remote) = pair();
            let wire = Arc::new(wire);
            let resetting = spawn("resetting", move || {
                remote.read_exact(&mut [0]).expect("received");
                // Closed with this, and so reset.
                socket2::SockRef::from(&remote).set_linger(Some(Duration::ZERO)).expect("set");
            })
            .expect("thread");
            let reader = spawn("reader", {
                let wire = Arc::clone(&wire);
                move || wire.read(&mut Room::new(1))
            })
            .expect("thread");
            wire.write(&[1], |_| {}).expect("sent");
            resetting.join().expect("joined");
            assert!(matches!(reader.join().expect("joined").expect_err("reset").cause, Cause::Reset));
            wire.recording.read(|log| {
                let resets = log.events().iter().filter(|event| event.what == What::Reset);
                assert_eq!(resets.map(|event| event.before).collect::<Vec<_>>(), [1], "in run {n}");
            });
        }
    }
}
