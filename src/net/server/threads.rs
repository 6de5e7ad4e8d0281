//! The threads that serve connections: each connection has one to itself while it is open. A thread whose connection has
//! ended serves the next one, which costs less than a new thread; only few wait for that.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};

use super::serve::Job;
use super::{MOST_CONNECTIONS, Shared};
use crate::i18n::t;
use crate::net::{lock, spawn};

/// The most threads that wait for another connection.
const MOST_SPARE: usize = 32;

/// The threads of connections of all servers together: a process that has too many is ended by the system.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// More clients than these cannot be served at the same moment.
static PROCESSORS: LazyLock<usize> = LazyLock::new(|| available_parallelism().map_or(1, usize::from));

/// The threads of a server's connections.
#[derive(Debug, Default)]
pub(super) struct Threads {
    queue: Mutex<Queue>,
    queued: Condvar,
    running: Mutex<Running>,
}

/// Clients that wait for a thread, and the threads that will take them.
#[derive(Debug, Default)]
struct Queue {
    /// Each has a thread that waits or begins.
    jobs: VecDeque<Job>,
    /// Threads that wait for a client.
    spare: usize,
    /// Threads that have not come so far yet.
    beginning: usize,
    /// Threads that serve a client.
    serving: usize,
    /// There will be no more clients.
    closed: bool,
}

/// The threads that nobody has joined yet.
#[derive(Debug, Default)]
struct Running {
    /// By the number of the connection that each was made for.
    all: HashMap<u64, JoinHandle<()>>,
    /// The thread that ended last: the next one to end joins it, so that never more than one waits for it.
    finished: Option<JoinHandle<()>>,
}

impl Threads {
    /// Lets a thread serve the client.
    ///
    /// # Errors
    /// There can be no further thread now; what was to be done comes back with it.
    pub(super) fn serve(&self, job: Job, shared: &Arc<Shared>) -> Result<(), (io::Error, Job)> {
        let number = job.connection.id;
        {
            let mut queue = lock(&self.queue);
            queue.jobs.push_back(job);
            if queue.spare + queue.beginning >= queue.jobs.len() {
                drop(queue);
                self.queued.notify_one();
                return Ok(());
            }
            queue.beginning += 1;
        }
        self.begin(number, shared).or_else(|error| {
            let mut queue = lock(&self.queue);
            queue.beginning -= 1;
            // Not there: another thread has become free meanwhile.
            queue.jobs.pop_back().map_or(Ok(()), |job| Err((error, job)))
        })
    }

    /// Makes a thread, for connection `number` first.
    fn begin(&self, number: u64, shared: &Arc<Shared>) -> io::Result<()> {
        let one = OneOfAll::new().ok_or_else(too_many)?;
        let name = format!("conn-{number}");
        let work = {
            let shared = Arc::clone(shared);
            move || {
                let _one = one;
                shared.threads.work();
                shared.threads.end(number);
            }
        };
        // Locked until its handle is in its place: the thread looks for it there when it ends.
        let mut running = lock(&self.running);
        let thread = spawn(&name, work).map_err(|error| {
            // The system says no more than "try again".
            log::info!("{name}: {error}");
            too_many()
        })?;
        running.all.insert(number, thread);
        Ok(())
    }

    /// What each thread does: serves one client after the other, until too many threads wait for one.
    fn work(&self) {
        let mut is_patient = false;
        let mut queue = lock(&self.queue);
        queue.beginning -= 1;
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                queue.serving += 1;
                let is_crowd = queue.serving > *PROCESSORS;
                drop(queue);
                if is_crowd != is_patient {
                    be_patient(is_crowd);
                    is_patient = is_crowd;
                }
                job.run();
                queue = lock(&self.queue);
                queue.serving -= 1;
            } else if queue.closed || queue.spare >= MOST_SPARE {
                return;
            } else {
                queue.spare += 1;
                queue = self.queued.wait(queue).unwrap_or_else(PoisonError::into_inner);
                queue.spare -= 1;
            }
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

    /// Waits for all to end. No more clients come.
    pub(super) fn join(&self) {
        lock(&self.queue).closed = true;
        self.queued.notify_all();
        let Running { all, finished } = std::mem::take(&mut *lock(&self.running));
        for thread in all.into_values().chain(finished) {
            // Its panics were caught and reported.
            _ = thread.join();
        }
    }
}

/// From now on the calling thread does not interrupt others when something has come for it, but waits until they wait or have had
/// their share; or it does again. Of many who are served, each is then answered in one go, and so are those who ask: most of what
/// threads cost is changing from one to another. See `SCHED_BATCH` in sched(7).
#[cfg(target_os = "linux")]
fn be_patient(is_patient: bool) {
    use uapi::c::{SCHED_BATCH, SCHED_OTHER, sched_param};
    let (from, to) = if is_patient { (SCHED_OTHER, SCHED_BATCH) } else { (SCHED_BATCH, SCHED_OTHER) };
    // Who has started the program with another policy wants that, see chrt(1).
    if uapi::sched_getscheduler(0) == Ok(from) {
        // Where a sandbox forbids it all goes on as before.
        _ = uapi::sched_setscheduler(0, to, &sched_param { sched_priority: 0 });
    }
}

/// Other systems have nothing of the kind.
#[cfg(not(target_os = "linux"))]
fn be_patient(_: bool) {}

fn too_many() -> io::Error {
    io::Error::other(t("server-too-many-threads"))
}

/// Counts one thread of [`ALL`], until it is dropped.
struct OneOfAll;

impl OneOfAll {
    /// None if there are as many as there can be.
    fn new() -> Option<Self> {
        let more = |all| (all < MOST_CONNECTIONS).then_some(all + 1);
        ALL.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self)
    }
}

impl Drop for OneOfAll {
    fn drop(&mut self) {
        ALL.fetch_sub(1, Ordering::Relaxed);
    }
}
