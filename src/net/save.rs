//! Files written whole or not at all: under another name in the same folder, synced, then renamed.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::fetch::Fault;
use super::{Cause, Error, Operation};

/// A file that is being written beside the one whose name it is to have. Dropped, it goes away again.
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// As it was asked for.
    path: PathBuf,
    /// Where that leads to.
    place: PathBuf,
    /// What was there when it began.
    old: Option<Metadata>,
    file: NamedTempFile,
}

impl Unfinished {
    /// Begins a file that is to have the name `path`.
    ///
    /// # Errors
    /// The name is that of a folder or a device; the folder or the old file cannot be written.
    pub(crate) fn begin(path: &Path) -> Result<Self, Error> {
        let (place, old) = find_place(path)?;
        let file = make_beside(&place).map_err(|e| Error::io(Operation::Save, path.display(), e))?;
        Ok(Self { path: path.to_owned(), place, old, file })
    }

    /// Goes on with `file`, which stands at `partial` and stays there if it is dropped; it is to have the name `path`.
    ///
    /// # Errors
    /// As those of [`Unfinished::begin`].
    pub(crate) fn go_on(path: &Path, partial: &Path, file: File) -> Result<Self, Error> {
        let (place, old) = find_place(path)?;
        let kept = TempPath::try_from_path(partial).map_err(|e| Error::io(Operation::Save, partial.display(), e))?;
        let mut file = NamedTempFile::from_parts(file, kept);
        file.disable_cleanup(true);
        Ok(Self { path: path.to_owned(), place, old, file })
    }

    /// The name that it is to have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be written to.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives it its name, in place of what has that now.
    ///
    /// # Errors
    /// It could not be written to the disk, or the folder does not let it be renamed: then `path` is as it was.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let io = |e| Error::io(Operation::Save, self.path.display(), e);
        make_last(&self.file, self.old.as_ref()).map_err(io)?;
        self.file.persist(&self.place).map_err(|e| io(e.error))?;
        sync_folder(&self.place);
        Ok(())
    }

    /// Gives it another name than it was to have, in place of what has that now.
    ///
    /// # Errors
    /// As those of [`Unfinished::begin`] and [`Unfinished::finish`].
    pub(crate) fn finish_as(self, path: &Path) -> Result<(), Error> {
        let (place, old) = find_place(path)?;
        Self { path: path.to_owned(), place, old, file: self.file }.finish()
    }
}

/// Writes what `fill` gives as `path`, in place of what has that name. If anything fails, `path` is as it was and
/// nothing else is left behind.
///
/// # Errors
/// The name is that of a folder or a device; the folder or the old file cannot be written; the disk is full.
pub(crate) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    let mut file = Unfinished::begin(path)?;
    fill(file.file()).map_err(|e| Error::io(Operation::Save, path.display(), e))?;
    file.finish()
}

/// Like [`replace`], for what comes in many small pieces. Gives back what `fill` does.
///
/// # Errors
/// As [`replace`].
pub(crate) fn write_whole<T>(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> Result<T, Error> {
    let mut filled = None;
    replace(path, |file| {
        let mut out = BufWriter::new(file);
        filled = Some(fill(&mut out)?);
        out.flush()
    })?;
    // Where nothing was filled in, replacing has failed.
    filled.ok_or_else(|| Error::io(Operation::Save, path.display(), io::ErrorKind::Other.into()))
}

/// Whether [`replace`] could write `path` now, as far as that can be known without writing.
///
/// # Errors
/// As those of [`replace`].
pub fn can_save(path: &Path) -> Result<(), Error> {
    let (place, _) = find_place(path)?;
    check_folder(folder(&place)).map_err(|e| Error::io(Operation::Save, path.display(), e))
}

/// Whether a file could be made in `path` now.
///
/// # Errors
/// There is no such folder, or nothing can be written there.
pub fn can_save_in(path: &Path) -> Result<(), Error> {
    check_folder(path).map_err(|e| Error::io(Operation::Save, path.display(), e))
}

/// Makes a file without a name, which goes away again.
fn check_folder(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// Where a file that is to have the name `path` is to be put, and what is there now. Links are followed, also one
/// that leads to nothing yet.
fn find_place(path: &Path) -> Result<(PathBuf, Option<Metadata>), Error> {
    let error = |cause: Cause| Error::new(Operation::Save, path.display(), cause);
    let io = |e| Error::io(Operation::Save, path.display(), e);
    if !names_a_file(path) {
        return Err(error(if path.is_dir() { Cause::IsFolder } else { Fault::NoFileName.into() }));
    }
    match fs::metadata(path) {
        Ok(old) => {
            let place = fs::canonicalize(path).map_err(io)?;
            check_old(&place, &old).map_err(error)?;
            Ok((place, Some(old)))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok((follow(path.to_owned()), None)),
        Err(e) => Err(io(e)),
    }
}

/// What a link that leads to nothing yet leads to. The system has followed it before, so it is no circle; but it may
/// change meanwhile.
fn follow(mut path: PathBuf) -> PathBuf {
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => break,
        }
    }
    path
}

/// Writes what `fill` gives under the first of `names` that is free; never over anything. Says which it was.
///
/// # Errors
/// As [`replace`]; or no name is free.
pub(crate) fn create(
    mut names: impl Iterator<Item = PathBuf>,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<PathBuf, Error> {
    let taken = |path: &Path| Error::new(Operation::Save, path.display(), Fault::NamesTaken);
    let Some(mut path) = names.next() else { return Err(taken(Path::new(""))) };
    let io = |path: &Path, e| Error::io(Operation::Save, path.display(), e);
    let mut file = write_beside(&path, fill).map_err(|e| io(&path, e))?;
    loop {
        // Asked first, for file systems that cannot rename without replacing.
        if fs::symlink_metadata(&path).is_err() {
            file = match file.persist_noclobber(&path) {
                Ok(_) => {
                    sync_folder(&path);
                    return Ok(path);
                }
                Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => e.file,
                Err(e) => return Err(io(&path, e.error)),
            };
        }
        path = names.next().ok_or_else(|| taken(&path))?;
    }
}

/// Whether `path` ends in the name of a file, not in a separator or in `..`.
fn names_a_file(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    path.file_name().is_some() && !bytes.last().is_some_and(|b| std::path::is_separator(char::from(*b)))
}

/// Only a file may be replaced, and only one that may be written to, whatever its folder allows.
fn check_old(place: &Path, old: &Metadata) -> Result<(), Cause> {
    let is_protected = || {
        let opened = File::options().write(true).open(place);
        opened.is_err_and(|e| matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem))
    };
    if old.is_dir() {
        Err(Cause::IsFolder)
    } else if !old.is_file() {
        Err(Fault::NotAFile.into())
    } else if old.permissions().readonly() || is_protected() {
        Err(Fault::WriteProtected.into())
    } else {
        Ok(())
    }
}

/// A synced file in the folder of `path`, which goes away again unless it is renamed.
fn write_beside(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<NamedTempFile> {
    let mut file = make_beside(path)?;
    fill(file.as_file_mut())?;
    make_last(&file, None)?;
    Ok(file)
}

/// An empty file in the folder of `path`, which goes away again unless it is renamed.
fn make_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".socketscope-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask, as for any new file
    builder.tempfile_in(folder(path))
}

/// Sees to it that `file` is on the disk, with the permissions of `old`, which it is to replace.
fn make_last(file: &NamedTempFile, old: Option<&Metadata>) -> io::Result<()> {
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()
}

/// The folder that it is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the new name last. It is there already, and not every system can do this.
fn sync_folder(path: &Path) {
    if let Err(error) = File::open(folder(path)).and_then(|folder| folder.sync_all()) {
        log::debug!("folder of {}: not synced: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: &mut File) -> io::Result<()> {
        unreachable!("written")
    }

    fn listing(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn cause(result: Result<(), Error>) -> Cause {
        result.expect_err("an error").cause
    }

    #[test]
    fn a_failed_save_changes_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("page.html");
        fs::write(&path, "old").expect("written");
        let result = replace(&path, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(cause(result), Cause::DiskFull));
        assert_eq!(fs::read(&path).expect("read"), b"old");
        assert_eq!(listing(folder.path()), ["page.html"]);
        let result = create([folder.path().join("new")].into_iter(), |_| Err(io::ErrorKind::StorageFull.into()));
        assert!(result.is_err());
        assert_eq!(listing(folder.path()), ["page.html"]);
    }

    #[test]
    fn an_old_file_stays_until_the_new_one_is_finished() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("wire.txt");
        fs::write(&path, "old").expect("written");
        let begun = || {
            let mut file = Unfinished::begin(&path).expect("begun");
            file.file().write_all(b"new").expect("written");
            assert_eq!(fs::read(&path).expect("read"), b"old");
            assert_eq!(listing(folder.path()).len(), 2);
            file
        };
        drop(begun());
        assert_eq!(listing(folder.path()), ["wire.txt"]);
        begun().finish().expect("renamed");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(write_whole(&path, |out| out.write_all(b"whole").map(|()| 5)).expect("written"), 5);
        assert_eq!(fs::read(&path).expect("read"), b"whole");
        assert_eq!(listing(folder.path()), ["wire.txt"]);
        assert!(matches!(Unfinished::begin(&folder.path().join("none/x")).expect_err("no").cause, Cause::NoFolder));
    }

    #[test]
    fn what_cannot_be_replaced_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(matches!(cause(replace(folder.path(), never)), Cause::IsFolder));
        assert!(matches!(cause(replace(&folder.path().join("new/"), never)), Cause::Fetch(Fault::NoFileName)));
        fs::create_dir(folder.path().join("old")).expect("made");
        assert!(matches!(cause(replace(&folder.path().join("old/"), never)), Cause::IsFolder));
        fs::remove_dir(folder.path().join("old")).expect("removed");
        assert!(matches!(cause(replace(&folder.path().join("none/x"), never)), Cause::NoFolder));
        assert!(matches!(cause(replace(Path::new(""), never)), Cause::Fetch(Fault::NoFileName)));
        assert!(matches!(cause(can_save(&folder.path().join("none/x"))), Cause::NoFolder));
        assert!(matches!(cause(can_save(folder.path())), Cause::IsFolder));
        assert!(matches!(cause(can_save_in(&folder.path().join("none"))), Cause::NoFolder));
        can_save_in(folder.path()).expect("a folder to write to");
        can_save(&folder.path().join("new")).expect("a free name");
        let path = folder.path().join("kept");
        fs::write(&path, "old").expect("written");
        let mut permissions = fs::metadata(&path).expect("file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("set");
        assert!(matches!(cause(replace(&path, never)), Cause::Fetch(Fault::WriteProtected)));
        assert!(matches!(cause(can_save(&path)), Cause::Fetch(Fault::WriteProtected)));
        assert_eq!(listing(folder.path()), ["kept"]);
    }

    #[test]
    #[cfg(unix)]
    fn devices_are_refused_links_followed_and_permissions_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        assert!(matches!(cause(replace(Path::new("/dev/null"), never)), Cause::Fetch(Fault::NotAFile)));
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&path, &link).expect("link");
        replace(&link, |file| file.write_all(b"new")).expect("saved");
        assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o640);

        // Also where there is nothing yet.
        let (new, hop, dangling) =
            (folder.path().join("new"), folder.path().join("hop"), folder.path().join("dangling"));
        std::os::unix::fs::symlink("new", &hop).expect("link");
        std::os::unix::fs::symlink(&hop, &dangling).expect("link");
        replace(&dangling, |file| file.write_all(b"new")).expect("saved");
        assert!(fs::symlink_metadata(&dangling).expect("link").is_symlink());
        assert!(fs::symlink_metadata(&hop).expect("link").is_symlink());
        assert_eq!(fs::read(&new).expect("read"), b"new");

        // One that others may write to, but not we.
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "old").expect("written");
        fs::set_permissions(&theirs, fs::Permissions::from_mode(0o060)).expect("set");
        if File::options().write(true).open(&theirs).is_ok() {
            eprintln!("SKIPPED: this user may write to every file");
        } else {
            assert!(matches!(cause(replace(&theirs, never)), Cause::Fetch(Fault::WriteProtected)));
        }

        // A new file gets what any new file gets.
        let (ours, others) = (folder.path().join("ours"), folder.path().join("others"));
        replace(&ours, |_| Ok(())).expect("saved");
        fs::write(&others, "").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("file").permissions().mode();
        assert_eq!(mode(&ours), mode(&others));
    }
}
