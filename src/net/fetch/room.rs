//! How much room the disk has: a large body never fills it.

use std::fs::File;

/// So much is left to others, in bytes.
pub(super) const KEPT_FREE: u64 = 64 << 20;
/// A body of up to so many bytes is taken as it comes; of a larger one it is looked each time so much more has come.
pub(super) const STEP: u64 = 16 << 20;

/// How many bytes can still be written to where `file` is; `None` where the system does not tell.
#[cfg(unix)]
pub(super) fn free(file: &File) -> Option<u64> {
    let disk = rustix::fs::fstatvfs(file).ok()?;
    // What has no size has no limit that is known.
    (disk.f_blocks > 0).then(|| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// How many bytes can still be written to where `file` is; `None` where the system does not tell.
#[cfg(not(unix))]
pub(super) fn free(_: &File) -> Option<u64> {
    None
}
