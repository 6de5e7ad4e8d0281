//! The index of the shown recording, kept in step with what comes: in the frame where that is quick, otherwise on a
//! thread of its own, while the view stays as it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::recording::Recording;
use crate::recording::index::{Index, View};

/// What is walked through at once, see [`crate::recording::framing::Framer::step`]: well under a millisecond, mostly.
const FUEL: u64 = 64 << 10;

/// How long the thread walks on until it lets others have the recording …
const TURN: Duration = Duration::from_micros(500);
/// … for so long.
pub(super) const REST: Duration = Duration::from_micros(50);

/// An index with more marks than this is large.
const MANY: usize = 4_096;

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
    /// Shared with a thread that makes a newer one of it, which it copies there: a copy may take long.
    index: Arc<Index>,
    job: Option<Job>,
}

impl Default for Reading {
    fn default() -> Self {
        let view = View { lens: crate::recording::framing::Lens::Reads, only: None, per_row: 1 };
        Self { of: Weak::new(), index: Arc::new(Index::new(view)), job: None }
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

    /// Goes on with `recording` as `view` has it. True if the rows have other numbers from now on.
    pub(super) fn sync(&mut self, ctx: &egui::Context, recording: &Arc<Recording>, view: &View) -> bool {
        let mut changed = false;
        if !std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(recording)) {
            (self.of, self.job) = (Arc::downgrade(recording), None);
            self.show(Index::new(view.clone()));
            changed = true;
        }
        if let Some(job) = &self.job {
            if job.view != *view {
                self.job = None;
            } else {
                match job.index.try_recv() {
                    Err(TryRecvError::Empty) => {}
                    // Its thread has ended without one.
                    Err(TryRecvError::Disconnected) => self.job = None,
                    Ok(index) => {
                        changed |= self.index.view() != index.view() || self.index.restarts() != index.restarts();
                        self.job = None;
                        self.show(index);
                    }
                }
            }
        }
        if self.job.is_some() {
            return changed;
        }
        let fresh = self.index.view() != view;
        if fresh {
            let mut next = Index::new(view.clone());
            if recording.read(|log| next.advance(log, FUEL)) {
                self.show(next);
                return true;
            }
            // What is shown stays until the thread is done.
            self.job = start(ctx, recording, Arc::new(next));
        } else {
            let restarts = self.index.restarts();
            if !recording.read(|log| Arc::make_mut(&mut self.index).advance(log, FUEL)) {
                self.job = start(ctx, recording, Arc::clone(&self.index));
            }
            changed |= self.index.restarts() != restarts;
        }
        changed
    }

    /// Shows another index from now on.
    fn show(&mut self, index: Index) {
        let old = std::mem::replace(&mut self.index, Arc::new(index));
        // To give so much memory back takes longer than a frame may.
        if old.marks() > MANY
            && let Err(error) = crate::net::spawn("lens-end", move || drop(old))
        {
            log::debug!("an index went on the window's thread: {error}");
        }
    }
}

/// Walks to the end on a thread.
fn start(ctx: &egui::Context, recording: &Arc<Recording>, index: Arc<Index>) -> Option<Job> {
    let (done, result) = bounded(1);
    let stop = Arc::new(AtomicBool::new(false));
    let job = Job { view: index.view().clone(), index: result, stop: Arc::clone(&stop) };
    let (ctx, recording) = (ctx.clone(), Arc::clone(recording));
    let walk = move || {
        let mut index = Arc::unwrap_or_clone(index);
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
