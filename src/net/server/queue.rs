//! Who waits to be accepted: the system has completed their connections, and nobody has taken them yet.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Event, Shared};
use crate::net::cancel::Cancel;
use crate::net::report::Reporter;
use crate::net::{lock, spawn};

/// How often the queue is looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// How long the next look may be put off where each takes its time.
const LONGEST: Duration = Duration::from_secs(5);

/// A thread that looks at the queue of a listener while its clients must wait, until this is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    done: Cancel,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Watch {
    /// Begins to look. Without a thread nobody is told who waits, and all else goes on.
    pub(super) fn new(address: SocketAddr, shared: &Arc<Shared>, reporter: &Reporter<Event>) -> Self {
        let done = Cancel::default();
        let look = {
            let (done, shared, reporter) = (done.clone(), Arc::clone(shared), reporter.clone());
            move || {
                let mut rest = PERIOD;
                while done.pause(rest) {
                    let begin = Instant::now();
                    let found = waiting(address);
                    // With very many sockets a look takes its time.
                    rest = (begin.elapsed() * 20).clamp(PERIOD, LONGEST);
                    let before = std::mem::replace(&mut *lock(&shared.waiting), found.clone());
                    if before != found {
                        reporter.wake();
                    }
                }
            }
        };
        let thread =
            if cfg!(target_os = "linux") { spawn("queue", look) } else { Err(std::io::ErrorKind::Other.into()) };
        Self { done, thread: thread.ok(), shared: Arc::clone(shared) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.done.cancel();
        if let Some(thread) = self.thread.take() {
            // It has nothing that could panic.
            _ = thread.join();
        }
        lock(&self.shared.waiting).clear();
    }
}

/// The clients in the queue of the listener at `address`, by address and port.
#[cfg(target_os = "linux")]
fn waiting(address: SocketAddr) -> Vec<SocketAddr> {
    use procfs::net::TcpState;
    let sockets = [procfs::net::tcp(), procfs::net::tcp6()].into_iter().filter_map(Result::ok).flatten();
    let canonical = |one: SocketAddr| SocketAddr::new(one.ip().to_canonical(), one.port());
    let is_ours = |one: SocketAddr| {
        one.port() == address.port() && (address.ip().is_unspecified() || canonical(one) == canonical(address))
    };
    let mut found: Vec<_> = sockets
        // A connection that nobody has taken has no inode; the client may have closed it meanwhile.
        .filter(|one| one.inode == 0 && matches!(one.state, TcpState::Established | TcpState::CloseWait))
        .filter(|one| is_ours(one.local_address))
        .map(|one| canonical(one.remote_address))
        .collect();
    found.sort_unstable();
    found
}

#[cfg(not(target_os = "linux"))]
fn waiting(_: SocketAddr) -> Vec<SocketAddr> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn who_waits_is_told_from_who_was_accepted() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).expect("listener");
            let address = listener.local_addr().expect("address");
            let first = TcpStream::connect(address).expect("connected");
            let _taken = listener.accept().expect("accepted");
            assert_eq!(waiting(address), []);
            let second = TcpStream::connect(address).expect("connected");
            assert_eq!(waiting(address), [second.local_addr().expect("address")]);
            drop(second);
            assert_eq!(waiting(address).len(), 1, "it still waits");
            drop(first);
        }
    }
}
