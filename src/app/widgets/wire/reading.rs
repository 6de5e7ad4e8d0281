//! The index of the shown recording, kept in step with what comes: in the frame where that is quick, otherwise on a
//! thread of its own, while the view stays as it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use crate::recording::Recording;
use crate::recording::index::{Index, View};

/// What is walked through at once, see [`crate::recording::framing::Framer::step`]: well under a millisecond, mostly.
const FUEL: u64 = 64 << 10;

/// How long the thread walks on until it lets others have the recording …
const TURN: Duration = Duration::from_micros(500);
/// … for so long.
const REST: Duration = Duration::from_micros(50);

/// An index that is being made.
#[derive(Debug)]
struct Job {
    view: View,
    index: Receiver<Index>,
    stop: Arc<AtomicBool>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The rows of one recording, as far as they are known.
#[derive(Debug)]
pub(super) struct Reading {
    of: Weak<Recording>,
    index: Index,
    job: Option<Job>,
}

impl Default for Reading {
    fn default() -> Self {
        let view = View { lens: crate::recording::framing::Lens::Reads, only: None, per_row: 1 };
        Self { of: Weak::new(), index: Index::new(view), job: None }
    }
}

impl Reading {
    /// What is known now.
    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Whether a thread is still at it.
    pub(super) fn is_behind(&self) -> bool {
        self.job.is_some()
    }

    /// Goes on with `recording` as `view` has it. True if another recording or view is shown from now on.
    pub(super) fn sync(&mut self, ctx: &egui::Context, recording: &Arc<Recording>, view: &View) -> bool {
        let mut changed = false;
        if !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(recording)) {
            *self = Self { of: Arc::downgrade(recording), index: Index::new(view.clone()), job: None };
            changed = true;
        }
        if let Some(job) = &self.job {
            if job.view != *view {
                self.job = None;
            } else if let Ok(index) = job.index.try_recv() {
                changed |= self.index.view() != index.view();
                self.index = index;
                self.job = None;
            }
        }
        if self.job.is_some() {
            return changed;
        }
        let fresh = self.index.view() != view;
        let mut next =
            if fresh { Index::new(view.clone()) } else { std::mem::replace(&mut self.index, Index::new(view.clone())) };
        if recording.read(|log| next.advance(log, FUEL)) {
            self.index = next;
            return changed || fresh;
        }
        // What is shown stays until the thread is done: the old view, or as much as was known.
        if !fresh {
            self.index = next.clone();
        }
        self.job = start(ctx, recording, next);
        changed
    }
}

/// Walks to the end on a thread.
fn start(ctx: &egui::Context, recording: &Arc<Recording>, mut index: Index) -> Option<Job> {
    let (done, result) = bounded(1);
    let stop = Arc::new(AtomicBool::new(false));
    let job = Job { view: index.view().clone(), index: result, stop: Arc::clone(&stop) };
    let (ctx, recording) = (ctx.clone(), Arc::clone(recording));
    let walk = move || {
        let mut turn = Instant::now();
        while !recording.read(|log| index.advance(log, FUEL)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // A lock that is taken again at once is never free for those that must wake up first: the window, which would
            // stand still, and the worker.
            if turn.elapsed() >= TURN {
                std::thread::sleep(REST);
                turn = Instant::now();
            }
        }
        // Nobody waits for it any more.
        _ = done.send(index);
        ctx.request_repaint();
    };
    match crate::net::spawn("lens", walk) {
        Ok(_) => Some(job),
        Err(error) => {
            log::warn!("the wire cannot be read again: {error}");
            None
        }
    }
}
