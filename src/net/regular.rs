//! Regular files alone: a pipe or a device could wait for ever, have no end, or do something when it is opened.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::i18n::t;

/// It is something else.
#[derive(Debug, thiserror::Error)]
#[error("{}", t("file-not-regular"))]
pub(crate) struct NotRegular;

/// Opens a regular file, and says what is known of it.
///
/// # Errors
/// [`NotRegular`]; what the system says.
pub(crate) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let regular = |known: Metadata| {
        if known.is_file() { Ok(known) } else { Err(io::Error::other(NotRegular)) }
    };
    // Asked first: opening a pipe waits for its other end.
    regular(std::fs::metadata(path)?)?;
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Should it have become a pipe meanwhile.
        options.custom_flags(libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    let known = regular(file.metadata()?)?;
    Ok((file, known))
}

/// Reads a regular file, but no more of it than shows that it has more than `most` bytes.
///
/// # Errors
/// As [`open`].
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.0.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
