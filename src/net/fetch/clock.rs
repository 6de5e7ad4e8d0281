//! When the request went and the answer came, as the wire saw it: into the spans of a hop.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::state::{Shared, Worker};
use super::{Span, Step};
use crate::net::lock;

/// Watches the reads and writes of one hop, from the first byte of its request on.
#[derive(Debug)]
pub(super) struct Clock {
    shared: Arc<Shared>,
    hop: usize,
    /// When the fetch began.
    begun: Instant,
    /// From the begin of the first write to the return of the last one.
    written: Option<(Instant, Instant)>,
    /// When a read first brought bytes, and when one last did.
    read: Option<(Instant, Instant)>,
    /// Nothing was written since it was told what is over.
    told: bool,
}

impl Clock {
    /// For the current hop of `worker`.
    pub(super) fn new(worker: &Worker) -> Self {
        let shared = Arc::clone(&worker.shared);
        Self { shared, hop: worker.hop_index(), begun: worker.begun, written: None, read: None, told: false }
    }

    /// A write that began at `begun` has returned, whatever came of it.
    pub(super) fn wrote(&mut self, begun: Instant) {
        let first = self.written.map_or(begun, |(first, _)| first);
        self.written = Some((first, Instant::now()));
        self.told = false;
    }

    /// A read begins: what is to be sent has been.
    pub(super) fn waits(&mut self) {
        if !self.told {
            self.told = true;
            self.tell(false);
        }
    }

    /// A read has brought bytes.
    pub(super) fn has_read(&mut self) {
        let now = Instant::now();
        let first = self.read.map(|(first, _)| first);
        self.read = Some((first.unwrap_or(now), now));
        if first.is_none() {
            self.tell(false);
        }
    }

    /// What is over by now, in place of what was told before; the last step only when all is `over`.
    fn tell(&self, over: bool) {
        let at = |instant: Instant| instant.saturating_duration_since(self.begun);
        let span = |step, begun: Duration, end: Duration| Span { step, begun, took: end.saturating_sub(begun) };
        let mut spans = Vec::new();
        if let Some((first, last)) = self.written {
            spans.push(span(Step::Request, at(first), at(last)));
            // An answer can begin while the request still goes out: then nobody waited for it.
            if let Some((came, ended)) = self.read {
                let came = came.max(last);
                spans.push(span(Step::FirstByte, at(last), at(came)));
                if over {
                    spans.push(span(Step::LastByte, at(came), at(ended.max(came))));
                }
            }
        }
        let mut view = lock(&self.shared.view);
        if let Some(hop) = view.hops.get_mut(self.hop) {
            hop.spans.retain(|span| !matches!(span.step, Step::Request | Step::FirstByte | Step::LastByte));
            hop.spans.append(&mut spans);
        }
        drop(view);
        self.shared.version.fetch_add(1, Ordering::Release);
    }
}

impl Drop for Clock {
    /// The connection goes: as far as it came.
    fn drop(&mut self) {
        self.tell(true);
    }
}
