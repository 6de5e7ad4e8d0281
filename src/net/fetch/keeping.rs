//! The bytes of a body as they were transferred, kept beside what they unpack to.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use super::framing::Coding;
use super::spool::Spool;

/// Where they are kept; `None` where they are not to be, or there is no room.
pub(super) type Kept = Rc<RefCell<Option<Spool>>>;

/// Passes bytes on, and keeps those that were taken where there is a place for them.
pub(super) struct Keeping<R> {
    from: R,
    kept: Kept,
}

impl<R> Keeping<R> {
    pub(super) fn new(from: R, kept: Kept) -> Self {
        Self { from, kept }
    }
}

impl<R: BufRead> BufRead for Keeping<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.from.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        let mut kept = self.kept.borrow_mut();
        // What was looked at is still there.
        if let Some(spool) = kept.as_mut().filter(|_| n > 0)
            && let Ok(bytes) = self.from.fill_buf()
            && let Err(error) = spool.write(&bytes[..n.min(bytes.len())])
        {
            log::warn!("a body is not kept as it was transferred: {error}");
            *kept = None;
        }
        self.from.consume(n);
    }
}

impl<R: BufRead> Read for Keeping<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

/// The name of a file that is packed with `codings`: `page.html` → `page.html.gz`.
pub(super) fn packed_name(name: &str, codings: &[Coding]) -> String {
    codings.iter().fold(name.to_owned(), |name, coding| {
        let extension = match coding {
            Coding::Gzip => ".gz",
            Coding::Deflate => ".zlib",
            Coding::Brotli => ".br",
            Coding::Zstd => ".zst",
        };
        if name.ends_with(extension) { name } else { name + extension }
    })
}
