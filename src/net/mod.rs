//! The ENGINE: sockets and the threads that work them. Knows no screen.
//!
//! * [`server`] — the greeting server: a thread accepts, each connection has a thread of its own.
//! * [`client`] — one chat session with any TCP server.
//! * [`fetch`] — one HTTP/1.1 fetch with its redirects, over our own sockets.
//!
//! Each of the three is a *handle*: it owns its workers, and dropping it stops them, closes their sockets and
//! joins them. Workers speak through [`report`]; every wait of theirs can be ended through [`cancel`].

pub mod address;
pub mod cancel;
pub mod client;
pub mod connect;
mod duplex;
pub mod error;
pub mod fetch;
pub mod limits;
pub(crate) mod regular;
pub mod report;
pub mod save;
pub mod server;
mod stream;
#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test that cannot go on fails")]
mod test_pairs;
pub mod tls;

pub use error::{Cause, Error, Operation};

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Locks, also after a worker panicked while it held the lock: what these locks guard is whole at every moment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Like [`lock`], but `None` while somebody else holds it.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Starts a thread that has a name. The name is cut to 15 bytes by Linux.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// What a caught panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// For what is seldom done, in between what is done very often: in a function of its own it leaves the other one small, and thus
/// in the processor's caches.
#[cold]
#[inline(never)]
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}
