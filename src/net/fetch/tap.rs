//! A stream whose every read and write is recorded as it returns.

use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::recording::{Direction, Recording};

/// Passes reads and writes through and keeps each in a [`Recording`]. For TLS it goes around the TLS stream,
/// so that what is recorded is what was said, not its cipher text.
#[derive(Debug)]
pub(super) struct Tap<S> {
    stream: S,
    recording: Arc<Recording>,
}

impl<S> Tap<S> {
    /// Records into `recording` what goes through `stream`.
    pub(super) fn new(stream: S, recording: Arc<Recording>) -> Self {
        Self { stream, recording }
    }

    /// The stream underneath, to change its settings; what is read or written there is not recorded.
    pub(super) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: Read> Read for Tap<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(buf)?;
        self.recording.push(Direction::In, &buf[..n]);
        Ok(n)
    }
}

impl<S: Write> Write for Tap<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.stream.write(buf)?;
        self.recording.push(Direction::Out, &buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
