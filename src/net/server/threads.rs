//! The threads that serve connections: each connection has one to itself while it is open. A thread whose connection has
//! ended serves the next one, which costs less than a new thread; only few wait for that.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::serve::Job;
use super::{MOST_CONNECTIONS, Shared};
use crate::i18n::t;
use crate::net::{lock, spawn};

/// The most threads that wait for another connection.
const MOST_SPARE: usize = 32;

/// The threads of connections of all servers together: a process that has too many is ended by the system.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// The threads that nobody has joined yet, and how many of them wait for another connection.
#[derive(Debug, Default)]
pub(super) struct Threads {
    running: Mutex<Running>,
    spare: AtomicUsize,
}

#[derive(Debug, Default)]
struct Running {
    /// By the number of the connection that each was made for.
    all: HashMap<u64, JoinHandle<()>>,
    /// The thread that ended last: the next one to end joins it, so that never more than one waits for it.
    finished: Option<JoinHandle<()>>,
}

impl Threads {
    /// Waits for all to end.
    pub(super) fn join(&self) {
        let Running { all, finished } = std::mem::take(&mut *lock(&self.running));
        for thread in all.into_values().chain(finished) {
            // Its panics were caught and reported.
            _ = thread.join();
        }
    }

    /// The calling thread, made for connection `number`, is about to end.
    fn end(&self, number: u64) {
        let before = {
            let mut running = lock(&self.running);
            // Not there: the server is stopping, and the acceptor joins.
            let own = running.all.remove(&number);
            if own.is_some() { std::mem::replace(&mut running.finished, own) } else { None }
        };
        if let Some(before) = before {
            // Its panics were caught and reported.
            _ = before.join();
        }
    }

    /// One more waits for a connection, if there are not enough.
    fn wait_spare(&self, jobs: &Receiver<Job>) -> Option<Job> {
        let more = |spare| (spare < MOST_SPARE).then_some(spare + 1);
        self.spare.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        // It fails once the server accepts no more.
        let job = jobs.recv().ok();
        self.spare.fetch_sub(1, Ordering::Relaxed);
        job
    }
}

/// Gives each connection its thread. Threads that wait for one end when this is dropped.
#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    /// Without room: what is sent has been taken by a thread that waited for it.
    jobs: Sender<Job>,
    waiting: Receiver<Job>,
}

impl Pool {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let (jobs, waiting) = bounded(0);
        Self { shared: Arc::clone(shared), jobs, waiting }
    }

    /// Lets a thread serve the client.
    ///
    /// # Errors
    /// There can be no further thread now; what was to be done comes back with it.
    pub(super) fn serve(&self, job: Job) -> Result<(), (io::Error, Job)> {
        let Err(refused) = self.jobs.try_send(job) else { return Ok(()) };
        let job = refused.into_inner();
        let one = OneOfAll::new();
        if ALL.load(Ordering::Relaxed) > MOST_CONNECTIONS {
            return Err((too_many(), job));
        }
        let number = job.connection.id;
        let name: Arc<str> = format!("conn-{number}").into();
        // Where no thread can be made, what it was to do is wanted back.
        let first = Arc::new(Mutex::new(Some(job)));
        let work = {
            let (shared, waiting) = (Arc::clone(&self.shared), self.waiting.clone());
            let (name, first) = (Arc::clone(&name), Arc::clone(&first));
            move || {
                let _one = one;
                let mut next = lock(&first).take();
                drop(first);
                while let Some(job) = next {
                    job.run(&name);
                    next = shared.threads.wait_spare(&waiting);
                }
                shared.threads.end(number);
            }
        };
        // Locked until its handle is in its place: the thread looks for it there when it ends.
        let mut running = lock(&self.shared.threads.running);
        match spawn(&name, work) {
            Ok(thread) => {
                running.all.insert(number, thread);
                Ok(())
            }
            Err(error) => {
                drop(running);
                // The system says no more than "try again".
                log::info!("{name}: {error}");
                // No thread has taken it.
                let job = lock(&first).take();
                job.map_or(Ok(()), |job| Err((too_many(), job)))
            }
        }
    }
}

fn too_many() -> io::Error {
    io::Error::other(t("server-too-many-threads"))
}

/// Counts one thread of [`ALL`], until it is dropped.
struct OneOfAll;

impl OneOfAll {
    fn new() -> Self {
        ALL.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for OneOfAll {
    fn drop(&mut self) {
        ALL.fetch_sub(1, Ordering::Relaxed);
    }
}
