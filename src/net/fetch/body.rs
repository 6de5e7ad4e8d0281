//! A body that has come, in a file: read piece by piece, never whole in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256};

use super::spool::spool_error;
use super::{CharsetBy, Fault, charset, name, resume};
use crate::net::{Error, Operation, lock, save};

/// How much of a body is read at once, in bytes.
const PIECE: usize = 1 << 20;
/// Marks a body that is not complete.
const PARTIAL: &str = "partial";

/// What else is known of a body.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Without userinfo, for errors.
    pub(super) url: String,
    pub(super) suggested_name: String,
    pub(super) media_type: String,
    pub(super) charset: Option<&'static encoding_rs::Encoding>,
}

/// A body in a temporary file that goes with the last owner, or in the file where it was to be put; after decoding.
#[derive(Debug)]
pub struct Body {
    file: Mutex<File>,
    len: u64,
    about: About,
    /// Once somebody wants to know.
    charset: OnceLock<(&'static encoding_rs::Encoding, CharsetBy)>,
    complete: bool,
    pub(super) saved_to: Option<PathBuf>,
    transferred: Option<Arc<Self>>,
}

impl Body {
    /// The first `len` bytes of `file`.
    pub(super) fn new(file: File, len: u64, about: About, complete: bool) -> Self {
        let file = Mutex::new(file);
        Self { file, len, about, charset: OnceLock::new(), complete, saved_to: None, transferred: None }
    }

    /// Its length in bytes, after decoding.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is all that was sent. If not, it can be saved only under a name that says so.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Where it was put while it came ([`super::Options::destination`]): that file, or if it is not complete the partial.
    #[must_use]
    pub fn saved_to(&self) -> Option<&Path> {
        self.saved_to.as_deref()
    }

    /// The same as it was transferred, where it was unpacked and [`super::Options::keep_transferred`] asked for that.
    #[must_use]
    pub fn transferred(&self) -> Option<&Arc<Self>> {
        self.transferred.as_ref()
    }

    pub(super) fn with_transferred(mut self, transferred: Option<Self>) -> Self {
        self.transferred = transferred.map(Arc::new);
        self
    }

    /// At most `most` bytes from `offset`; fewer only at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_at(&self, offset: u64, most: usize) -> Result<Vec<u8>, Error> {
        let left = self.len.saturating_sub(offset).min(most as u64);
        let mut bytes = vec![0; usize::try_from(left).unwrap_or(0)];
        if bytes.is_empty() {
            return Ok(bytes);
        }
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(|e| {
            match &self.saved_to {
                Some(path) => Error::io(Operation::Spool, path.display(), e),
                None => spool_error(&self.about.url, e),
            }
        })?;
        Ok(bytes)
    }

    /// All of it, in pieces of at most a mebibyte.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn pieces(&self) -> impl Iterator<Item = Result<Vec<u8>, Error>> {
        (0..self.len).step_by(PIECE).map(|offset| self.read_at(offset, PIECE))
    }

    /// The SHA-256 of it, in hexadecimal digits; `None` as soon as it is not `wanted` any more. All of it is read for that.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn sha256(&self, wanted: impl Fn() -> bool) -> Result<Option<String>, Error> {
        let mut sha256 = Context::new(&SHA256);
        for piece in self.pieces() {
            if !wanted() {
                return Ok(None);
            }
            sha256.update(&piece?);
        }
        Ok(Some(HEXLOWER.encode(sha256.finish().as_ref())))
    }

    /// A file name: Content-Disposition, else the last path segment, else `index` with an extension for the type.
    /// Always one safe path segment of at most 200 bytes.
    #[must_use]
    pub fn suggested_name(&self) -> &str {
        &self.about.suggested_name
    }

    /// The `Content-Type`, in lower case without parameters; empty if unknown.
    #[must_use]
    pub fn media_type(&self) -> &str {
        &self.about.media_type
    }

    /// The charset to read it as text with: header, else byte order mark, else `<meta>`, else what it looks like. Who asks
    /// first waits until its begin has been read.
    #[must_use]
    pub fn charset(&self) -> &'static encoding_rs::Encoding {
        self.found_charset().0
    }

    /// Which of them told the charset.
    #[must_use]
    pub fn charset_by(&self) -> CharsetBy {
        self.found_charset().1
    }

    fn found_charset(&self) -> (&'static encoding_rs::Encoding, CharsetBy) {
        *self.charset.get_or_init(|| {
            // A file that cannot be read is told of where its text is wanted.
            let start = self.read_at(0, charset::LOOK_AT).unwrap_or_default();
            charset::find(&self.about.media_type, self.about.charset, &start)
        })
    }

    /// Writes it to `path`, atomically: beside it under another name, synced, renamed. An old file keeps its
    /// permissions; where `path` is a link, what it leads to is replaced, or made.
    ///
    /// # Errors
    /// Disk full, no permission, no folder, a folder or a device has the name; or the body is not complete and
    /// `path` does not end in `.partial`: then `path` is as it was.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.check_name(path)?;
        if !self.complete {
            resume::forget(path).map_err(|e| Error::io(Operation::Save, path.display(), e))?;
        }
        save::replace(path, |file| self.copy_to(file))
    }

    /// Saves it in `folder` under its suggested name, or under `name (1).ext`, `name (2).ext`, … where that is
    /// taken: never over another file. Says which it was. A body that is not complete gets `.partial` added.
    ///
    /// # Errors
    /// As [`Body::save`]; or 9,999 such names are taken.
    pub fn save_new(&self, folder: &Path) -> Result<PathBuf, Error> {
        let names = (0..10_000).map(|n| {
            let name = match n {
                0 => self.suggested_name().to_owned(),
                n => name::numbered(self.suggested_name(), n),
            };
            let path = folder.join(name);
            if self.complete { path } else { Self::partial_path(&path) }
        });
        save::create(names, |file| self.copy_to(file))
    }

    /// The name for a body that is not complete: `page.html` → `page.html.partial`. A name that says so stays.
    #[must_use]
    pub fn partial_path(path: &Path) -> PathBuf {
        if path.extension().is_some_and(|extension| extension == PARTIAL) {
            return path.to_owned();
        }
        let mut path = path.as_os_str().to_owned();
        path.push(".");
        path.push(PARTIAL);
        path.into()
    }

    /// Like [`Body::save`], but under [`Body::partial_path`] of `path`, which it gives back.
    ///
    /// # Errors
    /// As [`Body::save`].
    pub fn save_partial(&self, path: &Path) -> Result<PathBuf, Error> {
        let path = Self::partial_path(path);
        self.save(&path)?;
        Ok(path)
    }

    /// Nothing more is written to the file.
    pub(super) fn unlock(&self) {
        if let Err(error) = lock(&self.file).unlock() {
            log::debug!("{}: not unlocked: {error}", self.about.url);
        }
    }

    fn check_name(&self, path: &Path) -> Result<(), Error> {
        if self.complete || path.extension().is_some_and(|extension| extension == PARTIAL) {
            return Ok(());
        }
        Err(Error::new(Operation::Save, path.display(), Fault::OnlyPartial))
    }

    fn copy_to(&self, to: &mut File) -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        let mut offset = 0;
        while offset < self.len {
            let n = {
                let mut file = lock(&self.file);
                file.seek(SeekFrom::Start(offset))?;
                file.read(&mut buffer)?
            };
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            to.write_all(&buffer[..n])?;
            offset += n as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Cause;
    use crate::net::fetch::spool::Spool;

    fn body(bytes: &[u8], complete: bool) -> Body {
        let mut spool = Spool::new().expect("spool");
        bytes.chunks(7).for_each(|chunk| spool.write(chunk).expect("written"));
        let about = About {
            url: "http://localhost/".into(),
            suggested_name: "a.txt".into(),
            media_type: "text/plain".into(),
            charset: None,
        };
        let body = if complete { spool.finish(about) } else { spool.finish_partial(about, false, None) };
        body.expect("body")
    }

    #[test]
    fn a_body_is_read_piece_by_piece() {
        let body = body(b"0123456789", true);
        assert_eq!(body.len(), 10);
        assert_eq!(body.read_at(3, 4).expect("bytes"), b"3456");
        assert_eq!(body.read_at(8, 100).expect("bytes"), b"89");
        assert_eq!(body.read_at(u64::MAX, 100).expect("bytes"), b"");
    }

    #[test]
    fn a_new_save_takes_a_free_name() {
        let folder = tempfile::tempdir().expect("folder");
        let body = body(b"new", true);
        for name in ["a.txt", "a (1).txt", "a (2).txt"] {
            assert_eq!(body.save_new(folder.path()).expect("saved"), folder.path().join(name));
        }
        std::fs::write(folder.path().join("a.txt"), "old").expect("written");
        body.save_new(folder.path()).expect("saved");
        assert_eq!(std::fs::read(folder.path().join("a.txt")).expect("read"), b"old");
        assert_eq!(std::fs::read(folder.path().join("a (3).txt")).expect("read"), b"new");
    }

    #[test]
    fn what_is_not_complete_is_saved_only_under_a_name_that_says_so() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.txt");
        let body = body(b"half", false);
        let error = body.save(&path).expect_err("refused");
        assert!(matches!(error.cause, Cause::Fetch(Fault::OnlyPartial)), "{error}");
        assert!(!path.exists());
        let saved = body.save_partial(&path).expect("saved");
        assert_eq!(saved, folder.path().join("a.txt.partial"));
        assert_eq!(std::fs::read(saved).expect("read"), b"half");
        assert_eq!(body.save_new(folder.path()).expect("saved"), folder.path().join("a (1).txt.partial"));
    }
}
