//! A message that repeats, and the thread `chat-repeat` that queues it each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{at, select};

use super::{Event, Shared};
use crate::net::cancel::Cancel;
use crate::net::{Error, Operation, lock, spawn};

/// The shortest and the longest time between two of them, in milliseconds.
pub const REPEAT_MS: std::ops::RangeInclusive<u64> = 1..=3_600_000;

/// What repeats, and how.
#[derive(Clone, Debug)]
pub struct Repetition {
    /// The message.
    pub message: Vec<u8>,
    /// From one to the next; taken into the bounds of [`REPEAT_MS`].
    pub every: Duration,
    /// How often; 0 until it is stopped.
    pub count: u64,
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum RepeatEnd {
    /// As often as was asked for.
    Done,
    /// It was stopped.
    Stopped,
    /// The session ended before.
    Over,
    /// A message could not be queued.
    Failed(Arc<Error>),
}

/// A message that repeats. Dropping it stops it and joins its thread.
#[derive(Debug)]
pub struct Repeat {
    stop: Cancel,
    progress: Arc<Progress>,
    count: u64,
    worker: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Progress {
    queued: AtomicU64,
    ended: AtomicBool,
}

impl Repeat {
    pub(super) fn start(shared: &Arc<Shared>, what: Repetition) -> Result<Self, Error> {
        let no_connection = || shared.error(crate::net::Cause::NotConnected);
        let reporter = lock(&shared.reporter).clone().ok_or_else(no_connection)?;
        // The first is queued here: what is wrong is known at once.
        shared.outbox.push(what.message.clone()).map_err(|cause| shared.error(cause))?;
        let progress = Arc::new(Progress { queued: AtomicU64::new(1), ended: AtomicBool::new(false) });
        let (stop, count) = (Cancel::default(), what.count);
        let worker = spawn("chat-repeat", {
            let (shared, stop, progress) = (Arc::clone(shared), stop.clone(), Arc::clone(&progress));
            move || {
                let end = run(&shared, &what, &stop, &progress.queued);
                progress.ended.store(true, Ordering::Release);
                let queued = progress.queued.load(Ordering::Acquire);
                reporter.send(Event::RepeatEnded { queued, count, end });
            }
        });
        let worker = worker.map_err(|error| Error::io(Operation::Work, shared.target(), error))?;
        Ok(Self { stop, progress, count, worker: Some(worker) })
    }

    /// How many messages have been queued, and how many there shall be; 0 until it is stopped.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.progress.queued.load(Ordering::Acquire), self.count)
    }

    /// Whether more will come.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.progress.ended.load(Ordering::Acquire)
    }

    /// Asks it to stop, and returns at once. What is queued is still sent.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        self.stop();
        if let Some(worker) = self.worker.take() {
            // It waits for nothing but `stop`.
            _ = worker.join();
        }
    }
}

fn run(shared: &Shared, what: &Repetition, stop: &Cancel, queued: &AtomicU64) -> RepeatEnd {
    let bounds = REPEAT_MS;
    let every = what.every.clamp(Duration::from_millis(*bounds.start()), Duration::from_millis(*bounds.end()));
    let mut due = Instant::now();
    let mut n = 1;
    while n != what.count {
        due = next_due(due, every, Instant::now());
        select! {
            recv(stop.ended()) -> _ => return RepeatEnd::Stopped,
            recv(shared.over.ended()) -> _ => return RepeatEnd::Over,
            recv(at(due)) -> _ => {}
        }
        // Both may have come at once.
        if stop.is_cancelled() {
            return RepeatEnd::Stopped;
        }
        if let Err(cause) = shared.outbox.push(what.message.clone()) {
            // It may have been half-closed, or be ending just now.
            let failed = shared.outbox.is_open();
            return if failed { RepeatEnd::Failed(Arc::new(shared.error(cause))) } else { RepeatEnd::Over };
        }
        n += 1;
        queued.store(n, Ordering::Release);
    }
    RepeatEnd::Done
}

/// When the next is due: a whole number of times `every` after `due`, so that it does not drift. Those that were missed, as
/// where the computer slept, are left out.
fn next_due(due: Instant, every: Duration, now: Instant) -> Instant {
    let late = now.saturating_duration_since(due);
    let missed = late.as_nanos() / every.as_nanos().max(1);
    due + every * u32::try_from(missed + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_beat_and_leaves_out_what_was_missed() {
        let ms = Duration::from_millis;
        let begin = Instant::now();
        for (now, due) in [(0, 10), (3, 10), (9, 10), (10, 20), (37, 40)] {
            assert_eq!(next_due(begin, ms(10), begin + ms(now)) - begin, ms(due), "at {now} ms");
        }
        assert_eq!(next_due(begin + ms(5), ms(10), begin) - begin, ms(15), "not due yet");
    }
}
