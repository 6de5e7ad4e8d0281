//! One way to end every wait of a worker: a pause, a name look-up, a connect, a blocked read or write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::lock;

/// Nothing is ever sent: the channel's end is the message.
pub type Never = std::convert::Infallible;

type Hook = Box<dyn Fn() + Send>;

/// Shared by a handle and its workers. Once cancelled it stays so.
#[derive(Clone)]
pub struct Cancel(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    cancelled: Receiver<Never>,
}

struct State {
    /// `None` once cancelled: dropping it ends the channel that waiters listen on.
    open: Option<Sender<Never>>,
    hooks: HashMap<u64, Hook>,
    next: u64,
}

impl Default for Cancel {
    fn default() -> Self {
        let (open, cancelled) = bounded(0);
        Self(Arc::new(Inner {
            state: Mutex::new(State { open: Some(open), hooks: HashMap::new(), next: 0 }),
            cancelled,
        }))
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

impl Cancel {
    /// Ends every wait, now and from now on. Runs the hooks in this thread.
    pub fn cancel(&self) {
        let hooks = {
            let mut state = lock(&self.0.state);
            state.open = None;
            std::mem::take(&mut state.hooks)
        };
        hooks.values().for_each(|hook| hook());
    }

    /// Whether [`Cancel::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        lock(&self.0.state).open.is_none()
    }

    /// Pauses for `time`, or until cancelled: then `false`.
    #[must_use]
    pub fn pause(&self, time: Duration) -> bool {
        self.0.cancelled.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
    }

    /// A channel that ends when cancelled, to select on with others.
    #[must_use]
    pub fn ended(&self) -> &Receiver<Never> {
        &self.0.cancelled
    }

    /// Runs `hook` when cancelled (at once if that has happened), until the guard is dropped. The hook must not
    /// block: it shuts a socket down or wakes a poll.
    #[must_use]
    pub fn on_cancel(&self, hook: impl Fn() + Send + 'static) -> Guard {
        let mut state = lock(&self.0.state);
        let id = state.next;
        state.next += 1;
        if state.open.is_some() {
            state.hooks.insert(id, Box::new(hook));
        } else {
            drop(state);
            hook();
        }
        Guard { cancel: self.clone(), id }
    }
}

/// Keeps a hook of [`Cancel::on_cancel`] in place.
#[derive(Debug)]
pub struct Guard {
    cancel: Cancel,
    id: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        lock(&self.cancel.0.state).hooks.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_pause_ends_when_cancelled_and_hooks_run_once() {
        let cancel = Cancel::default();
        let runs = Arc::new(AtomicUsize::new(0));
        let hook = |runs: &Arc<AtomicUsize>| {
            let runs = Arc::clone(runs);
            move || _ = runs.fetch_add(1, Ordering::SeqCst)
        };
        let _kept = cancel.on_cancel(hook(&runs));
        drop(cancel.on_cancel(hook(&runs)));
        assert!(cancel.pause(Duration::ZERO));
        let waiter = {
            let cancel = cancel.clone();
            super::super::spawn("waiter", move || cancel.pause(Duration::from_secs(60))).expect("thread")
        };
        cancel.cancel();
        assert!(!waiter.join().expect("joined"));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        let _late = cancel.on_cancel(hook(&runs));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert!(cancel.is_cancelled());
    }
}
