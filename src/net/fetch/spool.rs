//! Where a body goes as it arrives: a temporary file, or one beside the file that it is to be.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::body::{About, Body};
use super::resume::{self, Mark, Resume};
use super::room::{self, KEPT_FREE, STEP};
use super::writer::{SharedBytes, Writer};
use super::{Destination, Fault, ResumeFault};
use crate::net::save::{self, Unfinished};
use crate::net::{Cause, Error, Operation};

/// The size of the buffer in front of the file; larger writes go past it.
const BUFFER: usize = 64 << 10;

/// Where an arriving body goes.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<Writer>,
    /// What gives the file its name, where it is to have one.
    place: Option<Unfinished>,
    /// What it goes on with, and how much that was.
    resumed: Option<(PathBuf, u64)>,
    len: u64,
    /// How much that was when it was looked how much room there is.
    looked: u64,
    /// Says that.
    free: fn(&File) -> Option<u64>,
}

/// What the system said about the temporary file for the body of `url`: where such files are, and that it is full
/// perhaps, has nothing to do with where a body is saved.
pub(super) fn spool_error(url: &str, error: io::Error) -> Error {
    let error = Error::io(Operation::Spool, url, error);
    if matches!(error.cause, Cause::NoDescriptors) {
        return error;
    }
    let folder = tempfile::env::temp_dir().display().to_string();
    Error { cause: Fault::Spool { cause: error.cause.to_string(), folder }.into(), ..error }
}

impl Spool {
    /// A new temporary file without a name: it goes with its last owner, however the program ends.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self::to(tempfile::tempfile()?, None))
    }

    /// A file beside `destination`, in whose place it is put once it is complete.
    ///
    /// # Errors
    /// As those of [`Unfinished::begin`].
    pub(super) fn beside(destination: &Destination) -> Result<Self, Error> {
        let mut place = Unfinished::begin(&destination.path)?;
        let file = place.file().try_clone();
        let file = file.map_err(|e| Error::io(Operation::Save, destination.path.display(), e))?;
        Ok(Self::to(file, Some(place)))
    }

    /// The end of what `resume` has, which is put in the place of `destination` once it is complete.
    ///
    /// # Errors
    /// It cannot be written, or another fetch does.
    pub(super) fn after(resume: &Resume, destination: &Destination) -> Result<Self, Error> {
        let partial = &resume.partial;
        let io = |e| Error::io(Operation::Save, partial.display(), e);
        let mut file = File::options().read(true).write(true).open(partial).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(Operation::Save, partial.display(), Fault::from(ResumeFault::Busy)));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        // That fetch may have put it in its place meanwhile.
        fs::symlink_metadata(partial).map_err(io)?;
        // What came after that may not have reached the disk.
        file.set_len(resume.start()).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io)?;
        let place = Unfinished::go_on(&destination.path, partial, file.try_clone().map_err(io)?)?;
        let resumed = Some((partial.clone(), resume.start()));
        Ok(Self { resumed, ..Self::to(file, Some(place)) })
    }

    fn to(file: File, place: Option<Unfinished>) -> Self {
        let file = BufWriter::with_capacity(BUFFER, Writer::new(file));
        Self { file, place, resumed: None, len: 0, looked: 0, free: room::free }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Has `bytes` written soon; an error may be told by a later write, or by [`Spool::settle`].
    pub(super) fn write_shared(&mut self, bytes: SharedBytes) -> io::Result<()> {
        let len = bytes.len();
        if len < BUFFER {
            return self.write(&bytes);
        }
        self.file.flush()?;
        self.file.get_mut().write_shared(bytes)?;
        self.len += len as u64;
        Ok(())
    }

    /// Waits until all is in the file; where that cannot be, the length is of what is.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        let file = self.file.get_mut();
        let settled = file.settle();
        let settled = flushed.and(settled);
        if settled.is_err()
            && let Ok(position) = file.position()
        {
            self.len = position.saturating_sub(self.start());
        }
        settled
    }

    /// Looks now and then whether the disk still has room.
    ///
    /// # Errors
    /// [`Fault::NoRoom`].
    pub(super) fn check_room(&mut self) -> Result<(), Fault> {
        if self.len - self.looked < STEP {
            return Ok(());
        }
        self.looked = self.len;
        self.fits(0)
    }

    /// Whether `more` bytes leave enough of the disk to others; few always do.
    ///
    /// # Errors
    /// [`Fault::NoRoom`].
    pub(super) fn check_room_for(&self, more: u64) -> Result<(), Fault> {
        if more <= STEP { Ok(()) } else { self.fits(more) }
    }

    fn fits(&self, more: u64) -> Result<(), Fault> {
        match (self.free)(self.file.get_ref().file()) {
            Some(free) if free < more.saturating_add(KEPT_FREE) => {
                let folder = self.place.as_ref().map(|place| save::folder(place.path()).to_owned());
                let folder = folder.unwrap_or_else(tempfile::env::temp_dir).display().to_string();
                Err(Fault::NoRoom { more, free, kept: KEPT_FREE, folder })
            }
            _ => Ok(()),
        }
    }

    /// Without what it goes on with.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// With that.
    pub(super) fn whole_len(&self) -> u64 {
        self.start() + self.len
    }

    /// How much of the file it goes on with.
    fn start(&self) -> u64 {
        self.resumed.as_ref().map_or(0, |(_, start)| *start)
    }

    /// What the system said about the file.
    pub(super) fn error(&self, url: &str, error: io::Error) -> Error {
        match &self.place {
            Some(place) => Error::io(Operation::Save, place.path().display(), error),
            None => spool_error(url, error),
        }
    }

    /// All that was sent, as a body; where it has a destination it is there now.
    pub(super) fn finish(self, about: About) -> Result<Body, Error> {
        let resumed = self.resumed.clone();
        let (mut body, place) = self.into_body(about, true)?;
        if let Some(place) = place {
            let path = place.path().to_owned();
            place.finish()?;
            body.saved_to = Some(path);
        }
        if let Some((partial, _)) = resumed
            && let Err(error) = resume::forget(&partial)
        {
            log::warn!("{}: {error}", partial.display());
        }
        body.unlock();
        Ok(body)
    }

    /// What has come, as a body that is not complete; kept as `path.partial` if `keeps` and it has a destination.
    /// Where that fails it can still be saved there. With `mark` it can be gone on with. What was itself gone on with
    /// is kept in any case.
    pub(super) fn finish_partial(self, about: About, keeps: bool, mark: Option<Mark>) -> Result<Body, Error> {
        let resumes = self.resumed.is_some();
        let (mut body, place) = self.into_body(about, false)?;
        if let Some(place) = place.filter(|_| keeps || resumes) {
            let path = Body::partial_path(place.path());
            let io = |e| Error::io(Operation::Save, path.display(), e);
            let forgotten = if resumes { Ok(()) } else { resume::forget(&path).map_err(io) };
            let kept = forgotten.and_then(|()| place.finish_as(&path));
            match kept.and_then(|()| mark.map_or(Ok(()), |mark| mark.write(&path, body.len()))) {
                Ok(()) => body.saved_to = Some(path),
                Err(error) => log::warn!("{error}"),
            }
        }
        body.unlock();
        Ok(body)
    }

    fn into_body(mut self, about: About, complete: bool) -> Result<(Body, Option<Unfinished>), Error> {
        // What is there is there.
        let settled = self.settle().map_err(|e| self.error(&about.url, e));
        match settled {
            Err(error) if complete => return Err(error),
            Err(error) => log::warn!("{error}"),
            Ok(()) => {}
        }
        let len = self.whole_len();
        // Nothing is left in the buffer, or nothing more can be written.
        let (writer, _) = self.file.into_parts();
        Ok((Body::new(writer.into_file(), len, about, complete), self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn trouble_with_the_temporary_file_names_its_folder() {
        let text = spool_error("http://a/", io::ErrorKind::StorageFull.into()).to_string();
        let folder = tempfile::env::temp_dir();
        for words in ["the disk is full", "TMPDIR", folder.to_str().expect("text")] {
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn a_large_body_leaves_room_on_the_disk() {
        const LITTLE: u64 = KEPT_FREE + 1_000;
        let mut spool = Spool::new().expect("spool");
        spool.free = |_| Some(LITTLE);
        assert_eq!(spool.check_room_for(STEP), Ok(()), "a small one is taken");
        let too_much = STEP + 1;
        let folder = tempfile::env::temp_dir().display().to_string();
        let no_room = Fault::NoRoom { more: too_much, free: LITTLE, kept: KEPT_FREE, folder };
        assert_eq!(spool.check_room_for(too_much), Err(no_room));
        spool.free = |_| Some(KEPT_FREE - 1);
        let mut written = 0;
        while spool.check_room().is_ok() {
            spool.write(&[0; 1 << 20]).expect("written");
            written += 1;
        }
        assert_eq!(written, STEP >> 20, "not looked for with each write");
        spool.free = |_| None;
        assert_eq!((spool.check_room_for(u64::MAX), spool.check_room()), (Ok(()), Ok(())), "where nobody knows");
    }

    fn about() -> About {
        About { url: String::new(), suggested_name: String::new(), media_type: String::new(), charset: None }
    }

    #[test]
    fn what_is_shared_and_what_is_not_come_in_their_order() {
        let block = Arc::new((0..4 * BUFFER).map(|n| (n / 1_000) as u8).collect::<Vec<u8>>());
        let mut spool = Spool::new().expect("spool");
        let mut rest = block.as_slice();
        for (n, size) in [10, BUFFER + 1, 7, 100, BUFFER, 9, 0, BUFFER + 50].into_iter().enumerate() {
            let bytes;
            (bytes, rest) = rest.split_at(size);
            let written = match n % 2 {
                0 => spool.write(bytes),
                _ => spool.write_shared(SharedBytes::of(&block, bytes).expect("a part")),
            };
            written.expect("written");
        }
        let len = block.len() - rest.len();
        assert_eq!(spool.len(), len as u64);
        let body = spool.finish(about()).expect("body");
        assert!(body.read_at(0, usize::MAX).expect("read") == block[..len]);
    }

    #[test]
    fn what_could_not_be_written_is_not_counted() {
        let made = tempfile::NamedTempFile::new().expect("made");
        let block = Arc::new(vec![1; BUFFER]);
        let spool = || {
            let mut spool = Spool::to(File::open(made.path()).expect("opened for reading"), None);
            spool.write_shared(SharedBytes::of(&block, &block).expect("a part")).expect("taken");
            spool.write(b"more").expect("taken");
            spool
        };
        let mut settled = spool();
        assert!(settled.settle().is_err());
        assert_eq!(settled.len(), 0);
        assert!(spool().finish(about()).is_err());
        assert_eq!(spool().finish_partial(about(), false, None).expect("nothing").len(), 0);
    }
}
