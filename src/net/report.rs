//! The one way from workers to a front door.
//!
//! Each run (a server, a session, a fetch) has a channel of its own, so an event of an old run can never be
//! taken for one of the new. The channel is bounded and never blocks a worker: what finds it full is dropped and
//! counted. Nothing depends on an event alone: a handle's state can always be read from the handle. When the
//! last worker has gone, the inbox says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

/// How many events wait in a channel at most.
pub const CAPACITY: usize = 4_096;

/// Tells the front door that there is something new, at most once until it has looked.
#[derive(Clone)]
pub struct Waker(Arc<WakerInner>);

struct WakerInner {
    pending: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Waker {
    /// Calls `wake` from a worker's thread; it must not block.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(WakerInner { pending: AtomicBool::new(false), wake: Box::new(wake) }))
    }

    /// A waker that does nothing, for front doors that wait on the [`Inbox`].
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| {})
    }

    /// There is something new.
    pub fn wake(&self) {
        // A look costs less than a change, which takes the cache line away from all others. The fence: either whoever looks
        // sees what is new, or we see that the next wake counts.
        fence(Ordering::SeqCst);
        if !self.0.pending.load(Ordering::Relaxed) && !self.0.pending.swap(true, Ordering::AcqRel) {
            (self.0.wake)();
        }
    }

    /// The front door is about to look: the next [`Waker::wake`] counts again. Call it *before* looking.
    pub fn rearm(&self) {
        self.0.pending.store(false, Ordering::Release);
        fence(Ordering::SeqCst);
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}

/// An event with the worker's own time stamp.
#[derive(Debug)]
pub struct Report<E> {
    /// When it happened.
    pub at: SystemTime,
    /// What happened.
    pub event: E,
}

/// A worker's end of the channel. The channel ends when the last clone is dropped.
#[derive(Debug)]
pub struct Reporter<E> {
    // Dropped before `waker`: who is woken by the end of the channel must find it ended.
    events: Sender<Report<E>>,
    lost: Arc<AtomicU64>,
    waker: WakeAtEnd,
}

#[derive(Clone, Debug)]
struct WakeAtEnd(Waker);

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        self.0.wake();
    }
}

impl<E> Clone for Reporter<E> {
    fn clone(&self) -> Self {
        Self { events: self.events.clone(), lost: Arc::clone(&self.lost), waker: self.waker.clone() }
    }
}

impl<E> Reporter<E> {
    /// Reports `event`. Never blocks: a full channel drops it and counts it.
    pub fn send(&self, event: E) {
        if self.events.try_send(Report { at: SystemTime::now(), event }).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.wake();
    }

    /// Reports `event` unless others wait: for events that only say "look", which whoever takes the others does.
    pub fn nudge(&self, event: E) {
        if self.events.is_empty() {
            self.send(event);
        } else {
            self.wake();
        }
    }

    /// There is something new to see in counters or a recording, but no event.
    pub fn wake(&self) {
        self.waker.0.wake();
    }
}

/// The front door's end of the channel.
#[derive(Debug)]
pub struct Inbox<E> {
    events: Receiver<Report<E>>,
    lost: Arc<AtomicU64>,
}

/// What [`Inbox::wait`] came back with.
#[derive(Debug)]
pub enum Waited<E> {
    /// An event.
    Event(Report<E>),
    /// Nothing in that time.
    Nothing,
    /// The last worker has gone, and all its events have been taken.
    Ended,
}

impl<E> Inbox<E> {
    /// The next event that has come, without waiting.
    pub fn next(&self) -> Option<Report<E>> {
        self.events.try_recv().ok()
    }

    /// Waits for an event until `deadline`; `None` waits for as long as there are workers.
    pub fn wait(&self, deadline: Option<Instant>) -> Waited<E> {
        let received = match deadline {
            Some(deadline) => self.events.recv_deadline(deadline),
            None => self.events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(report) => Waited::Event(report),
            Err(RecvTimeoutError::Timeout) => Waited::Nothing,
            Err(RecvTimeoutError::Disconnected) => Waited::Ended,
        }
    }

    /// Takes all events until the last worker has gone; `false` if that took longer than `limit`.
    pub fn wait_end(&self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            match self.wait(Some(deadline)) {
                Waited::Event(_) => {}
                Waited::Ended => return true,
                Waited::Nothing => return false,
            }
        }
    }

    /// Whether the last worker has gone and all its events have been taken. Takes no event.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.events.is_empty() && matches!(self.events.try_recv(), Err(TryRecvError::Disconnected))
    }

    /// How many events were dropped because the channel was full.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The receiving end itself, to select on with other channels.
    #[must_use]
    pub fn receiver(&self) -> &Receiver<Report<E>> {
        &self.events
    }
}

/// A channel for one run.
#[must_use]
pub fn channel<E>(capacity: usize, waker: Waker) -> (Reporter<E>, Inbox<E>) {
    let (sender, receiver) = bounded(capacity);
    let lost = Arc::new(AtomicU64::new(0));
    (Reporter { events: sender, lost: Arc::clone(&lost), waker: WakeAtEnd(waker) }, Inbox { events: receiver, lost })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_full_channel_never_blocks_and_counts_what_it_drops() {
        let (reporter, inbox) = channel(2, Waker::none());
        (0..5).for_each(|n| reporter.send(n));
        assert_eq!(inbox.lost(), 3);
        assert_eq!([inbox.next().map(|r| r.event), inbox.next().map(|r| r.event)], [Some(0), Some(1)]);
        assert!(inbox.next().is_none());
        assert!(!inbox.ended());
        drop(reporter);
        assert!(inbox.ended());
    }

    #[test]
    fn many_events_wake_once_until_the_front_door_has_looked() {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let waker = Waker::new(move || _ = count.fetch_add(1, Ordering::Relaxed));
        let (reporter, inbox) = channel(10, waker.clone());
        (0..5).for_each(|n| reporter.send(n));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        waker.rearm();
        while inbox.next().is_some() {}
        reporter.send(5);
        assert_eq!(woken.load(Ordering::Relaxed), 2);
    }
}
