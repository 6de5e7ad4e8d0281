//! One TCP connection as its threads share it: each read and write is recorded as it returns.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Cause, Error, Operation};
use crate::recording::{Direction, Recording};

/// A blocking stream with one reader and one writer, which may be two threads. A third may [`Wire::shut`] it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    peer: SocketAddr,
    recording: Arc<Recording>,
    /// How long one write may make no progress.
    patience: Duration,
    /// We ended it: what a read or write returns from then on is not the peer's doing.
    shut: AtomicBool,
}

impl Wire {
    /// Takes an open stream over, in blocking mode and with `TCP_NODELAY`.
    ///
    /// # Errors
    /// The stream is dead already.
    pub(crate) fn new(stream: TcpStream, recording: Arc<Recording>, patience: Duration) -> Result<Self, Error> {
        let peer = recording.ends().peer;
        // Where an accepted stream inherits the listener's mode it would not block.
        stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| stream.set_write_timeout(Some(patience)))
            .map_err(|error| Error::io(Operation::Receive, peer, error))?;
        Ok(Self { stream, peer, recording, patience, shut: AtomicBool::new(false) })
    }

    /// Waits for bytes; 0 is the empty read: the peer is done.
    ///
    /// # Errors
    /// Reset, [`Cause::Cancelled`] after [`Wire::shut`], or what the system says.
    pub(crate) fn read(&self, buf: &mut [u8]) -> Result<usize, Error> {
        loop {
            match (&self.stream).read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The empty read comes from our own end: the peer did nothing.
                Ok(0) | Err(_) if self.is_shut() => return Err(self.error(Operation::Receive, Cause::Cancelled)),
                Ok(n) => {
                    self.recording.push(Direction::In, &buf[..n]);
                    return Ok(n);
                }
                Err(error) => return Err(Error::io(Operation::Receive, self.peer, error)),
            }
        }
    }

    /// Writes all of `bytes`; `written` is told the size of each write as it returns.
    ///
    /// # Errors
    /// Reset, the peer does not read, [`Cause::Cancelled`] after [`Wire::shut`], or what the system says.
    pub(crate) fn write(&self, mut bytes: &[u8], mut written: impl FnMut(usize)) -> Result<(), Error> {
        while !bytes.is_empty() {
            match (&self.stream).write(bytes) {
                Ok(n) if n > 0 => {
                    self.recording.push(Direction::Out, &bytes[..n]);
                    written(n);
                    bytes = &bytes[n..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ if self.is_shut() => return Err(self.error(Operation::Send, Cause::Cancelled)),
                Ok(_) => return Err(Error::io(Operation::Send, self.peer, ErrorKind::WriteZero.into())),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(self.error(Operation::Send, Cause::NotReading(self.patience)));
                }
                Err(error) => return Err(Error::io(Operation::Send, self.peer, error)),
            }
        }
        Ok(())
    }

    /// Ends every read and write, now and from now on. What was received can still be read by nobody.
    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::Release);
        // It fails only where the peer has ended it already.
        _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Says that we are done, and reads what has come meanwhile, `most` bytes at most: unread bytes would turn
    /// the close into a reset, which can take our last words with it. Waits for nothing. `read` is told the size
    /// of each read.
    pub(crate) fn say_goodbye(&self, buf: &mut [u8], most: usize, mut read: impl FnMut(usize)) {
        if self.stream.shutdown(Shutdown::Write).is_err() || self.stream.set_nonblocking(true).is_err() {
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

    fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, self.peer, cause)
    }
}
