//! What the worker of a fetch and its handle share, and the worker's side of it.

use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crossbeam_channel::{Receiver, select};

use super::url::Target;
use super::{Body, Event, Hop, Options, Parts, Phase, Progress, Span, Step, View};
use crate::net::cancel::{Cancel, Guard};
use crate::net::lock;
use crate::net::report::Reporter;
use crate::recording::Recorder;

/// No length is known.
const UNKNOWN: u64 = u64::MAX;

/// How far the body is.
#[derive(Debug)]
pub(super) struct Counters {
    received: AtomicU64,
    length: AtomicU64,
    decoded: AtomicU64,
    sent: AtomicU64,
    to_send: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            received: AtomicU64::new(0),
            length: AtomicU64::new(UNKNOWN),
            decoded: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            to_send: AtomicU64::new(0),
        }
    }
}

impl Counters {
    pub(super) fn set_received(&self, n: u64) {
        self.received.store(n, Ordering::Relaxed);
    }

    pub(super) fn set_decoded(&self, n: u64) {
        self.decoded.store(n, Ordering::Relaxed);
    }

    pub(super) fn set_length(&self, length: Option<u64>) {
        self.length.store(length.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    pub(super) fn set_sent(&self, n: u64) {
        self.sent.store(n, Ordering::Relaxed);
    }

    /// A hop begins, which has this much to send.
    pub(super) fn set_to_send(&self, n: u64) {
        self.set_sent(0);
        self.to_send.store(n, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Progress {
        let length = self.length.load(Ordering::Relaxed);
        Progress {
            received: self.received.load(Ordering::Relaxed),
            length: (length != UNKNOWN).then_some(length),
            decoded: self.decoded.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            to_send: self.to_send.load(Ordering::Relaxed),
        }
    }
}

/// What both sides look at.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) view: Mutex<View>,
    pub(super) version: AtomicU64,
}

/// The worker's side.
pub(super) struct Worker {
    pub(super) options: Options,
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<Counters>,
    pub(super) cancel: Cancel,
    /// Where a person says to go on to the next hop.
    pub(super) steps: Receiver<()>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) reporter: Reporter<Event>,
    pub(super) begun: Instant,
    /// Shuts the socket of the current hop down when cancelled.
    pub(super) guard: Mutex<Option<Guard>>,
    /// What had come of a body that failed.
    pub(super) partial: Mutex<Option<Body>>,
}

impl Worker {
    /// Changes what is shown.
    pub(super) fn update(&self, change: impl FnOnce(&mut View)) {
        change(&mut lock(&self.shared.view));
        self.shared.version.fetch_add(1, Ordering::Release);
    }

    /// Changes the current hop, and says that there is something new.
    pub(super) fn hop(&self, change: impl FnOnce(&mut Hop)) {
        self.update(|view| {
            if let Some(hop) = view.hops.last_mut() {
                change(hop);
            }
        });
        self.wake();
    }

    /// The index of the current hop.
    pub(super) fn hop_index(&self) -> usize {
        lock(&self.shared.view).hops.len().saturating_sub(1)
    }

    /// The URL of the first hop.
    pub(super) fn asked_for(&self) -> String {
        lock(&self.shared.view).hops.first().map(|hop| hop.url.clone()).unwrap_or_default()
    }

    /// Where the parts of the current hop are noted.
    pub(super) fn parts(&self) -> Arc<Parts> {
        lock(&self.shared.view).hops.last().map(|hop| Arc::clone(&hop.parts)).unwrap_or_default()
    }

    pub(super) fn phase(&self, phase: Phase) {
        let at = self.begun.elapsed();
        self.update(|view| {
            view.phase = phase;
            if let Some(hop) = view.hops.last_mut() {
                hop.phases.push((phase, at));
            }
        });
        self.report(Event::Phase(phase));
    }

    /// Does `work`, which is `step` of the current hop, and notes how long it took, also where it fails.
    pub(super) fn timed<T>(&self, step: Step, work: impl FnOnce() -> T) -> T {
        let begun = self.begun.elapsed();
        let done = work();
        let took = self.begun.elapsed().saturating_sub(begun);
        self.hop(|hop| hop.spans.push(Span { step, begun, took }));
        done
    }

    pub(super) fn note(&self, note: String) {
        self.hop(|hop| hop.notes.push(note.clone()));
        self.report(Event::Note(note));
    }

    pub(super) fn report(&self, event: Event) {
        self.reporter.send(event);
    }

    pub(super) fn wake(&self) {
        self.reporter.wake();
    }

    /// From now on cancelling shuts `stream` down, and no longer the one before.
    pub(super) fn guard_stream(&self, stream: TcpStream) {
        let guard = self.cancel.on_cancel(move || {
            if let Err(error) = stream.shutdown(Shutdown::Both) {
                log::debug!("shutdown after cancelling: {error}");
            }
        });
        // Taken out first: dropping a guard locks what cancelling locks.
        let old = lock(&self.guard).replace(guard);
        drop(old);
    }

    /// The socket is closed: nothing is left to shut down.
    pub(super) fn unguard_stream(&self) {
        let old = lock(&self.guard).take();
        drop(old);
    }

    /// Waits until a person lets it go on to `next`; `false`: it was cancelled.
    pub(super) fn may_go_on(&self, next: &Target) -> bool {
        self.update(|view| view.next = Some(next.as_str().to_owned()));
        self.wake();
        let goes_on = select! {
            recv(self.steps) -> told => told.is_ok(),
            recv(self.cancel.ended()) -> _ => false,
        };
        self.update(|view| view.next = None);
        goes_on
    }

    pub(super) fn keep_partial(&self, partial: Body) {
        *lock(&self.partial) = Some(partial);
    }
}
