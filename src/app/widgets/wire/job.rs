//! Work on what is recorded that may take long: on a thread of its own, which is told to stop when nobody wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

/// How long a thread works on until it lets others have the recording …
const TURN: Duration = Duration::from_micros(500);
/// … for so long.
const REST: Duration = Duration::from_micros(50);

/// A thread at work. Dropped, it is told to stop.
#[derive(Debug)]
pub(super) struct Job<T> {
    result: Receiver<T>,
    stop: Stop,
}

/// Whether a thread shall go on.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }
}

impl<T: Send + 'static> Job<T> {
    /// Starts `work` on a thread called `name`; the window is drawn again when it is done. `None` if there can be no
    /// thread: that is in the log.
    pub(super) fn start(
        ctx: &egui::Context,
        name: &str,
        work: impl FnOnce(&Stop) -> Option<T> + Send + 'static,
    ) -> Option<Self> {
        let (done, result) = bounded(1);
        let job = Self { result, stop: Stop::default() };
        let (ctx, stop) = (ctx.clone(), job.stop.clone());
        let run = move || {
            if let Some(result) = work(&stop) {
                // Nobody waits for it any more.
                _ = done.send(result);
                ctx.request_repaint();
            }
        };
        match crate::net::spawn(name, run) {
            Ok(_) => Some(job),
            Err(error) => {
                log::warn!("no thread for {name}: {error}");
                None
            }
        }
    }

    /// Takes the result out of `job`, which is over then; `None` while it is at work, and where it ended without one.
    pub(super) fn take(job: &mut Option<Self>) -> Option<T> {
        let result = job.as_ref()?.result.try_recv();
        if !matches!(result, Err(TryRecvError::Empty)) {
            *job = None;
        }
        result.ok()
    }
}

impl Stop {
    /// Whether nobody wants the work any more.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes one step after the other until `step` says that it was the last; false if it was stopped before.
    pub(super) fn walk(&self, mut step: impl FnMut() -> bool) -> bool {
        let mut turn = Instant::now();
        while !step() {
            if self.is_asked() {
                return false;
            }
            // A lock that is taken again at once is never free for those that must wake up first: the window, which would
            // stand still, and the worker.
            if turn.elapsed() >= TURN {
                std::thread::sleep(REST);
                turn = Instant::now();
            }
        }
        true
    }
}
