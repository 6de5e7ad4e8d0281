//! The merged rows of two recordings, kept in step with what comes: in the frame where that is quick, otherwise on a
//! thread of its own, while the view stays as it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::recording::Recording;
use crate::recording::pair::Pair;

/// Entries that are walked through at once: a millisecond or two.
const FUEL: u64 = 16 << 10;

/// A pair that is being walked through.
#[derive(Debug)]
struct Job {
    per_row: u64,
    pair: Receiver<Pair>,
    stop: Arc<AtomicBool>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The rows of two recordings, as far as they are known.
#[derive(Debug)]
pub(super) struct Pairing {
    of: [Weak<Recording>; 2],
    pair: Pair,
    job: Option<Job>,
}

impl Default for Pairing {
    fn default() -> Self {
        Self { of: [Weak::new(), Weak::new()], pair: Pair::new(1), job: None }
    }
}

impl Pairing {
    /// What is known now.
    pub(super) fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Goes on with `two`. True if the rows are others from now on.
    pub(super) fn sync(&mut self, ctx: &egui::Context, two: [&Arc<Recording>; 2], per_row: u64) -> bool {
        let mut changed = false;
        if !self.of.iter().zip(two).all(|(one, other)| std::ptr::eq(one.as_ptr(), Arc::as_ptr(other))) {
            *self = Self { of: two.map(Arc::downgrade), pair: Pair::new(per_row), job: None };
            changed = true;
        }
        if let Some(job) = &self.job {
            if job.per_row != per_row {
                self.job = None;
            } else {
                match job.pair.try_recv() {
                    Err(TryRecvError::Empty) => {}
                    // Its thread has ended without one.
                    Err(TryRecvError::Disconnected) => self.job = None,
                    Ok(pair) => {
                        changed |= self.pair.per_row() != pair.per_row();
                        self.pair = pair;
                        self.job = None;
                    }
                }
            }
        }
        if self.job.is_some() {
            return changed;
        }
        let fresh = self.pair.per_row() != per_row;
        let mut next = Pair::new(per_row);
        if !fresh {
            std::mem::swap(&mut next, &mut self.pair);
        }
        if next.advance([two[0], two[1]], FUEL) {
            self.pair = next;
            return changed || fresh;
        }
        // What is shown stays until the thread is done: the old rows, or as much as was known.
        if !fresh {
            self.pair = next.clone();
        }
        self.job = start(ctx, two, next);
        changed
    }
}

/// Walks to the end on a thread.
fn start(ctx: &egui::Context, two: [&Arc<Recording>; 2], mut pair: Pair) -> Option<Job> {
    let (done, result) = bounded(1);
    let stop = Arc::new(AtomicBool::new(false));
    let job = Job { per_row: pair.per_row(), pair: result, stop: Arc::clone(&stop) };
    let (ctx, two) = (ctx.clone(), two.map(Arc::clone));
    let walk = move || {
        while !pair.advance([&two[0], &two[1]], FUEL) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // Others want the recordings too: see the thread of a lens.
            std::thread::sleep(super::reading::REST);
        }
        // Nobody waits for it any more.
        _ = done.send(pair);
        ctx.request_repaint();
    };
    match crate::net::spawn("both ends", walk) {
        Ok(_) => Some(job),
        Err(error) => {
            log::warn!("both ends cannot be shown: {error}");
            None
        }
    }
}
