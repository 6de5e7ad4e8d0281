//! A file that is written by a thread of its own as soon as bytes come that can be held without a copy: who reads them
//! need not wait until they are written.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::ops::{Deref, Range};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};

use crate::net::{panic_text, spawn};

/// How many pieces may wait to be written.
const WAITING: usize = 2;

/// Bytes of a block that a recording keeps, so that they never change.
#[derive(Debug)]
pub(super) struct SharedBytes {
    block: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl SharedBytes {
    /// `bytes` without a copy, if they are a part of `block`.
    pub(super) fn of(block: &Arc<Vec<u8>>, bytes: &[u8]) -> Option<Self> {
        let start = bytes.as_ptr().addr().checked_sub(block.as_ptr().addr())?;
        let range = start..start.checked_add(bytes.len())?;
        (range.end <= block.len()).then(|| Self { block: Arc::clone(block), range })
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

#[derive(Debug)]
enum Piece {
    Shared(SharedBytes),
    Copied(Vec<u8>),
}

/// The thread that writes, and where it takes the pieces from.
type Thread = (Sender<Piece>, JoinHandle<io::Result<()>>);

/// Writes to a file, in the order in which it is asked to. Nothing more is written after an error.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    /// Once there is one.
    thread: Option<Thread>,
    /// What went wrong.
    failed: Option<io::ErrorKind>,
}

impl Writer {
    /// Writes to `file`, from where that stands.
    pub(super) fn new(file: File) -> Self {
        Self { file, thread: None, failed: None }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The file, once all is settled.
    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Where the next byte would go, which is how many there are: of those that wait, none.
    ///
    /// # Errors
    /// The file has no position.
    pub(super) fn position(&mut self) -> io::Result<u64> {
        self.file.stream_position()
    }

    /// Has `bytes` written soon.
    ///
    /// # Errors
    /// What an earlier write has met, or this one, where there can be no thread.
    pub(super) fn write_shared(&mut self, bytes: SharedBytes) -> io::Result<()> {
        if self.thread.is_none() && self.failed.is_none() {
            match self.start() {
                Ok(thread) => self.thread = Some(thread),
                Err(error) => {
                    log::debug!("no thread to write a body: {error}");
                    let written = self.file.write_all(&bytes);
                    return self.noted(written);
                }
            }
        }
        self.hand_over(Piece::Shared(bytes))
    }

    fn start(&self) -> io::Result<Thread> {
        // Both have the same position.
        let mut file = self.file.try_clone()?;
        let (sender, pieces) = bounded(WAITING);
        let write = move |piece| match piece {
            Piece::Shared(bytes) => file.write_all(&bytes),
            Piece::Copied(bytes) => file.write_all(&bytes),
        };
        Ok((sender, spawn("fetch-writer", move || pieces.into_iter().try_for_each(write))?))
    }

    fn hand_over(&mut self, piece: Piece) -> io::Result<()> {
        match &self.thread {
            Some((sender, _)) if sender.send(piece).is_ok() => Ok(()),
            // It ends early only with an error.
            _ => self.settle(),
        }
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// What a write has met; later only its kind.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            let written = thread.join().unwrap_or_else(|panic| Err(io::Error::other(panic_text(&*panic))));
            return self.noted(written);
        }
        self.failed.map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Keeps what went wrong; to be interrupted is nothing.
    fn noted<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        let kind = written.as_ref().err().map(io::Error::kind);
        self.failed = kind.filter(|kind| *kind != io::ErrorKind::Interrupted).or(self.failed);
        written
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.thread.is_none() && self.failed.is_none() {
            let written = self.file.write(bytes);
            return self.noted(written);
        }
        self.hand_over(Piece::Copied(bytes.to_vec())).map(|()| bytes.len())
    }

    /// All is written at the latest by [`Writer::settle`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_shared_is_found_and_nothing_else() {
        let block = Arc::new((0..100).collect::<Vec<u8>>());
        let shared = |bytes: &[u8]| SharedBytes::of(&block, bytes).map(|bytes| bytes.to_vec());
        assert_eq!(shared(&block), Some(block.to_vec()));
        assert_eq!(shared(&block[40..60]), Some((40..60).collect()));
        assert_eq!(shared(&block[99..]), Some(vec![99]));
        let other = block.to_vec();
        assert_eq!((shared(&other), shared(&other[40..60])), (None, None));
    }

    #[test]
    fn shared_and_copied_bytes_are_written_in_their_order() {
        let mut file = tempfile::tempfile().expect("file");
        let mut writer = Writer::new(file.try_clone().expect("file"));
        let mut expected: Vec<u8> = Vec::new();
        for n in 0..50 {
            let block = Arc::new(vec![n; 100_000]);
            let copied = vec![n + 100; usize::from(n)];
            expected.extend(copied.iter().chain(block.iter()));
            writer.write_all(&copied).expect("written");
            writer.write_shared(SharedBytes::of(&block, &block).expect("a part")).expect("taken");
        }
        writer.settle().expect("written");
        writer.write_all(b"end").expect("written");
        expected.extend(b"end");
        assert_eq!(writer.position().expect("position"), expected.len() as u64);
        file.rewind().expect("rewound");
        let mut written = Vec::new();
        file.read_to_end(&mut written).expect("read");
        assert!(written == expected);
    }

    #[test]
    fn an_error_is_told_with_or_without_a_thread_and_nothing_is_written_after_it() {
        let made = tempfile::NamedTempFile::new().expect("made");
        let block = Arc::new(vec![0; 10]);
        let piece = || SharedBytes::of(&block, &block).expect("a part");
        for with_thread in [true, false] {
            let mut writer = Writer::new(File::open(made.path()).expect("opened for reading"));
            let told = (0..1_000).find_map(|_| {
                let written = if with_thread { writer.write_shared(piece()) } else { writer.write_all(b"x") };
                written.err()
            });
            let told = told.expect("told");
            assert!(told.raw_os_error().is_some(), "{told}");
            let again = [writer.settle(), writer.write_shared(piece()), writer.write_all(b"x")];
            assert!(again.iter().all(|again| again.as_ref().is_err_and(|e| e.kind() == told.kind())), "{again:?}");
            assert_eq!(writer.position().expect("position"), 0);
        }
    }
}
