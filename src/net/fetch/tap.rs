//! A stream whose every read and write is recorded as it returns.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use super::clock::Clock;
use crate::recording::{Direction, Recording, Room, What};

/// Passes reads and writes through and keeps each in a [`Recording`]. For TLS it goes around the TLS stream,
/// so that what is recorded is what was said, not its cipher text.
#[derive(Debug)]
pub(super) struct Tap<S> {
    stream: S,
    recording: Arc<Recording>,
    /// From the request on.
    clock: Option<Clock>,
}

impl<S> Tap<S> {
    /// Records into `recording` what goes through `stream`.
    pub(super) fn new(stream: S, recording: Arc<Recording>) -> Self {
        Self { stream, recording, clock: None }
    }

    /// From now on `clock` is told of each read and write.
    pub(super) fn time_with(&mut self, clock: Clock) {
        self.clock = Some(clock);
    }

    /// The stream underneath, to change its settings; what is read or written there is not recorded.
    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// What went wrong, as it is told by the socket. Keeps it too.
    fn noted(&self, direction: Direction, begun: Instant, error: io::Error) -> io::Error {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::Interrupted => {}
            Kind::TimedOut => self.recording.note(What::TimedOut(direction, begun.elapsed())),
            Kind::ConnectionReset | Kind::BrokenPipe => self.recording.note(What::Reset),
            // We were cancelled.
            Kind::ConnectionAborted => self.recording.ending(),
            _ => self.recording.note(What::Failed(error.to_string().into())),
        }
        error
    }
}

impl<S> Drop for Tap<S> {
    fn drop(&mut self) {
        // The stream goes right after.
        self.recording.closed();
    }
}

impl<S: Read> Tap<S> {
    /// One read; its size.
    ///
    /// # Errors
    /// What the stream says.
    pub(super) fn read(&mut self, room: &mut Room) -> io::Result<usize> {
        let begun = Instant::now();
        if let Some(clock) = &mut self.clock {
            clock.waits();
        }
        let n = self.stream.read(room.for_read()).map_err(|error| self.noted(Direction::In, begun, error))?;
        if let Some(clock) = self.clock.as_mut().filter(|_| n > 0) {
            clock.has_read();
        }
        self.recording.push_read(room, n);
        Ok(n)
    }
}

impl<S: Write> Write for Tap<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
        let written = self.stream.write(buf);
        if let Some(clock) = &mut self.clock {
            clock.wrote(begun);
        }
        let n = written.map_err(|error| self.noted(Direction::Out, begun, error))?;
        self.recording.push_at(Direction::Out, &buf[..n], self.recording.micros(begun));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let flushed = self.stream.flush();
        if let Some(clock) = &mut self.clock {
            clock.wrote(begun);
        }
        flushed
    }
}
