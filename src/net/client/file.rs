//! A file that is sent in pieces, in order with the messages; never whole in memory.

use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::{Event, Shared};
use crate::i18n::{bytes, t, tf};
use crate::net::duplex::Duplex;
use crate::net::report::Reporter;
use crate::net::{Cause, Error, Operation, lock, regular};

/// So many bytes of a file are in memory at a time: 64 KiB.
const PIECE: usize = 64 << 10;

/// How the sending of a file ended.
#[derive(Clone, Debug)]
pub enum FileEnd {
    /// All of it was given to the system.
    Sent,
    /// It was cancelled.
    Cancelled,
    /// The connection ended before.
    Cut,
    /// It could not be read to its end.
    Failed(Arc<Error>),
}

/// A file that waits to be sent, is being sent, or was.
#[derive(Debug)]
pub struct Sending {
    path: PathBuf,
    /// How long it was when it was begun; 0 before.
    size: AtomicU64,
    sent: AtomicU64,
    cancelled: AtomicBool,
    end: Mutex<Option<FileEnd>>,
}

impl Sending {
    pub(super) fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            size: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            end: Mutex::default(),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes have been sent, and of how many: the size that it had when it was begun, 0 before.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Acquire), self.size.load(Ordering::Acquire))
    }

    /// Sends no more of it than the piece that is on its way.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn ended(&self) -> Option<FileEnd> {
        lock(&self.end).clone()
    }

    /// How it ended, in words.
    #[must_use]
    pub fn text(&self) -> String {
        let (sent, size) = self.progress();
        let args = [
            ("path", crate::recording::text::visible(self.path.display().to_string().as_bytes()).into()),
            ("sent", bytes(sent).into()),
            ("size", bytes(size).into()),
        ];
        match self.ended() {
            None => tf("file-sending", &args),
            Some(FileEnd::Sent) => tf("file-sent", &args),
            Some(FileEnd::Cancelled) if size == 0 => tf("file-not-sent", &args),
            Some(FileEnd::Cancelled) => tf("file-cancelled", &args),
            Some(FileEnd::Cut) if size == 0 => tf("file-not-sent", &args),
            Some(FileEnd::Cut) => tf("file-cut", &args),
            Some(FileEnd::Failed(error)) if sent == 0 => error.to_string(),
            Some(FileEnd::Failed(error)) => {
                tf("file-failed-within", &[("what", error.to_string().into()), ("sent", bytes(sent).into())])
            }
        }
    }

    pub(super) fn end(self: &Arc<Self>, end: FileEnd, reporter: &Reporter<Event>) {
        *lock(&self.end) = Some(end);
        reporter.send(Event::FileEnded(Arc::clone(self)));
    }

    /// Sends it.
    ///
    /// # Errors
    /// The connection has ended. What is wrong with the file ends the sending of this file alone.
    pub(super) fn send(self: &Arc<Self>, shared: &Shared, wire: &Duplex, to: &Reporter<Event>) -> Result<(), Error> {
        let end = match self.send_pieces(shared, wire, to) {
            Ok(end) => end,
            Err(Trouble::File(error)) => {
                let cause = if error.kind() == ErrorKind::NotFound { Cause::NoFile } else { Cause::Os(error) };
                let what = Error::new(Operation::SendFile, self.path.display(), cause);
                FileEnd::Failed(Arc::new(what))
            }
            Err(Trouble::Connection(error)) => {
                self.end(FileEnd::Cut, to);
                return Err(error);
            }
        };
        self.end(end, to);
        Ok(())
    }

    fn send_pieces(&self, shared: &Shared, wire: &Duplex, to: &Reporter<Event>) -> Result<FileEnd, Trouble> {
        if self.is_cancelled() {
            return Ok(FileEnd::Cancelled);
        }
        let (mut file, known) = regular::open(&self.path).map_err(Trouble::File)?;
        let size = known.len();
        self.size.store(size, Ordering::Release);
        let mut piece = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE))];
        let mut left = size;
        while left > 0 {
            if self.is_cancelled() {
                return Ok(FileEnd::Cancelled);
            }
            let most = piece.len().min(usize::try_from(left).unwrap_or(PIECE));
            let n = match file.read(&mut piece[..most]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read.map_err(Trouble::File)?,
            };
            if n == 0 {
                return Err(Trouble::File(io::Error::other(t("file-shorter"))));
            }
            let written = |n: usize| {
                self.sent.fetch_add(n as u64, Ordering::AcqRel);
                to.nudge(Event::Moved);
            };
            shared.outbox.busy(|| wire.write(&piece[..n], written)).map_err(Trouble::Connection)?;
            left -= n as u64;
        }
        Ok(FileEnd::Sent)
    }
}

/// Whose fault it is.
enum Trouble {
    File(io::Error),
    Connection(Error),
}
