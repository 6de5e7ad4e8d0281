//! One TCP connection as its threads share it: each read and write is recorded as it returns.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Cause, Error, Operation, lock};
use crate::recording::{Direction, Recording, What};

/// A blocking stream with one reader and one writer, which may be two threads. A third may [`Duplex::shut`] it.
#[derive(Debug)]
pub(crate) struct Duplex {
    stream: TcpStream,
    peer: SocketAddr,
    recording: Arc<Recording>,
    /// How long one write may make no progress.
    patience: Duration,
    /// Held while bytes go out and are recorded, and while what came in is recorded: a reply can be here before
    /// the write that asked for it has returned, and must not be recorded before it.
    turn: Mutex<()>,
    /// We have said that nothing more will be written.
    half_closed: AtomicBool,
    /// We ended it: what a read or write returns from then on is not the peer's doing.
    shut: AtomicBool,
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
        stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| stream.set_write_timeout(Some(patience)))
            .map_err(|error| {
                recording.closed();
                Error::io(Operation::Receive, peer, error)
            })?;
        Ok(Self {
            stream,
            peer,
            recording,
            patience,
            turn: Mutex::default(),
            half_closed: AtomicBool::new(false),
            shut: AtomicBool::new(false),
        })
    }

    /// Waits for bytes; 0 is the empty read: the peer is done.
    ///
    /// # Errors
    /// Reset, [`Cause::Cancelled`] after [`Duplex::shut`], or what the system says.
    pub(crate) fn read(&self, buf: &mut [u8]) -> Result<usize, Error> {
        loop {
            match (&self.stream).read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The empty read comes from our own end: the peer did nothing.
                Ok(0) | Err(_) if self.is_shut() => return Err(self.error(Operation::Receive, Cause::Cancelled)),
                Ok(n) => {
                    let _turn = lock(&self.turn);
                    self.recording.push(Direction::In, &buf[..n]);
                    return Ok(n);
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(self.error(Operation::Receive, Cause::TimedOut(Duration::ZERO)));
                }
                Err(error) => return Err(self.broken(Operation::Receive, error)),
            }
        }
    }

    /// Like [`Duplex::read`], but waits no longer than `limit`: then `None`.
    ///
    /// # Errors
    /// As [`Duplex::read`].
    pub(crate) fn read_within(&self, buf: &mut [u8], limit: Duration) -> Result<Option<usize>, Error> {
        let set = |limit| {
            let set = self.stream.set_read_timeout(limit);
            set.map_err(|error| Error::io(Operation::Receive, self.peer, error))
        };
        set(Some(limit))?;
        let read = match self.read(buf) {
            Err(Error { cause: Cause::TimedOut(_), .. }) => None,
            read => Some(read?),
        };
        set(None)?;
        Ok(read)
    }

    /// Writes all of `bytes`; `written` is told the size of each write as it returns.
    ///
    /// # Errors
    /// Reset, the peer does not read, [`Cause::Cancelled`] after [`Duplex::shut`], or what the system says.
    pub(crate) fn write(&self, mut bytes: &[u8], mut written: impl FnMut(usize)) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.is_shut() {
                return Err(self.error(Operation::Send, Cause::Cancelled));
            }
            match self.write_once(bytes) {
                Ok(n) if n > 0 => {
                    written(n);
                    bytes = &bytes[n..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ if self.is_shut() => return Err(self.error(Operation::Send, Cause::Cancelled)),
                Ok(_) => return Err(Error::io(Operation::Send, self.peer, ErrorKind::WriteZero.into())),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    self.recording.note(What::TimedOut(Direction::Out, self.patience));
                    return Err(self.error(Operation::Send, Cause::NotReading(self.patience)));
                }
                Err(error) => return Err(self.broken(Operation::Send, error)),
            }
        }
        Ok(())
    }

    /// One write, recorded as it returns.
    fn write_once(&self, bytes: &[u8]) -> io::Result<usize> {
        // Who waits must not hold the turn: the peer may be waiting for us to read. So what can go at once goes in
        // turn; only if nothing can, the write waits out of turn.
        if let Some(sent) = self.try_write(bytes) {
            return sent;
        }
        let n = (&self.stream).write(bytes)?;
        self.recording.push(Direction::Out, &bytes[..n]);
        Ok(n)
    }

    /// One write in turn, if it need not wait; `None` if it must, or where the system has no such write.
    fn try_write(&self, bytes: &[u8]) -> Option<io::Result<usize>> {
        #[cfg(unix)]
        {
            let _turn = lock(&self.turn);
            let begun = Instant::now();
            match socket2::SockRef::from(&self.stream).send_with_flags(bytes, libc::MSG_DONTWAIT) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => None,
                sent => {
                    if let Ok(n) = sent {
                        self.recording.push_begun(Direction::Out, &bytes[..n], begun);
                    }
                    Some(sent)
                }
            }
        }
        #[cfg(not(unix))]
        {
            _ = bytes;
            None
        }
    }

    /// Writes as much of `bytes` as goes without waiting, and says how much that was. What goes wrong is found out by who
    /// writes the rest.
    pub(crate) fn write_now(&self, bytes: &[u8]) -> usize {
        self.try_write(bytes).and_then(Result::ok).unwrap_or_default()
    }

    /// Says that nothing more will be written; false where the connection has ended already.
    pub(crate) fn half_close(&self) -> bool {
        let _turn = lock(&self.turn);
        self.half_closed.store(true, Ordering::Release);
        let done = self.stream.shutdown(Shutdown::Write).is_ok();
        if done {
            self.recording.note(What::HalfClosed);
        }
        done
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
        // It fails only where the peer has ended it already.
        _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Says that we are done, and reads what has come meanwhile, `most` bytes at most: unread bytes would turn
    /// the close into a reset, which can take our last words with it. Waits for nothing. `read` is told the size
    /// of each read.
    pub(crate) fn say_goodbye(&self, buf: &mut [u8], most: usize, mut read: impl FnMut(usize)) {
        if !self.half_close() || self.stream.set_nonblocking(true).is_err() {
            return;
        }
        let mut drained = 0;
        while drained < most
            && let Ok(n) = self.read(buf)
            && n > 0
        {
            read(n);
            drained += n;
        }
    }

    /// The close will be a reset: the peer is told that something went wrong, and what it has not read yet is lost.
    pub(crate) fn reset(&self) {
        // Without this option it is a close.
        _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
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

    fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, self.peer, cause)
    }

    /// What ended the connection, noted in the recording too, in turn: after the write that it answers.
    fn broken(&self, operation: Operation, error: io::Error) -> Error {
        let error = Error::io(operation, self.peer, error);
        let _turn = lock(&self.turn);
        self.recording.note(error.as_event());
        error
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        // The stream goes right after.
        self.recording.closed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::spawn;
    use crate::recording::{Ends, Recorder};
    use std::net::TcpListener;

    const PATIENCE: Duration = Duration::from_millis(50);

    fn pair() -> (Duplex, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
        let local = TcpStream::connect(listener.local_addr().expect("address")).expect("connected");
        let (remote, peer) = listener.accept().expect("accepted");
        let ends = Ends { local: local.local_addr().expect("address"), peer };
        let recording = Recorder::new(Recorder::BUDGET).open();
        recording.connected(ends);
        (Duplex::new(local, peer, recording, PATIENCE).expect("alive"), remote)
    }

    #[test]
    fn a_write_to_a_peer_that_does_not_read_ends_with_a_clear_error() {
        let (wire, _remote) = pair();
        let mut total = 0;
        let error = wire.write(&vec![0; 64 << 20], |n| total += n).expect_err("nobody reads");
        assert!(matches!(error.cause, Cause::NotReading(PATIENCE)), "{error}");
        assert!(total > 0);
    }

    #[test]
    fn a_write_that_waits_does_not_keep_the_reader_waiting() {
        let (wire, mut remote) = pair();
        let wire = Arc::new(wire);
        wire.stream.set_write_timeout(None).expect("set");
        let writer = spawn("writer", {
            let wire = Arc::clone(&wire);
            move || wire.write(&vec![0; 64 << 20], |_| {})
        })
        .expect("thread");
        // The peer reads nothing before it has been heard.
        let mut buf = [0; 5];
        for _ in 0..100 {
            remote.write_all(b"hello").expect("sent");
            wire.read(&mut buf).expect("received");
        }
        wire.shut();
        assert!(matches!(writer.join().expect("joined").expect_err("shut").cause, Cause::Cancelled));
        assert!(matches!(wire.read(&mut buf).expect_err("shut").cause, Cause::Cancelled));
    }

    #[test]
    fn a_reply_is_never_recorded_before_what_it_replies_to() {
        let (wire, mut remote) = pair();
        let wire = Arc::new(wire);
        let echo = spawn("echo", move || {
            let mut byte = [0];
            while remote.read_exact(&mut byte).is_ok() {
                remote.write_all(&byte).expect("sent");
            }
        })
        .expect("thread");
        let reader = spawn("reader", {
            let wire = Arc::clone(&wire);
            move || while wire.read(&mut [0]).is_ok() {}
        })
        .expect("thread");
        for n in 0..2_000 {
            wire.write(&[1], |_| {}).expect("sent");
            while wire.recording.kept().end < 2 * (n + 1) {
                std::thread::yield_now();
            }
        }
        wire.shut();
        reader.join().expect("joined");
        echo.join().expect("joined");
        wire.recording.read(|log| {
            for number in log.kept() {
                let expected = if number % 2 == 0 { Direction::Out } else { Direction::In };
                assert_eq!(log.segment(number).expect("kept").direction, expected, "segment {number}");
            }
        });
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
                move || wire.read(&mut [0])
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
